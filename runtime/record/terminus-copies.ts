/**
 * Records that are to be kept a second time, around an alert (docs/store.md, "Classes and terms"). Filled and turned by
 * recorder.ts, between two GOPs. Never loses one because a card refuses: it waits for the card to accept again.
 */
import type { Log } from '../../board/ports.js';
import { errorLine } from '../../errors.js';

export class TerminusCopies<Stored> {
  #records: Stored[] = [];
  #failed = false;

  /** @param deps.keep keeps a record under `terminus`; resolves to null when it is gone */
  constructor(private readonly deps: { log: Log; keep: (record: Stored) => Promise<number | null> }) {}

  get length(): number {
    return this.#records.length;
  }

  add(records: readonly Stored[]): void {
    this.#records.push(...records);
  }

  /** A GOP was stored: what failed is worth another try. */
  retry(): void {
    this.#failed = false;
  }

  /**
   * Returns whether there was one. One that fails lets the others go first, and waits for a GOP to be stored: the store
   * that holds its record may be away while another accepts.
   */
  async copyOne(): Promise<boolean> {
    if (this.#failed) return false;
    const record = this.#records.shift();
    if (record === undefined) return false;
    const { log, keep } = this.deps;
    try {
      const copy = await keep(record);
      if (copy === null) log.warn('A recorded GOP is gone: it cannot be kept for the alert');
    } catch (error) {
      this.#records.push(record);
      this.#failed = true;
      log.warn(`A recorded GOP is not yet kept for the alert. ${errorLine(error)}`);
    }
    return true;
  }
}

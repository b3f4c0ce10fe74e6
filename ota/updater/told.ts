/**
 * What an update tells the register (docs/updates.md, invariant 10), and how it gets there: an entry that the register does
 * not take yet waits, in order. Filled by ota/updater/updater.ts; the register's own schema takes its words from here. Never holds an
 * address or a path.
 */
import type { Log } from '../../board/ports.js';
import { errorLine } from '../../errors.js';

export const updateSteps = [
  'offered',
  'refused',
  'downloaded',
  'installed',
  'confirmed',
  'returned',
  'rolled-back',
] as const;
export type UpdateStep = (typeof updateSteps)[number];

export interface UpdateTold {
  kind: 'update';
  step: UpdateStep;
  /** the version that runs, or ran; null: not known */
  from: string | null;
  /** the version it is about; null: not known, because nothing of it could be verified */
  to: string | null;
  /** who ordered it; absent: the camera itself */
  by?: string;
  /** why, as a code */
  reason?: string;
}

/** Entries that wait, at most; of more the oldest is left out. */
const mostWaiting = 64;

export class Telling {
  readonly #waiting: { told: UpdateTold; then: () => Promise<void> | void }[] = [];
  #flushing: Promise<void> | null = null;
  #failed = false;

  constructor(private readonly deps: { log: Log; tell: (told: UpdateTold) => Promise<unknown> }) {}

  get waiting(): number {
    return this.#waiting.length;
  }

  /** @param then once the register has it */
  add(told: UpdateTold, then: () => Promise<void> | void = () => undefined): void {
    if (this.#waiting.length >= mostWaiting) this.#waiting.shift();
    this.#waiting.push({ told, then });
  }

  /** Hands on what waits; never rejects. What the register refuses stays for the next call. */
  flush(): Promise<void> {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = null;
    });
    return this.#flushing;
  }

  async #flush(): Promise<void> {
    for (;;) {
      const [next] = this.#waiting;
      if (!next) return;
      try {
        await this.deps.tell(next.told);
        // it may have made room for a newer one meanwhile
        if (this.#waiting[0] === next) this.#waiting.shift();
        this.#failed = false;
        await next.then();
      } catch (error) {
        if (!this.#failed)
          this.deps.log.warn(`A step of the update waits for the register: ${errorLine(error)}`);
        this.#failed = true;
        return;
      }
    }
  }
}

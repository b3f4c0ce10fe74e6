/** Who follows an update: told after every change, the last one always, at most four times a second. Used by ota/updater/updater.ts. */
import type { Clock } from '../../board/ports.js';
import type { UpdateStatus } from '../update.js';

const leastMs = 250;

export class Watchers {
  readonly #all = new Set<(status: UpdateStatus) => void>();
  #lastUs = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | null = null;

  constructor(private readonly deps: { clock: Clock; status: () => UpdateStatus }) {}

  add(onChange: (status: UpdateStatus) => void): () => void {
    // Two calls with one function are two watchers.
    const own = (status: UpdateStatus): void => onChange(status);
    this.#all.add(own);
    return () => void this.#all.delete(own);
  }

  changed(): void {
    if (this.#cancel !== null || this.#all.size === 0) return;
    const waitMs = leastMs - (this.deps.clock.monoUs() - this.#lastUs) / 1000;
    if (waitMs <= 0) this.#tell();
    else this.#cancel = this.deps.clock.after(waitMs, () => this.#tell());
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#all.clear();
  }

  #tell(): void {
    this.#cancel = null;
    this.#lastUs = this.deps.clock.monoUs();
    const status = this.deps.status();
    for (const call of [...this.#all]) call(status);
  }
}

/**
 * Which failures of the store came from the key slots, and not from the card: the slots lie in the state directory. Put
 * between the store and its key slots by runtime/archive.ts; asked by card-watch.ts.
 */
import { VigieError } from '../../errors.js';
import { type OpenSegment, openSegment, type SegmentFile } from '../record/segment-file.js';

const mostCauses = 8;

export class KeyFaults {
  /** failures so far */
  count = 0;
  /** the last one, until an operation of the same kind succeeds; null when the slots can be written */
  failure: VigieError | null = null;
  readonly #seen = new WeakSet<Error>();
  readonly #open: OpenSegment;

  /** @param deps.open for tests that put a failing device behind the slots */
  constructor(deps: { open?: OpenSegment } = {}) {
    this.#open = deps.open ?? openSegment;
  }

  /** Opens the key slots; every failure behind it is known as theirs. */
  readonly open: OpenSegment = async (path, mode) => {
    const file = await this.#noted(() => this.#open(path, mode));
    const noted: SegmentFile = {
      read: (into, position) => this.#noted(() => file.read(into, position)),
      write: (data, position) => this.#noted(() => file.write(data, position)),
      datasync: async () => {
        await this.#noted(() => file.datasync());
        // A write alone proves nothing: it may still lie in memory.
        this.failure = null;
      },
      bytes: () => this.#noted(() => file.bytes()),
      close: () => file.close(),
    };
    return noted;
  };

  /** Whether this failure, or what it was caused by, came from the key slots. */
  causedBy(failure: VigieError | null): boolean {
    let cause: unknown = failure;
    for (let depth = 0; cause instanceof Error && depth < mostCauses; depth++) {
      if (this.#seen.has(cause)) return true;
      cause = cause.cause;
    }
    return false;
  }

  async #noted<T>(operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      this.count += 1;
      if (error instanceof Error) this.#seen.add(error);
      if (error instanceof VigieError) this.failure = error;
      throw error;
    }
  }
}

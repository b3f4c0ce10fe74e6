/**
 * What waits for a card, in memory: GOPs and pieces of GOPs in the order in which they were made, not more bytes than was
 * stated. Filled and emptied by recorder.ts. When it is full the oldest is lost, with the pieces that need it.
 */
import type { GatheredGop } from './gathering.js';
import type { Gop } from './gop.js';

export interface Waiting {
  gop: Gop;
  /** which GOP it is of, when a GOP is in several pieces */
  of: GatheredGop['of'];
  bytes: number;
}

export class WaitingGops {
  /** of all that waits, and of what is being written */
  bytes = 0;
  #items: Waiting[] = [];
  /** the first is being written: it is not lost for want of room */
  #taken = false;
  /** GOPs of which a piece is lost: their further pieces are worth nothing */
  readonly #broken = new Set<number>();

  /** @param options.capacityBytes beyond, the oldest goes; what came last stays, and what is being written */
  constructor(
    private readonly options: { capacityBytes: number },
    /** @param forRoom it was lost because the memory was full */
    private readonly onLost: (lost: Waiting, forRoom: boolean) => void,
  ) {}

  get capacityBytes(): number {
    return this.options.capacityBytes;
  }

  get length(): number {
    return this.#items.length;
  }

  [Symbol.iterator](): Iterator<Waiting> {
    return this.#items[Symbol.iterator]();
  }

  add(item: Waiting): void {
    if (this.#broken.has(item.of)) {
      this.onLost(item, true);
      return;
    }
    for (const of of this.#broken) if (of < item.of) this.#broken.delete(of);
    this.#items.push(item);
    this.bytes += item.bytes;
    this.#makeRoom();
  }

  /** The oldest, to be written now; it stays until `done` or `lose`, or until `later` puts it back. */
  take(): Waiting | null {
    this.#taken = this.#items.length > 0;
    return this.#items[0] ?? null;
  }

  /** What was taken is on a card. */
  done(): void {
    this.#taken = false;
    this.#remove(0);
  }

  /** What was taken was refused, and waits on. */
  later(): void {
    this.#taken = false;
    this.#makeRoom();
  }

  /** What was taken can never be written. */
  lose(): void {
    this.#taken = false;
    this.#drop(0, false);
  }

  /** Everything that still waits. */
  loseAll(): void {
    this.#taken = false;
    while (this.#items.length > 0) this.#drop(0, false);
  }

  #makeRoom(): void {
    const first = this.#taken ? 1 : 0;
    while (this.bytes > this.options.capacityBytes && this.#items.length > first + 1) this.#drop(first, true);
  }

  /** Loses a piece, and those that cannot be decoded without it. */
  #drop(index: number, forRoom: boolean): void {
    const lost = this.#remove(index);
    if (!lost) return;
    this.onLost(lost, forRoom);
    while (this.#items[index]?.of === lost.of) {
      const piece = this.#remove(index);
      if (piece) this.onLost(piece, forRoom);
    }
    // More of it may still come.
    if (this.#items.length === index) this.#broken.add(lost.of);
  }

  #remove(index: number): Waiting | undefined {
    const [item] = this.#items.splice(index, 1);
    this.bytes -= item?.bytes ?? 0;
    return item;
  }
}

/**
 * What a card was given, in order, with the steps of the store and what it told in between; and what a card may hold when
 * the power goes at any point of that. Recorded by power-cut-run.ts from card-image.ts. Pure: it touches no file.
 */

const sectorBytes = 512;

/** What whoever writes was at: of the store `start`, `record`, `wrap`, `seal`, `destroy` (P1 and P4, P2, P3, P7, P6 of docs/store.md). */
export type Work = string;

export type CardEvent = { kind: 'write'; at: number; data: Buffer } | { kind: 'flush' };
export type Entry =
  | CardEvent
  /** the store is about to write or to sync */
  | { kind: 'step'; work: Work }
  /** the store told this; it must hold from here on */
  | { kind: 'told'; line: string };

/** How much of what was not flushed is on the device after all. */
const shares = [0, 0.1, 0.5, 0.9, 1];

export interface Cut {
  /** entries that came before it */
  at: number;
  work: Work;
  /** what the card holds */
  image: Buffer;
  /** writes that were given to the card and not flushed */
  unflushed: number;
  /** lines told before it */
  told: string[];
}

/**
 * Points of a history by what the store was at, and whether the card then has writes that are not flushed. A cut is
 * chosen among kinds first: most points are of recording, and the others matter as much.
 */
export function pointsByKind(entries: readonly Entry[]): number[][] {
  const kinds = new Map<string, number[]>();
  let work: Work = 'start';
  let unflushed = false;
  for (let at = 0; at <= entries.length; at++) {
    const entry = entries[at - 1];
    if (entry?.kind === 'step') work = entry.work;
    else if (entry?.kind === 'write') unflushed = true;
    else if (entry?.kind === 'flush') unflushed = false;
    const kind = `${work} ${unflushed}`;
    const points = kinds.get(kind);
    if (points) points.push(at);
    else kinds.set(kind, [at]);
  }
  return [...kinds.values()];
}

/** Where to cut, in order of time: a kind of point by chance, then one of its points. */
export function placesIn(entries: readonly Entry[], count: number, random: () => number): number[] {
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  const kinds = pointsByKind(entries);
  return Array.from({ length: count }, () => one(one(kinds))).sort((a, b) => a - b);
}

/** Cuts one history at one point after the other. What was flushed is certain; of the rest, any sectors. */
export class CutHistory {
  readonly #certain: Buffer;
  #unflushed: { at: number; data: Buffer }[] = [];
  #next = 0;
  #work: Work = 'start';
  readonly #told: string[] = [];

  /**
   * @param before what the card held at first, all of it certain
   * @param options.liar the card only pretends to flush: the negative control
   */
  constructor(
    before: Buffer,
    private readonly entries: readonly Entry[],
    private readonly options: { random: () => number; liar: boolean },
  ) {
    this.#certain = Buffer.from(before);
  }

  /** @param at entries before the cut; not less than the time before */
  cut(at: number): Cut {
    for (; this.#next < at; this.#next++) {
      const entry = this.entries[this.#next];
      if (entry) this.#take(entry);
    }
    const image = Buffer.from(this.#certain);
    this.#survive(image);
    return { at, work: this.#work, image, unflushed: this.#unflushed.length, told: [...this.#told] };
  }

  #take(entry: Entry): void {
    if (entry.kind === 'told') this.#told.push(entry.line);
    else if (entry.kind === 'step') this.#work = entry.work;
    else if (entry.kind === 'write') this.#unflushed.push(entry);
    else if (!this.options.liar) {
      for (const { at, data } of this.#unflushed) data.copy(this.#certain, at);
      this.#unflushed = [];
    }
  }

  /** Whole writes or single sectors; an older write of a sector may survive a newer one, so order is lost too. */
  #survive(image: Buffer): void {
    const { random } = this.options;
    const share = shares[Math.floor(random() * shares.length)] ?? 0;
    const torn = random() < 0.5;
    for (const { at, data } of this.#unflushed) {
      const piece = torn ? sectorBytes : data.length;
      for (let from = 0; from < data.length; from += piece) {
        if (random() < share) data.copy(image, at + from, from, from + piece);
      }
    }
  }
}

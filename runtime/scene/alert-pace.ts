/**
 * At most one alert a second of a camera (docs/events.md, N9 to N13). Used by incidents.ts: it is given what wants to be
 * told and gives back what may be. Nothing leaves it that was not told or listed.
 */
import type { Alert, EventKind } from './alert.js';

const leastUs = 1_000_000;
/** What has not held for longer is old: it was listed, and is not told any more. */
const staleUs = 10_000_000;

/** What wants to be told. */
export interface Waiting {
  readonly event: EventKind;
  readonly zone: string;
  /** the last look at which it held, monotonic, microseconds */
  readonly lastUs: number;
}

export class AlertPace<Item extends Waiting> {
  #lastUs: number;
  #queue: Item[] = [];
  /** held back, and not listed yet */
  #unlisted = new Set<Item>();
  readonly #fresh = new Set<Item>();

  /** @param lastUs when the camera last told an alert, monotonic, microseconds; minus infinity: never yet */
  constructor(lastUs = Number.NEGATIVE_INFINITY) {
    this.#lastUs = lastUs;
  }

  /** As above, by now. */
  get lastUs(): number {
    return this.#lastUs;
  }

  hold(item: Item): void {
    this.#queue.push(item);
    this.#fresh.add(item);
  }

  /**
   * Called once a look, after everything that holds at it.
   * @returns what may be told now, with what was held back since the one before; and what is too old to be told
   */
  next(monoUs: number): { item: Item | null; folded: Alert['folded']; dropped: Item[] } {
    const dropped = this.#queue.filter((item) => this.#stale(item, monoUs));
    this.#queue = this.#queue.filter((item) => !dropped.includes(item));
    // Time that went back, which it never should, must not silence the camera.
    const may = monoUs - this.#lastUs >= leastUs || monoUs < this.#lastUs;
    const item = may ? (this.#queue.shift() ?? null) : null;
    let folded: Alert['folded'] = [];
    if (item) {
      this.#lastUs = monoUs;
      this.#unlisted.delete(item);
      this.#fresh.delete(item);
      folded = counted(this.#unlisted);
      this.#unlisted = new Set();
    }
    for (const held of this.#fresh) this.#unlisted.add(held);
    this.#fresh.clear();
    return { item, folded, dropped };
  }

  /** Nothing follows: the first of what is neither told nor listed, which lists the others; null when there is none. */
  flush(monoUs: number): { item: Item; folded: Alert['folded'] } | null {
    const [item, ...others] = this.#queue.filter((held) => !this.#listed(held));
    this.#queue = [];
    this.#unlisted = new Set();
    this.#fresh.clear();
    if (item) this.#lastUs = monoUs;
    return item ? { item, folded: counted(others) } : null;
  }

  #listed(item: Item): boolean {
    return !this.#unlisted.has(item) && !this.#fresh.has(item);
  }

  #stale(item: Item, monoUs: number): boolean {
    return this.#listed(item) && monoUs - item.lastUs > staleUs;
  }
}

function counted(items: Iterable<Waiting>): Alert['folded'] {
  const counts = new Map<string, Alert['folded'][number]>();
  for (const { event, zone } of items) {
    const key = `${event} ${zone}`;
    const found = counts.get(key);
    if (found) found.count += 1;
    else counts.set(key, { event, zone, count: 1 });
  }
  return [...counts.values()];
}

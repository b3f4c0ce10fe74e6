/**
 * Who moved the head, for the register (docs/register.md, `head-ordered`): an order that is held and repeated is one, and what
 * comes close together is told together, so that no operator fills the register. Fed by runtime/head-parts.ts. It never holds
 * an order back.
 */
import type { Clock } from '../../board/ports.js';

/** `by` is absent when the camera ordered it itself. */
export interface HeadOrder {
  by?: string;
  order: 'drive' | 'move' | 'step' | 'home' | 'preset' | 'patrol';
  /** name of the preset or patrol */
  place?: string;
}
type CountedOrder = HeadOrder & { times: number };
/** As the register has it. */
export interface ToldOrders {
  orders: CountedOrder[];
  /** further orders, when there were too many kinds to name */
  unnamed?: number;
}

/** At most one entry in this time. */
export const togetherMs = 10_000;
/** Different orders that one entry names; of more it tells the number. */
export const mostNamed = 16;
/** A drive that is not repeated for so long has ended. */
const driveEndsUs = 2_000_000;

export class OrderLog {
  #waiting: CountedOrder[] = [];
  #unnamed = 0;
  #cancel: (() => void) | null = null;
  readonly #driven = new Map<string, number>();

  constructor(private readonly deps: { clock: Clock; tell: (told: ToldOrders) => void }) {}

  /** An order was given. */
  add(order: HeadOrder): void {
    if (order.order === 'drive' && this.#goesOn(order.by ?? '')) return;
    this.#count(order);
    if (this.#cancel) return;
    this.#flush();
    this.#wait();
  }

  /** Tells what waits. Idempotent. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#flush();
  }

  #goesOn(by: string): boolean {
    const nowUs = this.deps.clock.monoUs();
    const before = this.#driven.get(by);
    for (const [name, atUs] of this.#driven) if (nowUs - atUs > driveEndsUs) this.#driven.delete(name);
    this.#driven.set(by, nowUs);
    return before !== undefined && nowUs - before <= driveEndsUs;
  }

  #count({ by, order, place }: HeadOrder): void {
    const same = this.#waiting.find(
      (known) => known.by === by && known.order === order && known.place === place,
    );
    if (same) same.times += 1;
    else if (this.#waiting.length >= mostNamed) this.#unnamed += 1;
    else
      this.#waiting.push({
        ...(by !== undefined && { by }),
        order,
        ...(place !== undefined && { place }),
        times: 1,
      });
  }

  #wait(): void {
    this.#cancel = this.deps.clock.after(togetherMs, () => {
      this.#cancel = null;
      if (this.#waiting.length === 0) return;
      this.#flush();
      this.#wait();
    });
  }

  #flush(): void {
    const orders = this.#waiting;
    const unnamed = this.#unnamed;
    this.#waiting = [];
    this.#unnamed = 0;
    if (orders.length > 0) this.deps.tell({ orders, ...(unnamed > 0 && { unnamed }) });
  }
}

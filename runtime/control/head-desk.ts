/**
 * One operator's side of the head: passes orders on, and sends its state to who asked for it. Made by connection.ts,
 * which has checked the right. A refused order is an answer, not a failure of the connection.
 */
import type { Log } from '../../board/ports.js';
import { asVigieError, errorLine } from '../../errors.js';
import type { DrivenHead } from '../head/head-state.js';
import { type HeadRequest, orderHead, orderOf } from './head-requests.js';
import { errorTexts, type FromServer } from './protocol.js';

export class HeadDesk {
  #watched = false;

  constructor(
    private readonly deps: { log: Log; head?: DrivenHead | null },
    private readonly user: string,
    private readonly send: (message: FromServer) => void,
  ) {}

  /** Takes an order; answers with the state after it. Never rejects. */
  async take(request: HeadRequest): Promise<void> {
    const { head, log } = this.deps;
    if (!head) return this.#refuse(request);
    this.#watched = true;
    this.#tellRegister(head, request);
    try {
      await orderHead(head.control, request);
    } catch (error) {
      if (asVigieError(error).kind !== 'head') log.error(`An order to the head failed: ${errorLine(error)}`);
      this.#refuse(request);
    }
    this.tick();
  }

  /** Sends the state, if it was asked for. */
  tick(): void {
    const { head } = this.deps;
    if (this.#watched && head) this.send({ t: 'head', state: head.state });
  }

  /** Before it is given: an order whose answer is lost has moved the head all the same. */
  #tellRegister(head: DrivenHead, request: HeadRequest): void {
    const order = orderOf(request);
    if (!order || (!head.state.obeys && order.order !== 'home')) return;
    const { presets, patrols } = head.places;
    if (order.place !== undefined && ![...presets, ...patrols].includes(order.place)) return;
    head.ordered({ by: this.user, ...order });
  }

  #refuse({ t: re }: HeadRequest): void {
    this.send({ t: 'error', code: 'head-refused', message: errorTexts['head-refused'], re });
  }
}

/**
 * Asks the head again and again and tells the pipeline process what came back, as the runtime does: with the time that
 * an answer takes, and with answers that are late, lost or lies. Driven by mask-run.ts.
 */
import type { Clock } from '../../board/ports.js';
import type { Pose } from '../../pipelines/messages.js';
import { PoseWatch, type Reading, type TurningHead } from './mask-head.js';

const ASK_EVERY_MS = 40;
const GIVE_UP_MS = 150;

/** What is wrong with the replies. `stuck`: the head says again and again where it was. */
export type ReplyFault = 'none' | 'late' | 'lost' | 'lying' | 'stuck';

export class PoseTeller {
  readonly #clock: Clock;
  readonly #head: TurningHead;
  readonly #random: () => number;
  readonly #tell: (pose: Pose) => void;
  readonly #watch: PoseWatch;
  #fault: ReplyFault = 'none';
  #hide: Pose['hide'] = null;
  #stuckAt: Reading['view'] | null = null;
  #cancel = (): void => undefined;

  constructor(deps: {
    clock: Clock;
    head: TurningHead;
    random: () => number;
    tell: (pose: Pose) => void;
  }) {
    this.#clock = deps.clock;
    this.#head = deps.head;
    this.#watch = new PoseWatch(deps.head.speed);
    this.#random = deps.random;
    this.#tell = deps.tell;
  }

  start(): void {
    this.#ask();
  }

  stop(): void {
    this.#cancel();
  }

  set fault(fault: ReplyFault) {
    this.#fault = fault;
    this.#stuckAt = null;
  }

  /** A reason that the runtime knows itself; null when there is none any more. */
  set hide(why: Pose['hide']) {
    if (why === 'power') this.#watch.forget();
    this.#hide = why;
  }

  #ask(): void {
    const askedUs = this.#clock.monoUs();
    if (this.#fault === 'lost' && this.#random() < 0.4) {
      this.#cancel = this.#clock.after(GIVE_UP_MS, () => this.#ask());
      return;
    }
    const late = this.#fault === 'late' && this.#random() < 0.3;
    const takesMs = late ? 200 + 200 * this.#random() : 6 + 14 * this.#random();
    this.#cancel = this.#clock.after(takesMs, () => this.#answer(askedUs));
  }

  /** The head looked at its encoders somewhere between the question and now. */
  #answer(askedUs: number): void {
    const answeredUs = this.#clock.monoUs();
    const roundTripUs = answeredUs - askedUs;
    const trulyUs = askedUs + roundTripUs * (0.2 + 0.6 * this.#random());
    const reading = { monoUs: askedUs + roundTripUs / 2, roundTripUs, view: this.#told(trulyUs) };
    this.#tell(this.#watch.judge(reading, this.#head.target, this.#hide));
    const leftMs = ASK_EVERY_MS - roundTripUs / 1000;
    this.#cancel = this.#clock.after(Math.max(1, leftMs), () => this.#ask());
  }

  #told(monoUs: number): Reading['view'] {
    const { panDeg, tiltDeg, hfovDeg } = this.#head.trueView(monoUs);
    const view = { panDeg: hundredths(panDeg), tiltDeg: hundredths(tiltDeg), hfovDeg: hundredths(hfovDeg) };
    if (this.#fault === 'stuck') {
      this.#stuckAt ??= view;
      return this.#stuckAt;
    }
    const lies = this.#fault === 'lying' && this.#random() < 0.2;
    return lies ? { ...view, panDeg: hundredths(view.panDeg + 15 + 30 * this.#random()) } : view;
  }
}

function hundredths(degrees: number): number {
  return Math.round(degrees * 100) / 100;
}

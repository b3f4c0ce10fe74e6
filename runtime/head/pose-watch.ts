/**
 * Decides whether what the head says of itself may place the mask. Fed by head-polling.ts (positions, failures) and
 * head-control.ts (orders); what it returns goes to the pipeline process as `pose` messages. It never calls the head,
 * and gives trust back only after several positions that agree (docs/head.md, H1 to H9).
 */
import type { HeadLimits, HeadPosition } from '../../board/ports.js';
import type { HiddenBecause } from '../../pipelines/frame.js';
import type { Pose } from '../../pipelines/messages.js';
import { ExpectedMotion, type Good, type Order } from './expected-motion.js';
import { SmoothMotion } from './smooth-motion.js';
import { fastestAt, UnseenMotion } from './unseen-motion.js';

export interface WatchOptions {
  /** two positions of a head at rest differ by no more, degrees */
  stillDeg: number;
  /** and two fields of view by no more, as a share */
  stillZoom: number;
  /** how far off a position at rest may be, degrees */
  accuracyDeg: number;
  /** a position in an answer is this old at the middle of question and answer, milliseconds */
  positionDelayMs: number;
  /** a reply that takes longer is late */
  lateMs: number;
  /** a head that was told to move shows it within this time, and one that was told to stop has stopped */
  settleMs: number;
  /** positions in a row that must agree before the picture opens again */
  agreeing: number;
}

/** After a late reply alone; it says nothing against the head. */
const agreeingAfterLate = 2;
/** After a position that contradicts the others, so many times as long: lies may agree with each other for a while. */
const lieTimes = 3;
/** Replies missing in a row before the line counts as lost. */
const lostAfter = 3;
/** A position that no head could have reached is a lie when the ones after it are back where it was, in this time. */
const jumpReturnsMs = { atRest: 500, moving: 150 };
/** No head is without power, starts and answers again in less. */
const rebootMs = 1500;
/** A head that was sent home is there when it has been still at its zero for as long. */
const homeStillMs = 1000;
/** And when its answers did not show that it turned, for as long as the longest way takes at this share of its fastest. */
const slowestHome = { deg: 180, share: 0.2 };

export class PoseWatch {
  readonly #options: WatchOptions;
  readonly #motion: ExpectedMotion;
  #last: Good | null = null;
  #shown: HeadPosition | null = null;
  #before: HeadPosition | null = null;
  readonly #unseen: UnseenMotion;
  readonly #longHomeMs: number;
  readonly #smooth: SmoothMotion;
  #sentUs = -1;
  #uncertaintyDeg = 360;
  #doubtDeg = 0;
  #hfovDeg = 0;
  #hide: HiddenBecause | null = 'link';
  #agreed = 0;
  #contradicted = false;
  #failures = 0;
  #jumpUs: number | null = null;
  /** why what the head calls zero may be elsewhere now; only homing ends it */
  #doubt: HiddenBecause | null = null;
  #homeSinceUs: number | null = null;

  constructor(limits: HeadLimits, options: WatchOptions) {
    this.#options = options;
    this.#motion = new ExpectedMotion({ limits, ...options });
    this.#unseen = new UnseenMotion({ limits, ...options });
    this.#longHomeMs =
      (1000 * slowestHome.deg) / (slowestHome.share * Math.min(limits.panDegPerS, limits.tiltDegPerS));
    const { degPerS2, panEndless } = limits;
    this.#smooth = new SmoothMotion({ degPerS2, accuracyDeg: options.accuracyDeg, panEndless });
  }

  /** Why the whole picture is hidden; null when the position counts. */
  get hide(): HiddenBecause | null {
    return this.#hide;
  }

  /** The last position, whether it counts or not. */
  get position(): HeadPosition | null {
    return this.#shown;
  }

  /** The line is lost: the head is to be stopped as soon as it answers again. */
  get lost(): boolean {
    return this.#failures >= lostAfter;
  }

  /** Positions mean nothing until the head has been sent home. */
  get needsHome(): boolean {
    return this.#doubt !== null && !this.lost && this.#motion.order?.kind !== 'home';
  }

  /** Orders make sense: what the head calls zero is known, and it answers. */
  get obeys(): boolean {
    return this.#doubt === null && !this.lost && this.#shown !== null;
  }

  /** The head has a target or a direction, and is not there yet. */
  get moves(): boolean {
    return this.#motion.order !== null;
  }

  /** What the head calls zero cannot be known, for example because it was switched on. */
  doubt(why: HiddenBecause): Pose[] {
    this.#doubt = why;
    this.#hide = why;
    this.#agreed = 0;
    if (this.#motion.order?.kind === 'home' && this.#last) this.#motion.restsAt(this.#last);
    return this.#shown ? this.#note() : [];
  }

  /**
   * An order is about to go out. Call it before the head can know. What it returns holds from the last position on:
   * frames after that wait for the next one, and must know by then how fast the head could go.
   */
  ordered(order: Order, monoUs: number): Pose[] {
    const before = this.#motion.speed(monoUs);
    this.#motion.told(order, monoUs, this.#last);
    this.#unseen.told(order, monoUs, { before, after: this.#motion.speed(monoUs), at: this.#last });
    if (order.kind === 'home') {
      this.#hide = 'homing';
      this.#agreed = 0;
      this.#homeSinceUs = null;
      this.#doubt ??= 'homing';
    }
    return this.#shown ? this.#note() : [];
  }

  /** A position has come. */
  reading(answer: HeadPosition): Pose[] {
    const reading = this.#inTime(answer);
    if (this.#shown && reading.monoUs <= this.#shown.monoUs) return [];
    const wasHidden = this.#hide !== null;
    const wasLost = this.lost;
    this.#failures = 0;
    const smooth = this.#smooth.judge(reading);
    const turns = this.#motion.speed(reading.monoUs).degPerS > 0;
    const against = this.#against(reading, wasLost) ?? (turns && !smooth.fits ? 'disagrees' : null);
    if (against) {
      this.#hide = against;
      this.#agreed = 0;
      this.#contradicted ||= against === 'disagrees';
    } else this.#agrees();
    // Frames between the position before and this one still wait: they are hidden too.
    const hidden = wasHidden || !this.#hide ? [] : this.#note();
    this.#uncertaintyDeg = this.#unsure(this.#shown, reading);
    this.#doubtDeg = turns ? Math.min(360, smooth.unsureDeg) : 0;
    this.#hfovDeg = hfovAt(reading.monoUs, this.#shown, reading);
    this.#before = this.#shown;
    this.#shown = reading;
    return [...hidden, ...this.#send(reading.monoUs)];
  }

  /** What a position may be off by: as far as the head goes in half of the time in which it was told; the zoom too. */
  #unsure(before: HeadPosition | null, now: HeadPosition): number {
    const most = this.#motion.speed(now.monoUs);
    const bends = this.#motion.bends(before, now);
    const way = before ? { before, now, turned: this.#motion.apart(before, now) } : null;
    const { axisDegPerS, zoomPerS } = way ? fastestAt(way, bends, most, this.#options) : most;
    // A field of view that is off by a share moves the edge of the picture by that share of half of it.
    const zoomUs = (now.zoomTold ?? now).roundTripUs;
    const unseenDeg = this.#unseen.reading(before, now, most);
    const turned = axisDegPerS * now.roundTripUs + (zoomPerS * zoomUs * (now.hfovDeg ?? 0)) / 2;
    return Math.min(360, this.#options.accuracyDeg + unseenDeg + turned / 2e6);
  }

  /** What is told is older than the question. */
  #inTime(answer: HeadPosition): HeadPosition {
    const delayUs = Math.round(this.#options.positionDelayMs * 1000);
    const { monoUs, zoomTold } = answer;
    const zoom = zoomTold && { zoomTold: { ...zoomTold, monoUs: zoomTold.monoUs - delayUs } };
    return { ...answer, monoUs: monoUs - delayUs, ...zoom };
  }

  /** A question got no answer, a wrong one, or none yet after `lateMs`. */
  missing(monoUs: number, { final }: { final: boolean }): Pose[] {
    if (final) this.#failures += 1;
    if (this.lost) this.#hide = this.#doubt ?? 'link';
    else this.#hide ??= 'late';
    this.#agreed = 0;
    return [...this.#note(), ...this.#send(monoUs)];
  }

  /** What speaks against a position; keeps it as the last one when it may be true. */
  #against(reading: HeadPosition, wasLost: boolean): HiddenBecause | null {
    if (reading.hfovDeg === null || !(reading.hfovDeg > 0)) return this.#doubt ?? 'zoom-unknown';
    const good: Good = { ...reading, hfovDeg: reading.hfovDeg };
    const before = this.#last;
    if (wasLost && before) return this.#backAgain(before, good);
    let found = this.#motion.judge(before, good);
    // At rest it is back where it was, or it is not back: time does not make a jump a movement.
    if (this.#jumpUs !== null && found && !this.#motion.order) found = 'jump';
    if (found === 'jump' && !this.#doubt) return this.#jumped(good);
    this.#jumpUs = null;
    this.#last = good;
    if (found === 'stuck' || this.#restsAstray) this.#doubt ??= 'disagrees';
    if (found === 'untold' && !this.#motion.order) this.#motion.restsAt(good);
    if (this.#doubt) return this.#homed(good, before) ? null : this.#whileDoubtful();
    if (found) return 'disagrees';
    return reading.roundTripUs > this.#options.lateMs * 1000 ? 'late' : null;
  }

  /** A lie, or the head counts from elsewhere now. */
  #jumped(now: Good): HiddenBecause {
    this.#jumpUs ??= now.monoUs;
    const atZero = this.#motion.apart(now, { panDeg: 0, tiltDeg: 0 }) <= this.#options.stillDeg;
    const returnsMs = this.#motion.order ? jumpReturnsMs.moving : jumpReturnsMs.atRest;
    if (now.monoUs - this.#jumpUs <= returnsMs * 1000) return atZero ? 'power' : 'disagrees';
    this.#jumpUs = null;
    this.#last = now;
    this.#doubt = 'power';
    return 'power';
  }

  /** The first position after the line was lost: a head that stands where it stood had power all the time, or knows. */
  #backAgain(before: Good, now: Good): HiddenBecause {
    const found = this.#motion.judge(before, now);
    const briefly = now.monoUs - before.monoUs < rebootMs * 1000;
    const same = this.#motion.order ? briefly && found !== 'jump' : found === null;
    if (!same) this.#doubt ??= 'power';
    this.#jumpUs = null;
    this.#last = now;
    if (!same && this.#motion.order?.kind !== 'home') this.#motion.restsAt(now);
    return this.#doubt ?? 'link';
  }

  #whileDoubtful(): HiddenBecause {
    return this.#motion.order?.kind === 'home' ? 'homing' : (this.#doubt ?? 'power');
  }

  /** It rests, and never showed what it did when it was told to turn. */
  get #restsAstray(): boolean {
    return this.#motion.order === null && this.#unseen.isAstray;
  }

  /** Whether the head, sent home, has been still at its zero for long enough; ends the doubt when it has. */
  #homed(now: Good, before: Good | null): boolean {
    if (this.#motion.order?.kind !== 'home' || !before) return false;
    const { stillDeg } = this.#options;
    const there = this.#motion.apart(now, { panDeg: 0, tiltDeg: 0 }) <= 2 * stillDeg;
    if (!there || this.#motion.apart(before, now) > stillDeg / 2) this.#homeSinceUs = null;
    else this.#homeSinceUs ??= now.monoUs;
    const stillMs = homeStillMs + (this.#unseen.isDoubted ? this.#longHomeMs : 0);
    if (this.#homeSinceUs === null || now.monoUs - this.#homeSinceUs < stillMs * 1000) return false;
    this.#doubt = null;
    this.#unseen.home();
    this.#motion.restsAt(now);
    return true;
  }

  #agrees(): void {
    this.#agreed += 1;
    const usual = this.#hide === 'late' ? agreeingAfterLate : this.#options.agreeing;
    if (this.#agreed < (this.#contradicted ? lieTimes * this.#options.agreeing : usual)) return;
    this.#hide = null;
    this.#contradicted = false;
  }

  /** What changed since the last position, from that position on. */
  #note(): Pose[] {
    return this.#send(this.#sentUs + 1);
  }

  /** Times go up; what would come before something already sent is left out, for nothing waits for it any more. */
  #send(monoUs: number): Pose[] {
    if (monoUs <= this.#sentUs) return [];
    this.#sentUs = monoUs;
    const { axisDegPerS, zoomPerS } = this.#motion.speed(monoUs);
    const { panDeg, tiltDeg } = this.#shown ?? { panDeg: 0, tiltDeg: 0 };
    return [
      {
        t: 'pose',
        monoUs,
        panDeg,
        tiltDeg,
        hfovDeg: this.#hfovDeg,
        uncertaintyDeg: this.#uncertaintyDeg,
        ...(this.#doubtDeg > 0 && { doubtDeg: this.#doubtDeg }),
        speedDegPerS: Math.min(1000, axisDegPerS),
        zoomPerS: Math.min(100, zoomPerS),
        ...this.#motion.bends(this.#before, this.#shown),
        hide: this.#hide,
      },
    ];
  }
}

/** The field of view at the time of pan and tilt, which were asked for before it: between the last two that were told. */
function hfovAt(monoUs: number, before: HeadPosition | null, now: HeadPosition): number {
  const [last, next] = [before?.hfovDeg ?? 0, now.hfovDeg ?? 0];
  const [fromUs, toUs] = [before?.zoomTold?.monoUs ?? 0, now.zoomTold?.monoUs ?? 0];
  if (last <= 0 || next <= 0 || fromUs <= 0 || toUs <= fromUs) return next;
  const share = Math.min(1, Math.max(0, (monoUs - fromUs) / (toUs - fromUs)));
  return last * (next / last) ** share;
}

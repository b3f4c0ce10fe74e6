/**
 * The person mask, the last stage that sees people: fed by frame-path.ts with every masked frame and with what each look
 * found; gives the frames back in order, people covered in place, to encode/ and to the pictures. It must never give
 * a frame back that waits for a look with people in the clear: what it does not know it covers whole
 * (docs/anonymity.md has the invariants A1 to A12).
 */
import type { Clock } from '../../board/ports.js';
import type { MaskedFrame, PictureSize } from '../frame.js';
import type { Detection, PersonMaskOptions } from '../messages.js';
import { Cover } from './cover.js';
import { Paths } from './paths.js';
import { type Follow, type Stand, Stands } from './stands.js';

/** A frame waits this long for a look that is under way; then its area is covered whole. */
const LOOK_WAIT_US = 500_000;
/** Without a look for so many times the usual time between two, nobody looks. */
const LOOKS_MISSED = 3;
/** How often frames that wait are gone through when no new one comes. */
const TICK_MS = 40;

export interface AnonymiserDeps {
  clock: Clock;
  /** a tracker that has seen nobody yet */
  follow: () => Follow;
  /** byte runs of the area that is covered while nobody looks */
  area: { luma: Int32Array; chroma: Int32Array };
  /** takes each frame, in order, its `mask.people` set */
  release: (frame: MaskedFrame) => void;
}

interface Held {
  frame: MaskedFrame;
  stand: Stand | null;
}

export class Anonymiser {
  readonly #deps: AnonymiserDeps;
  readonly #delayUs: number;
  readonly #stallUs: number;
  readonly #most: number;
  readonly #stands: Stands;
  readonly #cover: Cover;
  readonly #held: Held[] = [];
  /** frames given to a look that has not answered, by number, with what they showed */
  readonly #underWay = new Map<number, Stand | null>();
  #cancelTick = (): void => undefined;

  /** @param looksPerSecond null when nobody looks: the area is then covered in every frame */
  constructor(
    deps: AnonymiserDeps,
    options: PersonMaskOptions,
    picture: PictureSize & { framesPerSecond: number; looksPerSecond: number | null },
  ) {
    this.#deps = deps;
    this.#delayUs = options.delaySeconds * 1e6;
    this.#stallUs = picture.looksPerSecond === null ? -1 : (LOOKS_MISSED * 1e6) / picture.looksPerSecond;
    this.#most = heldAtMost(options.delaySeconds, picture.framesPerSecond);
    const aspect = picture.width / picture.height;
    this.#stands = new Stands(() => ({ follow: deps.follow(), paths: new Paths(aspect, options.cover) }));
    this.#cover = new Cover(picture, options);
  }

  /** Frames wait as many as may: another one is not to be pushed. */
  get full(): boolean {
    return this.#held.length >= this.#most;
  }

  /** Frames that wait. */
  get held(): number {
    return this.#held.length;
  }

  start(): void {
    this.#cancelTick = this.#deps.clock.every(TICK_MS, () => this.#turn());
  }

  /** Gives back at once what waits: what a look was still to tell is covered whole. Idempotent. */
  stop(): void {
    this.#cancelTick();
    for (const held of this.#held.splice(0)) this.#giveBack(held);
  }

  /** @param looked this frame is being looked at: it and those after it wait for what is found */
  push(frame: MaskedFrame, looked: boolean): void {
    const stand = this.#stands.of(frame);
    this.#held.push({ frame, stand });
    if (looked) this.#underWay.set(frame.seq, stand);
    this.#turn();
  }

  /** What the look at one frame found. A look at a picture that was hidden whole found nothing out. */
  seen({ seq, monoUs }: { seq: number; monoUs: number }, detections: readonly Detection[]): void {
    const stand = this.#underWay.get(seq);
    for (const asked of this.#underWay.keys()) if (asked <= seq) this.#underWay.delete(asked);
    if (stand) {
      const people = detections.filter((d) => d.class === 'person');
      const { follow, paths } = stand.parts;
      paths.look(follow.update(people, monoUs), monoUs, this.#held[0]?.frame.monoUs ?? monoUs);
      stand.answeredUs = monoUs;
    }
    this.#turn();
  }

  #turn(): void {
    const nowUs = this.#deps.clock.monoUs();
    for (;;) {
      const held = this.#held[0];
      if (!held || !this.#due(held.frame, nowUs - held.frame.monoUs)) return;
      this.#held.shift();
      this.#giveBack(held);
    }
  }

  #due(frame: MaskedFrame, waitedUs: number): boolean {
    if (waitedUs < this.#delayUs) return false;
    return waitedUs >= LOOK_WAIT_US || !this.#awaited(frame);
  }

  /** A look at this frame or one before is under way. */
  #awaited({ seq }: MaskedFrame): boolean {
    for (const asked of this.#underWay.keys()) if (asked <= seq) return true;
    return false;
  }

  #giveBack({ frame, stand }: Held): void {
    const blind = this.#awaited(frame) || !stand || !this.#isLookedAt(frame, stand);
    if (blind) this.#cover.runs(frame.data, this.#deps.area);
    // Outside the area too, what was last known of people is covered.
    if (stand) this.#cover.boxes(frame.data, stand.parts.paths.at(frame.monoUs, stand.slack(frame)));
    Object.assign(frame, { mask: { ...frame.mask, people: blind ? 'area' : 'covered' } });
    this.#deps.release(frame);
  }

  #isLookedAt(frame: MaskedFrame, stand: Stand): boolean {
    return stand.isSteady(frame) && frame.monoUs - stand.answeredUs <= this.#stallUs;
  }
}

/** Frames that may wait: those of the delay, those that wait for a look, and two. */
export function heldAtMost(delaySeconds: number, framesPerSecond: number): number {
  return Math.ceil(Math.max(delaySeconds, LOOK_WAIT_US / 1e6) * framesPerSecond) + 2;
}

/**
 * The behaviour "abandoned": a thing that somebody brought and left. Fed by scene.ts with what stays in the picture
 * (`stills`) and who is there. It must never take for a thing what nobody brought: a shadow, a light, a parked car, a bin
 * that the wind moved. docs/events.md has the rules ("Abandoned"), numbered as here.
 */
import type { Still } from '../../../pipelines/messages.js';
import type { Behaviour, SceneLook, Sighting } from '../behaviour.js';
import { abandonedReason } from '../words/abandoned.js';
import type { Zone } from '../zone.js';
import { LeftThing } from './left-thing.js';
import { Nearby, overlap, shareInside } from './nearby.js';

export interface AbandonedOptions {
  seconds: number;
  ownerMetres: number;
  cooldownSeconds: number;
}

/** Longer side of what counts as a thing, metres. */
const SIZE = { least: 0.15, most: 2 };
/** A thing that is not told of for this long has gone, seconds. */
const GAP_SECONDS = 5;
/** A new still that covers a thing not told of at this look is that thing. */
const SAME_THING = 0.5;
/** Nobody was seen to leave: the time is asked for this many times. */
const UNSEEN_TIMES = 2;
/** Things held at once: more than the channel tells of at one look. */
const MOST_THINGS = 128;
/** Score of a thing that no class of the model stands for. */
const USUAL_SCORE = 0.5;

export class Abandoned implements Behaviour {
  readonly event = 'abandoned';
  readonly name = 'abandoned';
  readonly #nearby = new Nearby();
  #things: LeftThing[] = [];

  constructor(
    readonly zone: Zone,
    readonly options: AbandonedOptions,
  ) {}

  get cooldownSeconds(): number {
    return this.options.cooldownSeconds;
  }

  observe(look: SceneLook, sensitivity: number): Sighting[] {
    const { monoUs } = look;
    const moment = this.#nearby.observe(look);
    const stills = (look.stills ?? []).filter(isUsable);
    const there = stills.flatMap((still) => this.#thingOf(still, look, stills) ?? []);
    for (const thing of this.#things) thing.observe(moment, look);
    this.#things = this.#things.filter(({ seenUs }) => monoUs - seenUs <= GAP_SECONDS * 1e6);
    return there.flatMap((thing) => this.#judge(thing, look, sensitivity) ?? []);
  }

  reset(): void {
    this.#nearby.reset();
    this.#things = [];
  }

  /** The thing that this still is, known or new; null outside the zone. */
  #thingOf(still: Still, look: SceneLook, stills: readonly Still[]): LeftThing | null {
    const known =
      this.#things.find(({ key }) => key === still.id) ??
      this.#things.find(
        (thing) =>
          overlap(thing.box, still.box) >= SAME_THING &&
          thing.seenUs < look.monoUs &&
          !stills.some(({ id }) => id === thing.key),
      );
    if (known) {
      known.box = still.box;
      known.seenUs = look.monoUs;
      return known;
    }
    if (!this.zone.holds(still.box) || this.#things.length >= MOST_THINGS) return null;
    const made = new LeftThing(still, look, this.#nearby, this.options.ownerMetres);
    this.#things.push(made);
    return made;
  }

  #judge(thing: LeftThing, look: SceneLook, sensitivity: number): Sighting | null {
    if (thing.notBecause !== null || thing.aloneSinceUs === null) return null;
    if (thing.metres < SIZE.least || thing.metres > SIZE.most || !this.zone.holds(thing.box)) return null;
    const { leaving } = thing;
    const threshold = (this.options.seconds / sensitivity) * (leaving === 'unseen' ? UNSEEN_TIMES : 1);
    const seconds = (look.monoUs - thing.aloneSinceUs) / 1e6;
    if (seconds < threshold) return null;
    const { ownerMetres } = this.options;
    const { metres } = thing;
    return {
      key: thing.key,
      subjects: [],
      box: thing.box,
      score: scoreOf(thing, look),
      measured: [
        { name: 'alone', value: seconds, threshold, unit: 's' },
        { name: 'size', value: metres, threshold: null, unit: 'm' },
      ],
      reason: abandonedReason(this.zone.name, { seconds, threshold, metres, ownerMetres, leaving }),
    };
  }
}

/** A bag that the model sees there makes it surer. */
function scoreOf({ box }: LeftThing, { subjects }: SceneLook): number {
  const bags = subjects.filter(({ track }) => track.seen && track.class === 'bag');
  const over = bags.filter(({ track }) => shareInside(track.box, box) >= SAME_THING);
  const surest = Math.max(0, ...over.map(({ track }) => Math.min(1, track.score)));
  return 1 - (1 - USUAL_SCORE) * (1 - surest);
}

function isUsable({ sinceUs, box: { x, y, width, height } }: Still): boolean {
  return [sinceUs, x, y, width, height].every(Number.isFinite) && width > 0 && height > 0;
}

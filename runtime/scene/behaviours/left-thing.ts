/**
 * One thing that was brought and stays: who was beside it when it came, whether anybody has been since, and whether it is
 * a vehicle or a person. Made and fed by abandoned.ts, one moment after the other. It must never tell the people apart by
 * anything but their tracks: somebody whose track broke is a stranger, and counts as one who may be the owner.
 */
import type { Box, Still } from '../../../pipelines/messages.js';
import type { SceneLook } from '../behaviour.js';
import { type Moment, metresTo, type Nearby, overlap, type Person, shareInside, sizeOf } from './nearby.js';

/** An owner is somebody who was near from so long before the thing came to so long after, seconds. */
const BEFORE_SECONDS = 5;
const AFTER_SECONDS = 1;
/** Somebody else near it for this long stands by it: it is not alone, seconds. */
const BY_SECONDS = 3;
/** A track that begins near it within this time of the end of an owner's goes on with the owner's, seconds. */
const ADOPT_SECONDS = 10;
/** Somebody who covers it for this long is what was taken for a thing, seconds. */
const BODY_SECONDS = 2;
/** A vehicle that comes to stand within this time of the thing's coming is what was taken for a thing, seconds. */
const PARK_SECONDS = 10;
const MOST_OWNERS = 32;
/** A box this near to a side of the picture, upper side excepted, is of somebody who leaves it. */
const BORDER = 0.01;
/** Intersection over union with a person, and with a vehicle; share of the thing inside a vehicle that parks. */
const SAME = { person: 0.5, vehicle: 0.4, inside: 0.8, standing: 0.7 };

interface Owner {
  lastUs: number;
  /** metres at the last look */
  metres: number;
  /** at the border of the picture at the last look */
  atBorder: boolean;
}

/** How whoever was beside it went: further away, out of the picture, or no one knows. */
export type Leaving = 'away' | 'out' | 'unseen';

/** Why this is not a thing that somebody left; null: it may be one. */
export type NoThing = 'unowned' | 'vehicle' | 'person';

export class LeftThing {
  readonly key: string;
  box: Box;
  /** the last look that saw it, microseconds */
  seenUs: number;
  /** since when nobody who counts has been near; null while somebody is */
  aloneSinceUs: number | null = null;
  notBecause: NoThing | null = null;
  /** the longer side, metres */
  metres = 0;
  readonly #sinceUs: number;
  readonly #near: number;
  readonly #nearby: Nearby;
  readonly #owners = new Map<string, Owner>();
  readonly #others = new Map<string, number>();
  #coveredSinceUs: number | null = null;

  /** @param ownerMetres who is nearer has not left it */
  constructor(still: Still, look: SceneLook, nearby: Nearby, ownerMetres: number) {
    this.key = still.id;
    this.box = still.box;
    this.seenUs = look.monoUs;
    this.#sinceUs = still.sinceUs;
    this.#near = ownerMetres;
    this.#nearby = nearby;
    this.#findOwners(look);
    if (this.#owners.size === 0) this.notBecause = 'unowned';
    for (const moment of nearby.between(still.sinceUs - BODY_SECONDS * 1e6, look.monoUs - 1)) {
      this.observe(moment, look);
    }
  }

  /** Of all who may be the owner, the least certain one decides. */
  get leaving(): Leaving {
    const beside = [...this.#owners.values()].filter(({ metres }) => metres <= this.#near);
    if (beside.length === 0) return 'away';
    return beside.every(({ atBorder }) => atBorder) ? 'out' : 'unseen';
  }

  /** Takes in one moment, later than the one before. `look`: how to measure. */
  observe(moment: Moment, look: SceneLook): void {
    if (this.notBecause) return;
    const near = moment.people.map((person) => ({ person, metres: metresTo(this.box, person, look) }));
    this.#adopt(moment, near);
    const attended = near.map((n) => this.#attends(n, moment.us)).includes(true);
    for (const id of this.#others.keys()) {
      if (!moment.people.some((person) => person.id === id)) this.#others.delete(id);
    }
    this.aloneSinceUs = attended ? null : (this.aloneSinceUs ?? Math.max(moment.us, this.#sinceUs));
    if (this.#isPerson(moment)) this.notBecause = 'person';
    else if (this.#isVehicle(moment)) this.notBecause = 'vehicle';
  }

  #findOwners(look: SceneLook): void {
    const [from, to] = [this.#sinceUs - BEFORE_SECONDS * 1e6, this.#sinceUs + AFTER_SECONDS * 1e6];
    let nearest = Number.POSITIVE_INFINITY;
    for (const { us, people } of this.#nearby.between(from, to)) {
      for (const person of people) {
        const metres = metresTo(this.box, person, look);
        if (metres > this.#near || (this.#owners.size >= MOST_OWNERS && !this.#owners.has(person.id)))
          continue;
        this.#owners.set(person.id, { lastUs: us, metres, atBorder: isAtBorder(person.box) });
        if (metres >= nearest) continue;
        nearest = metres;
        this.metres = sizeOf(this.box, person.height, look);
      }
    }
  }

  /** An owner's track has ended beside it, and another has begun there since: the same person, for all we know. */
  #adopt({ us, people }: Moment, near: { person: Person; metres: number }[]): void {
    const alive = new Set(people.map(({ id }) => id));
    for (const [id, { lastUs, metres }] of [...this.#owners]) {
      if (alive.has(id) || metres > this.#near || us < lastUs || us - lastUs > ADOPT_SECONDS * 1e6) continue;
      const next = near.find(({ person, metres: m }) => {
        return m <= this.#near && person.bornUs >= lastUs - 1e6 && !this.#owners.has(person.id);
      });
      if (!next) continue;
      this.#owners.delete(id);
      this.#owners.set(next.person.id, { lastUs: us, metres: next.metres, atBorder: false });
    }
  }

  #attends({ person: { id, box }, metres }: { person: Person; metres: number }, us: number): boolean {
    const isNear = metres <= this.#near;
    if (this.#owners.has(id)) {
      this.#owners.set(id, { lastUs: us, metres, atBorder: isAtBorder(box) });
      return isNear;
    }
    if (!isNear) {
      this.#others.delete(id);
      return false;
    }
    const since = this.#others.get(id) ?? us;
    this.#others.set(id, since);
    return us - since >= BY_SECONDS * 1e6;
  }

  #isPerson({ us, people }: Moment): boolean {
    const covered = people.some(({ box }) => overlap(box, this.box) >= SAME.person);
    this.#coveredSinceUs = covered ? (this.#coveredSinceUs ?? us) : null;
    return this.#coveredSinceUs !== null && us - this.#coveredSinceUs >= BODY_SECONDS * 1e6;
  }

  /** A vehicle that stands there and did not stand there before the thing came. */
  #isVehicle({ us, vehicles }: Moment): boolean {
    const early = us <= this.#sinceUs + PARK_SECONDS * 1e6;
    return vehicles.some((box) => {
      const same = overlap(box, this.box) >= SAME.vehicle;
      if (!same && !(early && shareInside(this.box, box) >= SAME.inside)) return false;
      return this.#stood(box, us - 3e6, us - 1e6) && !this.#stood(box, 0, this.#sinceUs - 2e6);
    });
  }

  #stood(box: Box, fromUs: number, toUs: number): boolean {
    return this.#nearby
      .between(fromUs, toUs)
      .some(({ vehicles }) => vehicles.some((other) => overlap(other, box) >= SAME.standing));
  }
}

function isAtBorder({ x, y, width, height }: Box): boolean {
  return x <= BORDER || x + width >= 1 - BORDER || y + height >= 1 - BORDER;
}

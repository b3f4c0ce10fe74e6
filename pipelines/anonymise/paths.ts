/**
 * Where people were, are and will be: what the looks told, kept long enough to answer for every frame that still
 * waits. Fed by anonymiser.ts with the tracks of each look, asked by it for the boxes of one frame. It keeps boxes and
 * times, never a picture, and must never answer with a box smaller than what was seen (docs/anonymity.md, A4 to A6).
 */
import type { Box, Track } from '../messages.js';

/** Boxes are grown on every side by this share of their longer side: what a detector leaves out at its edges. */
const GROWN = 0.14;
/**
 * And by this share of it for each second between the frame and the nearest sighting. People walk at 1.4 m/s, that is
 * 0.8 of their height a second; once the direction is known, what is left is a change of it.
 */
const GROWN_PER_SECOND = { first: 1, second: 0.6, later: 0.4 };
/** Growth stops here: a person nobody has seen for a second is somewhere else, and not everywhere. */
const MOST_GROWN = 0.6;
/** Nobody becomes smaller within this time, microseconds: a smaller box is a person who is partly hidden. */
const SAME_SIZE_US = 600_000;
/** Sightings older than the oldest frame that waits, and still needed to tell where somebody came from, microseconds. */
const KEPT_US = 2_500_000;
/** Of each person; at 30 looks a second more than four seconds. */
const MOST_SIGHTINGS = 128;
/** People followed at once; what a tracker reports at most. */
const MOST_PATHS = 512;
/** Of a person's box, from the top, what is covered: a head and neck take a fifth of it, the rest is doubt. */
const PART = { bodies: 1, heads: 0.35 };

type Size = Pick<Box, 'width' | 'height'>;

interface Sighting {
  monoUs: number;
  box: Box;
  velocity: { x: number; y: number };
  hits: number;
}

interface Path {
  /** oldest first; only those that a detection supports */
  sightings: Sighting[];
  /** the last look that still followed them */
  followedUs: number;
}

export class Paths {
  readonly #aspect: number;
  readonly #part: number;
  readonly #paths = new Map<string, Path>();
  #lookUs = Number.NEGATIVE_INFINITY;

  /** @param aspect width of the picture over its height */
  constructor(aspect: number, cover: 'bodies' | 'heads') {
    this.#aspect = aspect;
    this.#part = PART[cover];
  }

  /**
   * Takes in what one look left of every track.
   * @param oldestUs capture of the oldest frame that still waits; what only older frames need is forgotten
   */
  look(tracks: readonly Track[], monoUs: number, oldestUs: number): void {
    this.#lookUs = monoUs;
    for (const { id, box, velocity, hits, seen } of tracks) {
      const path = this.#paths.get(id) ?? { sightings: [], followedUs: monoUs };
      path.followedUs = monoUs;
      if (seen) path.sightings.push({ monoUs, box, velocity, hits });
      if (path.sightings.length > MOST_SIGHTINGS) path.sightings.shift();
      if (this.#paths.has(id) || this.#paths.size < MOST_PATHS) this.#paths.set(id, path);
    }
    const keptUs = Math.min(oldestUs, monoUs) - KEPT_US;
    for (const [id, path] of this.#paths) {
      path.sightings = path.sightings.filter((s, i) => s.monoUs >= keptUs || i === path.sightings.length - 1);
      if (path.followedUs < keptUs) this.#paths.delete(id);
    }
  }

  /**
   * The boxes to cover in a frame captured at `monoUs`, shares of the picture; they may reach outside it.
   * @param slack by how much the view may have moved since, share of the picture's width
   */
  at(monoUs: number, slack = 0): Box[] {
    const boxes: Box[] = [];
    for (const path of this.#paths.values()) {
      const box = this.#boxOf(path, monoUs);
      if (box) boxes.push(this.#wider(box, slack));
    }
    return boxes;
  }

  #wider({ x, y, width, height }: Box, across: number): Box {
    const down = across * this.#aspect;
    return { x: x - across, y: y - down, width: width + 2 * across, height: height + 2 * down };
  }

  #boxOf({ sightings, followedUs }: Path, monoUs: number): Box | null {
    const largest = largestOf(sightings, monoUs);
    const before = sightings.findLast((s) => s.monoUs <= monoUs);
    const after = sightings.find((s) => s.monoUs > monoUs);
    if (before && after) return this.#between(before, after, monoUs, largest);
    if (after) {
      const second = sightings.find((s) => s.monoUs > after.monoUs);
      return this.#moved(after, second ? speedOf(after, second) : after.velocity, monoUs, largest);
    }
    // One that the newest look gave up is gone; one it still follows is somewhere near.
    if (!before || (followedUs < this.#lookUs && monoUs > followedUs)) return null;
    return this.#moved(before, before.velocity, monoUs, largest);
  }

  #between(before: Sighting, after: Sighting, monoUs: number, largest: Size): Box {
    const share = (monoUs - before.monoUs) / (after.monoUs - before.monoUs);
    const mix = (a: number, b: number): number => a + (b - a) * share;
    const [a, b] = [before.box, after.box];
    const box = {
      x: mix(a.x, b.x),
      y: mix(a.y, b.y),
      width: Math.max(a.width, b.width),
      height: Math.max(a.height, b.height),
    };
    // The larger size around the middle between the two.
    box.x += (mix(a.width, b.width) - box.width) / 2;
    box.y += (mix(a.height, b.height) - box.height) / 2;
    const nearest = Math.min(monoUs - before.monoUs, after.monoUs - monoUs);
    return this.#grown(box, (nearest / 1e6) * GROWN_PER_SECOND.later, largest);
  }

  #moved(
    { monoUs: seenUs, box, hits }: Sighting,
    velocity: { x: number; y: number },
    monoUs: number,
    largest: Size,
  ): Box {
    const seconds = (monoUs - seenUs) / 1e6;
    const moved = { ...box, x: box.x + velocity.x * seconds, y: box.y + velocity.y * seconds };
    const { first, second, later } = GROWN_PER_SECOND;
    const perSecond = hits <= 1 ? first : hits === 2 ? second : later;
    return this.#grown(moved, Math.abs(seconds) * perSecond, largest);
  }

  /** @param largest who was seen larger is partly hidden now, on whichever side */
  #grown(box: Box, more: number, largest: Size): Box {
    const across = Math.max(box.width, box.height / this.#aspect) * (GROWN + Math.min(MOST_GROWN, more));
    const down = across * this.#aspect;
    const [above, beside] = [largest.height - box.height, largest.width - box.width].map((more) =>
      Math.max(0, more),
    );
    return {
      x: box.x - beside - across,
      y: box.y - above - down,
      width: box.width + 2 * (beside + across),
      height: above + box.height * this.#part + 2 * down,
    };
  }
}

/** Width and height, each at its largest, of the sightings around this time. */
function largestOf(sightings: readonly Sighting[], monoUs: number): Size {
  const near = sightings.filter((s) => Math.abs(s.monoUs - monoUs) <= SAME_SIZE_US);
  return {
    width: Math.max(0, ...near.map(({ box }) => box.width)),
    height: Math.max(0, ...near.map(({ box }) => box.height)),
  };
}

function speedOf(a: Sighting, b: Sighting): { x: number; y: number } {
  const seconds = (b.monoUs - a.monoUs) / 1e6;
  return {
    x: (b.box.x + b.box.width / 2 - a.box.x - a.box.width / 2) / seconds,
    y: (b.box.y + b.box.height / 2 - a.box.y - a.box.height / 2) / seconds,
  };
}

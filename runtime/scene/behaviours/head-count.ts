/**
 * How many people are in a zone: those who are tracked, and what the covered part of the zone says of those whom others hide.
 * Used by density.ts. What one person covers is learned here, from looks with few people well apart; kept are a few numbers.
 */
import type { Box } from '../../../pipelines/messages.js';
import type { SceneLook, Subject } from '../behaviour.js';

/** Looks learned from at least, and kept at most, one in so many seconds. */
const LEAST_SAMPLES = 20;
const MOST_SAMPLES = 120;
const SAMPLE_US = 2e6;
/** Of the people who are too many, as a share, so few that nobody is hidden. */
const FEW_SHARE = 0.34;
const MOST_FEW = 8;
/** Who is lost counts for so long. */
const LOST_US = 1.5e6;
/** A share of the zone below this is noise. */
const LEAST_SHARE = 0.002;
/** People come in one by one: a share that grows faster a second is light, and is not followed. */
const GROWS_A_SECOND = 0.05;

export interface Counted {
  tracks: number;
  /** people that the covered share stands for; null: not measured, or not learned yet */
  estimate: number | null;
}

export class HeadCount {
  readonly #zone: string;
  readonly #few: number;
  /** people for a share of 1, newest last */
  #samples: number[] = [];
  #sampleUs = Number.NEGATIVE_INFINITY;
  #share: { value: number; monoUs: number } | null = null;
  #lostUs = new Map<string, number>();

  /** @param fewest people from which on there are too many */
  constructor(zone: string, { fewest }: { fewest: number }) {
    this.#zone = zone;
    this.#few = Math.min(MOST_FEW, Math.max(1, Math.floor(FEW_SHARE * fewest)));
  }

  /** @param inside the people in the zone at this look, lost ones too */
  observe(inside: readonly Subject[], { occupied, monoUs }: SceneLook): Counted {
    const tracks = this.#tracked(inside, monoUs);
    const measured = occupied.get(this.#zone);
    if (measured === undefined || !Number.isFinite(measured)) return { tracks, estimate: null };
    this.#learn(inside, measured, monoUs);
    const share = this.#followed(measured, monoUs);
    if (this.#samples.length < LEAST_SAMPLES) return { tracks, estimate: null };
    return { tracks, estimate: share * median(this.#samples) };
  }

  reset(): void {
    this.#share = null;
    this.#lostUs.clear();
  }

  /** Who is lost counts for as long as tracking keeps them, unless somebody new stands for them. */
  #tracked(inside: readonly Subject[], monoUs: number): number {
    const gone = inside.filter(({ track }) => !track.seen);
    this.#lostUs = new Map(gone.map(({ track }) => [track.id, this.#lostUs.get(track.id) ?? monoUs]));
    const lost = [...this.#lostUs.values()].filter((sinceUs) => monoUs - sinceUs <= LOST_US);
    const seen = inside.filter(({ track }) => track.seen);
    const born = seen.filter(({ track }) => lost.some((sinceUs) => track.bornUs >= sinceUs)).length;
    return seen.length + Math.max(0, lost.length - born);
  }

  #learn(inside: readonly Subject[], share: number, monoUs: number): void {
    const people = inside.length;
    if (people === 0 || people > this.#few || share < LEAST_SHARE) return;
    if (monoUs - this.#sampleUs < SAMPLE_US || !inside.every(({ track }) => track.seen)) return;
    if (!apart(inside.map(({ track }) => track.box))) return;
    this.#sampleUs = monoUs;
    this.#samples.push(people / share);
    if (this.#samples.length > MOST_SAMPLES) this.#samples.shift();
  }

  #followed(share: number, monoUs: number): number {
    const before = this.#share;
    const grown = before && before.value + (GROWS_A_SECOND * (monoUs - before.monoUs)) / 1e6;
    const value = grown === null ? share : Math.min(share, grown);
    this.#share = { value, monoUs };
    return value;
  }
}

/** No box reaches into another, nor within half its width of it. */
function apart(boxes: readonly Box[]): boolean {
  return boxes.every((a, i) =>
    boxes.slice(i + 1).every((b) => {
      const gap = (a.width + b.width) / 4;
      const beside = a.x + a.width + gap < b.x || b.x + b.width + gap < a.x;
      return beside || a.y + a.height < b.y || b.y + b.height < a.y;
    }),
  );
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((p, q) => p - q);
  return sorted[Math.floor(sorted.length / 2)] as number;
}

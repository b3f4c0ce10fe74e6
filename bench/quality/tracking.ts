/**
 * Scores tracks against ground truth. Fed by the benches, a picture at a time. CLEAR MOT after Bernardin and Stiefelhagen
 * (2008): pairs of the picture before are kept while they still overlap, the rest is paired for the smallest distance; a
 * switch is a person whose track is another than the last one they had. IDF1 after Ristani et al. (2016): one pairing of
 * tracks to people for the whole clip.
 */
import { munkres } from 'munkres';
import type { Box } from '../../pipelines/messages.js';
import { iou } from '../../pipelines/track/association.js';
import type { TruthBox } from './mot.js';

export interface TrackBox {
  /** of the track */
  id: string;
  /** shares of the picture */
  box: Box;
}

export interface TrackingScore {
  recall: number;
  precision: number;
  mota: number;
  idf1: number;
  switches: number;
  /** people's boxes counted */
  truths: number;
  misses: number;
  falseOnes: number;
}

/** A pair that may not be: dearer than any number of pairs that may. */
const NEVER = 1e6;

/**
 * @param pictures in order of time; ignored truth takes a track's box that nothing else took, and counts as nothing
 * @param leastOverlap IoU from which a box is a hit
 */
export function scoreTracking(
  pictures: readonly { truth: readonly TruthBox[]; tracks: readonly TrackBox[] }[],
  leastOverlap: number,
): TrackingScore {
  const totals = { truths: 0, hits: 0, falseOnes: 0, switches: 0 };
  const held = new Map<number, string>();
  const together = new Together();
  for (const { truth, tracks } of pictures) {
    const people = truth.filter((t) => !t.ignored);
    const pairs = pairsOf(people, tracks, leastOverlap, held);
    const taken = new Set(pairs.map(([, j]) => j));
    const ignored = truth.filter((t) => t.ignored);
    const counted = tracks.filter(
      ({ box }, j) => taken.has(j) || !ignored.some((t) => iou(box, t.box) >= leastOverlap),
    );
    for (const [i, j] of pairs) {
      const [person, track] = [people[i]?.id ?? -1, tracks[j]?.id ?? ''];
      const before = held.get(person);
      if (before !== undefined && before !== track) totals.switches++;
      held.set(person, track);
    }
    totals.truths += people.length;
    totals.hits += pairs.length;
    totals.falseOnes += counted.length - pairs.length;
    together.add(people, counted, leastOverlap);
  }
  const misses = totals.truths - totals.hits;
  const { truths, falseOnes, switches } = totals;
  return {
    recall: totals.hits / truths,
    precision: totals.hits / (totals.hits + falseOnes),
    mota: 1 - (misses + falseOnes + switches) / truths,
    idf1: together.idf1(),
    switches,
    truths,
    misses,
    falseOnes,
  };
}

/** Pairs [person, track] of one picture. */
function pairsOf(
  people: readonly TruthBox[],
  tracks: readonly TrackBox[],
  least: number,
  held: ReadonlyMap<number, string>,
): [number, number][] {
  const overlap = (i: number, j: number): number =>
    iou((people[i] as TruthBox).box, (tracks[j] as TrackBox).box);
  const pairs: [number, number][] = [];
  const freeTracks = new Set(tracks.keys());
  const freePeople: number[] = [];
  people.forEach((person, i) => {
    const j = tracks.findIndex(({ id }) => id === held.get(person.id));
    if (j >= 0 && freeTracks.has(j) && overlap(i, j) >= least) {
      pairs.push([i, j]);
      freeTracks.delete(j);
    } else freePeople.push(i);
  });
  const left = [...freeTracks];
  if (freePeople.length === 0 || left.length === 0) return pairs;
  const cost = freePeople.map((i) =>
    left.map((j) => {
      const shared = overlap(i, j);
      return shared >= least ? 1 - shared : NEVER;
    }),
  );
  for (const [r, c] of munkres(cost)) {
    if ((cost[r]?.[c] ?? NEVER) < NEVER) pairs.push([freePeople[r] as number, left[c] as number]);
  }
  return pairs;
}

/** In how many pictures each person and each track were there, and overlapped. */
class Together {
  readonly #people = new Map<number, number>();
  readonly #tracks = new Map<string, number>();
  readonly #both = new Map<number, Map<string, number>>();

  add(people: readonly TruthBox[], tracks: readonly TrackBox[], least: number): void {
    for (const { id } of tracks) this.#tracks.set(id, (this.#tracks.get(id) ?? 0) + 1);
    for (const { id, box } of people) {
      this.#people.set(id, (this.#people.get(id) ?? 0) + 1);
      const row = this.#both.get(id) ?? new Map<string, number>();
      this.#both.set(id, row);
      for (const track of tracks) {
        if (iou(box, track.box) >= least) row.set(track.id, (row.get(track.id) ?? 0) + 1);
      }
    }
  }

  /** The most pictures that one pairing of people and tracks can have right, as the F1 of boxes. */
  idf1(): number {
    const [people, tracks] = [[...this.#people.keys()], [...this.#tracks.keys()]];
    const sum = (counts: Iterable<number>): number => [...counts].reduce((a, b) => a + b, 0);
    const boxes = sum(this.#people.values()) + sum(this.#tracks.values());
    if (people.length === 0 || tracks.length === 0) return 0;
    const shared = people.map((person) => tracks.map((track) => this.#both.get(person)?.get(track) ?? 0));
    const right = munkres(shared.map((row) => row.map((count) => -count)));
    return (2 * sum(right.map(([r, c]) => shared[r]?.[c] ?? 0))) / boxes;
  }
}

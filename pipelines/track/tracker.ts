/**
 * Follows what detect/ finds from look to look. Fed by the pipeline's main.ts with the detections of one
 * masked picture; its tracks go to the runtime process (scene/). It must never see a picture, keep anything
 * of an object that is gone, or find again who left: ids are random and die with the track.
 *
 * Association is ByteTrack's (Zhang et al., "ByteTrack: Multi-Object Tracking by Associating Every Detection
 * Box", ECCV 2022): confident detections first, then the doubtful ones for what is still alone. Time is
 * counted in seconds, not in looks. docs/tracking.md has the invariants and the limits.
 */
import { randomBytes } from 'node:crypto';
import type { Box, Detection, Track } from '../messages.js';
import { assign, family, iou, widened } from './association.js';
import { TrackState } from './track-state.js';

export interface TrackerOptions {
  /** lowest score (0..1) of a detection that may continue a track */
  lowThreshold: number;
  /** lowest score (0..1) of a detection that may start one */
  highThreshold: number;
  /** width of the picture over its height; 16/9 when absent */
  aspect?: number;
  /** looks in a row that must find an object before it is reported; 2 when absent */
  confirmHits?: number;
  /** how long an object is kept without a detection, seconds; 1.5 when absent */
  lostSeconds?: number;
}

/** Looks further apart than this have no object in common: everything starts anew. */
const RESET_SECONDS = 3;
/** Similarity two widened boxes must have, for confident, doubtful and not yet confirmed pairs. */
const LEAST = { confident: 0.25, doubtful: 0.4, tentative: 0.15 };
/** Boxes are widened by this many standard deviations of the track's place... */
const PAD_DEVIATIONS = 0.5;
/** ...but by no more than this share of their longer side. */
const MOST_PAD = 0.5;
/** A detection that covers a track already supported at this look is that object's second box. */
const DUPLICATE_IOU = 0.7;
/** Detections of one look that are considered, best scores first. */
const MOST_DETECTIONS = 256;
/** Tracks held at once; what the channel to the runtime process may carry. */
const MOST_TRACKS = 512;

export class Tracker {
  #options: Required<TrackerOptions>;
  #tracks: TrackState[] = [];
  #lookUs: number | null = null;
  #born = 0;

  constructor(options: TrackerOptions) {
    const { lowThreshold, highThreshold, aspect = 16 / 9, confirmHits = 2, lostSeconds = 1.5 } = options;
    this.#options = { lowThreshold, highThreshold, aspect, confirmHits, lostSeconds };
  }

  /** Tracks confirmed since the start. */
  get born(): number {
    return this.#born;
  }

  /**
   * Takes in one look. Detections that are not finite, have no area or lie far outside it are dropped.
   * @param detections in any order, boxes as shares of the picture
   * @param monoUs capture of the picture that was looked at, microseconds; time never goes back, so an
   *   earlier one than the last counts as the last
   * @returns confirmed tracks, those lost for the moment too (`seen` false), at most 512
   */
  update(detections: readonly Detection[], monoUs: number): Track[] {
    this.#moveTo(monoUs);
    const nowUs = this.#lookUs ?? 0;
    const { confident, doubtful } = this.#sort(detections);
    const before = this.#tracks;
    const wasSeen = new Set(before.filter((t) => t.seen));
    for (const t of before) t.seen = false;

    const confirmed = before.filter((t) => t.confirmed);
    let left = this.#associate(confirmed, confident, LEAST.confident, nowUs);
    const alone = confirmed.filter((t) => !t.seen && wasSeen.has(t));
    this.#associate(alone, doubtful, LEAST.doubtful, nowUs);
    left = this.#associate(
      before.filter((t) => !t.confirmed),
      left,
      LEAST.tentative,
      nowUs,
    );
    this.#tracks = before.filter((t) => this.#stays(t, nowUs));
    for (const detection of left) this.#begin(detection, nowUs);
    for (const t of this.#tracks) this.#confirm(t);
    return this.#tracks.filter((t) => t.confirmed).map((t) => t.report());
  }

  /**
   * Where the confirmed tracks are expected at `monoUs`, without changing them; all with `seen` false.
   * Looks no further ahead than `lostSeconds`.
   */
  predict(monoUs: number): Track[] {
    const ahead = this.#lookUs === null ? 0 : (monoUs - this.#lookUs) / 1e6;
    const seconds = Math.min(this.#options.lostSeconds, Math.max(0, Number.isFinite(ahead) ? ahead : 0));
    return this.#tracks.filter((t) => t.confirmed).map((t) => t.reportAfter(seconds));
  }

  #moveTo(monoUs: number): void {
    const last = this.#lookUs;
    if (!Number.isFinite(monoUs)) return;
    this.#lookUs = last === null ? monoUs : Math.max(last, monoUs);
    const seconds = last === null ? 0 : Math.max(0, (monoUs - last) / 1e6);
    if (seconds > RESET_SECONDS) this.#tracks = [];
    for (const t of this.#tracks) t.predict(seconds);
  }

  #sort(detections: readonly Detection[]): { confident: Detection[]; doubtful: Detection[] } {
    const { lowThreshold, highThreshold } = this.#options;
    const usable = detections
      .filter((d) => usableScore(d.score) && d.score >= lowThreshold && usableBox(d.box))
      .sort((a, b) => b.score - a.score)
      .slice(0, MOST_DETECTIONS);
    const confident = usable.filter((d) => d.score >= highThreshold);
    return { confident, doubtful: usable.slice(confident.length) };
  }

  /** Pairs tracks with detections, supports the tracks, and gives back the detections that nobody took. */
  #associate(tracks: TrackState[], detections: Detection[], least: number, nowUs: number): Detection[] {
    const { aspect } = this.#options;
    const boxes = tracks.map((t) => t.box);
    // The less the filter knows (a new track, a long gap), the further from its guess a match may lie.
    const pads = tracks.map((t) => {
      const { x, y } = t.doubt;
      return { x: Math.min(MOST_PAD, PAD_DEVIATIONS * x), y: Math.min(MOST_PAD, PAD_DEVIATIONS * y) };
    });
    const wide = boxes.map((box, i) => widened(box, pads[i] as (typeof pads)[number], aspect));
    const families = detections.map((d) => family(d.class));
    const similarity = (row: number, column: number): number => {
      if ((tracks[row] as TrackState).family !== families[column]) return -1;
      const box = (detections[column] as Detection).box;
      return iou(wide[row] as Box, widened(box, pads[row] as (typeof pads)[number], aspect));
    };
    const taken = new Set<number>();
    for (const [row, column] of assign(tracks.length, detections.length, similarity, least)) {
      (tracks[row] as TrackState).support(detections[column] as Detection, nowUs);
      taken.add(column);
    }
    return detections.filter((_, i) => !taken.has(i));
  }

  #stays(t: TrackState, nowUs: number): boolean {
    if (t.seen) return true;
    if (!t.confirmed || (nowUs - t.seenUs) / 1e6 > this.#options.lostSeconds) return false;
    const { x, y, width, height } = t.box;
    return x < 1 && y < 1 && x + width > 0 && y + height > 0;
  }

  #begin(detection: Detection, nowUs: number): void {
    if (this.#tracks.length >= MOST_TRACKS) return;
    const kind = family(detection.class);
    const second = this.#tracks.some(
      (t) => t.seen && t.family === kind && iou(t.box, detection.box) >= DUPLICATE_IOU,
    );
    if (second) return;
    this.#tracks.push(new TrackState(this.#unusedId(), detection, nowUs, this.#options.aspect));
  }

  #confirm(t: TrackState): void {
    if (t.confirmed || t.hits < this.#options.confirmHits) return;
    t.confirmed = true;
    this.#born++;
  }

  #unusedId(): string {
    for (;;) {
      const id = randomBytes(4).toString('hex');
      if (!this.#tracks.some((t) => t.id === id)) return id;
    }
  }
}

function usableScore(score: number): boolean {
  return Number.isFinite(score) && score >= 0 && score <= 1;
}

/** Finite, with an area, no larger than twice the picture, its centre not further out than half a picture. */
function usableBox({ x, y, width, height }: Box): boolean {
  if (![x, y, width, height].every(Number.isFinite)) return false;
  if (width < 1e-4 || height < 1e-4 || width > 2 || height > 2) return false;
  return [x + width / 2, y + height / 2].every((centre) => centre >= -0.5 && centre <= 1.5);
}

/**
 * Follows what detect/ finds from look to look. Fed by frame-path.ts with the detections of one
 * masked picture; its tracks go to the runtime process (scene/). It must never see a picture, keep anything
 * of an object that is gone, or find again who left: ids are random and die with the track.
 *
 * Association is ByteTrack's (Zhang et al., "ByteTrack: Multi-Object Tracking by Associating Every Detection
 * Box", ECCV 2022): confident detections first, then the doubtful ones for what is still alone. Time is
 * counted in seconds, not in looks. docs/tracking.md has the invariants and the limits.
 */
import { randomBytes } from 'node:crypto';
import type { Box, Detection, ObjectClass, Track } from '../messages.js';
import { assign, family, iou, widened } from './association.js';
import { TrackState } from './track-state.js';

export interface TrackerOptions {
  /** lowest score (0..1) of a detection that may continue a track */
  lowThreshold: number;
  /** lowest score (0..1) of a detection that may start one */
  highThreshold: number;
  /** the same for single classes, where it differs */
  classThresholds?: Partial<Record<ObjectClass, number>>;
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
/** What stands where nothing ever moved must score this to begin a track; docs/tracking.md says what that leaves out. */
const STANDING_SCORE = 0.5;
/** Detections of one look that are considered, best scores first. */
const MOST_DETECTIONS = 256;
/** Tracks held at once; what the channel to the runtime process may carry. */
const MOST_TRACKS = 512;

export class Tracker {
  readonly #options: Required<TrackerOptions>;
  #tracks: TrackState[] = [];
  #lookUs: number | null = null;
  #born = 0;

  constructor(options: TrackerOptions) {
    const defaults = { aspect: 16 / 9, confirmHits: 2, lostSeconds: 1.5, classThresholds: {} };
    this.#options = { ...defaults, ...options };
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
   * @param hasMoved whether anything is or was going on in a box; without it every place counts as lively
   * @returns confirmed tracks, those lost for the moment too (`seen` false), at most 512
   */
  update(
    detections: readonly Detection[],
    monoUs: number,
    hasMoved: (box: Box) => boolean = () => true,
  ): Track[] {
    this.#moveTo(monoUs);
    const nowUs = this.#lookUs ?? 0;
    const { confident, doubtful, standing } = this.#sort(detections, hasMoved);
    const before = this.#tracks;
    const wasSeen = new Set(before.filter((t) => t.seen));
    for (const t of before) t.seen = false;

    const confirmed = before.filter((t) => t.confirmed);
    let left = this.#associate(confirmed, confident, LEAST.confident, nowUs, standing);
    const alone = confirmed.filter((t) => !t.seen && wasSeen.has(t));
    this.#associate(alone, doubtful, LEAST.doubtful, nowUs, standing);
    left = this.#associate(
      before.filter((t) => !t.confirmed),
      left,
      LEAST.tentative,
      nowUs,
      standing,
    );
    this.#tracks = before.filter((t) => this.#stays(t, nowUs));
    for (const detection of left) this.#begin(detection, nowUs, standing.has(detection));
    for (const t of this.#tracks) this.#confirm(t);
    return this.#tracks.filter((t) => t.confirmed).map((t) => t.report());
  }

  /**
   * Where the confirmed tracks are expected at `monoUs`, without changing them; all with `seen` false.
   * Looks no further ahead than `lostSeconds`.
   */
  predict(monoUs: number): Track[] {
    return this.#tracks.filter((t) => t.confirmed).map((t) => t.reportAfter(this.#ahead(monoUs)));
  }

  /** The same, with those that only one look has found so far. */
  expected(monoUs: number): Track[] {
    return this.#tracks.map((t) => t.reportAfter(this.#ahead(monoUs)));
  }

  #ahead(monoUs: number): number {
    const ahead = this.#lookUs === null ? 0 : (monoUs - this.#lookUs) / 1e6;
    return Math.min(this.#options.lostSeconds, Math.max(0, Number.isFinite(ahead) ? ahead : 0));
  }

  #moveTo(monoUs: number): void {
    const last = this.#lookUs;
    if (!Number.isFinite(monoUs)) return;
    this.#lookUs = last === null ? monoUs : Math.max(last, monoUs);
    const seconds = last === null ? 0 : Math.max(0, (monoUs - last) / 1e6);
    if (seconds > RESET_SECONDS) this.#tracks = [];
    for (const t of this.#tracks) t.predict(seconds);
  }

  /** `standing`: those in whose boxes nothing is going on. */
  #sort(
    detections: readonly Detection[],
    hasMoved: (box: Box) => boolean,
  ): { confident: Detection[]; doubtful: Detection[]; standing: ReadonlySet<Detection> } {
    const { lowThreshold, highThreshold, classThresholds } = this.#options;
    const usable = detections
      .filter((d) => usableScore(d.score) && d.score >= lowThreshold && usableBox(d.box))
      .sort((a, b) => b.score - a.score)
      .slice(0, MOST_DETECTIONS);
    const isConfident = (d: Detection): boolean => d.score >= (classThresholds[d.class] ?? highThreshold);
    return {
      confident: usable.filter(isConfident),
      doubtful: usable.filter((d) => !isConfident(d)),
      standing: new Set(usable.filter((d) => !hasMoved(d.box))),
    };
  }

  /** Pairs tracks with detections, supports the tracks, and gives back the detections that nobody took. */
  #associate(
    tracks: TrackState[],
    detections: Detection[],
    least: number,
    nowUs: number,
    standing: ReadonlySet<Detection>,
  ): Detection[] {
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
      const [track, detection] = [tracks[row] as TrackState, detections[column] as Detection];
      if (track.family !== families[column]) return -1;
      // A place that the model takes for a person look after look must not catch the track of one who passes it.
      const mayBeFixed = standing.has(detection) && detection.score < STANDING_SCORE;
      if (mayBeFixed && !track.stands(nowUs)) return -1;
      return iou(wide[row] as Box, widened(detection.box, pads[row] as (typeof pads)[number], aspect));
    };
    const taken = new Set<number>();
    for (const [row, column] of assign(tracks.length, detections.length, similarity, least)) {
      const detection = detections[column] as Detection;
      (tracks[row] as TrackState).support(detection, nowUs, standing.has(detection) ? STANDING_SCORE : null);
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

  #begin(detection: Detection, nowUs: number, stands: boolean): void {
    if (this.#tracks.length >= MOST_TRACKS || (stands && detection.score < STANDING_SCORE)) return;
    const kind = family(detection.class);
    const second = this.#tracks.some(
      (t) => t.seen && t.family === kind && iou(t.box, detection.box) >= DUPLICATE_IOU,
    );
    if (second) return;
    this.#tracks.push(new TrackState(this.#unusedId(), detection, nowUs, this.#options.aspect, stands));
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

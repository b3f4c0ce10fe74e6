/**
 * The behaviours "fire" and "weapon": slots for a model that the integrator brings (docs/models.md). Fed by scene.ts with
 * what that model says of each look. Without such a model it finds nothing. It must never run on another task's signals.
 * docs/events.md has the rules ("Fire and weapon"), numbered as here.
 */
import type { Box, Signal } from '../../../pipelines/messages.js';
import type { Behaviour, SceneLook, Sighting } from '../behaviour.js';
import { Evidence } from '../evidence.js';
import { contains } from '../polygon.js';
import { slotReason } from '../words/slot.js';
import type { Zone } from '../zone.js';

export interface SlotOptions {
  seconds: number;
  minScore: number;
  cooldownSeconds: number;
}

/** A stretch without it does not end it, seconds: such a model may look once a second. */
const GAP_SECONDS = 2.5;
/** What goes on may have this share of the lowest score. */
const WEAK = 0.7;
/** A place goes on when the new box's middle lies in the old box, widened by this share on each side. */
const WIDENED = 0.5;
/** Places held at once. */
const MOST_PLACES = 32;

interface Place {
  key: string;
  box: Box;
  evidence: Evidence;
  scores: { sum: number; looks: number };
}

export class Slot implements Behaviour {
  readonly name: 'fire' | 'weapon';
  #places: Place[] = [];
  #made = 0;

  constructor(
    readonly event: 'fire' | 'weapon',
    readonly zone: Zone,
    readonly options: SlotOptions,
  ) {
    this.name = event;
  }

  get cooldownSeconds(): number {
    return this.options.cooldownSeconds;
  }

  observe({ signals, monoUs }: SceneLook, sensitivity: number): Sighting[] {
    const due = signals
      .filter((s) => s.task === this.event && isUsable(s) && this.#isIn(s.box))
      .sort((a, b) => b.score - a.score);
    const free = new Set(this.#places);
    const sightings = due.flatMap((signal) => {
      const place = [...free].find(({ box }) => isNear(box, signal.box)) ?? this.#open(signal);
      if (!place) return [];
      free.delete(place);
      return this.#support(place, signal, monoUs, sensitivity) ?? [];
    });
    for (const { evidence } of free) evidence.observe('unseen', monoUs);
    this.#places = this.#places.filter(({ evidence }) => evidence.sinceUs !== null);
    return sightings;
  }

  reset(): void {
    this.#places = [];
  }

  #isIn({ x, y, width, height }: Box): boolean {
    return contains(this.zone.points, [x + width / 2, y + height / 2]);
  }

  /** A new place needs the full score. */
  #open({ score, box }: Signal): Place | null {
    if (score < this.options.minScore || this.#places.length >= MOST_PLACES) return null;
    const evidence = new Evidence({ gapSeconds: GAP_SECONDS });
    const place = { key: `${this.event} ${++this.#made}`, box, evidence, scores: { sum: 0, looks: 0 } };
    this.#places.push(place);
    return place;
  }

  #support(place: Place, signal: Signal, monoUs: number, sensitivity: number): Sighting | null {
    const { minScore } = this.options;
    const weak = signal.score >= WEAK * minScore ? 'weak' : 'no';
    const began = place.evidence.sinceUs;
    const seconds = place.evidence.observe(signal.score >= minScore ? 'yes' : weak, monoUs);
    if (seconds === null) return null;
    // After too long a gap the evidence has begun anew, and so do the scores.
    if (place.evidence.sinceUs !== began) place.scores = { sum: 0, looks: 0 };
    place.box = signal.box;
    place.scores = { sum: place.scores.sum + signal.score, looks: place.scores.looks + 1 };
    const score = place.scores.sum / place.scores.looks;
    const threshold = this.options.seconds / sensitivity;
    if (seconds < threshold || score < minScore) return null;
    const { modelSha256 } = signal;
    return {
      key: place.key,
      subjects: [],
      box: signal.box,
      score,
      measured: [
        { name: 'held', value: seconds, threshold, unit: 's' },
        { name: 'score', value: score, threshold: minScore, unit: 'share' },
      ],
      modelSha256,
      reason: slotReason(this.event, this.zone.name, { seconds, threshold, score, minScore, modelSha256 }),
    };
  }
}

function isUsable({ score, box: { x, y, width, height } }: Signal): boolean {
  return [score, x, y, width, height].every(Number.isFinite) && width >= 0 && height >= 0;
}

function isNear(before: Box, now: Box): boolean {
  const [cx, cy] = [now.x + now.width / 2, now.y + now.height / 2];
  const [dx, dy] = [before.x + before.width / 2 - cx, before.y + before.height / 2 - cy];
  const reach = 0.5 + WIDENED;
  return Math.abs(dx) <= reach * before.width && Math.abs(dy) <= reach * before.height;
}

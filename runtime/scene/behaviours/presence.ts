/**
 * The behaviour "presence": something of a watched class stands in a zone for at least the dwell time. Fed by
 * scene.ts with one look after the other, gives back at most one finding a look. It must never find anything
 * on a place that was only predicted. docs/events.md has the rules, numbered as here.
 */
import type { ObjectClass, Track } from '../../../pipelines/messages.js';
import type { Behaviour, SceneLook, Sighting, Subject } from '../behaviour.js';
import { presenceReason } from '../reasons.js';
import type { Zone } from '../zone.js';

export interface PresenceOptions {
  classes: readonly ObjectClass[];
  dwellSeconds: number;
  cooldownSeconds: number;
  /** lowest mean score of the looks that saw the track, 0..1 */
  minScore: number;
}

interface Finding {
  subject: Subject;
  /** how long it has been in the zone, seconds */
  dwellSeconds: number;
  /** mean score of the looks that saw it */
  meanScore: number;
}

/** A stay outside the zone that does not end a visit, seconds: the foot point of a still person trembles. */
const SHORT_EXIT_SECONDS = 0.5;
/** Time without any detection after which a visit starts anew, seconds. */
const LONGEST_GAP_SECONDS = 3;

/** One object in the zone, from the look that first saw it there. */
interface Visit {
  startUs: number;
  seenUs: number;
  /** the first of the looks that see it outside; null while it is inside */
  outSinceUs: number | null;
  /** an operator has been told of it, or saw it in the picture of another's alert */
  told: boolean;
}

export class Presence implements Behaviour {
  readonly event = 'presence';
  readonly name = 'presence';
  #visits = new Map<string, Visit>();
  #scores = new Map<string, { sum: number; looks: number }>();
  #alertUs = Number.NEGATIVE_INFINITY;

  constructor(
    readonly zone: Zone,
    readonly options: PresenceOptions,
  ) {}

  get cooldownSeconds(): number {
    return this.options.cooldownSeconds;
  }

  observe({ subjects, monoUs }: SceneLook): Sighting[] {
    const tracks = subjects.map(({ track }) => track);
    const watched = subjects.filter(({ track }) => this.options.classes.includes(track.class));
    this.#forget(tracks);
    for (const { track } of watched) if (track.seen) this.#follow(track, monoUs);
    if (monoUs - this.#alertUs < microseconds(this.options.cooldownSeconds)) return [];
    const finding = this.#longest(watched, monoUs);
    if (!finding) return [];
    this.#alertUs = monoUs;
    for (const visit of this.#visits.values()) visit.told = true;
    return [this.#sighting(finding)];
  }

  #sighting({ subject, dwellSeconds, meanScore }: Finding): Sighting {
    const { track } = subject;
    const threshold = this.options.dwellSeconds;
    return {
      key: track.id,
      subjects: [subject],
      box: track.box,
      score: meanScore,
      measured: [{ name: 'dwell', value: dwellSeconds, threshold, unit: 's' }],
      reason: presenceReason(track.class, this.zone.name, dwellSeconds, threshold),
    };
  }

  /** Forgets every visit, because tracks start anew; the cooldown goes on. */
  reset(): void {
    this.#visits.clear();
    this.#scores.clear();
  }

  /** A track that is not reported any more has ended, and its visit with it. */
  #forget(tracks: readonly Track[]): void {
    const alive = new Set(tracks.map((t) => t.id));
    for (const id of this.#visits.keys()) if (!alive.has(id)) this.#visits.delete(id);
    for (const id of this.#scores.keys()) if (!alive.has(id)) this.#scores.delete(id);
  }

  #follow(t: Track, monoUs: number): void {
    const score = this.#scores.get(t.id) ?? { sum: 0, looks: 0 };
    this.#scores.set(t.id, { sum: score.sum + t.score, looks: score.looks + 1 });
    const visit = this.#visits.get(t.id);
    const inside = this.zone.holds(t.box);
    if (!visit) {
      if (inside) this.#visits.set(t.id, { startUs: monoUs, seenUs: monoUs, outSinceUs: null, told: false });
      return;
    }
    const gap = monoUs - visit.seenUs > microseconds(LONGEST_GAP_SECONDS);
    const left = visit.outSinceUs !== null && monoUs - visit.outSinceUs > microseconds(SHORT_EXIT_SECONDS);
    if (gap || left) {
      this.#visits.delete(t.id);
      if (inside) this.#visits.set(t.id, { startUs: monoUs, seenUs: monoUs, outSinceUs: null, told: false });
      return;
    }
    visit.seenUs = monoUs;
    visit.outSinceUs = inside ? null : (visit.outSinceUs ?? monoUs);
  }

  /** Of the visits that fulfil the condition at this look, the one that has lasted longest. */
  #longest(watched: readonly Subject[], monoUs: number): Finding | null {
    let longest: Finding | null = null;
    for (const subject of watched) {
      const { track } = subject;
      const visit = this.#visits.get(track.id);
      const score = this.#scores.get(track.id);
      if (!track.seen || !visit || !score || visit.told || visit.outSinceUs !== null) continue;
      const dwellUs = monoUs - visit.startUs;
      const meanScore = score.sum / score.looks;
      if (dwellUs < microseconds(this.options.dwellSeconds) || meanScore < this.options.minScore) continue;
      const dwellSeconds = dwellUs / 1e6;
      if (!longest || dwellSeconds > longest.dwellSeconds) longest = { subject, dwellSeconds, meanScore };
    }
    return longest;
  }
}

function microseconds(seconds: number): number {
  return Math.round(seconds * 1e6);
}

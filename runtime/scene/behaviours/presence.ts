/**
 * The behaviour "presence": something of a watched class stands in a zone for at least the dwell time. Fed by
 * scene.ts with one look after the other, gives back whoever does at this one. It must never find anything on a
 * place that was only predicted. docs/events.md has the rules.
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
}

export class Presence implements Behaviour {
  readonly event = 'presence';
  readonly name = 'presence';
  #visits = new Map<string, Visit>();
  #scores = new Map<string, { sum: number; looks: number }>();

  constructor(
    readonly zone: Zone,
    readonly options: PresenceOptions,
  ) {}

  get cooldownSeconds(): number {
    return this.options.cooldownSeconds;
  }

  observe({ subjects, monoUs }: SceneLook, sensitivity: number): Sighting[] {
    const tracks = subjects.map(({ track }) => track);
    const watched = subjects.filter(({ track }) => this.options.classes.includes(track.class));
    this.#forget(tracks);
    for (const { track } of watched) if (track.seen) this.#follow(track, monoUs);
    // A thousandth of a second is as fine as a reason tells it.
    const threshold = Math.round((this.options.dwellSeconds / sensitivity) * 1000) / 1000;
    return this.#found(watched, threshold, monoUs).map((finding) => this.#sighting(finding, threshold));
  }

  /** Whoever is on a visit (rule 6). */
  towards(): Iterable<string> {
    return this.#visits.keys();
  }

  #sighting({ subject, dwellSeconds, meanScore }: Finding, threshold: number): Sighting {
    const { track } = subject;
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
      if (inside) this.#visits.set(t.id, { startUs: monoUs, seenUs: monoUs, outSinceUs: null });
      return;
    }
    const gap = monoUs - visit.seenUs > microseconds(LONGEST_GAP_SECONDS);
    const left = visit.outSinceUs !== null && monoUs - visit.outSinceUs > microseconds(SHORT_EXIT_SECONDS);
    if (gap || left) {
      this.#visits.delete(t.id);
      if (inside) this.#visits.set(t.id, { startUs: monoUs, seenUs: monoUs, outSinceUs: null });
      return;
    }
    visit.seenUs = monoUs;
    visit.outSinceUs = inside ? null : (visit.outSinceUs ?? monoUs);
  }

  /** The visits that fulfil the condition at this look, the one that has lasted longest first. */
  #found(watched: readonly Subject[], threshold: number, monoUs: number): Finding[] {
    const found: Finding[] = [];
    for (const subject of watched) {
      const { track } = subject;
      const visit = this.#visits.get(track.id);
      const score = this.#scores.get(track.id);
      if (!track.seen || !visit || !score || visit.outSinceUs !== null) continue;
      const dwellUs = monoUs - visit.startUs;
      const meanScore = score.sum / score.looks;
      if (dwellUs < microseconds(threshold) || meanScore < this.options.minScore) continue;
      found.push({ subject, dwellSeconds: dwellUs / 1e6, meanScore });
    }
    return found.sort((a, b) => b.dwellSeconds - a.dwellSeconds);
  }
}

function microseconds(seconds: number): number {
  return Math.round(seconds * 1e6);
}

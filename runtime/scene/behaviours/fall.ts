/**
 * The behaviour "fall": somebody who was upright goes down at once and stays down. Fed by scene.ts with one look after the
 * other; body.ts says how a box stands and lies. It must never find anybody on a place that was only predicted, nor link a
 * person to another by anything but place and time. docs/events.md has the rules ("Fall"), numbered as here.
 */
import type { Box, Track } from '../../../pipelines/messages.js';
import type { Measured } from '../alert.js';
import type { Behaviour, SceneLook, Sighting, Subject } from '../behaviour.js';
import { Evidence } from '../evidence.js';
import { fallReason } from '../words/fall.js';
import type { Zone } from '../zone.js';
import { apart, Body, isUpright, lownessOf, type Stance, wentDown } from './body.js';

export interface FallOptions {
  seconds: number;
  cooldownSeconds: number;
  /** lowest mean score, 0..1 */
  minScore: number;
  /** how long somebody must have been seen upright before they can fall; 1 when absent */
  uprightSeconds?: number;
}

const MICROSECONDS = 1e6;
const USUAL_ASPECT = 16 / 9;
/** From the last upright look to the first low one, seconds; more is lying down, not falling. */
const MOST_FALL_SECONDS = 1.5;
/** Of that, a stretch in which they were not seen does not count, up to this; a track that broke is remembered as long. */
const MOST_BREAK_SECONDS = 3;
/** A stretch in which nobody is seen down there does not end it, seconds. */
const GAP_SECONDS = 3;
/** Upright for this long: has got up, seconds. */
const UP_SECONDS = 0.5;
/** Nobody who has not been upright for this long can fall from there, seconds. */
const STANCE_SECONDS = 10;
/** Whoever lies stays this near to where they went down, in their own upright height. */
const PLACE = 0.75;
/** A new track this near to where one broke may be the same person, in their own upright height. */
const BREAK_PLACE = 1.1;
/** Of the looks that saw the track since, this share at least saw it lie: a box that only trembles stands again between. */
const LYING_SHARE = 2 / 3;
const MOST_EPISODES = 32;

/** Somebody as they were before a look: of which track, how they stood, when they were last seen. */
interface From {
  key: string;
  stance: Stance;
  seenUs: number;
}

/** One person on the ground, from the first low look. */
interface Episode {
  /** id of the track that was upright */
  key: string;
  /** id of the track that was last seen down there */
  track: string;
  stance: Stance;
  /** where they went down */
  place: Box;
  /** from the last upright look to the first low one */
  fallSeconds: number;
  evidence: Evidence;
  scores: { sum: number; looks: number };
  /** looks that saw the track that lay there, and saw it otherwise */
  otherLooks: number;
  /** since when the track that lay there stands; null while it does not */
  upSinceUs: number | null;
}

export class Fall implements Behaviour {
  readonly event = 'fall';
  readonly name = 'fall';
  readonly #bodies = new Map<string, Body>();
  #episodes: Episode[] = [];

  constructor(
    readonly zone: Zone,
    readonly options: FallOptions,
  ) {}

  get cooldownSeconds(): number {
    return this.options.cooldownSeconds;
  }

  observe(look: SceneLook, sensitivity: number): Sighting[] {
    const { monoUs, aspect = USUAL_ASPECT } = look;
    const seen = look.subjects.filter(({ track }) => track.seen);
    const sightings = this.#episodes.flatMap((e) => this.#follow(e, seen, monoUs, aspect, sensitivity) ?? []);
    this.#episodes = this.#episodes.filter(({ evidence }) => evidence.sinceUs !== null);
    const people = seen.filter(({ track }) => track.class === 'person');
    const before = people.map(({ track }) => this.#observeBody(track, monoUs, aspect));
    people.forEach(({ track }, i) => {
      const from = before[i] ?? this.#broken(track, monoUs, aspect);
      if (from) this.#begin(track, from, monoUs, aspect);
    });
    this.#forget(look);
    return sightings;
  }

  reset(): void {
    this.#bodies.clear();
    this.#episodes = [];
  }

  /** Rules 1 and 2. @returns how this person stood before this look, null when that is not known */
  #observeBody(track: Track, monoUs: number, aspect: number): From | null {
    const body = this.#bodies.get(track.id) ?? new Body(this.options.uprightSeconds ?? 1);
    this.#bodies.set(track.id, body);
    const { stance, seenUs } = body;
    body.observe(track, monoUs, aspect);
    if (stance && monoUs - stance.us > STANCE_SECONDS * MICROSECONDS) body.forget();
    return stance && { key: track.id, stance, seenUs };
  }

  /** Somebody upright whose track is not seen any more, where this one, born since, now lies. */
  #broken(track: Track, monoUs: number, aspect: number): From | null {
    for (const [key, { stance, seenUs }] of this.#bodies) {
      if (!stance || seenUs >= monoUs || track.bornUs <= stance.us) continue;
      if (apart(track.box, stance.box, aspect) <= BREAK_PLACE * stance.height) return { key, stance, seenUs };
    }
    return null;
  }

  /** Rules 3 and 4: low, soon after having been upright. */
  #begin(track: Track, { key, stance, seenUs }: From, monoUs: number, aspect: number): void {
    if (lownessOf(track, stance, aspect) !== 'low' || !wentDown(stance, track)) return;
    // Nobody knows what happened while they were not seen: that time is forgiven.
    const unseenUs = Math.min(MOST_BREAK_SECONDS * MICROSECONDS, monoUs - seenUs);
    if (monoUs - stance.us - unseenUs > MOST_FALL_SECONDS * MICROSECONDS) return;
    if (this.#episodes.length >= MOST_EPISODES) return;
    if (this.#episodes.some((e) => e.key === key || isAt(e, track.box, aspect))) return;
    const evidence = new Evidence({ gapSeconds: GAP_SECONDS });
    evidence.observe('yes', monoUs);
    const fallSeconds = (monoUs - stance.us) / MICROSECONDS;
    const scores = { sum: track.score, looks: 1 };
    const { id, box: place } = track;
    const begun = { key, stance, track: id, place, fallSeconds, evidence, scores };
    this.#episodes.push({ ...begun, otherLooks: 0, upSinceUs: null });
  }

  /** Rules 5 to 8: whoever went down there, at this look. Null: no alert on this look. */
  #follow(
    episode: Episode,
    seen: readonly Subject[],
    monoUs: number,
    aspect: number,
    sensitivity: number,
  ): Sighting | null {
    const { evidence, stance } = episode;
    const lying = lyingIn(episode, seen, aspect);
    this.#watchUp(episode, lying ? null : seen, monoUs);
    if (!lying) {
      if (seen.some(({ track }) => track.id === episode.track)) episode.otherLooks++;
      evidence.observe('unseen', monoUs);
      return null;
    }
    const { track } = lying;
    episode.track = track.id;
    episode.scores = { sum: episode.scores.sum + track.score, looks: episode.scores.looks + 1 };
    const seconds = evidence.observe(lownessOf(track, stance, aspect) === 'low' ? 'yes' : 'weak', monoUs);
    const { sum, looks } = episode.scores;
    const score = sum / looks;
    if (looks < LYING_SHARE * (looks + episode.otherLooks)) return null;
    const needed = this.options.seconds / sensitivity;
    if (seconds === null || seconds < needed || (score + stance.score) / 2 < this.options.minScore)
      return null;
    if (!this.zone.holds(track.box) && !this.zone.holds(stance.box)) return null;
    return this.#sighting(episode, lying, seconds, needed, score);
  }

  /** The track that lay there stands again: after a moment it is over. */
  #watchUp(episode: Episode, seen: readonly Subject[] | null, monoUs: number): void {
    const own = seen?.find(({ track }) => track.id === episode.track);
    if (!own || !isUpright(own.track, episode.stance)) {
      episode.upSinceUs = null;
      return;
    }
    episode.upSinceUs ??= monoUs;
    if (monoUs - episode.upSinceUs >= UP_SECONDS * MICROSECONDS) episode.evidence.reset();
  }

  #sighting(episode: Episode, lying: Subject, seconds: number, needed: number, score: number): Sighting {
    const { track } = lying;
    const height = track.box.height / episode.stance.height;
    const measured: Measured[] = [
      { name: 'down', value: seconds, threshold: needed, unit: 's' },
      { name: 'height', value: height, threshold: null, unit: 'share' },
      { name: 'fall', value: episode.fallSeconds, threshold: null, unit: 's' },
    ];
    const reason = fallReason(this.zone.name, {
      seconds,
      threshold: needed,
      height,
      fallSeconds: episode.fallSeconds,
    });
    return { key: episode.key, subjects: [lying], box: track.box, score, measured, reason };
  }

  /** Whose track has ended is remembered for as long as another may go on with it. */
  #forget({ subjects, monoUs }: SceneLook): void {
    const alive = new Set(subjects.map(({ track }) => track.id));
    for (const [id, { seenUs }] of this.#bodies) {
      if (alive.has(id) || monoUs - seenUs <= MOST_BREAK_SECONDS * MICROSECONDS) continue;
      this.#bodies.delete(id);
    }
  }
}

/** The track that lies where this one went down: the same as before when it is there, else the nearest. */
function lyingIn(episode: Episode, seen: readonly Subject[], aspect: number): Subject | null {
  const there = seen.filter(({ track }) => {
    if (track.class !== 'person' && track.class !== 'animal') return false;
    const lowness = lownessOf(track, episode.stance, aspect);
    return (lowness === 'low' || lowness === 'lowish') && isAt(episode, track.box, aspect);
  });
  const same = there.find(({ track }) => track.id === episode.track);
  const away = ({ track }: Subject): number => apart(track.box, episode.place, aspect);
  return same ?? there.sort((a, b) => away(a) - away(b))[0] ?? null;
}

function isAt({ place, stance }: Episode, box: Box, aspect: number): boolean {
  return apart(box, place, aspect) <= PLACE * stance.height;
}

/**
 * The behaviour "novelty", an experiment: somebody or something is here, so fast, so large or at an hour that hardly any track
 * of the past was as unusual. Fed by scene.ts; what is usual is in novelty/. It must never say anything before enough was
 * learned, and never learn from what an operator thought of it. docs/novelty.md has the rules.
 */
import type { Behaviour, SceneLook, Sighting, Subject } from '../behaviour.js';
import { Evidence } from '../evidence.js';
import { localTime } from '../novelty/local-time.js';
import { type Judged, ZoneMemory } from '../novelty/memory.js';
import type { NoveltyZones } from '../novelty/store.js';
import { noveltyReason } from '../words/novelty.js';
import type { Zone } from '../zone.js';

export interface NoveltyOptions {
  /** share of the tracks learned that may be as unusual */
  rarity: number;
  /** tracks to learn from before the first alert */
  learnTracks: number;
  /** how long it must be seen so */
  seconds: number;
  cooldownSeconds: number;
}

export interface NoveltyAround {
  aspect: number;
  /** null: not calibrated */
  ground: unknown;
  novelty?: NoveltyZones | undefined;
}

/** A time without being seen, or at a place where it is usual, that does not end it, seconds. */
const GAP_SECONDS = 1.5;
/** Twice as usual as the threshold is enough to go on. */
const GO_ON = 2;

export class Novelty implements Behaviour {
  readonly event = 'novelty';
  readonly name = 'novelty';
  readonly #memory: ZoneMemory;
  readonly #local: NoveltyZones['local'];
  readonly #evidence = new Map<string, Evidence>();

  constructor(
    readonly zone: Zone,
    readonly options: NoveltyOptions,
    { aspect, ground, novelty }: NoveltyAround,
  ) {
    const { name, points } = zone;
    const speedFrom = ground === null ? ('height' as const) : ('ground' as const);
    this.#memory = novelty?.zone(name, points) ?? new ZoneMemory({ points, aspect, speedFrom });
    this.#local = novelty ? (wallMs) => novelty.local(wallMs) : localTime();
  }

  get cooldownSeconds(): number {
    return this.options.cooldownSeconds;
  }

  observe({ subjects, monoUs, wallMs }: SceneLook, sensitivity: number): Sighting[] {
    const inside = subjects.filter((subject) => this.zone.holds(subject.track.box) && usable(subject));
    const judged = this.#memory.observe(inside, monoUs, this.#local(wallMs));
    const alive = new Set(subjects.map(({ track }) => track.id));
    for (const id of this.#evidence.keys()) if (!alive.has(id)) this.#evidence.delete(id);
    if (this.#memory.statistics.counts.learned < this.options.learnTracks) return [];
    const least = this.options.seconds / sensitivity;
    return judged
      .filter((one) => {
        const held = this.#observe(one, monoUs);
        return held !== null && held + 1e-6 >= least;
      })
      .sort((a, b) => a.calibrated - b.calibrated || b.rarity.score - a.rarity.score)
      .map((one) => this.#sighting(one));
  }

  /** The tracks are gone; what was learned stays. */
  reset(): void {
    this.#evidence.clear();
    this.#memory.reset();
  }

  /** @returns how long it has been so unusual, seconds; null when it is not now */
  #observe({ subject: { track }, calibrated }: Judged, monoUs: number): number | null {
    const { rarity } = this.options;
    const evidence = this.#evidence.get(track.id) ?? new Evidence({ gapSeconds: GAP_SECONDS });
    if (calibrated <= rarity) this.#evidence.set(track.id, evidence);
    return evidence.observe(
      calibrated <= rarity ? 'yes' : calibrated <= GO_ON * rarity ? 'weak' : 'no',
      monoUs,
    );
  }

  #sighting(judged: Judged): Sighting {
    const { subject, calibrated, speed } = judged;
    const { rarity, learnTracks } = this.options;
    const { learned } = this.#memory.statistics.counts;
    const measured = [
      { name: 'rarity', value: calibrated, threshold: rarity, unit: 'share' },
      { name: 'learned', value: learned, threshold: learnTracks, unit: 'tracks' },
    ];
    return {
      key: subject.track.id,
      subjects: [subject],
      box: subject.track.box,
      score: subject.track.score,
      measured:
        speed === null
          ? measured
          : [...measured, { name: 'speed', value: speed, threshold: null, unit: 'm/s' }],
      reason: noveltyReason(judged, this.zone.name, learned, this.#memory.options.speedFrom),
    };
  }
}

/** The tracker gives no other box; what is usual must not depend on that. */
function usable({ track: { box } }: Subject): boolean {
  const { x, y, width, height } = box;
  return [x, y, width, height].every(Number.isFinite) && width > 0 && height > 0;
}

/**
 * The behaviour "density": too many people in a zone, counted and for each square metre. Fed by scene.ts with one look after
 * the other. Tracks are the first witness, how much of the zone is covered the second (head-count.ts); without half of the
 * people in tracks it never holds. docs/events.md has the rules.
 */
import type { Box } from '../../../pipelines/messages.js';
import type { Measured } from '../alert.js';
import type { Behaviour, SceneLook, Sighting, Subject } from '../behaviour.js';
import { Evidence, type Sign } from '../evidence.js';
import { squareMetres } from '../ground.js';
import { densityReason } from '../words/density.js';
import type { Zone } from '../zone.js';
import { HeadCount } from './head-count.js';
import type { Surroundings } from './list.js';

export interface DensityOptions {
  /** more people than this are too many */
  capacity?: number | undefined;
  /** more people for each square metre than this are too many */
  perSquareMetre?: number | undefined;
  seconds: number;
  cooldownSeconds: number;
}

/** It is over when fewer than this share of too many are left. */
const WEAK_SHARE = 0.8;
/** A stretch without too many, up to this long, does not end it: people hide each other. */
const GAP_SECONDS = 3;
/** Share of too many that must be tracks. */
const LEAST_TRACKS = 0.5;

export class Density implements Behaviour {
  readonly event = 'density';
  readonly name = 'density';
  readonly #evidence = new Evidence({ gapSeconds: GAP_SECONDS });
  readonly #count: HeadCount;
  readonly #squareMetres: number | null;
  /** more people than this are too many */
  readonly #limit: number;

  /** beginning of the stretch that has been told */
  #toldOfUs: number | null = null;

  constructor(
    readonly zone: Zone,
    readonly options: DensityOptions,
    { ground }: Pick<Surroundings, 'ground'>,
  ) {
    this.#squareMetres = ground && squareMetres(ground, zone.points);
    const { capacity, perSquareMetre } = options;
    const dense =
      perSquareMetre !== undefined && this.#squareMetres !== null
        ? perSquareMetre * this.#squareMetres
        : null;
    this.#limit = Math.min(capacity ?? Number.POSITIVE_INFINITY, dense ?? Number.POSITIVE_INFINITY);
    this.#count = new HeadCount(zone.name, { fewest: this.#limit });
  }

  get cooldownSeconds(): number {
    return this.options.cooldownSeconds;
  }

  observe(look: SceneLook, sensitivity: number): Sighting[] {
    const inside = look.subjects.filter(
      ({ track }) => track.class === 'person' && this.zone.holds(track.box),
    );
    const { tracks, estimate } = this.#count.observe(inside, look);
    const people = Math.max(tracks, estimate ?? 0);
    const lasted = this.#evidence.observe(this.#sign(tracks, people), look.monoUs);
    const seconds = this.options.seconds / sensitivity;
    if (lasted === null || lasted < seconds) return [];
    // Told first at a look with too many, so that the words of an alert never say less than their threshold.
    if (this.#toldOfUs !== this.#evidence.sinceUs && people <= this.#limit) return [];
    this.#toldOfUs = this.#evidence.sinceUs;
    return [this.#sighting(inside, { tracks, estimate, people, lasted, seconds })];
  }

  /** What has been learned of the zone stays: it is true of the place, not of the tracks. */
  reset(): void {
    this.#evidence.reset();
    this.#toldOfUs = null;
    this.#count.reset();
  }

  #sign(tracks: number, people: number): Sign {
    if (tracks < LEAST_TRACKS * this.#limit) return 'no';
    if (people > this.#limit) return 'yes';
    return people >= WEAK_SHARE * this.#limit ? 'weak' : 'no';
  }

  #sighting(
    inside: readonly Subject[],
    found: { tracks: number; estimate: number | null; people: number; lasted: number; seconds: number },
  ): Sighting {
    const { tracks, estimate, people, lasted, seconds } = found;
    const { capacity, perSquareMetre } = this.options;
    const density = this.#squareMetres === null ? null : people / this.#squareMetres;
    const counted: Measured = { name: 'people', value: people, threshold: capacity ?? null, unit: '' };
    const dense: Measured[] =
      density === null
        ? []
        : [{ name: 'density', value: density, threshold: perSquareMetre ?? null, unit: '1/m²' }];
    const byDensity = perSquareMetre !== undefined && (capacity === undefined || people <= capacity);
    const measured: Measured[] = [
      ...(byDensity ? [...dense, counted] : [counted, ...dense]),
      { name: 'tracks', value: tracks, threshold: null, unit: '' },
      ...(estimate === null ? [] : [{ name: 'occupancy', value: estimate, threshold: null, unit: '' }]),
      { name: 'lasted', value: lasted, threshold: seconds, unit: 's' },
    ];
    const sorted = [...inside].sort((p, q) => q.track.score - p.track.score);
    const score =
      inside.length > 0 ? inside.reduce((sum, { track }) => sum + track.score, 0) / inside.length : 0;
    const reason = densityReason(this.zone.name, {
      tracks,
      estimate,
      limit: byDensity ? (perSquareMetre ?? 0) : (capacity ?? 0),
      density: byDensity ? density : null,
      lasted,
    });
    return { key: 'zone', subjects: sorted, box: boxOf(this.zone), score, measured, reason };
  }
}

/** What encloses the zone. */
export function boxOf({ points }: Zone): Box {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

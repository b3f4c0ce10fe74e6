/**
 * Which of what the behaviours see an operator is told, and when: one alert an incident with updates, cooldowns, at most one
 * alert a second (docs/events.md, N1 to N14). Fed by scene.ts at each look. Its only time is that of the pictures. It must
 * never lose an incident in silence.
 */
import type { Alert, AlertUpdate, EventKind } from './alert.js';
import { AlertPace } from './alert-pace.js';
import type { SceneLook, Sighting } from './behaviour.js';
import { Incident, type Moment } from './incident.js';

const awayUs = 5_000_000;

/** One behaviour in one zone. */
export interface Watched {
  readonly event: EventKind;
  readonly zone: string;
  readonly cooldownSeconds: number;
}

/** What one behaviour saw in one look. */
export interface Seen {
  watched: Watched;
  sightings: readonly Sighting[];
  /** keys of what is counted towards its condition */
  towards: Iterable<string>;
}

/** An incident of which an operator is to be told now. */
export interface Raised {
  incident: Incident;
  folded: Alert['folded'];
}

interface Standing {
  incident: Incident | null;
  /** the last alert, or the beginning of what waits */
  alertUs: number;
  /** those of whom no further alert is raised, and when they were last there */
  members: Map<string, number>;
}

export class Incidents {
  readonly #makeId: () => string;
  readonly #standings = new Map<Watched, Standing>();
  readonly #pace: AlertPace<Incident>;
  readonly #of = new Map<Incident, Standing>();
  #last: Moment | null = null;

  /** @param toldUs when the camera last told an alert; minus infinity: never yet */
  constructor(makeId: () => string, toldUs = Number.NEGATIVE_INFINITY) {
    this.#makeId = makeId;
    this.#pace = new AlertPace(toldUs);
  }

  /** When the last alert was told, monotonic, microseconds; minus infinity: never yet. */
  get toldUs(): number {
    return this.#pace.lastUs;
  }

  /** Takes in what all behaviours saw in one look, later than the one before. */
  observe(look: SceneLook, seen: readonly Seen[]): { raised: Raised | null; updates: AlertUpdate[] } {
    this.#last = look;
    const alive = new Set([
      ...look.subjects.map(({ track }) => track.id),
      ...(look.stills ?? []).map(({ id }) => id),
      ...seen.flatMap(({ sightings }) => sightings.map(({ key }) => key)),
    ]);
    const updates: AlertUpdate[] = [];
    for (const one of seen) {
      const standing = this.#standing(one.watched);
      const closed = this.#take(standing, one, look);
      if (closed) updates.push(closed);
      standing.incident?.passes(look.monoUs, alive);
      const update = standing.incident?.update(look);
      if (update) updates.push(update);
      this.#forget(standing, one.watched, look.monoUs);
    }
    const { item, folded, dropped } = this.#pace.next(look.monoUs);
    for (const incident of dropped) this.#drop(incident);
    if (!item) return { raised: null, updates };
    item.alerted(look.monoUs);
    const standing = this.#of.get(item);
    if (standing) standing.alertUs = look.monoUs;
    this.#of.delete(item);
    return { raised: { incident: item, folded }, updates };
  }

  /** Nothing is watched any more: what was held back is told or listed at once, and what is open ends. */
  end(): { raised: Raised | null; updates: AlertUpdate[] } {
    const last = this.#last;
    if (!last) return { raised: null, updates: [] };
    const flushed = this.#pace.flush(last.monoUs);
    flushed?.item.alerted(last.monoUs);
    const open = [...this.#standings.values()].map(({ incident }) => incident?.close(last, false) ?? null);
    this.#standings.clear();
    this.#of.clear();
    const raised = flushed && { incident: flushed.item, folded: flushed.folded };
    return { raised, updates: open.filter((update) => update !== null) };
  }

  #standing(watched: Watched): Standing {
    const found = this.#standings.get(watched);
    if (found) return found;
    const standing = {
      incident: null,
      alertUs: Number.NEGATIVE_INFINITY,
      members: new Map<string, number>(),
    };
    this.#standings.set(watched, standing);
    return standing;
  }

  /** @returns the last update of an incident that a new alert takes over from */
  #take(standing: Standing, { watched, sightings, towards }: Seen, look: SceneLook): AlertUpdate | null {
    const { members, incident } = standing;
    const there = [...sightings.map(({ key }) => key), ...towards];
    for (const [key, us] of members) if (look.monoUs - us > awayUs) members.delete(key);
    for (const key of there) if (members.has(key)) members.set(key, look.monoUs);
    const strangers = sightings.filter(({ key }) => !members.has(key));
    const [first, ...others] = strangers;
    const waits = incident !== null && !incident.told;
    const calm = look.monoUs - standing.alertUs < watched.cooldownSeconds * 1e6;
    if (!first || waits || calm) {
      if (waits) for (const key of there) members.set(key, look.monoUs);
      incident?.goesOn(
        sightings,
        look,
        strangers.map(({ key }) => key),
      );
      return null;
    }
    const known = sightings.filter(({ key }) => members.has(key));
    const { event, zone } = watched;
    const next = new Incident(this.#makeId(), event, zone, [first, ...others, ...known], look);
    standing.incident = next;
    standing.alertUs = look.monoUs;
    for (const key of there) members.set(key, look.monoUs);
    this.#pace.hold(next);
    this.#of.set(next, standing);
    return incident?.close(look, true) ?? null;
  }

  /** What was only listed leaves nothing behind: when it holds again, it is told. */
  #drop(incident: Incident): void {
    const standing = this.#of.get(incident);
    this.#of.delete(incident);
    if (standing?.incident !== incident) return;
    standing.incident = null;
    standing.alertUs = Number.NEGATIVE_INFINITY;
    standing.members.clear();
  }

  #forget(standing: Standing, { cooldownSeconds }: Watched, monoUs: number): void {
    const calm = monoUs - standing.alertUs < cooldownSeconds * 1e6;
    if (standing.incident?.settled && !calm && standing.members.size === 0) standing.incident = null;
  }
}

/**
 * Watches the designated zones. Fed with the tracks of each look as the pipeline process sends them; what it tells goes to
 * the queue (control/). Its only time is the capture time of the pictures, so that the same tracks give the same alerts.
 * It must never see a picture, and never watch a zone or an event that the authorisation does not name: it is given only
 * those.
 */
import { randomBytes } from 'node:crypto';
import type { Track, Tracks } from '../../pipelines/messages.js';
import type { WatchedZone } from '../config/schema.js';
import type { Alert, AlertUpdate, Participant } from './alert.js';
import type { Behaviour, SceneLook, Sighting, Subject } from './behaviour.js';
import { behavioursOf } from './behaviours/list.js';
import type { Ground } from './ground.js';
import { Hours } from './hours.js';
import type { Incident } from './incident.js';
import { Incidents, type Raised, type Seen } from './incidents.js';
import type { NoveltyZones } from './novelty/store.js';
import { Subjects } from './subjects.js';
import type { Watched } from './watched-time.js';
import { USUAL_ASPECT } from './zone.js';

const PARTICIPANTS_TOLD = 16;

export interface SceneDeps {
  /** makes the id of an alert: 128 random bits, hex. Replaced in tests that compare whole alerts */
  makeId?: () => string;
  /** whether the wall clock of the pictures is known to be right; taken for right when absent */
  clockTrusted?: () => boolean;
  /** what of the recording shows what happened at this time, wall clock; null: nothing is recorded */
  recording?: (atMs: number) => Alert['recording'];
  /** what the zones have learned, over restarts */
  novelty?: NoveltyZones | undefined;
}

export interface SceneOptions {
  cameraId: string;
  /** the zones and events that the authorisation allows */
  zones: readonly WatchedZone[];
  /** null: not calibrated */
  ground?: Ground | null;
  /** width of the picture over its height */
  aspect?: number;
  /** what looks */
  model?: Alert['model'];
  /** of the schedules of the zones, IANA; that of the machine when absent */
  timeZone?: string | undefined;
  /** `toldUs` of the scene before: alerts keep their distance from those of that one (N9) */
  toldUs?: number;
}

/** What one look gives an operator to read. */
export interface Told {
  alerts: Alert[];
  updates: AlertUpdate[];
}

const nothing: Told = { alerts: [], updates: [] };

interface ZoneWatch {
  hours: Hours;
  behaviours: { behaviour: Behaviour; watched: Seen['watched'] }[];
  /** at the look before */
  watching: boolean;
}

export class Scene {
  readonly #deps: Required<Omit<SceneDeps, 'novelty'>>;
  readonly #options: Required<Pick<SceneOptions, 'cameraId' | 'model' | 'aspect' | 'ground'>>;
  readonly #subjects: Subjects;
  readonly #zones: ZoneWatch[];
  readonly #incidents: Incidents;
  #lastUs = Number.NEGATIVE_INFINITY;

  constructor({ novelty, ...deps }: SceneDeps, options: SceneOptions) {
    this.#deps = { makeId: randomId, clockTrusted: () => true, recording: () => null, ...deps };
    const {
      cameraId,
      zones,
      ground = null,
      model = { name: '', sha256: '' },
      aspect = USUAL_ASPECT,
    } = options;
    this.#options = { cameraId, model, aspect, ground };
    this.#subjects = new Subjects(ground, aspect);
    this.#incidents = new Incidents(this.#deps.makeId, options.toldUs);
    this.#zones = zones.map((zone) => ({
      hours: new Hours(zone, options.timeZone),
      behaviours: behavioursOf(zone, { aspect, ground, novelty }).map((behaviour) => {
        const { event, cooldownSeconds } = behaviour;
        return { behaviour, watched: { event, zone: zone.name, cooldownSeconds } };
      }),
      watching: true,
    }));
  }

  /**
   * Takes in one look and gives what an operator is told. `number` of an alert is 0: the queue sets it.
   * A look older than the last one is ignored.
   */
  observe(look: Tracks): Told {
    if (!Number.isFinite(look.monoUs) || look.monoUs < this.#lastUs) return nothing;
    this.#lastUs = look.monoUs;
    const scene: SceneLook = {
      seq: look.seq,
      monoUs: look.monoUs,
      wallMs: look.wallMs,
      subjects: this.#subjects.of(look.tracks.filter(finite), look.monoUs),
      stills: look.stills,
      occupied: new Map(look.occupied.map(({ zone, share }) => [zone, share])),
      signals: look.signals,
      aspect: this.#options.aspect,
      ground: this.#options.ground,
    };
    const timed = this.#zones.some(({ hours }) => hours.timed);
    const wallMs = timed && !this.#deps.clockTrusted() ? null : look.wallMs;
    const seen = this.#zones.flatMap((zone) => this.#look(zone, scene, wallMs));
    return this.#told(this.#incidents.observe(scene, seen));
  }

  /** What was watched for at the last look, each event once a zone. */
  get watchedNow(): Watched[] {
    const now = this.#zones.filter(({ watching }) => watching).flatMap(({ behaviours }) => behaviours);
    const named = new Map(now.map(({ watched: { event, zone } }) => [`${event}\0${zone}`, { event, zone }]));
    return [...named.values()];
  }

  /** When it last told an alert, or was told that one had been; monotonic, microseconds. */
  get toldUs(): number {
    return this.#incidents.toldUs;
  }

  /** Nothing is watched any more by this scene. @returns what was held back, and the last update of what is open */
  end(): Told {
    return this.#told(this.#incidents.end());
  }

  /** The pipeline process has been replaced: its tracks are gone. Incidents and cooldowns go on. */
  reset(): void {
    for (const { behaviours } of this.#zones) for (const { behaviour } of behaviours) behaviour.reset();
    this.#subjects.reset();
  }

  /** @param wallMs null: nobody knows what time it is */
  #look(zone: ZoneWatch, scene: SceneLook, wallMs: number | null): Seen[] {
    const sensitivity = zone.hours.at(wallMs);
    if (sensitivity === null && zone.watching) for (const { behaviour } of zone.behaviours) behaviour.reset();
    zone.watching = sensitivity !== null;
    return zone.behaviours.map(({ behaviour, watched }) => {
      if (sensitivity === null) return { watched, sightings: [], towards: [] };
      const sightings = behaviour.observe(scene, sensitivity).filter(tellable);
      return { watched, sightings, towards: behaviour.towards?.() ?? [] };
    });
  }

  #told({ raised, updates }: { raised: Raised | null; updates: AlertUpdate[] }): Told {
    return { alerts: raised ? [this.#alert(raised.incident, raised.folded)] : [], updates };
  }

  #alert({ id, event, zone, sightings, last }: Incident, folded: Alert['folded']): Alert {
    const [first] = sightings;
    if (!first) throw new RangeError('an incident of nothing');
    const { box, score, measured, reason } = first;
    return {
      id,
      number: 0,
      cameraId: this.#options.cameraId,
      event,
      zone,
      reason,
      class: first.subjects[0]?.track.class ?? null,
      score,
      participants: participantsOf(sightings, last.monoUs),
      box,
      frameSeq: last.seq,
      atMs: last.wallMs,
      atMonoUs: last.monoUs,
      measured: [...measured],
      model: first.modelSha256 ? { name: event, sha256: first.modelSha256 } : this.#options.model,
      recording: this.#deps.recording(last.wallMs),
      folded,
    };
  }
}

/** Each once, those of the first sighting first; none when what it is about is not tracked. */
function participantsOf(sightings: readonly Sighting[], monoUs: number): Participant[] {
  if (sightings[0]?.subjects.length === 0) return [];
  const found = new Map<string, Subject>();
  for (const { subjects } of sightings) {
    for (const subject of subjects) if (!found.has(subject.track.id)) found.set(subject.track.id, subject);
  }
  return [...found.values()].slice(0, PARTICIPANTS_TOLD).map((subject) => participantOf(subject, monoUs));
}

function participantOf({ track, speed }: Subject, monoUs: number): Participant {
  const { id: trackId, class: name, score, box, bornUs } = track;
  return {
    trackId,
    class: name,
    score,
    box,
    seconds: Math.max(0, (monoUs - bornUs) / 1e6),
    metresPerSecond: speed !== null && Number.isFinite(speed) ? Math.abs(speed) : null,
  };
}

function randomId(): string {
  return randomBytes(16).toString('hex');
}

/** The channel's schema lets no other number in; a zone must not depend on that. */
function finite({ score, box, bornUs }: Track): boolean {
  return [score, box.x, box.y, box.width, box.height, bornUs].every(Number.isFinite);
}

/** A behaviour that computed with garbage tells nothing. */
function tellable({ score, box, measured }: Sighting): boolean {
  const numbers = [score, box.x, box.y, box.width, box.height, ...measured.map(({ value }) => value)];
  return measured.length > 0 && numbers.every(Number.isFinite);
}

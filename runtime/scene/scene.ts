/**
 * Watches the designated zones. Fed with the tracks of each look as the pipeline process sends them; its
 * alerts go to the queue (control/). Its only time is the capture time of the pictures, so that the same
 * tracks give the same alerts. It must never see a picture, and never watch a zone or an event that the
 * authorisation does not name: the runtime's main.ts passes it only those.
 */
import { randomBytes } from 'node:crypto';
import type { Track, Tracks } from '../../pipelines/messages.js';
import type { WatchedZone } from '../config/schema.js';
import type { Alert, AlertUpdate, Participant } from './alert.js';
import type { Behaviour, SceneLook, Sighting, Subject } from './behaviour.js';
import { behavioursOf } from './behaviours/list.js';
import type { Ground } from './ground.js';
import { Subjects } from './subjects.js';

const PARTICIPANTS_TOLD = 16;

export interface SceneDeps {
  /** makes the id of an alert: 128 random bits, hex. Replaced in tests that compare whole alerts */
  makeId?: () => string;
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
}

/** What one look gives an operator to read. */
export interface Told {
  alerts: Alert[];
  updates: AlertUpdate[];
}

export class Scene {
  readonly #makeId: () => string;
  readonly #options: Required<SceneOptions>;
  readonly #subjects: Subjects;
  readonly #watches: { zone: WatchedZone; behaviour: Behaviour; alertUs: number }[];
  #lastUs = Number.NEGATIVE_INFINITY;

  constructor({ makeId = randomId }: SceneDeps, options: SceneOptions) {
    this.#makeId = makeId;
    this.#options = { ground: null, aspect: 16 / 9, model: { name: '', sha256: '' }, ...options };
    this.#subjects = new Subjects(this.#options.ground);
    this.#watches = options.zones.flatMap((zone) =>
      behavioursOf(zone).map((behaviour) => ({ zone, behaviour, alertUs: Number.NEGATIVE_INFINITY })),
    );
  }

  /**
   * Takes in one look and gives what it raises, in the order of the zones. `number` of an alert is 0: the queue sets it.
   * A look older than the last one is ignored.
   */
  observe(look: Tracks): Told {
    if (!Number.isFinite(look.monoUs) || look.monoUs < this.#lastUs) return { alerts: [], updates: [] };
    this.#lastUs = look.monoUs;
    const seen: SceneLook = {
      seq: look.seq,
      monoUs: look.monoUs,
      wallMs: look.wallMs,
      subjects: this.#subjects.of(look.tracks.filter(finite)),
      stills: look.stills,
      occupied: new Map(look.occupied.map(({ zone, share }) => [zone, share])),
      signals: look.signals,
      aspect: this.#options.aspect,
      ground: this.#options.ground,
    };
    const alerts = this.#watches.flatMap((watch) => {
      const [sighting] = watch.behaviour.observe(seen, watch.zone.sensitivity);
      const calm = look.monoUs - watch.alertUs < watch.behaviour.cooldownSeconds * 1e6;
      if (!sighting || calm) return [];
      watch.alertUs = look.monoUs;
      return [this.#alert(watch.zone.name, watch.behaviour, sighting, look)];
    });
    return { alerts, updates: [] };
  }

  /** The pipeline process has been replaced: its tracks are gone. Cooldowns go on. */
  reset(): void {
    for (const { behaviour } of this.#watches) behaviour.reset();
    this.#subjects.reset();
  }

  #alert(zone: string, { event }: Behaviour, sighting: Sighting, look: Tracks): Alert {
    const { subjects, box, score, measured, reason } = sighting;
    return {
      id: this.#makeId(),
      number: 0,
      cameraId: this.#options.cameraId,
      event,
      zone,
      reason,
      class: subjects[0]?.track.class ?? null,
      score,
      participants: subjects
        .slice(0, PARTICIPANTS_TOLD)
        .map((subject) => participantOf(subject, look.monoUs)),
      box,
      frameSeq: look.seq,
      atMs: look.wallMs,
      atMonoUs: look.monoUs,
      measured: [...measured],
      model: this.#options.model,
      recording: null,
      folded: [],
    };
  }
}

function participantOf({ track, speed }: Subject, monoUs: number): Participant {
  const { id: trackId, class: name, score, box, bornUs } = track;
  return {
    trackId,
    class: name,
    score,
    box,
    seconds: Math.max(0, (monoUs - bornUs) / 1e6),
    metresPerSecond: speed,
  };
}

function randomId(): string {
  return randomBytes(16).toString('hex');
}

/** The channel's schema lets no other number in; a zone must not depend on that. */
function finite({ score, box, bornUs }: Track): boolean {
  return [score, box.x, box.y, box.width, box.height, bornUs].every(Number.isFinite);
}

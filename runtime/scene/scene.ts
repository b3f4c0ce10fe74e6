/**
 * Watches the designated zones. Fed with the tracks of each look as the pipeline process sends them; its
 * alerts go to the queue (control/). Its only time is the capture time of the pictures, so that the same
 * tracks give the same alerts. It must never see a picture, and never watch a zone or an event that the
 * authorisation does not name: the runtime's main.ts passes it only those.
 */
import { randomBytes } from 'node:crypto';
import type { Track, Tracks } from '../../pipelines/messages.js';
import type { WatchedZone } from '../config/schema.js';
import type { Alert } from './alert.js';
import { Presence, type PresenceFinding } from './presence.js';
import { presenceReason } from './reasons.js';
import { Zone } from './zone.js';

export interface SceneDeps {
  /** makes the id of an alert: 128 random bits, hex. Replaced in tests that compare whole alerts */
  makeId?: () => string;
}

export interface SceneOptions {
  cameraId: string;
  /** the zones and events that the authorisation allows */
  zones: readonly WatchedZone[];
}

export class Scene {
  #makeId: () => string;
  #cameraId: string;
  #watches: Presence[];
  #lastUs = Number.NEGATIVE_INFINITY;

  constructor({ makeId = randomId }: SceneDeps, { cameraId, zones }: SceneOptions) {
    this.#makeId = makeId;
    this.#cameraId = cameraId;
    this.#watches = zones.map(({ name, points, presence }) => new Presence(new Zone(name, points), presence));
  }

  /**
   * Takes in one look and gives the alerts it raises, at most one a zone, in the order of the zones. `number`
   * is 0: the queue sets it. A look older than the last one is ignored.
   */
  observe(look: Tracks): Alert[] {
    if (!Number.isFinite(look.monoUs) || look.monoUs < this.#lastUs) return [];
    this.#lastUs = look.monoUs;
    const tracks = look.tracks.filter(finite);
    return this.#watches.flatMap((watch) => {
      const finding = watch.observe(tracks, look.monoUs);
      return finding ? [this.#alert(watch, finding, look)] : [];
    });
  }

  /** The pipeline process has been replaced: its tracks are gone. Cooldowns go on. */
  reset(): void {
    for (const watch of this.#watches) watch.reset();
  }

  #alert(watch: Presence, { track, dwellSeconds, meanScore }: PresenceFinding, look: Tracks): Alert {
    const threshold = watch.options.dwellSeconds;
    return {
      id: this.#makeId(),
      number: 0,
      cameraId: this.#cameraId,
      event: 'presence',
      zone: watch.zone.name,
      reason: presenceReason(track.class, watch.zone.name, dwellSeconds, threshold),
      class: track.class,
      score: meanScore,
      trackId: track.id,
      box: track.box,
      frameSeq: look.seq,
      atMs: look.wallMs,
      atMonoUs: look.monoUs,
      measured: { name: 'dwell', value: dwellSeconds, threshold, unit: 's' },
    };
  }
}

function randomId(): string {
  return randomBytes(16).toString('hex');
}

/** The channel's schema lets no other number in; a zone must not depend on that. */
function finite({ score, box }: Track): boolean {
  return [score, box.x, box.y, box.width, box.height].every(Number.isFinite);
}

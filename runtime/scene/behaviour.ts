/**
 * What the behaviours of runtime/scene/behaviours/ have in common: what each is shown, and what each answers. A behaviour
 * says what holds now, with what it measured; whether an operator is told is decided once for all of them (incidents.ts).
 * It must never see a picture, and its only time is the capture time of the pictures.
 */
import type { Box, Point, Signal, Still, Track } from '../../pipelines/messages.js';
import type { EventKind, Measured } from './alert.js';
import type { Ground } from './ground.js';
import type { Reason } from './reasons.js';

/** A track as it lies on the ground. */
export interface Subject {
  track: Track;
  /** where it stands, shares of the picture */
  foot: Point;
  /** where it stands on the ground, metres; null without a calibration, or above the horizon */
  ground: Point | null;
  /** metres per second on the ground; without a calibration estimated from the height of a person's box. Null: not known */
  speed: number | null;
  /** metres per second on the ground; without a calibration, of every class, shares of the picture per second, y down */
  velocity: Point | null;
  /** `ground`: measured on the calibrated ground; `height`: estimated by taking a person for 1.7 m tall */
  speedFrom: 'ground' | 'height';
}

/** One look: everything that is known of one picture. */
export interface SceneLook {
  seq: number;
  monoUs: number;
  wallMs: number;
  /** tracks that a detection supports now and those only predicted (`track.seen` false) */
  subjects: readonly Subject[];
  /** null: not looked for */
  stills: readonly Still[] | null;
  /** share of the zone covered by what is not background, by name of the zone; absent: not measured */
  occupied: ReadonlyMap<string, number>;
  signals: readonly Signal[];
  /** width of the picture over its height; 16/9 when absent */
  aspect?: number;
  /** how the picture lies on the ground; absent or null: not calibrated */
  ground?: Ground | null;
}

/** A condition that holds at this look, with all the evidence over time that it asks for. */
export interface Sighting {
  /** what it is about: the id of a track or of a still, a place, or `zone` for the zone as a whole */
  key: string;
  /** who takes part, the one to show first; may be empty */
  subjects: readonly Subject[];
  /** where, shares of the picture */
  box: Box;
  score: number;
  /** the first decided */
  measured: readonly Measured[];
  reason: Reason;
  /** SHA-256 of the model that says so, hex, where it is not the detector */
  modelSha256?: string;
}

export interface Behaviour {
  readonly event: EventKind;
  /** key of the designated zone in the configuration */
  readonly name: string;
  /** least time between two alerts */
  readonly cooldownSeconds: number;
  /**
   * Takes in one look, later than the one before.
   * @param sensitivity divides the time that a condition must last: 2 halves it
   * @returns what holds now; again at every look for as long as it holds
   */
  observe(look: SceneLook, sensitivity: number): Sighting[];
  /** Keys of what is counted towards the condition and may fulfil it later; who is, at an alert, belongs to it (N2). */
  towards?(): Iterable<string>;
  /** The tracks start anew, or the zone is watched again after a pause: what was gathered counts no more. */
  reset(): void;
}

/** From the tracks of one look to subjects on the ground. Used by scene.ts; keeps nothing of a track that is gone. */
import type { Track } from '../../pipelines/messages.js';
import type { Subject } from './behaviour.js';
import type { Ground } from './ground.js';
import { footPoint } from './zone.js';

export class Subjects {
  readonly #ground: Ground | null;

  constructor(ground: Ground | null) {
    this.#ground = ground;
  }

  /** @param tracks of one look, later than the one before */
  of(tracks: readonly Track[]): Subject[] {
    return tracks.map((track) => {
      const foot = footPoint(track.box);
      const ground = this.#ground?.metresAt(foot) ?? null;
      return { track, foot, ground, speed: null, velocity: null, speedFrom: 'height' };
    });
  }

  reset(): void {}
}

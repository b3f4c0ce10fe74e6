/** A street in numbers for the tests of novelty: walkers on a path, and who is not like them. */
import type { ObjectClass, Tracks } from '../../pipelines/messages.js';
import { type WatchedZone, watchedZone } from '../../runtime/config/zones.js';
import type { Alert } from '../../runtime/scene/alert.js';
import type { Scene } from '../../runtime/scene/scene.js';
import { look } from './scene-script.js';

export const ASPECT = 16 / 9;
/** Height of a person in this street, a share of the picture, and about their width in the same unit. */
const HEIGHT = 0.1;

export interface Passer {
  id: string;
  class?: ObjectClass;
  /** their own sizes a second: about metres */
  speed: number;
  /** times the usual size */
  size?: number;
  from?: number;
  y?: number;
  /** ids it is given one after the other, and when; to lose and find it again */
  unseen?: (t: number) => boolean;
}

export function street(options: Partial<NonNullable<WatchedZone['novelty']>> = {}): WatchedZone {
  const points: WatchedZone['points'] = [
    [0.1, 0.3],
    [0.9, 0.3],
    [0.9, 0.8],
    [0.1, 0.8],
  ];
  const novelty = { rarity: 0.02, learnTracks: 100, seconds: 1, cooldownSeconds: 0, ...options };
  return watchedZone.parse({ name: 'Street', points, novelty });
}

/** Everybody as they are `t` seconds after they came. */
export function pass(seconds: number, passers: readonly Passer[], t: number): Tracks {
  const seen = look(seconds, ...passers.map(({ id, unseen }) => ({ id, seen: !(unseen?.(t) ?? false) })));
  return {
    ...seen,
    tracks: seen.tracks.map((track, i) => {
      const { speed, size = 1, from = 0.15, y = 0.5, class: name = 'person' } = passers[i] as Passer;
      const height = HEIGHT * size;
      const width = (0.4 * height) / ASPECT;
      const side = HEIGHT * Math.sqrt(0.4);
      const perSecond = (speed * side) / ASPECT;
      const box = { x: from + perSecond * t - width / 2, y: y - height, width, height };
      return { ...track, class: name, box, velocity: { x: perSecond, y: 0 } };
    }),
  };
}

/** Feeds passers for `lasts` seconds, from `seconds` on. */
export function feed(
  scene: Scene,
  seconds: number,
  passers: readonly Passer[],
  lasts = 4,
  rate = 5,
): Alert[] {
  const alerts: Alert[] = [];
  for (let i = 0; i <= lasts * rate; i++)
    alerts.push(...scene.observe(pass(seconds + i / rate, passers, i / rate)).alerts);
  return alerts;
}

/** How fast the walker of this number goes: 1 to 1.6 m/s. */
export const walking = (n: number): number => 1 + 0.1 * (n % 7);

/** Has `count` walkers pass, two at a time. @returns the time at which they have */
export function teach(scene: Scene, count: number, from = 0): number {
  let at = from;
  for (let n = 0; n < count; n += 2) {
    const pair = [n, n + 1].map((k) => ({
      id: `w${k}`,
      speed: walking(k),
      from: 0.15 + 0.1 * (k % 5),
      y: 0.42 + 0.05 * (k % 4),
    }));
    feed(scene, at, pair);
    at += 8;
  }
  // What is over is learned a minute later.
  feed(scene, at + 70, [], 0);
  return at + 71;
}

/** Scripted looks for the tests of scene/: who is seen where and when, without a picture or a tracker. */
import type { ObjectClass, Track, Tracks } from '../../pipelines/messages.js';
import { type WatchedZone, watchedZone } from '../../runtime/config/zones.js';
import type { Alert } from '../../runtime/scene/alert.js';
import { Scene, type Told } from '../../runtime/scene/scene.js';

export const IN = 0.5;
export const OUT = 0.9;

export interface Seen {
  id?: string;
  class?: ObjectClass;
  score?: number;
  /** foot point across; the zone is 0.4..0.6 */
  x?: number;
  y?: number;
  seen?: boolean;
  /** of the box, shares of the picture; 0.04 by 0.1 when absent */
  width?: number;
  height?: number;
  bornUs?: number;
}

export function zone(
  presence: Partial<NonNullable<WatchedZone['presence']>> = {},
  name = 'Path',
): WatchedZone {
  const points: WatchedZone['points'] = [
    [0.4, 0.4],
    [0.6, 0.4],
    [0.6, 0.6],
    [0.4, 0.6],
  ];
  const defaults = { classes: ['person' as const], dwellSeconds: 2, cooldownSeconds: 20, minScore: 0.4 };
  return watchedZone.parse({ name, points, presence: { ...defaults, ...presence } });
}

/** The same zone, watching for something else. */
export function zoneOf(watching: Partial<WatchedZone>, name = 'Path'): WatchedZone {
  const { points } = zone();
  return watchedZone.parse({ name, points, ...watching });
}

export function scene(...zones: WatchedZone[]): Scene {
  return new Scene({}, { cameraId: 'cam-1', zones: zones.length > 0 ? zones : [zone()] });
}

export function track({
  id = 'a',
  class: name = 'person',
  score = 0.8,
  x = IN,
  y = 0.5,
  seen = true,
  width = 0.04,
  height = 0.1,
  bornUs = 0,
}: Seen): Track {
  const box = { x: x - width / 2, y: y - height, width, height };
  return { id, class: name, score, box, velocity: { x: 0, y: 0 }, hits: 2, bornUs, seen };
}

/** The look at `seconds` on the picture's clock. */
export function look(seconds: number, ...seen: Seen[]): Tracks {
  const tracks = seen.map(track);
  const monoUs = Math.round(seconds * 1e6);
  return {
    t: 'tracks',
    seq: Math.round(seconds * 25),
    monoUs,
    wallMs: 1_700_000_000_000 + monoUs / 1000,
    lookMs: 20,
    detections: tracks.length,
    tracks,
    looked: 'full',
    stills: null,
    occupied: [],
    signals: [],
  };
}

/** Looks at `rate` a second from `from` up to and including `to`; what is seen may depend on the time. */
export function watch(
  s: Scene,
  from: number,
  to: number,
  rate: number,
  seenAt: (t: number) => Seen[],
): Alert[] {
  const alerts: Alert[] = [];
  for (let i = 0; i <= Math.round((to - from) * rate); i++) {
    const t = from + i / rate;
    alerts.push(...s.observe(look(t, ...seenAt(t))).alerts);
  }
  return alerts;
}

/** The same looks, with the updates that follow the alerts. */
export function watchAll(
  s: Scene,
  from: number,
  to: number,
  rate: number,
  seenAt: (t: number) => Seen[],
): Told {
  const told: Told = { alerts: [], updates: [] };
  for (let i = 0; i <= Math.round((to - from) * rate); i++) {
    const t = from + i / rate;
    const { alerts, updates } = s.observe(look(t, ...seenAt(t)));
    told.alerts.push(...alerts);
    told.updates.push(...updates);
  }
  return told;
}

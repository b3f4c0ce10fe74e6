/** Which behaviour a key of a designated zone stands for. Used by scene.ts; a behaviour that is not here does not exist. */
import type { BehaviourName, WatchedZone } from '../../config/zones.js';
import type { EventKind } from '../alert.js';
import type { Behaviour } from '../behaviour.js';
import type { PlaneGround } from '../ground.js';
import { Zone } from '../zone.js';
import { Crowd } from './crowd.js';
import { Density } from './density.js';
import { Presence } from './presence.js';

type Make = {
  [K in BehaviourName]?: (
    zone: Zone,
    options: NonNullable<WatchedZone[K]>,
    ground: PlaneGround | null,
  ) => Behaviour;
};

const makers: Make = {
  presence: (zone, options) => new Presence(zone, options),
  density: (zone, options, ground) => new Density(zone, options, ground),
  crowd: (zone, options) => new Crowd(zone, options),
};

/** The event under which an authorisation names each behaviour. */
export const eventOf: Record<BehaviourName, EventKind> = {
  presence: 'presence',
  crossing: 'presence',
  direction: 'direction',
  density: 'density',
  crowd: 'crowd',
  fall: 'fall',
  abandoned: 'abandoned',
  fire: 'fire',
  weapon: 'weapon',
  novelty: 'novelty',
};

/** The behaviours that this zone asks for. */
export function behavioursOf(watched: WatchedZone, ground: PlaneGround | null = null): Behaviour[] {
  const zone = new Zone(watched.name, watched.points);
  const made = (Object.keys(makers) as BehaviourName[]).map((key) => makeOne(zone, watched, key, ground));
  return made.filter((behaviour) => behaviour !== null);
}

function makeOne<K extends BehaviourName>(
  zone: Zone,
  watched: WatchedZone,
  key: K,
  ground: PlaneGround | null,
): Behaviour | null {
  const make = makers[key] as NonNullable<Make[K]> | undefined;
  const options = watched[key];
  return options && make ? make(zone, options, ground) : null;
}

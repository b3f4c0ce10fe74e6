/** Which behaviour a key of a designated zone stands for. Used by scene.ts; a behaviour that is not here does not exist. */
import type { BehaviourName, WatchedZone } from '../../config/zones.js';
import type { EventKind } from '../alert.js';
import type { Behaviour } from '../behaviour.js';
import { Zone } from '../zone.js';
import { Abandoned } from './abandoned.js';
import { Fall } from './fall.js';
import { Presence } from './presence.js';
import { Slot } from './slot.js';

type Make = { [K in BehaviourName]?: (zone: Zone, options: NonNullable<WatchedZone[K]>) => Behaviour };

const makers: Make = {
  presence: (zone, options) => new Presence(zone, options),
  fall: (zone, options) => new Fall(zone, options),
  abandoned: (zone, options) => new Abandoned(zone, options),
  fire: (zone, options) => new Slot('fire', zone, options),
  weapon: (zone, options) => new Slot('weapon', zone, options),
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
export function behavioursOf(watched: WatchedZone): Behaviour[] {
  const zone = new Zone(watched.name, watched.points);
  const made = (Object.keys(makers) as BehaviourName[]).map((key) => makeOne(zone, watched, key));
  return made.filter((behaviour) => behaviour !== null);
}

function makeOne<K extends BehaviourName>(zone: Zone, watched: WatchedZone, key: K): Behaviour | null {
  const make = makers[key] as ((zone: Zone, options: NonNullable<WatchedZone[K]>) => Behaviour) | undefined;
  const options = watched[key];
  return options && make ? make(zone, options) : null;
}

/** Which behaviour a key of a designated zone stands for. Used by scene.ts; a behaviour that is not here does not exist. */
import { type BehaviourName, behaviourNames, type WatchedZone } from '../../config/zones.js';
import type { EventKind } from '../alert.js';
import type { Behaviour } from '../behaviour.js';
import type { Ground } from '../ground.js';
import type { NoveltyZones } from '../novelty/store.js';
import { Zone } from '../zone.js';
import { Abandoned } from './abandoned.js';
import { Crossing } from './crossing.js';
import { Crowd } from './crowd.js';
import { Density } from './density.js';
import { Direction } from './direction.js';
import { Fall } from './fall.js';
import { Novelty } from './novelty.js';
import { Presence } from './presence.js';
import { Slot } from './slot.js';

/** What a behaviour may need to know of the camera. */
export interface Surroundings {
  /** width of the picture over its height */
  aspect: number;
  /** null: not calibrated */
  ground: Ground | null;
  /** what the zones have learned; made for this run when absent */
  novelty?: NoveltyZones | undefined;
}

type MakeOne<K extends BehaviourName> = (
  zone: Zone,
  options: NonNullable<WatchedZone[K]>,
  around: Surroundings,
) => Behaviour;
type Make = { [K in BehaviourName]: MakeOne<K> };

const makers: Make = {
  presence: (zone, options) => new Presence(zone, options),
  density: (zone, options, around) => new Density(zone, options, around),
  crowd: (zone, options) => new Crowd(zone, options),
  crossing: (zone, options) => new Crossing(zone, options),
  direction: (zone, options) => new Direction(zone, options),
  novelty: (zone, options, around) => new Novelty(zone, options, around),
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
export function behavioursOf(watched: WatchedZone, around: Surroundings): Behaviour[] {
  const zone = new Zone(watched.name, watched.points);
  const made = behaviourNames.map((key) => makeOne(zone, watched, key, around));
  return made.filter((behaviour) => behaviour !== null);
}

function makeOne<K extends BehaviourName>(
  zone: Zone,
  watched: WatchedZone,
  key: K,
  around: Surroundings,
): Behaviour | null {
  const make: MakeOne<K> = makers[key];
  const options = watched[key];
  return options ? make(zone, options, around) : null;
}

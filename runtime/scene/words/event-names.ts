/** What the events are called, in French and English. Used where an event is named outside an alert. */
import type { EventKind } from '../alert.js';
import type { Reason } from '../reasons.js';

export const eventNames: Record<EventKind, Reason> = {
  presence: { fr: 'présence', en: 'presence' },
  direction: { fr: 'contresens', en: 'wrong way' },
  density: { fr: 'densité', en: 'density' },
  crowd: { fr: 'mouvement de foule', en: 'crowd movement' },
  fall: { fr: 'chute', en: 'fall' },
  abandoned: { fr: 'objet abandonné', en: 'abandoned object' },
  fire: { fr: 'feu', en: 'fire' },
  weapon: { fr: 'arme', en: 'weapon' },
  novelty: { fr: 'inhabituel (expérimental)', en: 'unusual (experimental)' },
};

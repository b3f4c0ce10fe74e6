/** Why a change of the private zones is refused, in words (docs/mask.md, Z5 to Z10). Used by mask-zones.ts and the control plane. */
import { directionsFault } from '../../pipelines/mask/table.js';
import type { MaskZone } from '../../pipelines/messages.js';
import { leastZoneArea } from '../config/checks.js';
import { firstCrossing, polygonArea } from '../scene/polygon.js';
import { mostZones, nameKey } from './compare.js';

export const refusals = {
  outdated: {
    fr: 'Les zones ont changé entre-temps : regardez-les, puis recommencez',
    en: 'The zones have changed meanwhile: look at them, then do it again',
  },
  crosses: {
    fr: 'Deux côtés de la zone se croisent ou se touchent',
    en: 'Two sides of the zone cross or touch',
  },
  'bad-name': {
    fr: "Le nom ne peut avoir que des lettres, des chiffres, des espaces et . , _ - : ( ) / ' °",
    en: "The name may have letters, digits, spaces and . , _ - : ( ) / ' ° only",
  },
  'no-area': { fr: 'La zone est trop petite', en: 'The zone is too small' },
  'same-name': { fr: 'Une autre zone porte ce nom', en: 'Another zone has this name' },
  'no-reason': {
    fr: 'Sans aucune zone, il faut dire pourquoi cette caméra ne voit aucun lieu privé (10 caractères au moins)',
    en: 'Without any zone, say why this camera sees no private place (10 characters at least)',
  },
  'too-many': { fr: 'Il y a trop de zones', en: 'There are too many zones' },
  'unknown-zone': { fr: 'La zone à retirer n’existe pas', en: 'The zone to remove does not exist' },
  'no-view': {
    fr: 'On ne sait pas où la caméra regardait sur cette image : prenez-en une autre, non masquée en entier',
    en: 'It is not known where the camera looked in this picture: take another one that is not hidden whole',
  },
  'not-placeable': {
    fr: 'Cette zone ne peut pas être suivie par la tourelle : dessinez-la plus simple ou plus petite',
    en: 'The head cannot follow this zone: draw it simpler or smaller',
  },
  'not-kept': {
    fr: 'La mémoire de la caméra refuse : le changement serait perdu au redémarrage, il n’est pas fait',
    en: 'The storage of the camera refuses: the change would be lost at a restart and is not made',
  },
  'not-told': {
    fr: 'Le registre ne peut pas être écrit : aucune zone n’est réduite ni retirée',
    en: 'The register cannot be written: no zone is made smaller or removed',
  },
  stopped: { fr: 'La caméra n’a pas encore démarré', en: 'The camera has not started yet' },
} as const;
export type Refusal = keyof typeof refusals;

const leastReason = 10;

/** The rules of the configuration's zones (config/checks.ts), for a table that somebody wants in force. */
export function tableFault(zones: readonly MaskZone[], noneBecause: string | null): Refusal | null {
  if (zones.length === 0 && (noneBecause ?? '').trim().length < leastReason) return 'no-reason';
  if (zones.length > mostZones) return 'too-many';
  if (new Set(zones.map(({ name }) => nameKey(name))).size < zones.length) return 'same-name';
  for (const zone of zones) {
    const fault = 'points' in zone ? pointsFault(zone) : directionsFault(zone.directions) && 'not-placeable';
    if (fault) return fault;
  }
  return null;
}

/** Of a polygon in the picture, also of one that is only drawn there. */
export function pointsFault({ points }: { points: [number, number][] }): Refusal | null {
  if (firstCrossing(points)) return 'crosses';
  return Math.abs(polygonArea(points)) < leastZoneArea ? 'no-area' : null;
}

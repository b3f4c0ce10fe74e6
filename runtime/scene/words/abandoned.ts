/**
 * Why a thing that was left is told, in both languages. Read by behaviours/abandoned.ts; pure. The words say what was seen
 * of whoever was beside it, and nothing of who that was.
 */
import type { Reason } from '../reasons.js';
import { comma, floor, NBSP, plain } from './figures.js';

export interface AbandonedFigures {
  /** how long it has been alone, and how long it had to be */
  seconds: number;
  threshold: number;
  /** its longer side */
  metres: number;
  ownerMetres: number;
  /** how whoever was beside it went */
  leaving: 'away' | 'out' | 'unseen';
}

export function abandonedReason(zone: string, figures: AbandonedFigures): Reason {
  const { seconds, threshold, metres, ownerMetres, leaving } = figures;
  const size = metres.toFixed(1);
  const alone = floor(seconds, 0);
  const away = plain(ownerMetres);
  const ways = {
    away: {
      fr: `qui était à côté s’est éloigné de plus de ${comma(away)}${NBSP}m`,
      en: `whoever was beside it went more than ${away} m away`,
    },
    out: { fr: 'qui était à côté a quitté l’image', en: 'whoever was beside it left the picture' },
    unseen: { fr: 'qui était à côté n’est plus vu', en: 'whoever was beside it is no longer seen' },
  };
  const last = ways[leaving];
  return {
    fr:
      `Un objet d’environ ${comma(size)}${NBSP}m est seul dans la zone «${NBSP}${zone}${NBSP}» ` +
      `depuis ${alone}${NBSP}s (seuil ${comma(plain(threshold))}${NBSP}s)${NBSP}; ${last.fr}`,
    en:
      `A thing of about ${size} m has been alone in zone “${zone}” for ${alone} s ` +
      `(threshold ${plain(threshold)} s); ${last.en}`,
  };
}

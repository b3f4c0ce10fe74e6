/**
 * What the operator is told while the head keeps the picture hidden (docs/head.md, H18). Called by runtime/head-parts.ts.
 * Decides from the values it is given alone.
 */
import type { HiddenBecause } from '../../pipelines/frame.js';
import type { Notice } from './health.js';

/** A movement or a late answer hides for moments: that is no news. */
export const hiddenLongMs = 5000;

/**
 * @param hidden why the whole picture is hidden and for how long; null while it is shown
 * @param gaveUp the head was sent home as often as makes sense
 */
export function headNotices(hidden: { why: HiddenBecause; forMs: number } | null, gaveUp: boolean): Notice[] {
  if (!hidden || hidden.forMs < hiddenLongMs) return [];
  const found = [words[hidden.why]];
  if (gaveUp && hidden.why === 'disagrees') found.push(givenUp);
  return found;
}

const words: Record<HiddenBecause, Notice> = {
  link: {
    code: 'head-lost',
    fr: 'La tourelle ne répond pas : l’image reste masquée. Vérifiez son alimentation et sa ligne.',
    en: 'The head does not answer: the picture stays hidden. Check its power and its line.',
  },
  disagrees: {
    code: 'head-disagrees',
    fr: 'La position que donne la tourelle est contredite : l’image reste masquée.',
    en: 'The position that the head tells is contradicted: the picture stays hidden.',
  },
  homing: {
    code: 'head-homing',
    fr: 'La tourelle se recale : l’image est masquée jusque-là.',
    en: 'The head is finding its zero: the picture is hidden until then.',
  },
  power: {
    code: 'head-power',
    fr: 'La tourelle a été coupée et doit se recaler : l’image est masquée jusque-là.',
    en: 'The head was without power and has to find its zero: the picture is hidden until then.',
  },
  late: {
    code: 'head-late',
    fr: 'La position de la tourelle arrive trop tard : l’image est masquée.',
    en: 'The position of the head comes too late: the picture is hidden.',
  },
  'zoom-unknown': {
    code: 'head-zoom-unknown',
    fr: 'Le zoom de la tourelle est inconnu : l’image est masquée.',
    en: 'The zoom of the head is not known: the picture is hidden.',
  },
};

const givenUp: Notice = {
  code: 'head-given-up',
  fr: 'La tourelle s’est recalée plusieurs fois sans effet. Vérifiez l’objectif, le montage et le champ, puis « Recaler ».',
  en: 'The head found its zero several times to no avail. Check lens, mounting and view, then “Find zero”.',
};

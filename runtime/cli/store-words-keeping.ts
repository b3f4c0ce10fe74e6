/** What the commands of the register, of holds and of the proof say, in French and English. */
import type { FindingKind } from '../access/register/chain.js';
import type { Answer, Piece } from '../access/register/destruction.js';
import type { ProofFault } from '../access/register/proof.js';
import { showTime } from './store-times.js';
import type { Language } from './store-words.js';

export interface KeepingWords {
  verdict: Record<Answer['verdict'], string>;
  columns: string[];
  classes: Record<Piece['class'], string>;
  destroyedAt: (time: string, reason: string) => string;
  keptUntil: (time: string) => string;
  recording: string;
  reason: Record<NonNullable<Piece['destroyed']>['reason'], string>;
  never: string;
  corrected: string;
  bounds: string;
  beforeRegister: (time: string) => string;
  /** beside an interval that the register knows nothing of */
  beforeMemory: string;
  forgotten: (time: string) => string;
  since: (entry: number, time: string) => string;
  notFinal: string;
  proofWritten: (file: string, lines: number) => string;
  proofHolds: (camera: string) => string;
  proofFails: string;
  fault: Record<ProofFault, string>;
  key: (fingerprint: string) => string;
  whole: (entries: number, last: string) => string;
  damaged: (count: number) => string;
  finding: Record<FindingKind, string>;
  seenDiffers: string;
  held: (requisition: string, until: string) => string;
  released: (requisition: string) => string;
}

const en: KeepingWords = {
  verdict: {
    destroyed: 'Everything that was recorded in this interval is destroyed.',
    kept: 'What was recorded in this interval is still there.',
    partly: 'Some of what was recorded in this interval is destroyed, some is still there.',
    none: 'Nothing was recorded in this interval.',
    unknown: 'The register cannot say what was recorded in this interval: it lies before its memory.',
  },
  columns: ['from', 'to', 'class', 'state'],
  classes: { communal: 'communal', terminus: 'terminus (alert)' },
  destroyedAt: (time, reason) => `destroyed ${time} (${reason})`,
  keptUntil: (time) => `still there, until ${time}`,
  recording: 'still there, its end is not told yet',
  reason: { term: 'its term', space: 'overwritten for space', order: 'by order' },
  never: 'nothing was recorded',
  corrected: 'clock corrected',
  bounds: 'clock not trusted: times are bounds',
  beforeRegister: (time) => `The register begins ${time}: it knows nothing before.`,
  beforeMemory: 'before the memory of the register',
  forgotten: (time) =>
    `The memory of the register begins ${time}: what it knew before has been removed by age.`,
  since: (entry, time) =>
    `It vouches from entry ${entry} on, ${time}. What was before has been removed by age, and the register says so.`,
  notFinal: 'Nothing later is recorded yet: what is said of the end of the interval may still change.',
  proofWritten: (file, lines) => `${file}: ${lines} signed lines. It holds no picture.`,
  proofHolds: (camera) => `The proof holds. Camera ${camera}.`,
  proofFails: 'The proof does NOT hold:',
  fault: {
    'not-a-proof': 'the file is no proof of destruction',
    'unsigned-line': 'a line is not signed by this key',
    'broken-chain': 'a line does not follow the one before it',
    'lines-missing': 'lines are missing',
    'another-key': 'it is signed by another camera than the one named',
  },
  key: (fingerprint) => `Key of the camera: ${fingerprint}`,
  whole: (entries, last) => `${entries} entries, whole. Last: ${last}`,
  damaged: (count) => `${count} finding(s):`,
  finding: {
    unreadable: 'the line is no entry',
    signature: 'the entry is not signed by this camera: it was changed or added',
    missing: 'entries before it are missing',
    order: 'the entry is out of order, or stands twice',
    chain: 'the entry before it is not the one it was written after',
    torn: 'the line has no end: being written, or cut; the next start repairs it',
    tail: 'entries were taken off the end',
    head: 'the head of the register is gone or is of another entry',
  },
  seenDiffers: 'the entry that was seen before is not in this register any more',
  held: (requisition, until) => `Held under ${requisition} until ${until}.`,
  released: (requisition) => `The holds under ${requisition} are released.`,
};

const fr: KeepingWords = {
  verdict: {
    destroyed: 'Tout ce qui a été enregistré dans cet intervalle est détruit.',
    kept: 'Ce qui a été enregistré dans cet intervalle existe encore.',
    partly: 'Une partie de ce qui a été enregistré dans cet intervalle est détruite, le reste existe encore.',
    none: 'Rien n’a été enregistré dans cet intervalle.',
    unknown:
      'Le registre ne peut pas dire ce qui a été enregistré dans cet intervalle : il est antérieur à sa mémoire.',
  },
  columns: ['de', 'à', 'classe', 'état'],
  classes: { communal: 'communal', terminus: 'terminus (alerte)' },
  destroyedAt: (time, reason) => `détruit le ${time} (${reason})`,
  keptUntil: (time) => `existe encore, jusqu’au ${time}`,
  recording: 'existe encore, sa fin n’est pas encore dite',
  reason: { term: 'à son terme', space: 'écrasé faute de place', order: 'sur ordre' },
  never: 'rien n’a été enregistré',
  corrected: 'heure corrigée',
  bounds: 'heure non garantie : ce sont des bornes',
  beforeRegister: (time) => `Le registre commence le ${time} : il ne sait rien d’avant.`,
  beforeMemory: 'avant la mémoire du registre',
  forgotten: (time) =>
    `La mémoire du registre commence le ${time} : ce qu’il savait d’avant a été retiré par l’âge.`,
  since: (entry, time) =>
    `Il fait foi à partir de l’entrée ${entry}, du ${time}. Ce qui précède a été retiré par l’âge, et le registre le dit.`,
  notFinal:
    'Rien de plus récent n’est encore enregistré : ce qui est dit de la fin de l’intervalle peut changer.',
  proofWritten: (file, lines) => `${file} : ${lines} lignes signées, aucune image.`,
  proofHolds: (camera) => `La preuve est valable. Caméra ${camera}.`,
  proofFails: 'La preuve n’est PAS valable :',
  fault: {
    'not-a-proof': 'le fichier n’est pas une preuve de destruction',
    'unsigned-line': 'une ligne n’est pas signée par cette clé',
    'broken-chain': 'une ligne ne suit pas la précédente',
    'lines-missing': 'des lignes manquent',
    'another-key': 'elle est signée par une autre caméra que celle qui est nommée',
  },
  key: (fingerprint) => `Clé de la caméra : ${fingerprint}`,
  whole: (entries, last) => `${entries} entrées, intactes. Dernière : ${last}`,
  damaged: (count) => `${count} constat(s) :`,
  finding: {
    unreadable: 'la ligne n’est pas une entrée',
    signature: 'l’entrée n’est pas signée par cette caméra : modifiée ou ajoutée',
    missing: 'des entrées manquent avant celle-ci',
    order: 'l’entrée n’est pas à sa place, ou figure deux fois',
    chain: 'l’entrée précédente n’est pas celle après laquelle elle a été écrite',
    torn: 'la ligne n’a pas de fin : en cours d’écriture, ou coupée ; le prochain démarrage la répare',
    tail: 'des entrées ont été retirées à la fin',
    head: 'la tête du registre manque ou est celle d’une autre entrée',
  },
  seenDiffers: 'l’entrée vue auparavant n’est plus dans ce registre',
  held: (requisition, until) => `Retenu sous ${requisition} jusqu’au ${until}.`,
  released: (requisition) => `Les retenues sous ${requisition} sont levées.`,
};

export function keepingWords(language?: Language): KeepingWords {
  const locale = process.env.LC_ALL ?? process.env.LC_MESSAGES ?? process.env.LANG ?? '';
  return (language ?? (locale.startsWith('fr') ? 'fr' : 'en')) === 'fr' ? fr : en;
}

/** What became of a piece, in words. */
export function stateOf(piece: Piece, words: KeepingWords): string {
  const { destroyed, untilMs, timesSure } = piece;
  const state = destroyed
    ? words.destroyedAt(showTime(destroyed.atMs), words.reason[destroyed.reason])
    : untilMs === null
      ? words.recording
      : words.keptUntil(showTime(untilMs));
  if (piece.open) return state;
  if (piece.timesCorrected) return `${state}; ${words.corrected}`;
  return timesSure ? state : `${state}; ${words.bounds}`;
}

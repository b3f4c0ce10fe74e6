/**
 * What the operator is told about the card, and about the storage of the state directory where that is another device
 * (docs/card.md). Chosen by card-notices.ts. The codes are stable for machines: `state-` where the card has `card-`.
 */
import type { Notice } from './health.js';

export type Illness =
  | 'gone'
  | 'silent'
  | 'readOnly'
  | 'full'
  | 'other'
  | 'failed'
  | 'errors'
  | 'slow'
  | 'noRoom'
  | 'fileSystem'
  | 'worn'
  | 'wearing';

const card: Record<Illness, Notice> = {
  gone: {
    code: 'card-gone',
    fr: 'La carte n’est plus là. Vérifiez qu’elle est en place.',
    en: 'The card is gone. Check that it is in place.',
  },
  silent: {
    code: 'card-silent',
    fr: 'La carte ne répond plus. Remplacez-la.',
    en: 'The card does not answer any more. Replace it.',
  },
  readOnly: {
    code: 'card-read-only',
    fr: 'La carte est passée en lecture seule. Remplacez-la.',
    en: 'The card has turned read-only. Replace it.',
  },
  full: {
    code: 'card-full',
    fr: 'Le système de fichiers de la carte est plein et refuse les images. Libérez de la place.',
    en: 'The file system of the card is full and refuses recordings. Free space on it.',
  },
  other: {
    code: 'card-other',
    fr: 'La carte en place ne contient pas les enregistrements de cette caméra.',
    en: 'The card in place does not hold the store of this camera.',
  },
  failed: {
    code: 'card-failed',
    fr: 'La carte refuse les écritures. Remplacez-la.',
    en: 'The card refuses writes. Replace it.',
  },
  errors: {
    code: 'card-errors',
    fr: 'La carte a refusé des écritures dans l’heure passée ; elles ont été refaites ailleurs. Remplacez-la bientôt.',
    en: 'The card refused writes within the last hour; they were made elsewhere on it. Replace it soon.',
  },
  slow: {
    code: 'card-slow',
    fr: 'La carte est trop lente : des images peuvent se perdre. Remplacez-la ou baissez le débit.',
    en: 'The card is too slow: pictures may be lost. Replace it, or lower the bit rate.',
  },
  noRoom: {
    code: 'card-no-room',
    fr: 'Il ne reste presque plus de place à côté des enregistrements. Libérez-en.',
    en: 'There is hardly any room left beside the store. Free some.',
  },
  fileSystem: {
    code: 'card-file-system',
    fr: 'Le système de fichiers de la carte a des erreurs. Faites-le réparer (e2fsck) au prochain arrêt.',
    en: 'The file system of the card has errors. Have it repaired (e2fsck) at the next stop.',
  },
  worn: {
    code: 'card-worn',
    fr: 'La carte est usée. Remplacez-la maintenant.',
    en: 'The card is worn out. Replace it now.',
  },
  wearing: {
    code: 'card-wearing',
    fr: 'La carte approche de la fin de sa vie. Prévoyez son remplacement.',
    en: 'The card nears the end of its life. Plan to replace it.',
  },
};

const state: Record<Illness, Notice> = {
  gone: {
    code: 'state-gone',
    fr: 'La mémoire qui contient les clés et le registre n’est plus là. Vérifiez qu’elle est en place.',
    en: 'The storage of the keys and the register is gone. Check that it is in place.',
  },
  silent: {
    code: 'state-silent',
    fr: 'La mémoire qui contient les clés et le registre ne répond plus. Remplacez-la.',
    en: 'The storage of the keys and the register does not answer any more. Replace it.',
  },
  readOnly: {
    code: 'state-read-only',
    fr: 'La mémoire qui contient les clés et le registre est en lecture seule : plus rien ne peut être détruit ni consigné. Remplacez-la.',
    en: 'The storage of the keys and the register has turned read-only: nothing can be destroyed or registered. Replace it.',
  },
  full: {
    code: 'state-full',
    fr: 'La mémoire qui contient les clés et le registre est pleine. Libérez de la place.',
    en: 'The storage of the keys and the register is full. Free space on it.',
  },
  other: {
    code: 'state-other',
    fr: 'La mémoire en place ne contient pas les clés ou le registre de cette caméra.',
    en: 'The storage in place does not hold the keys or the register of this camera.',
  },
  failed: {
    code: 'state-failed',
    fr: 'La mémoire qui contient les clés et le registre refuse les écritures. Remplacez-la.',
    en: 'The storage of the keys and the register refuses writes. Replace it.',
  },
  errors: {
    code: 'state-errors',
    fr: 'La mémoire qui contient les clés et le registre a refusé des écritures dans l’heure passée. Remplacez-la bientôt.',
    en: 'The storage of the keys and the register refused writes within the last hour. Replace it soon.',
  },
  slow: {
    code: 'state-slow',
    fr: 'La mémoire qui contient les clés et le registre est trop lente. Remplacez-la.',
    en: 'The storage of the keys and the register is too slow. Replace it.',
  },
  noRoom: {
    code: 'state-no-room',
    fr: 'Il ne reste presque plus de place pour les clés et le registre. Libérez-en.',
    en: 'There is hardly any room left for the keys and the register. Free some.',
  },
  fileSystem: {
    code: 'state-file-system',
    fr: 'Le système de fichiers des clés et du registre a des erreurs. Faites-le réparer (e2fsck) au prochain arrêt.',
    en: 'The file system of the keys and the register has errors. Have it repaired (e2fsck) at the next stop.',
  },
  worn: {
    code: 'state-worn',
    fr: 'La mémoire qui contient les clés et le registre est usée. Remplacez-la maintenant.',
    en: 'The storage of the keys and the register is worn out. Replace it now.',
  },
  wearing: {
    code: 'state-wearing',
    fr: 'La mémoire qui contient les clés et le registre approche de la fin de sa vie. Prévoyez son remplacement.',
    en: 'The storage of the keys and the register nears the end of its life. Plan to replace it.',
  },
};

export const illnessWords = { card, state };

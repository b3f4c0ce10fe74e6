/**
 * Why a model does not run: the closed list of reasons, each in French and English. Thrown by what checks models
 * (verify.ts, signed-list.ts, gate.ts), told by the `vigie model` command and by the camera's notices.
 */
import { VigieError } from '../errors.js';

interface Words {
  fr: string;
  en: string;
}

/** Each goes on from « refusé : » or `refused: `. */
export const refusalWords = {
  missing: { fr: 'le fichier ne peut pas être lu', en: 'the file cannot be read' },
  'too-large': {
    fr: 'le fichier est plus grand que ce qui est admis',
    en: 'the file is larger than is admitted',
  },
  hash: { fr: 'le fichier n’est pas celui de la liste', en: 'the file is not the one that is listed' },
  unlisted: { fr: 'il n’est pas dans la liste', en: 'it is not in the list' },
  key: {
    fr: 'la caméra n’a pas de clé à laquelle se fier, ou ce n’en est pas une',
    en: 'the camera has no key to trust, or what it has is none',
  },
  'list-missing': {
    fr: 'la liste signée des modèles ne peut pas être lue',
    en: 'the signed list of models cannot be read',
  },
  'list-form': {
    fr: 'la liste des modèles n’a pas la forme prévue',
    en: 'the list of models is not of the form that is laid down',
  },
  unsigned: { fr: 'la liste des modèles n’est pas signée', en: 'the list of models is not signed' },
  'other-key': {
    fr: 'la liste des modèles est signée par une autre clé',
    en: 'the list of models is signed by another key',
  },
  signature: {
    fr: 'la liste des modèles a été modifiée après sa signature',
    en: 'the list of models was altered after it was signed',
  },
  task: { fr: 'sa tâche n’est pas de celles qui existent', en: 'its task is none of those that exist' },
  classes: {
    fr: 'ses classes ne sont pas de celles que sa tâche admet',
    en: 'its classes are none of those that its task admits',
  },
  'not-onnx': {
    fr: 'le fichier n’est pas un modèle ONNX entier',
    en: 'the file is not a whole ONNX model',
  },
  'unknown-part': {
    fr: 'le fichier contient une partie qui n’est pas admise',
    en: 'the file has a part that is not admitted',
  },
  'external-data': {
    fr: 'une partie de ses données est dans un autre fichier',
    en: 'some of its data are in another file',
  },
  subgraph: {
    fr: 'il contient une boucle, un branchement ou une fonction',
    en: 'it has a loop, a branch or a function in it',
  },
  operator: {
    fr: 'il emploie une opération qui n’est pas admise',
    en: 'it uses an operator that is not admitted',
  },
  normalise: {
    fr: 'il ramène un vecteur à la longueur un, comme pour reconnaître',
    en: 'it brings a vector to length one, as is done to recognise',
  },
  input: { fr: 'son entrée n’est pas celle de la liste', en: 'its input is not the listed one' },
  output: { fr: 'ses sorties ne sont pas celles de la liste', en: 'its outputs are not the listed ones' },
  embedding: {
    fr: 'il rend un vecteur qui pourrait servir à reconnaître',
    en: 'it gives a vector that could serve to recognise',
  },
  engine: { fr: 'il ne peut pas être chargé', en: 'it cannot be loaded' },
} satisfies Record<string, Words>;

export type Refusal = keyof typeof refusalWords;

/** A model, or a list of models, that was looked at and is not used. Its kind is `model`. */
export class ModelRefused extends VigieError {
  constructor(
    readonly reason: Refusal,
    message: string,
    hint: string,
    options?: { cause?: unknown },
  ) {
    super('model', printable(message), hint, options);
  }
}

/** A message may quote what a file says of itself: it is kept short, on one line, and from formatting what it stands in. */
function printable(message: string): string {
  return message.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?').slice(0, 500);
}

/** The reason of an error; null when it is none of ours. */
export function refusalOf(error: unknown): Refusal | null {
  return error instanceof ModelRefused ? error.reason : null;
}

/** How the pipeline process says that a model of a slot failed, and not the detector. */
export const slotFailed = (name: string, why: string): string =>
  `The model "${name}" of a slot failed: ${why}`;

/** The name that such a message tells; null for any other. */
export function failedSlot(message: string): string | null {
  return /^The model "([a-z0-9-]{1,32})" of a slot failed: /.exec(message)?.[1] ?? null;
}

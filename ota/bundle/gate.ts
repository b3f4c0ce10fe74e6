/**
 * The gate for models, before a version may run (docs/updates.md, invariant 9; docs/models.md). Run by the version that runs, with
 * its own idea of what a model may be for, over a tree that unpack.ts wrote. It looks at every file: what is no text, no library
 * and no listed model is refused, whatever it is.
 */
import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorLine, VigieError } from '../../errors.js';
import { checkDetector } from '../../models/gate.js';
import { type Model, parseManifest } from '../../models/manifest.js';
import { boundedBytes, mostModelBytes } from '../../models/verify.js';
import { strangeness } from './content.js';
import type { BundleManifest } from './manifest.js';
import { BundleRefused, shown } from './read.js';

export interface AdmittedModel {
  name: string;
  task: string;
  sha256: string;
}

/** The closed list of a version, where the build puts it. */
const listPath = 'dist/models/manifest.json';

/**
 * @returns the models of the version
 * @throws VigieError `update` with the file and the reason
 */
export async function checkModels(
  directory: string,
  manifest: BundleManifest,
  signal: AbortSignal,
): Promise<AdmittedModel[]> {
  const models = await listedModels(directory, manifest);
  const admitted = new Map<string, { sha256: string; detector: Model | null }>();
  for (const model of models) {
    admitted.set(`models/${model.onnx.name}`, { sha256: model.onnx.sha256, detector: model });
    for (const { name, sha256 } of model.source.files) {
      admitted.set(`models/${model.name}/${name}`, { sha256, detector: null });
    }
  }
  for (const file of manifest.files) {
    signal.throwIfAborted();
    const listed = admitted.get(file.path);
    if (listed) await checkListed(join(directory, file.path), file.path, listed);
    else await checkOther(join(directory, file.path), file, manifest);
  }
  const there = new Set(manifest.files.map(({ path }) => path));
  const absent = models.find(({ onnx }) => !there.has(`models/${onnx.name}`));
  if (absent) throw closed(`models/${absent.onnx.name}`, 'it is listed and not there');
  return models.map(({ name, task, onnx }) => ({ name, task, sha256: onnx.sha256 }));
}

/** A version without a list brings no model. */
async function listedModels(directory: string, { files }: BundleManifest): Promise<Model[]> {
  if (!files.some(({ path }) => path === listPath)) return [];
  try {
    return parseManifest(await readFile(join(directory, listPath), 'utf8')).models;
  } catch (cause) {
    throw closed(listPath, errorLine(cause), cause);
  }
}

async function checkListed(
  file: string,
  path: string,
  { sha256, detector }: { sha256: string; detector: Model | null },
): Promise<void> {
  try {
    const bytes = await boundedBytes(file, mostModelBytes, 'It is not loaded');
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
      throw closed(path, 'its SHA-256 is not the listed one');
    }
    if (detector) checkDetector(bytes, detector);
  } catch (cause) {
    if (cause instanceof VigieError && cause.kind === 'update') throw cause;
    throw closed(path, errorLine(cause), cause);
  }
}

async function checkOther(
  file: string,
  { path, bytes }: BundleManifest['files'][number],
  manifest: BundleManifest,
): Promise<void> {
  const content = { path, bytes, head: await headOf(file), whole: () => readFile(file) };
  const what = await strangeness(content, manifest);
  if (what !== null) throw closed(path, `it is ${what}, and the version does not list it as a model`);
}

async function headOf(file: string): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function closed(path: string, why: string, cause?: unknown): VigieError {
  const hint = 'Nothing was changed. A version brings the models of its own closed list and no others';
  return new BundleRefused('update', `The bundle is refused at ${shown(path)}: ${shown(why)}`, hint, {
    cause,
  });
}

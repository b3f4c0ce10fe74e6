/**
 * Opens a bundle: into a slot for ota/slots/, or only to look at for `vigie ota inspect` and `publish`. What is written is checked
 * as it comes (read.ts), then by the gate for models, and is nothing until the caller says so: on any error the directory is to be
 * emptied.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Expansion, expanded } from '../../board/linux/archive.js';
import { VigieError } from '../../errors.js';
import { DeltaMisfit, rebuiltTar } from './delta.js';
import { type AdmittedModel, checkModels } from './gate.js';
import { type BundleManifest, manifestName } from './manifest.js';
import type { PackedBundle } from './pack.js';
import { type BundleFileEntry, type Expected, type Found, readBundle, type Sink } from './read.js';
import { Owed, SteadyFile } from './steady-file.js';

export type { Expected } from './read.js';

/** No bundle is larger: what stops a file that was not signed from filling the disk. */
export const mostTarBytes = 2 * 2 ** 30;
/** zstd may look back over so much of what it wrote; packBundle asks for 128 MiB. */
const windowBytes = 128 * 2 ** 20;

/** Above it a board of 1 GiB would have none left for the camera. */
const mostPatchBytes = 384 * 2 ** 20;
/** Of what is free now, left to the camera and to what the kernel keeps of files. */
const leftBytes = 64 * 2 ** 20;

export type BundleSource =
  | { kind: 'full'; file: string; expected: Expected }
  | {
      kind: 'delta';
      file: string;
      expected: Expected;
      /** the tree that the delta starts from, with its bundle.json */
      activeSlot: string;
      /** of the release: hash of the tar that this tree must give */
      fromTarSha256: string;
      /** where that tar lies while it is needed; the directory of `file` when absent */
      scratch?: string;
    };

export interface UnpackOptions {
  /** bytes of the tar that were read, and all of them */
  onProgress?: (bytes: number, of: number) => void;
}

/**
 * Writes the files of a bundle under an empty directory. What is synced on the way only keeps
 * the disk even: the caller syncs all, and reads it again.
 * @throws DeltaMisfit when the active slot does not give the tar that the delta starts from: take the whole bundle
 * @throws VigieError `update` when it is not what was signed or has a model that is not admitted; the signal's reason
 */
export async function unpackBundle(
  source: BundleSource,
  directory: string,
  signal: AbortSignal,
  { onProgress }: UnpackOptions = {},
): Promise<BundleManifest> {
  try {
    await empty(directory);
    const found = await written(source, directory, signal, onProgress);
    signal.throwIfAborted();
    await checkModels(directory, found.manifest, signal);
    return found.manifest;
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof VigieError ? error : unwritable(error);
  }
}

async function written(
  source: BundleSource,
  directory: string,
  signal: AbortSignal,
  onProgress: UnpackOptions['onProgress'],
): Promise<Found> {
  const { expected } = source;
  const write = (limits: Expansion): Promise<Found> => {
    const bytes = expanded(source.file, limits, signal);
    const told = counted(bytes, (count) => onProgress?.(count, expected.tarBytes));
    return readBundle(told, expected, expected.tarBytes, new TreeSink(directory));
  };
  if (source.kind === 'full') return write({ memoryBytes: windowBytes });
  const { file, activeSlot: slot, fromTarSha256: tarSha256, scratch = dirname(file) } = source;
  return rebuiltTar(
    { slot, tarSha256, directory: scratch },
    async (patchFrom) => write({ memoryBytes: await patchMemory(patchFrom, expected.tarBytes), patchFrom }),
    signal,
  );
}

/** Of the file system, or of memory. */
function unwritable(cause: unknown): VigieError {
  const { code, message } = cause as { code?: string; message?: string };
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  const what = full ? 'there is no space left' : (code ?? message ?? 'unknown');
  const hint = full ? 'Make room where the slots are' : 'Look at the disk that holds the slots';
  return new VigieError('update', `The new version cannot be written: ${what}`, hint, { cause });
}

/** What a bundle is, all of it verified. */
export interface InspectedBundle extends PackedBundle {
  fileSha256: string;
  models: AdmittedModel[];
  /** components of its SBOM; null when it has none */
  components: number | null;
  /** RELEASE-NOTES.md as it is; null when there is none */
  notes: string | null;
}

/**
 * Looks at a whole bundle that nobody has signed yet: every file against bundle.json, and the gate for models.
 * @param scratch where its tree may lie for that time
 * @throws VigieError `update` with what is wrong
 */
export async function inspectBundle(
  file: string,
  scratch: string,
  signal: AbortSignal,
): Promise<InspectedBundle> {
  const directory = await mkdtemp(join(scratch, 'vigie-inspect-'));
  try {
    const bytes = expanded(file, { memoryBytes: windowBytes }, signal);
    const found = await readBundle(bytes, null, mostTarBytes, new TreeSink(directory));
    const models = await checkModels(directory, found.manifest, signal);
    return {
      ...found,
      file,
      fileBytes: (await stat(file)).size,
      fileSha256: await sha256OfFile(file),
      models,
      components: await componentsIn(directory, found.manifest),
      notes: await textIn(directory, found.manifest, 'RELEASE-NOTES.md'),
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

export async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}

/** Regular files, made anew, under a directory that nothing else is in. */
export class TreeSink implements Sink {
  readonly #directory: string;
  readonly #made = new Set<string>();
  readonly #owed = new Owed();

  constructor(directory: string) {
    this.#directory = directory;
  }

  async manifest(_manifest: BundleManifest, bytes: Buffer): Promise<void> {
    await writeFile(join(this.#directory, manifestName), bytes, { flag: 'wx', mode: 0o644 });
  }

  async open({ path, executable }: BundleFileEntry): Promise<SteadyFile> {
    const file = join(this.#directory, path);
    const parent = dirname(file);
    if (!this.#made.has(parent)) await mkdir(parent, { recursive: true, mode: 0o755 });
    this.#made.add(parent);
    return SteadyFile.create(file, executable ? 0o755 : 0o644, this.#owed);
  }
}

async function empty(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
  if ((await readdir(directory)).length === 0) return;
  const hint = 'This is a defect: report it with the log';
  throw new VigieError('update', 'The place for the new version is not empty', hint);
}

/**
 * A patch is decoded with its base in view: zstd takes memory for both, and refuses to look back further than the tar, or its
 * base, is long.
 * @throws DeltaMisfit when there is not as much: the whole bundle needs its window only
 */
async function patchMemory(base: string, tarBytes: number): Promise<number> {
  const baseBytes = (await stat(base)).size;
  const needed = baseBytes + Math.max(baseBytes, tarBytes);
  if (needed <= Math.min(mostPatchBytes, process.availableMemory() - leftBytes)) return tarBytes;
  throw new DeltaMisfit(`it needs ${Math.ceil(needed / 2 ** 20)} MiB of memory`);
}

async function* counted(
  from: AsyncIterable<Buffer>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of from) {
    bytes += chunk.length;
    onBytes(bytes);
    yield chunk;
  }
}

async function textIn(directory: string, { files }: BundleManifest, path: string): Promise<string | null> {
  if (!files.some((file) => file.path === path)) return null;
  return readFile(join(directory, path), 'utf8');
}

async function componentsIn(directory: string, manifest: BundleManifest): Promise<number | null> {
  const text = await textIn(directory, manifest, 'sbom.cdx.json');
  if (text === null) return null;
  try {
    const { components } = JSON.parse(text) as { components?: unknown };
    return Array.isArray(components) ? components.length : null;
  } catch {
    return null;
  }
}

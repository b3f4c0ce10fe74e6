/**
 * Makes a bundle of files: bundle.json first, then every file in the order of its path, as tar, as zstd. The same files make the
 * same bytes, wherever they lie. Called by build.ts with what tree.ts chose, and by tests with trees of their own.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { compressInto } from '../../board/linux/archive.js';
import { VigieError } from '../../errors.js';
import { type BundleManifest, bundleManifest, manifestName } from './manifest.js';
import { endingOf, headerOf, paddingOf, tarBytesOf } from './ustar.js';

/** A file that goes into a bundle: from the disk, or made. */
export type TreeEntry = { path: string; executable?: true | undefined } & (
  | { file: string }
  | { content: Buffer }
);

export type BundleFacts = Omit<BundleManifest, 'format' | 'name' | 'files'>;

/** What `publish` writes into the release, and what a person is told. */
export interface PackedBundle {
  file: string;
  fileBytes: number;
  manifest: BundleManifest;
  manifestSha256: string;
  tarBytes: number;
  tarSha256: string;
  treeBytes: number;
}

export interface PackOptions {
  /** 1 to 19; 19 when absent */
  level?: number | undefined;
  /** bytes of the tar that are done, and all of them */
  onProgress?: ((bytes: number, of: number) => void) | undefined;
}

/** What a tar is made of: the text of bundle.json, and where each of its files lies. */
export interface TarSource {
  manifest: BundleManifest;
  manifestBytes: Buffer;
  entries: readonly TreeEntry[];
}

/**
 * Writes the bundle; a file that is there already is not touched.
 * @throws VigieError `update`
 */
export async function packBundle(
  entries: readonly TreeEntry[],
  facts: BundleFacts,
  file: string,
  { level = 19, onProgress }: PackOptions,
  signal: AbortSignal,
): Promise<PackedBundle> {
  const source = await describe(entries, facts, signal);
  const tarBytes = tarBytesOfSource(source);
  const hash = createHash('sha256');
  const told = (bytes: number): void => onProgress?.(bytes, tarBytes);
  const tar = hashed(tarOf(source), hash, told);
  await writeNew(file, (path) => compressInto(path, tar, { level, contentBytes: tarBytes }, signal));
  const { manifest, manifestBytes } = source;
  return {
    file,
    fileBytes: (await lstat(file)).size,
    manifest,
    manifestSha256: createHash('sha256').update(manifestBytes).digest('hex'),
    tarBytes,
    tarSha256: hash.digest('hex'),
    treeBytes: manifest.files.reduce((sum, { bytes }) => sum + bytes, manifestBytes.length),
  };
}

/** All regular files under a directory, as what they would be in a bundle; bundle.json is left out, it is made anew. */
export async function entriesOf(directory: string): Promise<TreeEntry[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  const entries: TreeEntry[] = [];
  for (const one of found) {
    if (one.isDirectory()) continue;
    const file = join(one.parentPath, one.name);
    const path = file.slice(directory.length + 1);
    if (!one.isFile()) throw unusable(`${path} is not a regular file`);
    if (path === manifestName) continue;
    const executable = ((await lstat(file)).mode & 0o100) !== 0;
    entries.push({ path, file, ...(executable && { executable }) });
  }
  return entries;
}

/** Hashes every file and writes what bundle.json says. */
async function describe(
  unordered: readonly TreeEntry[],
  facts: BundleFacts,
  signal: AbortSignal,
): Promise<TarSource> {
  const entries = [...unordered].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  const files: BundleManifest['files'] = [];
  for (const entry of entries) {
    signal.throwIfAborted();
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of contentOf(entry)) {
      hash.update(chunk);
      bytes += chunk.length;
    }
    const { path, executable } = entry;
    files.push({ path, bytes, sha256: hash.digest('hex'), ...(executable && { executable }) });
  }
  const parsed = bundleManifest.safeParse({ format: 1, name: 'vigie', ...facts, files });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw unusable(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  }
  const manifestBytes = Buffer.from(`${JSON.stringify(parsed.data, null, 1)}\n`);
  return { manifest: parsed.data, manifestBytes, entries };
}

export function tarBytesOfSource({ manifest, manifestBytes }: TarSource): number {
  return tarBytesOf([{ path: manifestName, bytes: manifestBytes.length }, ...manifest.files]);
}

/**
 * The tar, portion by portion.
 * @throws VigieError `update` when a file has changed in size since it was described
 */
export async function* tarOf({ manifest, manifestBytes, entries }: TarSource): AsyncGenerator<Buffer> {
  yield headerOf({ path: manifestName, bytes: manifestBytes.length });
  yield manifestBytes;
  yield Buffer.alloc(paddingOf(manifestBytes.length));
  let total = 512 + manifestBytes.length + paddingOf(manifestBytes.length);
  for (const [i, listed] of manifest.files.entries()) {
    const entry = entries[i];
    if (entry?.path !== listed.path) throw unusable(`${listed.path} is not where it should be`);
    yield headerOf(listed);
    let bytes = 0;
    for await (const chunk of contentOf(entry)) {
      bytes += chunk.length;
      if (bytes > listed.bytes) break;
      yield chunk;
    }
    if (bytes !== listed.bytes) throw unusable(`${listed.path} has another size than it had`);
    yield Buffer.alloc(paddingOf(bytes));
    total += 512 + bytes + paddingOf(bytes);
  }
  yield Buffer.alloc(endingOf(total));
}

export async function* hashed(
  from: AsyncIterable<Buffer>,
  hash: Hash,
  onBytes: (bytes: number) => void = () => undefined,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of from) {
    hash.update(chunk);
    bytes += chunk.length;
    onBytes(bytes);
    yield chunk;
  }
}

async function* contentOf(entry: TreeEntry): AsyncGenerator<Buffer> {
  if ('content' in entry) yield entry.content;
  else yield* createReadStream(entry.file, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>;
}

/** A file that is there is not written over; one that was not finished is removed. */
export async function writeNew(file: string, write: (path: string) => Promise<void>): Promise<void> {
  if (await lstat(file).catch(() => null)) {
    throw new VigieError('update', `${file} is there already`, 'Name another directory with --out');
  }
  const unfinished = `${file}.part`;
  await rm(unfinished, { force: true });
  try {
    await write(unfinished);
    await rename(unfinished, file);
  } finally {
    await rm(unfinished, { force: true });
  }
}

function unusable(what: string): VigieError {
  return new VigieError('update', `No bundle can be made: ${what}`, 'Correct it and build again');
}

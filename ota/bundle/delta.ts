/**
 * The difference between two versions. It starts from the tar of the old one, which a camera makes again of the slot that runs:
 * the same files give the same tar (ustar.ts). Made where bundles are built; applied by unpack.ts.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { compressInto, expanded } from '../../board/linux/archive.js';
import { VigieError } from '../../errors.js';
import { manifestName } from './manifest.js';
import { hashed, type TarSource, tarOf, writeNew } from './pack.js';
import { parseBundleManifest } from './read.js';
import { SteadyFile } from './steady-file.js';

/** The slot does not give the tar that the delta starts from. The whole bundle always fits. */
export class DeltaMisfit extends VigieError {
  constructor(what: string, options?: { cause?: unknown }) {
    super('update', `The delta does not fit: ${what}`, 'The whole bundle is taken instead', options);
  }
}

/** What the tree of a slot would be as a tar. */
async function slotSource(slot: string): Promise<TarSource> {
  const manifestBytes = await readFile(join(slot, manifestName));
  const manifest = parseBundleManifest(manifestBytes);
  const entries = manifest.files.map(({ path }) => ({ path, file: join(slot, path) }));
  return { manifest, manifestBytes, entries };
}

/**
 * Runs `use` with the tar of a slot's tree as a file, which is gone afterwards. Needs as much space as the tree.
 * @throws DeltaMisfit when the tree does not give this tar; what `use` throws
 */
export async function rebuiltTar<T>(
  { slot, tarSha256, directory }: { slot: string; tarSha256: string; directory: string },
  use: (tar: string) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const scratch = await mkdtemp(join(directory, 'base-'));
  try {
    const tar = join(scratch, 'base.tar');
    const hash = createHash('sha256');
    try {
      const source = tarOf(await slotSource(slot));
      await writeSteadily(tar, hashed(source, hash), signal);
    } catch (cause) {
      signal.throwIfAborted();
      throw new DeltaMisfit('the version that runs cannot be packed again', { cause });
    }
    if (hash.digest('hex') !== tarSha256) throw new DeltaMisfit('the files of the version that runs differ');
    return await use(tar);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function writeSteadily(path: string, from: AsyncIterable<Buffer>, signal: AbortSignal): Promise<void> {
  const file = await SteadyFile.create(path, 0o600);
  try {
    for await (const chunk of from) {
      signal.throwIfAborted();
      await file.write(chunk);
    }
  } finally {
    await file.close();
  }
}

export interface MadeDelta {
  file: string;
  fileBytes: number;
  /** of the tar it starts from */
  fromTarSha256: string;
  /** of bundle.json in that tar */
  fromManifestSha256: string;
  fromVersion: string;
}

/**
 * Writes what turns one bundle into another.
 * @param bundles both as packBundle wrote them
 * @param file or what makes its path of the version it starts from; it must not be there yet
 * @param scratch holds both tars for that time
 * @throws VigieError `update`
 */
export async function makeDelta(
  bundles: { from: string; to: string },
  file: string | ((fromVersion: string) => string),
  { scratch, level = 19 }: { scratch: string; level?: number },
  signal: AbortSignal,
): Promise<MadeDelta> {
  const directory = await mkdtemp(join(scratch, 'vigie-delta-'));
  try {
    const from = await tarIn(bundles.from, join(directory, 'from.tar'), signal);
    const to = await tarIn(bundles.to, join(directory, 'to.tar'), signal);
    if (from.sha256 === to.sha256)
      throw new VigieError('update', 'The two bundles are the same', 'Name another one with --delta-from');
    const { manifestSha256, version } = await headOf(from.tar);
    const made = typeof file === 'string' ? file : file(version);
    const bytes = createReadStream(to.tar, { highWaterMark: 1 << 18 });
    await writeNew(made, (path) =>
      compressInto(path, bytes, { level, contentBytes: to.bytes, patchFrom: from.tar }, signal),
    );
    return {
      file: made,
      fileBytes: (await lstat(made)).size,
      fromTarSha256: from.sha256,
      fromManifestSha256: manifestSha256,
      fromVersion: version,
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function tarIn(
  bundle: string,
  tar: string,
  signal: AbortSignal,
): Promise<{ tar: string; sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  const bytes = expanded(bundle, { memoryBytes: 128 * 2 ** 20 }, signal);
  await pipeline(hashed(bytes, hash), createWriteStream(tar, { flags: 'wx' }));
  return { tar, sha256: hash.digest('hex'), bytes: (await stat(tar)).size };
}

/** Of a tar that starts with its bundle.json, as packBundle writes it. */
async function headOf(tar: string): Promise<{ manifestSha256: string; version: string }> {
  const header = Buffer.alloc(512);
  for await (const chunk of createReadStream(tar, { end: 511 }) as AsyncIterable<Buffer>) chunk.copy(header);
  const bytes = Number.parseInt(header.toString('latin1', 124, 135), 8);
  const text: Buffer[] = [];
  const options = { start: 512, end: 511 + bytes };
  for await (const chunk of createReadStream(tar, options) as AsyncIterable<Buffer>) text.push(chunk);
  const manifest = Buffer.concat(text);
  const { version } = parseBundleManifest(manifest);
  return { manifestSha256: createHash('sha256').update(manifest).digest('hex'), version };
}

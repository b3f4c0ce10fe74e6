/**
 * Reads the tar of a bundle as it comes out of the decompressor, for unpack.ts. It believes nothing: bundle.json must have the
 * signed hash before it is read, and what follows must be the very headers and the very content that it lists, to the last zero.
 * No path, link, device or size of the archive's own is ever acted on.
 */
import { createHash } from 'node:crypto';
import { VigieError } from '../../errors.js';
import { type BundleManifest, bundleManifest, manifestName } from './manifest.js';
import { blockBytes, endingOf, headerOf, paddingOf } from './ustar.js';

/** Its hundred thousand files would need more than this only with paths that no package has. */
export const mostManifestBytes = 32 * 2 ** 20;

export type BundleFileEntry = BundleManifest['files'][number];

/** What a tar must be, as it was signed. */
export interface Expected {
  tarSha256: string;
  tarBytes: number;
  manifestSha256: string;
}

export interface Found extends Expected {
  manifest: BundleManifest;
  /** all files, bundle.json included */
  treeBytes: number;
}

/** Where the content goes. */
export interface Sink {
  /** before any file; may refuse by throwing */
  manifest(manifest: BundleManifest, bytes: Buffer): Promise<void>;
  open(entry: BundleFileEntry): Promise<{
    write(chunk: Buffer): Promise<void>;
    close(): Promise<void>;
  }>;
}

/**
 * @param from the bytes of the tar
 * @param mostBytes the reading stops beyond it
 * @throws VigieError `update` with what is wrong; what the sink throws
 */
export async function readBundle(
  from: AsyncIterable<Buffer>,
  expected: Expected | null,
  mostBytes: number,
  sink: Sink,
): Promise<Found> {
  const tar = new Reading(from, expected?.tarBytes ?? mostBytes);
  try {
    const { manifest, bytes, manifestSha256 } = await readManifest(tar, expected);
    await sink.manifest(manifest, bytes);
    for (const entry of manifest.files) await readFileEntry(tar, entry, sink);
    await onlyZeros(tar, endingOf(tar.bytesRead));
    const { tarBytes, tarSha256 } = await tar.end();
    if (expected && tarBytes !== expected.tarBytes) throw refused('it is shorter than was signed');
    if (expected && tarSha256 !== expected.tarSha256)
      throw refused('its hash is not the one that was signed');
    const treeBytes = manifest.files.reduce((sum, file) => sum + file.bytes, bytes.length);
    return { tarSha256, tarBytes, manifestSha256, manifest, treeBytes };
  } finally {
    await tar.close();
  }
}

async function readManifest(
  tar: Reading,
  expected: Expected | null,
): Promise<{ manifest: BundleManifest; bytes: Buffer; manifestSha256: string }> {
  const header = await tar.take(blockBytes);
  const size = /^[0-7]{11}$/.exec(header.toString('latin1', 124, 135));
  const bytes = size ? Number.parseInt(size[0], 8) : 0;
  if (bytes < 1 || bytes > mostManifestBytes || !header.equals(headerOf({ path: manifestName, bytes }))) {
    throw refused(`it does not begin with ${manifestName}`);
  }
  const text = await tar.take(bytes);
  await onlyZeros(tar, paddingOf(bytes));
  const manifestSha256 = createHash('sha256').update(text).digest('hex');
  if (expected && manifestSha256 !== expected.manifestSha256) {
    throw refused(`its ${manifestName} is not the one that was signed`);
  }
  return { manifest: parseBundleManifest(text), bytes: text, manifestSha256 };
}

async function readFileEntry(tar: Reading, entry: BundleFileEntry, sink: Sink): Promise<void> {
  const header = await tar.take(blockBytes);
  if (!header.equals(headerOf(entry))) {
    throw refused(`where ${shown(entry.path)} should be is something else`);
  }
  const hash = createHash('sha256');
  const file = await sink.open(entry);
  try {
    for await (const chunk of tar.flow(entry.bytes)) {
      hash.update(chunk);
      await file.write(chunk);
    }
  } finally {
    await file.close();
  }
  if (hash.digest('hex') !== entry.sha256)
    throw refused(`the content of ${shown(entry.path)} is not what is listed`);
  await onlyZeros(tar, paddingOf(entry.bytes));
}

async function onlyZeros(tar: Reading, bytes: number): Promise<void> {
  for await (const chunk of tar.flow(bytes)) {
    if (chunk.some((byte) => byte !== 0)) throw refused('something is hidden between its files');
  }
}

/**
 * `bundle.json` of these bytes.
 * @throws VigieError `update` when it is not of its form, or lists files that cannot lie beside each other
 */
export function parseBundleManifest(bytes: Uint8Array): BundleManifest {
  if (bytes.length > mostManifestBytes) throw refused(`its ${manifestName} is too large`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw refused(`its ${manifestName} is not JSON`, cause);
  }
  const parsed = bundleManifest.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join('.') || 'top level';
    throw refused(`its ${manifestName} is not valid at ${shown(where)}: ${shown(issue?.message ?? '')}`);
  }
  checkPaths(parsed.data);
  return parsed.data;
}

/** In the order of their bytes, none twice, none a directory of another, and what is to be started among them. */
function checkPaths({ files, start }: BundleManifest): void {
  const known = new Set<string>();
  let before = Buffer.alloc(0);
  for (const { path } of files) {
    const bytes = Buffer.from(path, 'utf8');
    if (Buffer.compare(before, bytes) >= 0) throw refused(`${shown(path)} is out of order or there twice`);
    before = bytes;
    known.add(path);
  }
  for (const { path } of files) {
    for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
      const above = path.slice(0, slash);
      if (known.has(above)) throw refused(`${shown(above)} is a file and a directory`);
    }
  }
  if (known.has(manifestName)) throw refused(`it lists ${manifestName} as one of its files`);
  if (!known.has(start)) throw refused(`what it starts, ${shown(start)}, is not in it`);
}

export function refused(what: string, cause?: unknown): VigieError {
  const hint = 'Nothing was changed. Have the integrator build and publish this version again';
  return new BundleRefused('update', `The bundle is refused: ${what}`, hint, { cause });
}

/** What is in it must not run here, however often it is tried. */
export class BundleRefused extends VigieError {}

/** A name out of a bundle, short and on one line. */
export function shown(text: string): string {
  return text.slice(0, 160).replace(/[^\x20-\x7e]/g, '?');
}

/** Bytes in portions, counted, hashed, and never more than was agreed. */
class Reading {
  bytesRead = 0;
  readonly #from: AsyncIterator<Buffer>;
  readonly #most: number;
  readonly #hash = createHash('sha256');
  #received = 0;
  #rest: Buffer = Buffer.alloc(0);

  constructor(from: AsyncIterable<Buffer>, most: number) {
    this.#from = from[Symbol.asyncIterator]();
    this.#most = most;
  }

  async take(bytes: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const chunk of this.flow(bytes)) parts.push(chunk);
    return Buffer.concat(parts);
  }

  async *flow(bytes: number): AsyncGenerator<Buffer> {
    for (let left = bytes; left > 0; ) {
      if (this.#rest.length === 0 && !(await this.#more())) throw refused('it ends too early');
      const part = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(part.length);
      this.bytesRead += part.length;
      left -= part.length;
      yield part;
    }
  }

  /** @throws VigieError `update` when more comes */
  async end(): Promise<{ tarBytes: number; tarSha256: string }> {
    while (this.#rest.length === 0 && (await this.#more()));
    if (this.#rest.length > 0) throw refused('something follows its end');
    return { tarBytes: this.bytesRead, tarSha256: this.#hash.digest('hex') };
  }

  async close(): Promise<void> {
    await this.#from.return?.();
  }

  async #more(): Promise<boolean> {
    const { value, done } = await this.#from.next();
    if (done) return false;
    this.#received += value.length;
    if (this.#received > this.#most) throw refused(`it holds more than ${this.#most} bytes`);
    this.#hash.update(value);
    this.#rest = value;
    return true;
  }
}

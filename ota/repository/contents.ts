/**
 * What a release says of its files, found out from the files themselves: nothing is offered that a camera would have to refuse.
 * Called by `vigie ota publish`.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expanded } from '../../board/linux/archive.js';
import { VigieError } from '../../errors.js';
import type { PackedBundle } from '../bundle/pack.js';
import { readBundle, type Sink } from '../bundle/read.js';
import { mostTarBytes } from '../bundle/unpack.js';
import type { Release } from '../release.js';
import { layDown, type Place, type TargetEntry, targetPath } from './offers.js';

/** A release before its files are in the repository. */
export interface Plan {
  content: Release['content'];
  /** by target path; `sha256`: what the file had when it was verified */
  sources: Map<string, { file: string; sha256: string | null }>;
}

export interface DeltaFacts {
  file: string;
  fromVersion: string;
  fromTarSha256: string;
  fromManifestSha256: string;
}

const refused = (message: string, hint: string): VigieError => new VigieError('update', message, hint);
const bundleMemoryBytes = 128 * 2 ** 20;

/** The version that a delta starts from, by its name: `vigie-1.1.0-from-1.0.0.zst`; null when it does not say. */
export function baseNamed(delta: string): string | null {
  return /-from-(\d[0-9a-z.-]*)\.zst$/.exec(basename(delta))?.[1] ?? null;
}

/**
 * Applies a delta to the bundle it starts from, and sees that the new one comes out.
 * @param scratch holds the old tar for that time
 * @throws VigieError `update` when it does not
 */
export async function checkDelta(
  {
    delta,
    base,
    bundle,
  }: { delta: string; base: string; bundle: Pick<PackedBundle, 'tarBytes' | 'tarSha256'> },
  scratch: string,
  signal: AbortSignal,
): Promise<DeltaFacts> {
  const directory = await mkdtemp(join(scratch, 'vigie-delta-'));
  try {
    const tar = join(directory, 'base.tar');
    const from = await keptTar(base, tar, signal);
    const memoryBytes = from.tarBytes + bundle.tarBytes + bundleMemoryBytes;
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of expanded(delta, { memoryBytes, patchFrom: tar }, signal)) {
      hash.update(chunk);
      bytes += chunk.length;
      if (bytes > bundle.tarBytes) break;
    }
    if (bytes !== bundle.tarBytes || hash.digest('hex') !== bundle.tarSha256) {
      throw refused(
        `${delta} does not make this bundle of ${base}`,
        'Build it anew with vigie ota build --delta-from',
      );
    }
    const { tarSha256, manifestSha256, manifest } = from;
    const named = baseNamed(delta);
    if (tarSha256 === bundle.tarSha256 || (named !== null && named !== manifest.version)) {
      throw refused(`${delta} does not start from ${base}`, 'Name the bundle it starts from with --base');
    }
    const facts = {
      fromVersion: manifest.version,
      fromTarSha256: tarSha256,
      fromManifestSha256: manifestSha256,
    };
    return { file: delta, ...facts };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Reads and verifies a bundle, and keeps its tar. */
async function keptTar(bundle: string, tar: string, signal: AbortSignal) {
  const handle = await open(tar, 'wx', 0o600);
  try {
    const bytes = async function* () {
      for await (const chunk of expanded(bundle, { memoryBytes: bundleMemoryBytes }, signal)) {
        await handle.writeFile(chunk);
        yield chunk;
      }
    };
    return await readBundle(bytes(), null, mostTarBytes, nowhere);
  } finally {
    await handle.close();
  }
}

const nowhere: Sink = {
  manifest: () => Promise.resolve(),
  open: () => Promise.resolve({ write: () => Promise.resolve(), close: () => Promise.resolve() }),
};

/** @throws VigieError `update` for a bundle that the cameras of this place refuse */
export function fitsPlace({ manifest }: Pick<PackedBundle, 'manifest'>, { board }: Place): void {
  if (manifest.boards.includes(board)) return;
  const boards = manifest.boards.join(', ');
  throw refused(
    `The bundle is for ${boards}, not for ${board}`,
    `Build one with: vigie ota build --board ${board}`,
  );
}

/** A bundle and its deltas under the names that the release gives them. */
export function treePlan(
  place: Place,
  bundle: PackedBundle & { fileSha256: string },
  deltas: readonly DeltaFacts[],
): Plan {
  const { version } = bundle.manifest;
  const path = targetPath(place, `vigie-${version}.tar.zst`);
  const sources: Plan['sources'] = new Map([[path, { file: bundle.file, sha256: bundle.fileSha256 }]]);
  const listed = deltas.map(({ file, fromVersion, fromTarSha256, fromManifestSha256 }) => {
    const name = targetPath(place, `vigie-${version}-from-${fromVersion}.zst`);
    if (sources.has(name)) throw refused(`There are two deltas from ${fromVersion}`, 'Name one of them');
    sources.set(name, { file, sha256: null });
    return { path: name, fromTarSha256, fromManifestSha256 };
  });
  const { manifestSha256, tarBytes, tarSha256, treeBytes } = bundle;
  const facts = { manifestSha256, tarBytes, tarSha256, treeBytes };
  return { content: { kind: 'tree', path, ...facts, deltas: listed }, sources };
}

/** Of a bundle for RAUC, whose signature is RAUC's own matter: only that it looks like one. */
export async function raucPlan(
  place: Place,
  { file, version, compatible }: { file: string; version: string; compatible: string },
): Promise<Plan> {
  const handle = await open(file, 'r').catch((cause: unknown) => {
    throw new VigieError('update', `${file} cannot be read`, 'Name a bundle that RAUC made', { cause });
  });
  const head = Buffer.alloc(4);
  await handle.read(head, 0, 4, 0).finally(() => handle.close());
  if (head.toString('latin1') !== 'hsqs') throw refused(`${file} is no RAUC bundle`, 'Name the .raucb file');
  const path = targetPath(place, `vigie-${version}.raucb`);
  return { content: { kind: 'rauc', path, compatible }, sources: new Map([[path, { file, sha256: null }]]) };
}

/**
 * Copies the files of a release into the repository; a dry run reads them only.
 * @param onShare 0 to 1, of the largest file
 */
export async function layPlan(
  repository: string,
  { sources }: Plan,
  options: { dryRun: boolean; onShare: (share: number) => void },
): Promise<Map<string, TargetEntry>> {
  const files = new Map<string, TargetEntry>();
  for (const [path, { file, sha256 }] of sources) {
    const entry = await layDown(
      repository,
      path,
      file,
      files.size === 0 ? options : { dryRun: options.dryRun },
    );
    if (sha256 !== null && entry.hashes.sha256 !== sha256) {
      throw refused(`${file} changed while it was read`, 'Publish it again when nothing writes it');
    }
    files.set(path, entry);
  }
  return files;
}

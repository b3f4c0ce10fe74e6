/**
 * From a verified release to something that a back end can install: which of its files to fetch, the difference from the
 * version that runs where there is one, and how it is unpacked. Used by ota/updater.ts. Fetches nothing whose length and hash
 * were not signed; what an earlier release left is removed first.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { VigieError } from '../errors.js';
import type { SlotRecord } from './launcher/slot-state.js';
import type { Release } from './release.js';
import type { Installable } from './slots/backend.js';

/** A file of the repository, with its length and hash as they are signed. */
export interface RemoteFile {
  url: string;
  bytes: number;
  sha256: string;
}

/** What the repository offers, verified. */
export interface Found {
  release: Release;
  /** @throws VigieError when the signed metadata do not list it */
  file(path: string): RemoteFile;
}

/** What is to be fetched. */
export interface Plan {
  found: Found;
  file: RemoteFile;
  /** made from the version that runs, and only with it of any use */
  delta: boolean;
}

export interface FetchProgress {
  bytes: number;
  of: number;
  rate: number | null;
  secondsLeft: number | null;
}

/** What is unpacked, and what must come out of it. */
export interface Unpacking {
  file: string;
  kind: 'full' | 'delta';
  activeSlot?: string;
  expected: { tarSha256: string; tarBytes: number; manifestSha256: string };
}

export interface ObtainingDeps {
  /** resumable; resolves when the file is there, whole and verified; `mayGoOn` false pauses it with an error */
  fetch: (
    wanted: RemoteFile & { file: string },
    on: { progress: (progress: FetchProgress) => void; mayGoOn: () => boolean },
    signal: AbortSignal,
  ) => Promise<void>;
  /** writes the files under an empty directory, verified, models checked by the gate */
  unpack: (what: Unpacking, directory: string, signal: AbortSignal) => Promise<void>;
  /** where the version that runs lies; null where that is no directory */
  activeSlot: string | null;
}

/** @param options.mayDelta false: a difference was tried, and did not do */
export function planOf(found: Found, running: SlotRecord | null, { mayDelta }: { mayDelta: boolean }): Plan {
  const { content } = found.release;
  const full: Plan = { found, file: found.file(content.path), delta: false };
  if (content.kind !== 'tree' || !mayDelta || !running) return full;
  const fitting = content.deltas.find((delta) => delta.fromManifestSha256 === running.manifestSha256);
  const file = fitting && fileIfListed(found, fitting.path);
  return file && file.bytes < full.file.bytes ? { found, file, delta: true } : full;
}

/** Names the version among those that failed. */
export function manifestOf(found: Found): string {
  const { content } = found.release;
  return content.kind === 'tree' ? content.manifestSha256 : found.file(content.path).sha256;
}

export class Obtaining {
  /** @param options.directory for what is being fetched; nothing else lies in it */
  constructor(
    private readonly deps: ObtainingDeps,
    private readonly options: { directory: string },
  ) {}

  /** Rejects with a VigieError; what was fetched stays, and is gone on with at the next call. */
  async obtain(
    plan: Plan,
    on: Parameters<ObtainingDeps['fetch']>[1],
    signal: AbortSignal,
  ): Promise<Installable> {
    const { found, file } = plan;
    await this.#keepOnly(filesOf(found));
    const path = join(this.options.directory, file.sha256);
    await this.deps.fetch({ ...file, file: path }, on, signal);
    const { version } = found.release;
    return { version, manifestSha256: manifestOf(found), content: this.#content(plan, path) };
  }

  /** Nothing that was fetched is needed any more. */
  async clear(): Promise<void> {
    await rm(this.options.directory, { recursive: true, force: true });
  }

  #content({ found, delta }: Plan, file: string): Installable['content'] {
    const { content } = found.release;
    if (content.kind === 'rauc') return { kind: 'rauc', file };
    const { tarSha256, tarBytes, manifestSha256, treeBytes } = content;
    const { activeSlot } = this.deps;
    if (delta && activeSlot === null)
      throw new VigieError('update', 'There is no version to start from', 'The whole bundle is taken');
    const what: Unpacking = {
      file,
      kind: delta ? 'delta' : 'full',
      ...(delta && activeSlot !== null && { activeSlot }),
      expected: { tarSha256, tarBytes, manifestSha256 },
    };
    return {
      kind: 'tree',
      treeBytes,
      unpack: (directory, signal) => this.deps.unpack(what, directory, signal),
    };
  }

  async #keepOnly(names: readonly string[]): Promise<void> {
    const { directory } = this.options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    for (const name of await readdir(directory))
      if (!names.some((kept) => name.startsWith(kept)))
        await rm(join(directory, name), { recursive: true, force: true });
  }
}

/** By their hashes, so that what is there of each is gone on with whichever is taken. */
function filesOf(found: Found): string[] {
  const { content } = found.release;
  const paths = content.kind === 'tree' ? content.deltas.map(({ path }) => path) : [];
  return [content.path, ...paths].flatMap((path) => fileIfListed(found, path)?.sha256 ?? []);
}

function fileIfListed(found: Found, path: string): RemoteFile | undefined {
  try {
    return found.file(path);
  } catch {
    return undefined;
  }
}

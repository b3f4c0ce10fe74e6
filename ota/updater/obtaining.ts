/**
 * From a verified release to something that a back end can install: which of its files to fetch, the difference from the
 * version that runs where there is one, and how it is unpacked. Used by ota/updater/taking.ts. What an earlier release left is removed
 * first.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundleManifest } from '../bundle/manifest.js';
import { refused } from '../bundle/read.js';
import type { BundleSource } from '../bundle/unpack.js';
import type { SlotRecord } from '../launcher/slot-state.js';
import type { Found, SignedFile } from '../metadata/client.js';
import type { Release } from '../release.js';
import type { Installable } from '../slots/backend.js';
import type { UpdateProgress } from '../update.js';

/** What is to be fetched. */
export interface Plan {
  found: Found;
  file: SignedFile;
  /** made from the version that runs, and of use with that alone */
  from: { activeSlot: string; fromTarSha256: string } | null;
}

export interface FetchEvents {
  progress: (progress: UpdateProgress) => void;
  /** false: the window closed; what is there is kept */
  mayGoOn: () => boolean;
}

/** What a bundle says of itself. */
export type Unpacked = Pick<BundleManifest, 'version' | 'arch' | 'boards'>;

export interface ObtainingDeps {
  /** resumable; resolves when the file is there, whole and verified */
  fetch: (wanted: SignedFile & { file: string }, on: FetchEvents, signal: AbortSignal) => Promise<void>;
  /** writes the files under an empty directory, verified, models checked by the gate */
  unpack: (what: BundleSource, directory: string, signal: AbortSignal) => Promise<Unpacked>;
}

export interface ObtainingOptions {
  /** for what is being fetched; nothing else lies in it */
  directory: string;
  /** where the version that runs lies; null where that is no directory */
  activeSlot: string | null;
}

export class Obtaining {
  constructor(
    private readonly deps: ObtainingDeps,
    private readonly options: ObtainingOptions,
  ) {}

  /** @param options.mayDelta false: a difference was tried, and did not do */
  plan(found: Found, running: SlotRecord | null, { mayDelta }: { mayDelta: boolean }): Plan {
    const { content } = found.release;
    const { activeSlot } = this.options;
    const whole: Plan = { found, file: found.file(content.path), from: null };
    if (content.kind !== 'tree' || !mayDelta || !running || activeSlot === null) return whole;
    const fitting = content.deltas.find(
      ({ fromManifestSha256 }) => fromManifestSha256 === running.manifestSha256,
    );
    if (!fitting) return whole;
    const { fromTarSha256 } = fitting;
    return { found, file: found.file(fitting.path), from: { activeSlot, fromTarSha256 } };
  }

  /** Rejects with a VigieError; what was fetched stays, and is gone on with at the next call. */
  async obtain(plan: Plan, on: FetchEvents, signal: AbortSignal): Promise<Installable> {
    const { found, file } = plan;
    await this.#keepOnly(hashesOf(found));
    const path = join(this.options.directory, file.sha256);
    await this.deps.fetch({ ...file, file: path }, on, signal);
    const { version } = found.release;
    return { version, manifestSha256: found.identity, content: this.#content(plan, path) };
  }

  /** Nothing that was fetched is needed any more. */
  async clear(): Promise<void> {
    await rm(this.options.directory, { recursive: true, force: true });
  }

  #content({ found, from }: Plan, file: string): Installable['content'] {
    const { content } = found.release;
    if (content.kind === 'rauc') return { kind: 'rauc', file };
    const { tarSha256, tarBytes, manifestSha256, treeBytes } = content;
    const expected = { tarSha256, tarBytes, manifestSha256 };
    const what: BundleSource = from
      ? { kind: 'delta', file, expected, ...from }
      : { kind: 'full', file, expected };
    return {
      kind: 'tree',
      // The tar is what bounds the files; a difference lies beside the tar it starts from, which is about as long.
      treeBytes: Math.max(treeBytes, tarBytes),
      scratchBytes: from ? tarBytes : 0,
      unpack: async (directory, signal) =>
        mustFit(await this.deps.unpack(what, directory, signal), found.release),
    };
  }

  async #keepOnly(hashes: readonly string[]): Promise<void> {
    const { directory } = this.options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    for (const name of await readdir(directory))
      if (!hashes.some((kept) => name.startsWith(kept)))
        await rm(join(directory, name), { recursive: true, force: true });
  }
}

/** The floor, the board and the processor were judged by what the release says: the bundle has to say the same. */
function mustFit({ version, arch, boards }: Unpacked, release: Release): void {
  if (version !== release.version) throw refused(`it is ${version}, and was offered as ${release.version}`);
  if (arch !== release.arch) throw refused(`it is for ${arch}, and was offered for ${release.arch}`);
  if (!boards.includes(release.board)) throw refused(`it is not for the board ${release.board}`);
}

/** What is there of any file of a release is gone on with, whichever is taken. */
function hashesOf(found: Found): string[] {
  const { content } = found.release;
  const deltas = content.kind === 'tree' ? content.deltas : [];
  return [content, ...deltas].map(({ path }) => found.file(path).sha256);
}

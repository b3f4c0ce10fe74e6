/** One piece of work of an update in a process of its own, so that its memory is its own: started by bench/ota-run.ts. */
import { readFileSync } from 'node:fs';
import { arch } from 'node:os';
import { systemClock } from '../board/linux/clock.js';
import { buildBundle, planBundle } from '../ota/bundle/build.js';
import { makeDelta } from '../ota/bundle/delta.js';
import type { TreeEntry } from '../ota/bundle/pack.js';
import { type BundleSource, unpackBundle } from '../ota/bundle/unpack.js';
import { verifySlot } from '../ota/launcher/verify-slot.js';
import { UpdateMetadata } from '../ota/metadata/client.js';
import { Floors } from '../ota/metadata/floors.js';
import type { Channel } from '../ota/release.js';
import { cacheDirectory } from '../runtime/config/paths.js';

export type Work =
  | {
      what: 'bundle';
      root: string;
      out: string;
      version: string;
      board: string;
      level: number;
      /** scripts of the tree, by the beginning of their path, that get one more line */
      changes: readonly string[];
    }
  | { what: 'delta'; from: string; to: string; file: string; scratch: string }
  | { what: 'unpack'; source: BundleSource; directory: string }
  | { what: 'verify'; slot: string; manifestSha256: string }
  | {
      what: 'check';
      directory: string;
      url: string;
      place: { customer: string; board: string; channel: Channel };
    };

/** What the process prints at its end, as JSON. */
export interface Done {
  ms: number;
  /** of this process before it began, MiB */
  beforeMiB: number;
  /** the most that this process ever used, MiB */
  ownMiB: number;
  answer: unknown;
}

const never = new AbortController().signal;
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** @returns what is to be timed, ready to begin */
async function prepared(work: Work): Promise<() => Promise<unknown>> {
  if (work.what === 'bundle') return async () => bundle(work);
  if (work.what === 'delta')
    return () => makeDelta({ from: work.from, to: work.to }, work.file, { scratch: work.scratch }, never);
  if (work.what === 'unpack')
    return async () => void (await unpackBundle(work.source, work.directory, never));
  if (work.what === 'verify') return () => verifySlot(work.slot, work.manifestSha256, { fromDisk: true });
  const floors = new Floors({ log: quiet }, { directory: work.directory });
  await floors.start('1.0.0');
  const deps = { clock: systemClock, log: quiet, clockTrusted: () => true, floors };
  const { directory, url, place } = work;
  const metadata = new UpdateMetadata(deps, { directory, url, place });
  return async () => (await metadata.refresh(never)).release.version;
}

async function bundle(work: Extract<Work, { what: 'bundle' }>): Promise<unknown> {
  const plan = await planBundle(
    {
      root: work.root,
      cache: cacheDirectory(),
      version: work.version,
      arch: arch() === 'arm64' ? 'arm64' : 'x64',
      boards: [work.board],
      notes: null,
      dirty: true,
    },
    never,
  );
  const entries = plan.entries.map((entry) => changedEntry(entry, work.changes));
  return buildBundle({ ...plan, entries }, work.out, { level: work.level }, never);
}

function changedEntry(entry: TreeEntry, changes: readonly string[]): TreeEntry {
  const { path } = entry;
  if (!('file' in entry) || !/\.[cm]?js$/.test(path) || !changes.some((start) => path.startsWith(start)))
    return entry;
  return { path, content: Buffer.from(`${readFileSync(entry.file, 'utf8')}\n// changed\n`) };
}

const run = await prepared(JSON.parse(process.argv[2] ?? '') as Work);
const beforeMiB = process.memoryUsage.rss() / 2 ** 20;
const fromUs = systemClock.monoUs();
const answer = await run();
const ms = (systemClock.monoUs() - fromUs) / 1000;
const done: Done = { ms, beforeMiB, ownMiB: process.resourceUsage().maxRSS / 1024, answer };
process.stdout.write(JSON.stringify(done));

/** Runs pieces of work of an update, each in a process of its own (bench/ota-work.ts), and measures them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { VigieError } from '../errors.js';
import type { PackedBundle } from '../ota/bundle/pack.js';
import type { Done, Work } from './ota-work.js';
import { type Peak, watchPeak } from './process-memory.js';

const workFile = fileURLToPath(new URL('ota-work.js', import.meta.url));

export interface Measured<T> extends Peak {
  seconds: number;
  /** of its process before it began */
  beforeMiB: number;
  answer: T;
}

/** @throws VigieError `update` when it did not end well; it said why on standard error */
export async function measuredWork<T = unknown>(work: Work): Promise<Measured<T>> {
  const child = spawn(process.execPath, [workFile, JSON.stringify(work)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const peak = watchPeak(child.pid ?? 0);
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  const { allMiB, childrenMiB } = peak();
  if (code !== 0)
    throw new VigieError('update', `The bench could not ${work.what}`, 'See what it said above');
  const { ms, beforeMiB, ownMiB, answer } = JSON.parse(out) as Done;
  return {
    ...{ seconds: ms / 1000, beforeMiB, childrenMiB },
    // Work that is over between two looks.
    allMiB: Math.max(allMiB, ownMiB),
    answer: answer as T,
  };
}

/** The commit that is checked out, under a version of its own. */
export interface BenchBundle {
  version: string;
  level: number;
  /** scripts, by the beginning of their path in the bundle, that get one more line */
  changes: readonly string[];
}

export function bundleWork(
  { version, level, changes }: BenchBundle,
  { root, out, board }: { root: string; out: string; board: string },
): Promise<Measured<PackedBundle>> {
  return measuredWork<PackedBundle>({ what: 'bundle', root, out, version, board, level, changes });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

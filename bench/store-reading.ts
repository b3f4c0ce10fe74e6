/**
 * Reading the store: from a random time to the first picture that can be decoded, and what readers cost the writer. Part of
 * `npm run bench -- store`.
 */
import { spawn } from 'node:child_process';
import { createDecipheriv, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Store } from '../runtime/record/store.js';
import { forgetFiles } from './page-cache.js';
import { type Row, row } from './report.js';
import { benchGop, noise, openBenchStore } from './store-ring.js';

const GOP_BYTES = 375_000;
const SEGMENT_BYTES = 16 * 2 ** 20;
const SEGMENTS = 24;
const SEEKS = 100;
const COLD_BATCH = 10;
const ROUNDS = 4;
const APPENDS_A_ROUND = 80;
/** Ten times faster than a camera. */
const APPEND_EVERY_MS = 100;
/** In the store's own process, as playback is; more than the threads that Node reads files with. */
const PLAYBACKS = 6;

/** Between two GOPs lies no picture. */
const PICTURES_APART_MS = 80;

type Say = (line: string) => unknown;

export interface Full {
  store: Store;
  /** number of the next GOP */
  next: number;
  fromMs: number;
  toMs: number;
}

async function fullRing(directory: string): Promise<Full> {
  const chunk = noise(GOP_BYTES);
  const shape = { segmentBytes: SEGMENT_BYTES, segments: SEGMENTS };
  const filling = await openBenchStore(directory, shape, { synced: false });
  const gops = Math.floor((SEGMENTS * SEGMENT_BYTES) / GOP_BYTES) + 50;
  for (let n = 0; n < gops; n++) await filling.append(benchGop(n, GOP_BYTES, chunk));
  await filling.stop();
  const store = await openBenchStore(directory, shape);
  const { coverage } = store.list();
  return { store, next: gops, fromMs: coverage[0]?.fromMs ?? 0, toMs: coverage.at(-1)?.toMs ?? 0 };
}

export async function reading(say: Say, directory: string): Promise<Row[]> {
  say(`filling a ring of ${SEGMENTS} segments`);
  const full = await fullRing(directory);
  try {
    return [...(await seeking(say, directory, full)), ...(await besideReaders(say, directory, full))];
  } finally {
    await full.store.stop();
  }
}

async function seeking(say: Say, directory: string, full: Full): Promise<Row[]> {
  const times: Record<'warm' | 'cold', number[]> = { warm: [], cold: [] };
  for (const how of ['warm', 'cold'] as const) {
    say(`seeking, ${how}`);
    for (let n = 0; n < SEEKS; n++) {
      if (how === 'cold' && n % COLD_BATCH === 0) await forgetFiles(join(directory, 'ring'));
      times[how].push(await seek(full));
    }
  }
  return [
    row('ring that is sought in', (SEGMENTS * SEGMENT_BYTES) / 2 ** 20, 'MiB'),
    row('seek to the first picture, in memory already, p50', share(times.warm, 0.5), 'ms'),
    row('seek to the first picture, in memory already, p99', share(times.warm, 0.99), 'ms'),
    row('seek to the first picture, from the device, p50', share(times.cold, 0.5), 'ms'),
    row('seek to the first picture, from the device, p99', share(times.cold, 0.99), 'ms'),
    row('of these the decryption', decryptionMs(), 'ms'),
  ];
}

/** @returns milliseconds until the keyframe at or before a random time is there, decrypted and verified */
async function seek({ store, fromMs, toMs }: Full): Promise<number> {
  const atMs = fromMs + Math.random() * (toMs - fromMs);
  const from = performance.now();
  for await (const { units } of store.range(atMs, atMs + PICTURES_APART_MS)) {
    if (units[0]?.key && units[0].data.byteLength > 0) return performance.now() - from;
  }
  throw new Error(`No keyframe at ${new Date(atMs).toISOString()}`);
}

/** Of a GOP, median of some. */
function decryptionMs(): number {
  const [key, bytes] = [randomBytes(32), noise(GOP_BYTES)];
  const times = Array.from({ length: SEEKS }, () => {
    const from = performance.now();
    createDecipheriv('aes-256-gcm', key, randomBytes(12)).update(bytes);
    return performance.now() - from;
  });
  return share(times, 0.5);
}

/** Rounds without and with readers alternate: playbacks in this process, an export and a check in their own. */
async function besideReaders(say: Say, directory: string, full: Full): Promise<Row[]> {
  const alone: number[] = [];
  const beside: number[] = [];
  let read = 0;
  const lostBefore = full.store.stats().gopsLost;
  for (let round = 1; round <= ROUNDS; round++) {
    say(`appending without and with readers, round ${round} of ${ROUNDS}`);
    alone.push(...(await appending(full)));
    await withReaders(directory, full, async (counted) => {
      beside.push(...(await appending(full)));
      read += counted();
    });
  }
  return [
    row('append, nobody reads, p50', share(alone, 0.5), 'ms'),
    row('append, nobody reads, p99', share(alone, 0.99), 'ms'),
    row('readers', PLAYBACKS + 2, ''),
    row('GOPs played back meanwhile', read, ''),
    row('append beside readers, p50', share(beside, 0.5), 'ms'),
    row('append beside readers, p99', share(beside, 0.99), 'ms'),
    row('append beside readers against nobody reading, p50', share(beside, 0.5) / share(alone, 0.5), ''),
    row('append beside readers against nobody reading, p99', share(beside, 0.99) / share(alone, 0.99), ''),
    row('GOPs lost', full.store.stats().gopsLost - lostBefore, ''),
  ];
}

async function appending(full: Full): Promise<number[]> {
  const chunk = noise(GOP_BYTES);
  const times: number[] = [];
  for (let n = 0; n < APPENDS_A_ROUND; n++) {
    const from = performance.now();
    await full.store.append(benchGop(full.next++, GOP_BYTES, chunk));
    const took = performance.now() - from;
    times.push(took);
    await wait(Math.max(0, APPEND_EVERY_MS - took));
  }
  return times;
}

async function withReaders(
  directory: string,
  { store }: Full,
  work: (counted: () => number) => Promise<void>,
): Promise<void> {
  const stopper = new AbortController();
  let gops = 0;
  const play = async (): Promise<void> => {
    while (!stopper.signal.aborted) {
      for await (const { units } of store.range(0, Number.MAX_SAFE_INTEGER / 1000)) {
        gops += units.length > 0 ? 1 : 0;
        if (stopper.signal.aborted) return;
      }
    }
  };
  const playing = Array.from({ length: PLAYBACKS }, play);
  const program = join(import.meta.dirname, 'store-reader.js');
  const beside = ['range', 'check'].map((what) =>
    spawn(process.execPath, [program, what, directory], { stdio: ['ignore', 'ignore', 'inherit'] }),
  );
  try {
    await work(() => gops);
  } finally {
    stopper.abort();
    for (const child of beside) {
      const gone = once(child, 'close');
      child.kill('SIGKILL');
      await gone;
    }
    await Promise.all(playing);
  }
}

function share(values: readonly number[], of: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * of))] ?? Number.NaN;
}

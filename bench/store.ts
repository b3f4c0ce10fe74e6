/**
 * `npm run bench -- store`: the circular store against plain sequential writes with the same sync rhythm, alternated in one
 * run; what reaches the device for a byte of video; reading and what it costs the writer; start-up and memory of a long ring.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { forgetEverything } from './page-cache.js';
import { atMost, type Row, row } from './report.js';
import { reading } from './store-reading.js';
import {
  benchGop,
  type Effort,
  effortOf,
  noise,
  openBenchStore,
  PlainFiles,
  type StoreShape,
} from './store-ring.js';

const MEBIBYTE = 2 ** 20;
/** One second at 3 Mbit/s. */
const GOP_BYTES = 375_000;
const ROUNDS = 5;
const GOPS_A_ROUND = 120;
const SECTOR_BYTES = 512;
/** Of the smaller ring whose start and memory are measured. */
const fewSegments = 1000;
/** Small: what start-up reads does not depend on it. */
const STARTED_SEGMENT_BYTES = 128 * 1024;

type Say = (line: string) => unknown;

export interface StoreBenchOptions {
  /** where the files are written; default: a directory for temporary files */
  directory?: string;
  /** sealed segments of the ring whose start is measured */
  segments: number;
}

export async function benchStore(say: Say, { directory, segments }: StoreBenchOptions): Promise<Row[]> {
  const parent = directory ?? tmpdir();
  return [
    ...(await inDirectory(parent, (own) => writing(say, own))),
    ...(await onLoopDevice(say)),
    ...(await inDirectory(parent, (own) => reading(say, own))),
    ...(await inDirectory(parent, (own) => starting(say, own, fewSegments))),
    ...(await inDirectory(parent, (own) => starting(say, own, segments))),
  ];
}

async function inDirectory(parent: string, measure: (own: string) => Promise<Row[]>): Promise<Row[]> {
  const own = await mkdtemp(join(parent, 'vigie-bench-'));
  try {
    return await measure(own);
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

/** Rounds of store and plain files alternate; each figure is a median over rounds. */
async function writing(say: Say, directory: string): Promise<Row[]> {
  const shape = { segmentBytes: 16 * MEBIBYTE, segments: 8 };
  const store = await openBenchStore(join(directory, 'store'), shape);
  const plain = new PlainFiles(join(directory, 'plain'), shape);
  await plain.start();
  const chunk = noise(GOP_BYTES);
  const sides: Record<'store' | 'plain', Effort[]> = { store: [], plain: [] };
  let next = 0;
  for (let round = 0; round <= ROUNDS; round++) {
    say(`writing, round ${round} of ${ROUNDS}`);
    const stored = await effortOf(async () => {
      for (let n = 0; n < GOPS_A_ROUND; n++) await store.append(benchGop(next++, GOP_BYTES, chunk));
    });
    const written = await effortOf(() => plain.write(chunk, GOPS_A_ROUND));
    // The first round fills files that were never written; the ring does so once in its life.
    if (round === 0) continue;
    sides.store.push(stored);
    sides.plain.push(written);
  }
  await store.stop();
  const megabytes = (GOPS_A_ROUND * GOP_BYTES) / 1e6;
  const speed = (side: Effort[]): number => megabytes / (median(side.map(({ wallMs }) => wallMs)) / 1000);
  const cpu = (side: Effort[]): number => median(side.map(({ cpuMs }) => cpuMs)) / megabytes;
  return [
    row('store, written', speed(sides.store), 'MB/s'),
    row('plain files, written', speed(sides.plain), 'MB/s'),
    row('store against plain files, speed', speed(sides.store) / speed(sides.plain), ''),
    row('store, CPU', cpu(sides.store), 'ms/MB'),
    row('plain files, CPU', cpu(sides.plain), 'ms/MB'),
    row('store, CPU at 3 Mbit/s', (cpu(sides.store) * 0.375) / 10, '% of a core'),
  ];
}

/** On a file system of its own, so that the counters of its device count nothing else. The keys lie on it too. */
async function onLoopDevice(say: Say): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-loop-'));
  const [image, card] = [join(directory, 'card.img'), join(directory, 'card')];
  let mounted = false;
  try {
    execFileSync('truncate', ['--size', '220M', image]);
    execFileSync('mkfs.ext4', ['-q', image], { stdio: 'pipe' });
    execFileSync('mkdir', [card]);
    mountLoop(image, card);
    mounted = true;
    return await deviceBytes(say, card);
  } catch (error) {
    if (mounted) throw error;
    const reason = String((error as { stderr?: Buffer }).stderr ?? error).trim();
    say(`bytes on the device: not measured, no loop device can be mounted: ${reason}`);
    return [];
  } finally {
    if (mounted) execFileSync('umount', [card]);
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A device of its own: `mount -o loop` may take one that another program still holds, with what the kernel knows of it. */
function mountLoop(image: string, card: string): void {
  const made = execFileSync('losetup', ['--find', '--show', image], { encoding: 'utf8', stdio: 'pipe' });
  const device = made.trim();
  try {
    execFileSync('mount', [device, card], { stdio: 'pipe' });
  } finally {
    // While it is mounted this only marks it to go with the mount.
    execFileSync('losetup', ['--detach', device], { stdio: 'pipe' });
  }
}

async function deviceBytes(say: Say, card: string): Promise<Row[]> {
  const store = await openBenchStore(card, { segmentBytes: 16 * MEBIBYTE, segments: 8 });
  const chunk = noise(GOP_BYTES);
  const lapGops = Math.floor((8 * 16 * MEBIBYTE) / (GOP_BYTES + 1000));
  const rows: Row[] = [];
  let next = 0;
  for (const lap of ['first lap', 'later laps']) {
    say(`bytes on the device, ${lap}`);
    const [from, own] = [writtenTo(card), store.stats().bytesWritten];
    for (let n = 0; n < lapGops; n++) await store.append(benchGop(next++, GOP_BYTES, chunk));
    const video = lapGops * Math.floor(GOP_BYTES / 25) * 25;
    const perByte = (writtenTo(card) - from) / video;
    const ours = (store.stats().bytesWritten - own) / video;
    rows.push(
      atMost(`device bytes per video byte, ${lap}`, perByte, '', 1.05),
      row(`of these the store, ${lap}`, ours, ''),
      row(`of these the file system, ${lap}`, perByte - ours, ''),
    );
  }
  await store.stop();
  return rows;
}

/** Bytes that the block device below this mount has taken, everything flushed. */
function writtenTo(mount: string): number {
  execFileSync('sync', ['--file-system', mount]);
  const device = execFileSync('findmnt', ['--noheadings', '--output', 'SOURCE', mount], { encoding: 'utf8' });
  const name = device.trim().split('/').at(-1) ?? '';
  // Documentation/block/stat.rst of Linux: the seventh field counts sectors written.
  const fields = readFileSync(`/sys/block/${name}/stat`, 'utf8').trim().split(/\s+/);
  return Number(fields[6]) * SECTOR_BYTES;
}

/** Small segments with as many records as a real one; what start-up reads does not depend on their size. */
async function starting(say: Say, directory: string, segments: number): Promise<Row[]> {
  const shape = { segmentBytes: STARTED_SEGMENT_BYTES, segments: segments + 1 };
  say(`making ${segments} sealed segments`);
  const filling = await openBenchStore(directory, shape, { synced: false });
  const chunk = noise(25 * 16);
  const perSegment = 45;
  for (let sequence = 1; sequence <= segments; sequence++) {
    for (let n = 0; n < perSegment; n++) {
      await filling.append(benchGop(sequence * perSegment + n, chunk.length, chunk));
    }
    // A real segment is full after 45 records. One of which a key is destroyed is left and sealed.
    await filling.destroy(sequence, 'terminus');
  }
  const records = filling.segments().reduce((sum, { perClass }) => sum + perClass.communal.records, 0);
  await filling.stop();
  const warm = await starts(say, directory, shape, 'in memory already');
  const refused = forgetEverything();
  if (refused) say(`start from the device: not measured, ${refused}`);
  const cold = refused ? null : await starts(say, directory, shape, 'from the device');
  const thousands = segments / 1000;
  const of = `of ${segments} segments`;
  return [
    row('ring whose start is measured', segments, 'segments'),
    row(`- each`, STARTED_SEGMENT_BYTES / 1024, 'KiB'),
    row('- records in it', records, ''),
    atMost(`start per 1,000 sealed segments, ${of}`, median(warm.times) / thousands, 'ms', 1000),
    ...(cold
      ? [atMost(`start per 1,000, ${of}, from the device`, median(cold.times) / thousands, 'ms', 1000)]
      : []),
    row(`memory per 1,000 segments, ${of}`, median(warm.memory) / thousands / MEBIBYTE, 'MiB'),
  ];
}

async function starts(
  say: Say,
  directory: string,
  shape: StoreShape,
  how: 'in memory already' | 'from the device',
): Promise<{ times: number[]; memory: number[] }> {
  const times: number[] = [];
  const memory: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    say(`start, ${how}, round ${round + 1} of ${ROUNDS}`);
    const before = await heldBytes();
    if (how === 'from the device') forgetEverything();
    const from = performance.now();
    const store = await openBenchStore(directory, shape);
    times.push(performance.now() - from);
    memory.push((await heldBytes()) - before);
    await store.stop();
  }
  return { times, memory };
}

/** After two collections: buffers are given back some time after the first has found them unused. */
async function heldBytes(): Promise<number> {
  setFlagsFromString('--expose-gc');
  for (let n = 0; n < 2; n++) {
    (runInNewContext('gc') as () => void)();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

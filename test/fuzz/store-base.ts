/**
 * The store that is fuzzed: four segments of 16 KiB, some generations of them, copies, a destroyed key; its files in
 * memory, and what a reader of it may give out. Made by the store itself. Used by store-fuzz.ts.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileVault } from '../../board/linux/file-vault.js';
import { VigieError } from '../../errors.js';
import { describeRing } from '../../runtime/record/description.js';
import type { Gop } from '../../runtime/record/gop.js';
import { KeyReader } from '../../runtime/record/key-table.js';
import { believeTimes } from '../../runtime/record/load-times.js';
import type { KeyAccess, RingFiles } from '../../runtime/record/reader.js';
import { loadRing } from '../../runtime/record/ring.js';
import type { OpenSegment } from '../../runtime/record/segment-file.js';
import { Store } from '../../runtime/record/store.js';
import { fakeGop, fakeUnit, gopUnit, keysDirectory, storeDeps } from '../unit/store-fake.js';
import type { Files } from './store-recipes.js';

const segmentBytes = 16 * 1024;
const segments = 4;
const generations = 4;
const gopsAGeneration = 30;
const unitBytes = 100;
/** GOP of each generation after which its clock becomes right: late enough that a correction lies in the last segments. */
const correctedAt = 20;

export interface Base {
  /** what the store held at several times, oldest first */
  generations: Files[];
  keys: KeyAccess;
  /** what may be given out, by `RECORD CLASS`: what it holds */
  readable: ReadonlyMap<string, ReadonlySet<string>>;
  /** time corrections that are believed in it */
  corrections: number;
}

/** What a GOP that is given out must be equal to. */
export function contentOf(gop: Gop): string {
  const { width, height, interrupted, continues, clockTrusted } = gop;
  const hash = createHash('sha256').update(`${width} ${height} ${interrupted} ${continues} ${clockTrusted}`);
  for (const { seq, monoUs, wallMs, key, mask, data } of gop.units) {
    hash
      .update(`${seq} ${monoUs} ${wallMs} ${key} ${mask.version} ${mask.state} ${mask.digest}`)
      .update(data);
  }
  return hash.digest('base64');
}

export async function makeBase(): Promise<Base> {
  const directory = await mkdtemp(join(tmpdir(), 'vigie-fuzz-'));
  try {
    const made: Files[] = [];
    const stored = new Map<number, ReadonlySet<string>>();
    for (let generation = 0; generation < generations; generation++) {
      await fill(directory, generation, stored);
      made.push(await filesOf(directory));
    }
    const vault = new FileVault({ file: join(keysDirectory(directory), 'device.key') });
    await vault.start();
    const keys = { vault, directory: '/keys' };
    return { generations: made, keys, ...(await readableOf(made.at(-1) ?? new Map(), keys, stored)) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Boots of the generations: the last two are the same. */
const runs = ['aa', 'bb', 'cc', 'cc'].map((byte) => byte.repeat(8));
/** Less than a segment may span: it is not left for this. */
const lateMs = 30_000;
/** What a boot's monotonic clock is ahead of the first one's: a correction of another boot then shows. */
const aheadUs = (run: string): number => runs.indexOf(run) * 1e9;

async function fill(
  directory: string,
  generation: number,
  stored: Map<number, ReadonlySet<string>>,
): Promise<void> {
  const run = runs[generation] ?? '';
  const store = new Store(
    { ...(await storeDeps(directory)), run },
    {
      directory,
      keysDirectory: keysDirectory(directory),
      segmentBytes,
      capacityBytes: segments * segmentBytes,
      cameraId: 'cam-1',
    },
  );
  await store.start(new AbortController().signal);
  for (let i = 0; i < gopsAGeneration; i++) {
    const n = generation * gopsAGeneration + i;
    const units = Array.from({ length: 5 }, (_, unit) => gopUnit(fakeUnit(n * 5 + unit, {}, unitBytes))).map(
      (unit) => ({ ...unit, monoUs: unit.monoUs + aheadUs(run) }),
    );
    const of = n % 4 === 1 ? 'terminus' : 'communal';
    const clockTrusted = i % 3 !== 2;
    const flags = { continues: n % 7 === 3, interrupted: n % 5 === 0, class: of, clockTrusted } as const;
    const gop = fakeGop(n, { units, ...flags });
    // Under a clock that is late: given out as it was recorded, or as it was corrected, and in no other way.
    const late = { ...gop, units: units.map((unit) => ({ ...unit, wallMs: unit.wallMs - lateMs })) };
    const record = await store.append(clockTrusted ? gop : late);
    stored.set(record, new Set(clockTrusted ? [contentOf(gop)] : [contentOf(late), contentOf(gop)]));
    if (i === correctedAt) {
      const { wallMs, monoUs } = fakeUnit(0);
      await store.correctTimes({ wallUs: wallMs * 1000, monoUs: monoUs + aheadUs(run) });
    }
    if (n % 6 === 0) await store.keep(record);
  }
  // Some communal keys go; copies of what they opened are still read.
  const [, second] = store.segments();
  if (second) await store.destroy(second.sequence, 'communal');
  await store.stop();
}

async function filesOf(directory: string): Promise<Files> {
  const files = new Map<string, Buffer>();
  for (const name of await readdir(join(directory, 'ring')))
    files.set(name, await readFile(join(directory, 'ring', name)));
  const [slots = ''] = (await readdir(keysDirectory(directory))).filter((name) => name.startsWith('slots'));
  return files.set('slots', await readFile(join(keysDirectory(directory), slots)));
}

/** Records with a key that lives, which must open to what was stored; all others must never be given out. */
async function readableOf(
  files: Files,
  keys: KeyAccess,
  stored: ReadonlyMap<number, ReadonlySet<string>>,
): Promise<Pick<Base, 'readable' | 'corrections'>> {
  const medium = filesInMemory(files);
  const found = await describeRing('/store', medium.open, medium.list);
  if (!found) throw new Error('The store that is to be fuzzed was not made');
  const { index } = await loadRing('/store', found, medium.open);
  const { storeId, segmentCount: slots } = found.description;
  const table = await KeyReader.load('/keys/slots', medium.open, keys.vault, { storeId, slots });
  const readable = new Map<string, ReadonlySet<string>>();
  for (const { segment, class: of, number } of index.records()) {
    if (table.stateOf(segment, of) === 'live')
      readable.set(`${number} ${of}`, stored.get(number) ?? new Set());
  }
  await believeTimes({ index, keys: table, path: '/store', open: medium.open });
  return { readable, corrections: index.corrected(() => true).length };
}

/** A case asked for more than any reader of so small a store needs: it does not end. */
export class TooManySteps extends Error {
  override readonly name = 'TooManySteps';
}

/** @param steps opens and reads that are allowed */
export function filesInMemory(files: Files, steps = Number.POSITIVE_INFINITY): RingFiles {
  let left = steps;
  const step = (): void => {
    left -= 1;
    if (left < 0) throw new TooManySteps(`more than ${steps} opens and reads`);
  };
  const open: OpenSegment = async (path) => {
    step();
    const name = path.startsWith('/keys/') ? 'slots' : path.slice(path.lastIndexOf('/') + 1);
    const bytes = files.get(name);
    if (!bytes) throw new VigieError('store', `No file ${name}`, 'None', { cause: { code: 'ENOENT' } });
    return {
      read: async (into, position) => {
        step();
        return bytes.copy(into, 0, Math.min(position, bytes.length), position + into.length);
      },
      bytes: async () => bytes.length,
      close: async () => undefined,
      write: () => Promise.reject(new Error('a reader wrote')),
      datasync: () => Promise.reject(new Error('a reader synced')),
    };
  };
  return { open, list: async () => [...files.keys()].filter((name) => name !== 'slots') };
}

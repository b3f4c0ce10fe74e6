/**
 * `npm run bench -- retention`: how long a look over every segment of a large card holds the event loop, and what the
 * register writes in a day and keeps over its whole memory. The segments are values in memory: no card is written.
 */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { systemClock } from '../board/linux/clock.js';
import { ManualClock } from '../board/virtual/clock.js';
import { type Entry, partsOf, type RegisterEvent } from '../runtime/access/register/entry.js';
import { Register } from '../runtime/access/register/register.js';
import { Standing } from '../runtime/access/register/standing.js';
import { timesOf } from '../runtime/keeping.js';
import type { RecordClass } from '../runtime/record/key-sector.js';
import { recordClasses } from '../runtime/record/key-sector.js';
import { KeyTable } from '../runtime/record/key-table.js';
import { Retention } from '../runtime/record/retention.js';
import { RingIndex, SegmentEntries } from '../runtime/record/ring-index.js';
import { atMost, type Row, row } from './report.js';

const DAY_MS = 86_400_000;
/** 16 MiB at 3 Mbit/s. */
const SEGMENT_MS = 44_739;
const TURNS_A_DAY = Math.floor(DAY_MS / SEGMENT_MS);
/** Retention looks every 10 s. */
const LOOKS_A_SEGMENT = 4;
const GOPS = 45;
const REMEMBERED_DAYS = 400;
const LOOKS = 5;
const LONGEST_BLOCK_MS = 50;
const storeId = '00112233445566778899aabbccddeeff';
const wrapped = Buffer.alloc(0);
const quiet = { info: () => {}, warn: () => {}, error: () => {} };

type Say = (line: string) => unknown;

export async function benchRetention(say: Say, { segments }: { segments: number }): Promise<Row[]> {
  return [...(await looking(say, segments)), ...(await writing(say))];
}

/** A ring of so many sealed segments, the newest begun now. */
class MemoryStore {
  readonly storeId = storeId;
  readonly #index = new RingIndex();
  readonly #keys: KeyTable;
  newest = 0;

  constructor(
    private readonly count: number,
    private readonly nowMs: number,
  ) {
    this.#keys = new KeyTable({ storeId, slots: count });
    for (let n = 0; n < count; n++) this.begin();
  }

  begin(): void {
    this.newest += 1;
    const sequence = this.newest;
    const entries = new SegmentEntries(sequence, sequence % this.count);
    const startUs = this.startMs(sequence) * 1000;
    for (let gop = 0; gop < GOPS; gop++) {
      entries.push({
        record: sequence * GOPS + gop,
        offset: 4096 + gop * 370_000,
        bytes: 370_000,
        wallFirstUs: startUs + gop * 1e6,
        wallLastUs: startUs + gop * 1e6 + 960_000,
        monoFirstUs: startUs + gop * 1e6,
        units: 25,
        interrupted: false,
        continues: false,
        clockTrusted: true,
        class: gop === 7 && sequence % 20 === 0 ? 'terminus' : 'communal',
        copyOf: 0,
        afterPause: false,
        run: 'aa'.repeat(8),
      });
    }
    this.#index.add(entries);
    this.#born(sequence);
  }

  startMs(sequence: number): number {
    return this.nowMs + (sequence - this.count) * SEGMENT_MS;
  }

  segments = () => timesOf(this.#index.summaries());

  liveKeys = () => this.#keys.live();

  async destroy(segment: number, of: RecordClass): Promise<boolean> {
    this.#keys.enter(this.#keys.indexOf(segment, of), null);
    return true;
  }

  #born(segment: number): void {
    for (const of of recordClasses) {
      const atMs = this.startMs(segment);
      const kept = { storeId, segment, class: of, state: 'live' as const, atMs, clockTrusted: true, wrapped };
      this.#keys.enter(this.#keys.indexOf(segment, of), kept);
    }
  }
}

/** A register without a disk: what is told is known, and that is all. */
class MemoryRegister {
  readonly standing = new Standing();
  readonly findings = [];
  readonly failure = null;
  entries = 0;

  constructor(private readonly clock: ManualClock) {}

  async append(event: RegisterEvent): Promise<Entry> {
    this.entries += 1;
    const frame = { n: this.entries, at: this.clock.wallMs(), trusted: true, prev: '', signature: '' };
    const told: Entry = { ...frame, ...event };
    for (const part of partsOf(told)) this.standing.apply(part);
    return told;
  }
}

/** Longest time for which nothing else could run while this was under way, milliseconds. */
async function longestBlock(work: () => Promise<unknown>): Promise<{ blockMs: number; wholeMs: number }> {
  let longestUs = 0;
  let lastUs = systemClock.monoUs();
  let over = false;
  const tick = (): void => {
    const nowUs = systemClock.monoUs();
    longestUs = Math.max(longestUs, nowUs - lastUs);
    lastUs = nowUs;
    if (!over) setImmediate(tick);
  };
  setImmediate(tick);
  const fromUs = systemClock.monoUs();
  await work();
  const wholeMs = (systemClock.monoUs() - fromUs) / 1000;
  await new Promise((resolve) => setImmediate(resolve));
  over = true;
  return { blockMs: longestUs / 1000, wholeMs };
}

async function looking(say: Say, segments: number): Promise<Row[]> {
  const clock = new ManualClock(Date.UTC(2026, 5, 1));
  const store = new MemoryStore(segments, clock.wallMs());
  const register = new MemoryRegister(clock);
  const terms = { reference: 'bench', communalDays: 30, terminusDays: 30, minimumDays: null };
  const now = () => ({ ms: clock.wallMs(), sure: true });
  const retention = new Retention({
    clock,
    log: quiet,
    time: { check: now, now },
    store,
    register,
    requests: { waiting: async () => [], remove: async () => {} },
    terms: () => terms,
  });
  say(`retention: the first look over ${segments} segments`);
  const first = await longestBlock(() => retention.start());
  const looks: { blockMs: number; wholeMs: number }[] = [];
  for (let look = 1; look <= LOOKS; look++) {
    say(`retention: look ${look} of ${LOOKS}`);
    store.begin();
    clock.advance(SEGMENT_MS);
    looks.push(await longestBlock(() => retention.changed()));
  }
  await retention.stop();
  const worst = (of: 'blockMs' | 'wholeMs'): number => Math.max(...looks.map((look) => look[of]));
  return [
    row('segments', segments, 'segments'),
    row('first look, whole', first.wholeMs, 'ms'),
    // Before anything is served.
    row('first look, longest block of the event loop', first.blockMs, 'ms'),
    row('look after a segment, whole', worst('wholeMs'), 'ms'),
    atMost('look after a segment, longest block of the event loop', worst('blockMs'), 'ms', LONGEST_BLOCK_MS),
  ];
}

/** A day of register: where the ring overwrites before the terms end, and where the terms end first. */
async function writing(say: Say): Promise<Row[]> {
  const space = await dayOfRegister(say, { slots: 50, days: 30 });
  const term = await dayOfRegister(say, { slots: 2 * TURNS_A_DAY, days: 1 });
  return [...dayRows('overwritten for space', space), ...dayRows('destroyed at its term', term)];
}

interface Day {
  entries: number;
  bytes: number;
  packedBytes: number;
}

function dayRows(name: string, { entries, bytes, packedBytes }: Day): Row[] {
  const mebibytes = (days: number): number => (packedBytes * days) / 2 ** 20;
  return [
    row(`register, ${name}, entries a day`, entries, 'entries'),
    row(`register, ${name}, bytes a day`, bytes, 'bytes'),
    row(`register, ${name}, bytes a day, packed`, packedBytes, 'bytes'),
    row(`register, ${name}, ${REMEMBERED_DAYS} days, packed`, mebibytes(REMEMBERED_DAYS), 'MiB'),
    row(`register, ${name}, a year, packed`, mebibytes(365), 'MiB'),
  ];
}

async function dayOfRegister(say: Say, { slots, days }: { slots: number; days: number }): Promise<Day> {
  const state = await mkdtemp(join(tmpdir(), 'vigie-bench-'));
  try {
    const clock = new ManualClock(Date.UTC(2026, 5, 1));
    say(`retention: a day of register, ${TURNS_A_DAY} segments, terms of ${days} day(s)`);
    const store = new MemoryStore(slots, clock.wallMs());
    const now = () => ({ ms: clock.wallMs(), sure: true });
    const register = new Register(
      { time: now, log: quiet, lock: async () => async () => {} },
      { stateDirectory: state, cameraId: 'cam-1', volumeBytes: 2 ** 30 },
    );
    await register.start();
    const terms = { reference: 'bench', communalDays: days, terminusDays: days, minimumDays: null };
    const requests = { waiting: async () => [], remove: async () => {} };
    const deps = { clock, log: quiet, time: { check: now, now }, store, register, requests };
    const retention = new Retention({ ...deps, terms: () => terms });
    await retention.start();
    const file = join(state, 'register', 'register.jsonl');
    const before = { bytes: (await stat(file)).size, n: register.standing.n };
    for (let turn = 0; turn < TURNS_A_DAY; turn++) {
      store.begin();
      await retention.changed();
      // The looks between two turns happen by the clock.
      for (let look = 0; look < LOOKS_A_SEGMENT; look++) {
        clock.advance(SEGMENT_MS / LOOKS_A_SEGMENT);
        await retention.check();
      }
    }
    await retention.stop();
    await register.stop();
    const written = (await readFile(file)).subarray(before.bytes);
    const packedBytes = (await promisify(gzip)(written, { level: 9 })).length;
    return { entries: register.standing.n - before.n, bytes: written.length, packedBytes };
  } finally {
    await rm(state, { recursive: true, force: true });
  }
}

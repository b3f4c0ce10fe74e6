/**
 * `npm run bench -- retention`: how long a look over every segment of a large card holds the event loop, and what the
 * register writes in a day and keeps over its whole memory. The segments are values in memory: no card is written.
 */
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { systemClock } from '../board/linux/clock.js';
import { ManualClock } from '../board/virtual/clock.js';
import { type Entry, partsOf, type RegisterEvent } from '../runtime/access/register/entry.js';
import { Register } from '../runtime/access/register/register.js';
import { Standing } from '../runtime/access/register/standing.js';
import { summaryTimes } from '../runtime/keeping.js';
import type { RecordClass } from '../runtime/record/key-sector.js';
import { recordClasses } from '../runtime/record/key-sector.js';
import { Retention } from '../runtime/record/retention.js';
import type { LiveKey } from '../runtime/record/retention-telling.js';
import { RingIndex, SegmentEntries, summaryOf } from '../runtime/record/ring-index.js';
import { atMost, type Row, row } from './report.js';

const DAY_MS = 86_400_000;
/** 16 MiB at 3 Mbit/s. */
const SEGMENT_MS = 44_739;
const GOPS = 45;
const REMEMBERED_DAYS = 400;
const LOOKS = 5;
const LONGEST_BLOCK_MS = 50;
const storeId = '00112233445566778899aabbccddeeff';
const quiet = { info: () => {}, warn: () => {}, error: () => {} };

type Say = (line: string) => unknown;

export async function benchRetention(say: Say, { segments }: { segments: number }): Promise<Row[]> {
  return [...(await looking(say, segments)), ...(await writing(say))];
}

/** A ring of so many sealed segments, the newest begun now. */
class MemoryStore {
  readonly storeId = storeId;
  readonly #index = new RingIndex();
  readonly #gone = new Set<number>();
  newest = 0;

  constructor(
    private readonly count: number,
    private readonly nowMs: number,
  ) {
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
      });
    }
    this.#index.add(entries);
  }

  startMs(sequence: number): number {
    return this.nowMs + (sequence - this.count) * SEGMENT_MS;
  }

  segments = () => this.#index.segments().map((entries) => summaryTimes(summaryOf(entries)));

  liveKeys(): LiveKey[] {
    const found: LiveKey[] = [];
    for (let sequence = this.newest - this.count + 1; sequence <= this.newest; sequence++) {
      if (this.#gone.has(sequence)) continue;
      for (const of of recordClasses) {
        const createdMs = this.startMs(sequence);
        found.push({ segmentSequence: sequence, class: of, createdMs, clockTrusted: true });
      }
    }
    return found;
  }

  async destroy(sequence: number, _of: RecordClass): Promise<boolean> {
    this.#gone.add(sequence);
    return true;
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

/** A day of turns, as retention tells them once the ring is full. */
async function writing(say: Say): Promise<Row[]> {
  const state = await mkdtemp(join(tmpdir(), 'vigie-bench-'));
  try {
    const clock = new ManualClock(Date.UTC(2026, 5, 1));
    const turns = Math.floor(DAY_MS / SEGMENT_MS);
    say(`retention: a day of register, ${turns} segments`);
    const slots = 50;
    const store = new MemoryStore(slots, clock.wallMs());
    const time = { check: () => ({ ms: clock.wallMs(), sure: true }), now: () => ({ ms: 0, sure: true }) };
    const register = new Register(
      { time: time.check, log: quiet, lock: async () => async () => {} },
      { stateDirectory: state, cameraId: 'cam-1', volumeBytes: 2 ** 30 },
    );
    await register.start();
    const terms = { reference: 'bench', communalDays: 30, terminusDays: 30, minimumDays: null };
    const requests = { waiting: async () => [], remove: async () => {} };
    const retention = new Retention({
      clock,
      log: quiet,
      time,
      store,
      register,
      requests,
      terms: () => terms,
    });
    await retention.start();
    const file = join(
      state,
      'register',
      (await readdir(join(state, 'register'))).find((name) => name.endsWith('l')) ?? '',
    );
    const before = (await stat(file)).size;
    const fromN = register.standing.n;
    for (let turn = 0; turn < turns; turn++) {
      store.begin();
      clock.advance(SEGMENT_MS);
      await retention.changed();
    }
    await retention.stop();
    await register.stop();
    const bytes = (await readFile(file)).subarray(before);
    const packed = (await promisify(gzip)(bytes, { level: 9 })).length;
    return [
      row('register, entries a day', register.standing.n - fromN, 'entries'),
      row('register, bytes a day', bytes.length, 'bytes'),
      row('register, bytes a day, packed', packed, 'bytes'),
      row(`register, packed, ${REMEMBERED_DAYS} days`, (packed * REMEMBERED_DAYS) / 2 ** 20, 'MiB'),
      row('register, packed, a year', (packed * 365) / 2 ** 20, 'MiB'),
    ];
  } finally {
    await rm(state, { recursive: true, force: true });
  }
}

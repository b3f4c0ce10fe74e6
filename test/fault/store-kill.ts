/**
 * Breaks the store on purpose: a writing process killed at every write and sync in turn, or at any moment, and a
 * simulated power cut. After each, the store is opened: nothing acknowledged may be missing, nothing may be
 * there that was not recorded, and the check must be clean. Used by store-kill.test.ts and `npm run fault -- store`.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { atMost, type Row, row } from '../../runtime/health/report.js';
import { Store } from '../../runtime/record/store.js';
import { seeded } from '../random.js';
import { fakeGop, keysDirectory, openReader, plain, segmentBytes, storeDeps } from '../unit/store-fake.js';
import { CuttableCard } from './store-cut.js';

const segments = 3;
/** Whole GOPs of fakeGop in one small segment, at least. */
const gopsInSegment = 4;

export interface FaultOptions {
  runs: number;
  seed: number;
}

export interface FaultFound {
  runs: number;
  /** GOPs acknowledged over all runs */
  acknowledged: number;
  violations: string[];
}

/** What the writer was told is stored: the highest record, and how many. */
interface Acknowledged {
  last: number;
  count: number;
}

/** Opens the store as any reader does and compares it with what was acknowledged. */
export async function examine(directory: string, { last }: Acknowledged): Promise<string[]> {
  const wrong: string[] = [];
  const reader = await openReader(directory);
  const read: number[] = [];
  const onDamage = ({ record }: { record: number }): void =>
    void wrong.push(`record ${record} does not verify`);
  for await (const gop of reader.range(0, Number.MAX_SAFE_INTEGER / 1000, { onDamage })) {
    read.push(gop.record);
    if (!isDeepStrictEqual(plain(gop), plain(fakeGop(gop.record - 1)))) {
      wrong.push(`record ${gop.record} is not what was stored`);
    }
  }
  const newest = read.at(-1) ?? 0;
  const first = read[0] ?? 0;
  if (newest < last) wrong.push(`record ${last} was acknowledged, the newest is ${newest}`);
  if (newest > last + 1) wrong.push(`record ${newest} was never acknowledged, nor the one before`);
  if (read.some((record, i) => record !== first + i)) wrong.push(`holes in ${read.join(' ')}`);
  const least = Math.min(last, (segments - 1) * gopsInSegment);
  if (read.length < least) wrong.push(`${read.length} records, at least ${least} were due`);
  const { damages } = await reader.check();
  for (const damage of damages) wrong.push(`check: ${damage.kind} in ${damage.file}`);
  return wrong;
}

async function withStore(use: (directory: string) => Promise<FaultFound>): Promise<FaultFound> {
  const directory = await mkdtemp(join(tmpdir(), 'vigie-fault-'));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

type Mode = 'sound' | 'header-late' | 'early-ack';

/**
 * Kills the writer at its n-th write or sync, n growing from run to run, over one and the same store; every fourth run at a
 * random moment instead. Stops at the first violation: what follows a broken store says nothing.
 */
export function killWriter({ runs, seed }: FaultOptions, mode: Mode = 'sound'): Promise<FaultFound> {
  const random = seeded(seed);
  return withStore(async (directory) => {
    const acknowledged: Acknowledged = { last: 0, count: 0 };
    for (let run = 1; run <= runs; run++) {
      const atRandom = run % 4 === 0;
      const killAt = atRandom ? 0 : 1 + ((run * 7) % 40);
      await killOne(directory, killAt, atRandom ? random() * 150 : null, mode, acknowledged);
      const wrong = await examine(directory, acknowledged);
      const violations = wrong.map((what) => `kill ${run} (call ${killAt || 'random'}): ${what}`);
      if (violations.length > 0) return { runs: run, acknowledged: acknowledged.count, violations };
    }
    return { runs, acknowledged: acknowledged.count, violations: [] };
  });
}

async function killOne(
  directory: string,
  killAt: number,
  afterMs: number | null,
  mode: Mode,
  acknowledged: Acknowledged,
): Promise<void> {
  const program = join(import.meta.dirname, 'store-writer.js');
  const args = [program, directory, String(segments), String(killAt), mode];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  const started = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      resolve();
    });
    child.once('close', () => resolve());
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) =>
    child.once('close', (_code, signal) => resolve(signal)),
  );
  if (afterMs !== null) {
    await started;
    await wait(afterMs);
    child.kill('SIGKILL');
  }
  const signal = await ended;
  if (signal !== 'SIGKILL') throw new Error(`the writer ended by itself: ${text.slice(-200)}`);
  // The last line may be cut: only what ends with a line feed was said.
  for (const line of text.split('\n').slice(0, -1)) {
    acknowledged.last = Math.max(acknowledged.last, Number(line));
    acknowledged.count += 1;
  }
}

/** Cuts the power at a random call, again and again, over one and the same store. */
export function cutPower({ runs, seed }: FaultOptions, { ignoreSyncs = false } = {}): Promise<FaultFound> {
  const random = seeded(seed);
  return withStore(async (directory) => {
    const acknowledged: Acknowledged = { last: 0, count: 0 };
    for (let run = 1; run <= runs; run++) {
      const calls = 1 + Math.floor(random() * 60);
      const card = new CuttableCard(calls, random, ignoreSyncs);
      await writeUntilCut(directory, card, acknowledged);
      await card.settle();
      const violations = (await examine(directory, acknowledged)).map((what) => `cut ${run}: ${what}`);
      if (violations.length > 0) return { runs: run, acknowledged: acknowledged.count, violations };
    }
    return { runs, acknowledged: acknowledged.count, violations: [] };
  });
}

async function writeUntilCut(
  directory: string,
  card: CuttableCard,
  acknowledged: Acknowledged,
): Promise<void> {
  const shape = { capacityBytes: segments * segmentBytes, segmentBytes, cameraId: 'cam-1' };
  const options = { directory, keysDirectory: keysDirectory(directory), ...shape };
  const deps = { ...(await storeDeps(directory)), open: card.open, openKeys: card.open };
  const store = new Store(deps, options);
  await store.start(new AbortController().signal);
  let next = 0;
  for await (const { record } of store.range(0, Number.MAX_SAFE_INTEGER / 1000)) next = record;
  try {
    for (;;) {
      next = await store.append(fakeGop(next));
      acknowledged.last = next;
      acknowledged.count += 1;
    }
  } catch {
    // The power is gone.
  } finally {
    await store.stop();
  }
}

/** `npm run fault -- store` */
export async function faultStore(
  say: (line: string) => unknown,
  { kills = 200, cuts = 2000, seed = 1 } = {},
): Promise<{ rows: Row[]; violations: string[] }> {
  say(`${kills} kills of the writing process`);
  const killed = await killWriter({ runs: kills, seed });
  say(`${cuts} power cuts`);
  const cut = await cutPower({ runs: cuts, seed });
  const violations = [...killed.violations, ...cut.violations];
  const rows = [
    row('writer killed', killed.runs, 'times'),
    row('power cut', cut.runs, 'times'),
    row('GOPs acknowledged', killed.acknowledged + cut.acknowledged, ''),
    atMost('violations', violations.length, '', 0),
  ];
  return { rows, violations };
}

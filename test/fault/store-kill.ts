/**
 * Breaks the store on purpose: a writing process killed at every write and sync in turn, or at any moment, and a
 * simulated power cut, of the card and of the key slots alike. After each, the store is opened: nothing acknowledged may
 * be missing, nothing may be there that was not recorded, no destroyed key may be back, and the check must be clean. Used by store-kill.test.ts and `npm run fault -- store`.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { atMost, type Row, row } from '../../runtime/health/report.js';
import { Store } from '../../runtime/record/store.js';
import { seeded } from '../random.js';
import { keysDirectory, segmentBytes, storeDeps } from '../unit/store-fake.js';
import { CuttableCard } from './store-cut.js';
import { Account, segments, work } from './store-work.js';

export interface FaultOptions {
  runs: number;
  seed: number;
}

export interface FaultFound {
  runs: number;
  /** records acknowledged over all runs */
  acknowledged: number;
  /** keys said to be destroyed over all runs */
  destroyed: number;
  violations: string[];
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

/** Breaks one and the same store again and again. Stops at the first violation: what follows says nothing. */
function again(
  { runs, seed }: FaultOptions,
  breakIt: (directory: string, account: Account, random: () => number, run: number) => Promise<string>,
): Promise<FaultFound> {
  const random = seeded(seed);
  return withStore(async (directory) => {
    const account = new Account();
    for (let run = 1; run <= runs; run++) {
      const how = await breakIt(directory, account, random, run);
      const violations = (await account.examine(directory)).map((what) => `${how}: ${what}`);
      const { count: acknowledged, destructions: destroyed } = account;
      if (violations.length > 0 || run === runs) return { runs: run, acknowledged, destroyed, violations };
    }
    return { runs, acknowledged: 0, destroyed: 0, violations: [] };
  });
}

/** Kills the writer at its n-th write or sync, n growing from run to run; every fourth run at a random moment instead. */
export function killWriter(options: FaultOptions, mode: Mode = 'sound'): Promise<FaultFound> {
  return again(options, async (directory, account, random, run) => {
    const killAt = run % 4 === 0 ? 0 : 1 + ((run * 7) % 60);
    await killOne(directory, killAt, killAt === 0 ? random() * 150 : null, mode, account);
    return `kill ${run} (call ${killAt || 'random'})`;
  });
}

async function killOne(
  directory: string,
  killAt: number,
  afterMs: number | null,
  mode: Mode,
  account: Account,
): Promise<void> {
  const program = join(import.meta.dirname, 'store-writer.js');
  const args = [program, directory, String(killAt), mode];
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
  for (const line of text.split('\n').slice(0, -1)) account.take(line);
}

/** Which syncs a card, or a writer, only pretends to make: the negative controls. */
export type IgnoredSyncs = 'none' | 'all' | 'keys';

/** Cuts the power at a random write or sync. */
export function cutPower(
  options: FaultOptions,
  { ignoreSyncs = 'none' }: { ignoreSyncs?: IgnoredSyncs } = {},
): Promise<FaultFound> {
  return again(options, async (directory, account, random, run) => {
    const card = new CuttableCard(1 + Math.floor(random() * 80), random, ignoreSyncs);
    await writeUntilCut(directory, card, account, random);
    await card.settle();
    return `cut ${run}`;
  });
}

async function writeUntilCut(
  directory: string,
  card: CuttableCard,
  account: Account,
  random: () => number,
): Promise<void> {
  const shape = { capacityBytes: segments * segmentBytes, segmentBytes, cameraId: 'cam-1' };
  const options = { directory, keysDirectory: keysDirectory(directory), ...shape };
  // A cut is another boot.
  const run = randomBytes(8).toString('hex');
  const deps = { ...(await storeDeps(directory)), run, open: card.open, openKeys: card.open };
  const store = new Store({ ...deps, onSegment: (event) => account.takeEvent(event) }, options);
  await store.start(new AbortController().signal);
  try {
    await work(store, run, random, (line) => account.take(line));
  } catch (error) {
    // The power is gone.
    if (!card.isCut) throw error;
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
    row('keys destroyed', killed.destroyed + cut.destroyed, ''),
    atMost('violations', violations.length, '', 0),
  ];
  return { rows, violations };
}

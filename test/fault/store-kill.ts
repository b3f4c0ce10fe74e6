/**
 * Breaks the store on purpose: a writing process killed in each kind of write and sync in turn, and at any moment, and a
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
import { descriptionFile, ringDirectory } from '../../runtime/record/description.js';
import { Store, type StoreOptions } from '../../runtime/record/store.js';
import { seeded } from '../random.js';
import { fakeGop, keysDirectory, segmentBytes, storeDeps } from '../unit/store-fake.js';
import { type Death, firstKinds, moments, type StepKind, stepKinds } from './kill-steps.js';
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

async function withStore<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'vigie-fault-'));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

type Mode = 'sound' | 'header-late' | 'early-ack';

/** A writer that has not met its step by then never will. */
const patienceMs = 60_000;

function storeOptions(directory: string): StoreOptions {
  const capacityBytes = segments * segmentBytes;
  return {
    directory,
    keysDirectory: keysDirectory(directory),
    capacityBytes,
    segmentBytes,
    cameraId: 'cam-1',
  };
}

interface Broken {
  how: string;
  /** what was found on the way, in words */
  wrong?: string[];
}

/** Breaks one and the same store again and again. Stops at the first violation: what follows says nothing. */
function again(
  { runs, seed }: FaultOptions,
  breakIt: (directory: string, account: Account, random: () => number, run: number) => Promise<Broken>,
  account = new Account(),
): Promise<FaultFound> {
  const random = seeded(seed);
  return withStore(async (directory) => {
    for (let run = 1; run <= runs; run++) {
      const { how, wrong = [] } = await breakIt(directory, account, random, run);
      const violations = [...wrong, ...(await account.examine(directory))].map((what) => `${how}: ${what}`);
      const { count: acknowledged, destructions: destroyed } = account;
      if (violations.length > 0 || run === runs) return { runs: run, acknowledged, destroyed, violations };
    }
    return { runs, acknowledged: 0, destroyed: 0, violations: [] };
  });
}

export interface KillsFound extends FaultFound {
  /** kills by what the writer was at; the others were at any moment */
  during: Map<StepKind, number>;
}

/**
 * Kills the writer in each kind of step in turn, before, in the middle and after the call, at the first, second and third of
 * its kind; after each round of kinds once at any moment. Steps of a first start get a directory of their own.
 */
export async function killWriter({ runs, seed }: FaultOptions, mode: Mode = 'sound'): Promise<KillsFound> {
  const during = new Map<StepKind, number>();
  const kinds =
    mode === 'sound'
      ? stepKinds
      : stepKinds.filter((kind) => !firstKinds.includes(kind) && kind !== 'description written again');
  const found = await again(
    { runs, seed },
    async (directory, account, random, run) => {
      if (run === 1) await recordOne(directory, account);
      const round = Math.floor((run - 1) / (kinds.length + 1));
      const kind = kinds[(run - 1) % (kinds.length + 1)];
      if (!kind) {
        await killOne(directory, null, random() * 150, mode, account);
        return { how: `kill ${run} (at any moment)` };
      }
      const moment = moments[round % moments.length] ?? 'before';
      const death: Death = { kind, moment, at: 1 + (Math.floor(round / moments.length) % mostOf(kind)) };
      during.set(kind, (during.get(kind) ?? 0) + 1);
      const how = `kill ${run} (${kind}, no. ${death.at}, ${moment})`;
      if (firstKinds.includes(kind))
        return { how, wrong: await withStore((own) => killFirst(own, death, mode)) };
      if (kind === 'description written again')
        return { how, wrong: await killDescribing(directory, death, account) };
      await killOne(directory, death, null, mode, account);
      return { how };
    },
    new Account(2),
  );
  return { ...found, during };
}

/** A first start has only so many steps of a kind, and the description is written in three. */
function mostOf(kind: StepKind): number {
  const most: Partial<Record<StepKind, number>> = {
    'device key': 3,
    // the directory, four segments, four steps of the description, the rename
    'ring made': 10,
    'key slots made': 6,
    'description written again': 4,
    'record, the first after a start': 2,
    'end mark': 2,
  };
  return most[kind] ?? 6;
}

/** Nothing was told before the first start was done: what is left must be nothing, or a store; and it starts. */
async function killFirst(directory: string, death: Death, mode: Mode): Promise<string[]> {
  const account = new Account();
  await killOne(directory, death, null, mode, account);
  const before = await account.examine(directory).catch((error: unknown) => {
    return /There is no store/.test(String(error)) ? [] : [String(error)];
  });
  await recordOne(directory, account);
  return [...before, ...(await account.examine(directory))];
}

/** The description is gone before and may be after; a start that is not killed writes it. */
async function killDescribing(directory: string, death: Death, account: Account): Promise<string[]> {
  await rm(descriptionFile(ringDirectory(directory)), { force: true });
  await killOne(directory, death, null, 'sound', account);
  const wrong = await account.examine(directory);
  await recordOne(directory, account);
  return wrong.filter((what) => what !== 'check: description in store.json');
}

/** The store starts, made when there is none, and records. */
async function recordOne(directory: string, account: Account): Promise<void> {
  const store = new Store(await storeDeps(directory), storeOptions(directory));
  await store.start(new AbortController().signal);
  const record = await store.append(fakeGop(7));
  account.take(`stored ${record} ${store.segments().at(-1)?.sequence ?? 0} communal ${record} 7`);
  await store.stop();
}

async function killOne(
  directory: string,
  death: Death | null,
  afterMs: number | null,
  mode: Mode,
  account: Account,
): Promise<void> {
  const program = join(import.meta.dirname, 'store-writer.js');
  const args = [program, '--directory', directory, '--mode', mode];
  if (death) args.push('--kind', death.kind, '--at', String(death.at), '--moment', death.moment);
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const patience = setTimeout(() => child.kill('SIGTERM'), patienceMs);
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
  clearTimeout(patience);
  if (signal !== 'SIGKILL') {
    const step = death ? `${death.kind}, no. ${death.at}` : 'any moment';
    throw new Error(`the writer was not killed in its step (${step}): ${text.slice(-200)}`);
  }
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
    return { how: `cut ${run}` };
  });
}

async function writeUntilCut(
  directory: string,
  card: CuttableCard,
  account: Account,
  random: () => number,
): Promise<void> {
  // A cut is another boot.
  const run = randomBytes(8).toString('hex');
  const deps = { ...(await storeDeps(directory)), run, open: card.open, openKeys: card.open };
  const store = new Store(
    { ...deps, onSegment: (event) => account.takeEvent(event) },
    storeOptions(directory),
  );
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

const total = (counts: Iterable<number>): number => [...counts].reduce((sum, count) => sum + count, 0);

/** `npm run fault -- store` */
export async function faultStore(
  say: (line: string) => unknown,
  { kills = 280, cuts = 1000, seed = 1 } = {},
): Promise<{ rows: Row[]; violations: string[] }> {
  say(`${kills} kills of the writing process`);
  const killed = await killWriter({ runs: kills, seed });
  say(`${cuts} power cuts`);
  const cut = await cutPower({ runs: cuts, seed });
  const violations = [...killed.violations, ...cut.violations];
  const rows = [
    row('writer killed', killed.runs, 'times'),
    ...[...killed.during].map(([kind, count]) => row(`- in: ${kind}`, count, 'times')),
    row('- at any moment', killed.runs - total(killed.during.values()), 'times'),
    row('power cut', cut.runs, 'times'),
    row('GOPs acknowledged', killed.acknowledged + cut.acknowledged, ''),
    row('keys destroyed', killed.destroyed + cut.destroyed, ''),
    atMost('violations', violations.length, '', 0),
  ];
  return { rows, violations };
}

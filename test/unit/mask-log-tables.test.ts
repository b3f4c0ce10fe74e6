/** ML2 to ML4: tables are kept by their digest while something may name them, and never in the way of the mask. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import { maskDigest } from '../../pipelines/mask/table.js';
import type { Lens, MaskTable } from '../../pipelines/messages.js';
import { lensAt, MaskTables, readTables } from '../../runtime/mask-log/tables.js';
import { MemoryLog, startMs } from './store-fake.js';

const dayMs = 86_400_000;
const table = (version: number): MaskTable => ({
  version,
  zones: [
    {
      name: 'Fenêtre',
      points: [
        [0.1, 0.1],
        [0.2, 0.1],
        [0.2, 0.2],
      ],
    },
  ],
});
const lens: Lens = { principal: [0.5, 0.5], k1: -0.1, k2: 0, rollDeg: 0 };

interface Kept {
  directory: string;
  clock: ManualClock;
  log: MemoryLog;
  known: { trusted: boolean; oldestMs: number | null };
  tables: MaskTables;
  versions(): Promise<number[]>;
}

async function kept(t: TestContext, limits: { mostTables?: number } = {}): Promise<Kept> {
  const state = await mkdtemp(join(tmpdir(), 'vigie-masks-'));
  t.after(() => rm(state, { recursive: true, force: true }));
  const directory = join(state, 'mask');
  const clock = new ManualClock(startMs);
  const log = new MemoryLog();
  const known: Kept['known'] = { trusted: true, oldestMs: startMs };
  const deps = { clock, log, clockTrusted: () => known.trusted, oldestMs: () => known.oldestMs };
  const tables = new MaskTables(deps, { directory, ...limits });
  const versions = async (): Promise<number[]> =>
    [...(await readTables(directory)).values()].map((one) => one.table.version).sort((a, b) => a - b);
  return { directory, clock, log, known, tables, versions };
}

test('a table is kept under its digest for its owner alone, once, with each lens it had', async (t) => {
  const { directory, clock, tables } = await kept(t);
  await tables.keep(table(1), null);
  await tables.keep(table(1), null);
  clock.advance(1000);
  await tables.keep(table(1), lens);
  const digest = maskDigest(table(1));
  assert.deepEqual(await readdir(directory), [`${digest}.json`]);
  assert.equal((await stat(join(directory, `${digest}.json`))).mode & 0o777, 0o600);
  const one = (await readTables(directory)).get(digest);
  assert.ok(one);
  assert.deepEqual(one.table, table(1));
  assert.equal(one.untilMs, null);
  assert.equal(lensAt(one, startMs + 500), null);
  assert.deepEqual(lensAt(one, startMs + 1500), lens);
});

test('a table that was changed on the disk is not believed', async (t) => {
  const { directory, tables, versions } = await kept(t);
  await tables.keep(table(1), null);
  const file = join(directory, `${maskDigest(table(1))}.json`);
  await writeFile(file, (await readFile(file, 'utf8')).replace('[0.2,0.2]', '[0.15,0.15]'));
  assert.deepEqual(await versions(), []);
});

test('a table goes when it is long out of force, and everything recorded is younger', async (t) => {
  const { clock, known, tables, versions } = await kept(t);
  await tables.keep(table(1), null);
  await tables.keep(table(2), null);
  const [outOfForceMs, later] = [startMs, 31 * dayMs];
  clock.advance(later);
  known.oldestMs = outOfForceMs - 1;
  await tables.keep(table(2), null);
  assert.deepEqual(await versions(), [1, 2], 'a requisition keeps what names it');
  known.oldestMs = null;
  await tables.keep(table(2), null);
  assert.deepEqual(await versions(), [1, 2], 'no store says what it holds');
  known.oldestMs = outOfForceMs + dayMs;
  known.trusted = false;
  await tables.keep(table(2), null);
  assert.deepEqual(await versions(), [1, 2], 'the clock is not sure');
  known.trusted = true;
  await tables.keep(table(2), null);
  assert.deepEqual(await versions(), [2]);
});

test('what ended under a clock that was not sure ends again when it is', async (t) => {
  const { clock, known, tables, versions } = await kept(t);
  known.trusted = false;
  await tables.keep(table(1), null);
  await tables.keep(table(2), null);
  clock.advance(60 * dayMs);
  known.trusted = true;
  known.oldestMs = startMs + 59 * dayMs;
  await tables.keep(table(2), null);
  assert.deepEqual(await versions(), [1, 2]);
  clock.advance(31 * dayMs);
  known.oldestMs = startMs + 89 * dayMs;
  await tables.keep(table(2), null);
  assert.deepEqual(await versions(), [2]);
});

test('there are so many at most: the oldest goes, and the log says so', async (t) => {
  const { clock, log, tables, versions } = await kept(t, { mostTables: 3 });
  for (let version = 1; version <= 5; version++) {
    await tables.keep(table(version), null);
    clock.advance(1000);
  }
  assert.deepEqual(await versions(), [3, 4, 5]);
  assert.equal(log.lines.filter((line) => /no longer kept/.test(line)).length, 2);
});

test('a directory that refuses is logged, and nothing else', async (t) => {
  const { directory, log, tables } = await kept(t);
  await writeFile(directory, 'a file where a directory should be');
  await tables.keep(table(1), null);
  assert.match(log.lines.join(), /error What is recorded from now on cannot be checked/);
});

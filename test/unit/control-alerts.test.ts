/** The alert queue: numbers, order, durability across cuts, bounds. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import { AlertQueue } from '../../runtime/control/alerts.js';
import { testAlert, testLog, testUpdate } from '../contract/control-camera.js';

let directory = '';
let lines: string[] = [];
const clock = new ManualClock();
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vigie-alerts-'));
  lines = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const journal = (): string => join(directory, 'alerts.jsonl');

async function open(keep?: number): Promise<AlertQueue> {
  const queue = new AlertQueue({ clock, log: testLog(lines) }, { directory, ...(keep ? { keep } : {}) });
  await queue.start();
  return queue;
}

test('numbers go up by one, also across a restart in order; what was told is there again', async () => {
  const first = await open();
  assert.deepEqual([first.push(testAlert()).number, first.push(testAlert()).number], [1, 2]);
  first.ack(first.since(0)[0]?.alert.id ?? '', 'odile', 'true');
  await first.stop();
  await first.stop();
  const second = await open();
  assert.equal(second.push(testAlert()).number, 3);
  assert.deepEqual(
    second.since(0).map(({ acked }) => acked?.verdict ?? null),
    ['true', null, null],
  );
  assert.deepEqual(second.counts(), { total: 3, pending: 2 });
  assert.deepEqual(
    second.since(2).map(({ alert }) => alert.number),
    [3],
  );
  await second.stop();
  assert.equal(statSync(journal()).mode & 0o077, 0);
  assert.deepEqual(lines, []);
});

test('subscribers are told inside push, before anything is on the disk, in order', async () => {
  const queue = await open();
  const told: number[] = [];
  const empty = statSync(journal()).size;
  const unsubscribe = queue.subscribe((event) => {
    if (event.kind === 'alert') told.push(event.entry.alert.number);
    if (told.length === 1) assert.equal(statSync(journal()).size, empty);
  });
  for (let made = 1; made <= 5; made += 1) {
    queue.push(testAlert());
    assert.equal(told.length, made);
  }
  await queue.flushed();
  assert.equal(readFileSync(journal(), 'utf8').match(/"t":"alert"/g)?.length, 5);
  unsubscribe();
  queue.push(testAlert());
  assert.deepEqual(told, [1, 2, 3, 4, 5]);
  await queue.stop();
});

test('a subscriber that fails holds nobody up', async () => {
  const queue = await open();
  let told = 0;
  queue.subscribe(() => {
    throw new Error('broken');
  });
  queue.subscribe(() => (told += 1));
  queue.push(testAlert());
  assert.equal(told, 1);
  await queue.stop();
});

test('a cut at any byte of the journal loses at most the line that was cut, and no number comes twice', async () => {
  const queue = await open();
  for (let made = 0; made < 4; made += 1) queue.push(testAlert());
  await queue.flushed();
  const whole = readFileSync(journal());
  await queue.stop();
  const ends = [...whole.entries()].filter(([, byte]) => byte === 10).map(([at]) => at + 1);
  for (let length = 0; length <= whole.length; length += 97) {
    writeFileSync(journal(), whole.subarray(0, length));
    const after = await open();
    const complete = ends.filter((end) => end <= length).length;
    // The first line says which number comes next; the others are alerts.
    assert.equal(after.since(0).length, Math.max(0, complete - 1), `cut at ${length}`);
    if (length > 0) assert.ok(after.push(testAlert()).number > 4, `a number again after a cut at ${length}`);
    await after.stop();
  }
});

test('negative control: without the step over numbers, a cut would give one again', async () => {
  const queue = await open();
  queue.push(testAlert());
  const told = queue.push(testAlert()).number;
  await queue.flushed();
  const whole = readFileSync(journal(), 'utf8');
  await queue.stop();
  // The last alert was told and not written; a false `closed` line makes the queue believe the stop was clean.
  writeFileSync(journal(), `${whole.split('\n').slice(0, 2).join('\n')}\n{"t":"closed"}\n`);
  const fooled = await open();
  assert.equal(fooled.push(testAlert()).number, told);
  await fooled.stop();
});

test('a damaged line in the middle is reported, and the others are kept', async () => {
  const queue = await open();
  for (let made = 0; made < 3; made += 1) queue.push(testAlert());
  await queue.stop();
  const text = readFileSync(journal(), 'utf8').split('\n');
  text[2] = (text[2] ?? '').replace('"t":"alert"', '"t":"alarm"');
  writeFileSync(journal(), text.join('\n'));
  const after = await open();
  assert.deepEqual(
    after.since(0).map(({ alert }) => alert.number),
    [1, 3],
  );
  assert.match(lines.join('\n'), /1 damaged line/);
  await after.stop();
});

test('bytes that are no journal at all do not stop the camera', async () => {
  writeFileSync(journal(), Buffer.from('ff00fe0a7b7d0a5b5d0a6e756c6c0a22', 'hex'));
  const queue = await open();
  queue.push(testAlert());
  await queue.stop();
  const after = await open();
  assert.equal(after.since(0).length, 1);
  await after.stop();
});

test('acknowledged alerts are dropped first, and the bound holds', async () => {
  const queue = await open(5);
  const ids = Array.from({ length: 5 }, () => queue.push(testAlert()).id);
  queue.ack(ids[3] ?? '', 'odile', null);
  queue.push(testAlert());
  assert.deepEqual(
    queue.since(0).map(({ alert }) => alert.number),
    [1, 2, 3, 5, 6],
  );
  queue.push(testAlert());
  assert.deepEqual(
    queue.since(0).map(({ alert }) => alert.number),
    [2, 3, 5, 6, 7],
  );
  assert.match(lines.join('\n'), /full of unacknowledged/);
  assert.equal(queue.counts().total, 7);
  await queue.stop();
  const after = await open(5);
  assert.equal(after.counts().total, 7);
  assert.equal(after.since(0).length, 5);
  await after.stop();
});

test('pictures: the last hundred, in memory only', async () => {
  const queue = await open();
  const ids = Array.from({ length: 120 }, () => queue.push(testAlert()).id);
  for (const id of ids) queue.attachPicture(id, Buffer.from('JPEGBYTES'));
  queue.attachPicture('none', Buffer.from('JPEGBYTES'));
  assert.equal(queue.picture(ids[19] ?? ''), null);
  assert.ok(queue.picture(ids[20] ?? ''));
  await queue.stop();
  assert.ok(!readFileSync(journal(), 'latin1').includes('JPEGBYTES'));
});

test('the journal is compacted while running and does not grow for ever', async () => {
  const queue = await open(10);
  for (let round = 0; round < 30; round += 1) {
    for (let made = 0; made < 50; made += 1) queue.ack(queue.push(testAlert()).id, 'odile', 'false');
    await queue.flushed();
  }
  const kept = readFileSync(journal(), 'utf8').split('\n').length;
  assert.ok(kept < 2 * 10 + 1000 + 200, `${kept} lines`);
  await queue.stop();
});

test('the last update of an alert is kept, across a restart, a cut and a compaction', async () => {
  const queue = await open();
  const { id } = queue.push(testAlert());
  queue.push(testAlert());
  for (const update of [1, 2, 2, 1, 3]) queue.update(testUpdate(id, update, { most: update }));
  queue.update(testUpdate('none', 1));
  await queue.flushed();
  assert.equal(readFileSync(journal(), 'utf8').match(/"t":"update"/g)?.length, 3);
  const cut = readFileSync(journal());
  await queue.stop();
  for (const bytes of [readFileSync(journal()), cut]) {
    writeFileSync(journal(), bytes);
    const after = await open();
    assert.deepEqual(
      after.since(0).map(({ update }) => update?.update ?? null),
      [3, null],
    );
    after.update(testUpdate(id, 3, { most: 99 }));
    assert.equal(after.since(0)[0]?.update?.most, 3);
    await after.stop();
    assert.equal(readFileSync(journal(), 'utf8').match(/"t":"update"/g)?.length, 1, 'compacted');
  }
  assert.deepEqual(lines, []);
});

test('updates alone do not make the journal grow for ever', async () => {
  const queue = await open(10);
  const ids = Array.from({ length: 10 }, () => queue.push(testAlert()).id);
  for (let round = 1; round <= 250; round += 1) {
    for (const id of ids) queue.update(testUpdate(id, round));
    await queue.flushed();
  }
  assert.ok(readFileSync(journal(), 'utf8').split('\n').length < 4 * 10 + 1000 + 20);
  await queue.stop();
  const after = await open(10);
  assert.ok(after.since(0).every(({ update }) => update?.update === 250));
  await after.stop();
});

const { participants: _p, model: _m, recording: _r, folded: _f, measured, ...common } = testAlert();
const earlier = {
  ...common,
  number: 7,
  trackId: '1a2b3c4d',
  measured: { name: 'dwell', value: 2.1, threshold: 2, unit: 's' },
};
const line = (alert: object): string => `${JSON.stringify({ t: 'alert', alert })}\n`;

test('alerts as they were written when presence was the only event are read, and not counted as damaged', async () => {
  writeFileSync(
    journal(),
    [
      '{"t":"open","next":7,"total":6}\n',
      line(earlier),
      JSON.stringify({ t: 'ack', id: earlier.id, acked: { by: 'odile', verdict: 'true', atMs: 1 } }),
      '\n{"t":"closed"}\n',
    ].join(''),
  );
  const queue = await open();
  const [entry] = queue.since(0);
  assert.deepEqual(entry?.alert, {
    ...common,
    number: 7,
    participants: [
      {
        ...{ trackId: '1a2b3c4d', class: 'person', score: 0.7, box: common.box },
        ...{ seconds: 2.1, metresPerSecond: null },
      },
    ],
    measured: [earlier.measured],
    model: { name: '', sha256: '' },
    recording: null,
    folded: [],
  });
  assert.equal(entry?.acked?.verdict, 'true');
  assert.equal(queue.push(testAlert()).number, 8);
  await queue.stop();
  assert.deepEqual(lines, []);
  const after = await open();
  assert.deepEqual(after.since(0)[0]?.alert, entry?.alert, 'written as it is read');
  await after.stop();
});

test('negative control: a line that is neither of the two forms is damaged', async () => {
  const { trackId: _, ...neither } = earlier;
  writeFileSync(journal(), line(neither) + line({ ...earlier, extra: 1 }) + line({ ...earlier, measured }));
  const queue = await open();
  assert.deepEqual(queue.since(0), []);
  assert.match(lines.join('\n'), /3 damaged lines/);
  await queue.stop();
});

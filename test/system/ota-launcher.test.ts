/** The launcher as a process, with versions that are processes too: what it starts, when it goes back, what a kill leaves. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ended, isAlive, SlotBench, scripts } from '../slot-bench.js';

async function bench(t: TestContext, body?: string): Promise<SlotBench> {
  const made = new SlotBench();
  t.after(() => made.clear());
  await made.provisioned('1.0.0', body);
  return made;
}

const pidOf = (line: string | undefined): number => Number(line?.split(' ')[3]);

test('a confirmed version is started with what it is to be told, and ends with the launcher', async (t) => {
  const slots = await bench(t, scripts.waits);
  const before = await slots.state();
  const launcher = slots.launch();
  await slots.untilLogged('waits');
  const [line] = slots.starts();
  assert.match(line ?? '', /^waits 1\.0\.0 a \d+ run x$/);
  await ended(launcher, 'SIGTERM');
  assert.equal(isAlive(pidOf(line)), false);
  assert.deepEqual(await slots.state(), before);
});

test('a new version that confirms itself is kept', async (t) => {
  const slots = await bench(t);
  await slots.installed('1.1.0');
  slots.launch();
  await slots.untilLogged('confirmed 1.1.0');
  const { active, trial, slots: records } = await slots.state();
  assert.deepEqual([active, trial, records.b?.condition], ['b', null, 'good']);
});

for (const [word, body, ...flags] of [
  ['crashes', scripts.crashes],
  ['unhealthy', scripts.unhealthy],
  ['hangs', scripts.hangs, '--trial-seconds', '0.5', '--stop-seconds', '0.2'],
  ['waits', scripts.waits, '--trial-seconds', '0.5'],
] as const) {
  test(`a new version that ${word} has three tries, then the one before it boots`, async (t) => {
    const slots = await bench(t);
    await slots.installed('1.1.0', body);
    slots.launch('--most-pause-seconds', '0.1', ...flags);
    await slots.untilLogged('well 1.0.0');
    const tried = slots.logged.filter((line) => line.includes('starts 1.1.0 from slot b, on trial'));
    assert.equal(tried.length, 3);
    assert.ok(slots.words().includes('well 1.0.0 a'));
    const { active, trial, returned, failed, slots: records } = await slots.state();
    assert.deepEqual([active, trial, records.b?.condition], ['a', null, 'bad']);
    assert.deepEqual([returned?.version, returned?.why, returned?.told], ['1.1.0', 'tries', false]);
    assert.deepEqual(failed, [records.b?.manifestSha256]);
    const left = slots.starts().filter((line) => line.includes(' 1.1.0 '));
    for (const line of left) assert.equal(isAlive(pidOf(line)), false);
  });
}

test('a confirmed version that crashes is started again, uncounted', async (t) => {
  const slots = await bench(t, scripts.crashes);
  const { serial } = await slots.state();
  slots.launch('--most-pause-seconds', '0.1');
  await slots.untilLogged('crashes 1.0.0', 6);
  assert.equal((await slots.state()).serial, serial);
});

test('power that comes and goes takes no try from a confirmed version, and one from each start on trial', async (t) => {
  const slots = await bench(t, scripts.waits);
  for (let cycle = 1; cycle <= 3; cycle++) {
    const launcher = slots.launch();
    await slots.untilLogged('waits 1.0.0', cycle);
    await ended(launcher, 'SIGKILL');
  }
  assert.deepEqual((await slots.state()).active, 'a');
  await slots.installed('1.1.0', scripts.waits);
  for (let cycle = 1; cycle <= 2; cycle++) {
    const launcher = slots.launch();
    await slots.untilLogged('waits 1.1.0', cycle);
    assert.equal((await slots.state()).trial?.triesLeft, 3 - cycle);
    await ended(launcher, 'SIGKILL');
  }
});

test('a launcher that is killed takes what it started with it, and the next one starts but one', async (t) => {
  const slots = await bench(t, scripts.hangs);
  const first = slots.launch();
  await slots.untilLogged('hangs');
  await ended(first, 'SIGKILL');
  slots.launch('--stop-seconds', '0.1');
  await slots.untilLogged('hangs', 2);
  const [old, now] = slots.starts().map(pidOf);
  assert.deepEqual([isAlive(old ?? 0), isAlive(now ?? 0)], [false, true]);
});

test('a second launcher does not start while one runs', async (t) => {
  const slots = await bench(t, scripts.waits);
  slots.launch();
  await slots.untilLogged('waits');
  assert.equal(await ended(slots.launch('--lock-seconds', '0.1')), 1);
  assert.equal(slots.starts().length, 1);
});

test('files that are not those that were installed: the other slot boots, without a try', async (t) => {
  const slots = await bench(t);
  await slots.installed('1.1.0');
  writeFileSync(join(slots.root, 'slots/b/package.json'), '[]');
  slots.launch();
  await slots.untilLogged('well 1.0.0');
  assert.deepEqual(slots.words()[0], 'well 1.0.0 a');
  assert.equal((await slots.state()).returned?.why, 'damaged');
});

test('exit 75 after a rollback starts the other version at once', async (t) => {
  const slots = await bench(t, scripts.waits);
  const body = 'log("well"); await slots.confirm(); await slots.rollback(); process.exit(75);';
  await slots.installed('1.1.0', body);
  slots.launch('--most-pause-seconds', '600');
  await slots.untilLogged('waits 1.0.0');
  assert.deepEqual(slots.words(), ['well 1.1.0 b', 'waits 1.0.0 a']);
});

test('a torn state, then two torn states: the version that was confirmed last boots', async (t) => {
  const slots = await bench(t);
  await slots.installed('1.1.0');
  await ended(await confirmedBy(slots), 'SIGTERM');
  writeFileSync(join(slots.root, 'state.json'), '{"sha256": "');
  await ended(await confirmedBy(slots), 'SIGTERM');
  assert.equal((await slots.state()).active, 'b');
  rmSync(join(slots.root, 'state.json'));
  writeFileSync(join(slots.root, 'state.before.json'), '');
  const lines = slots.starts().length;
  slots.launch();
  await slots.until('a start', () => slots.starts().length > lines);
  assert.equal(slots.words()[lines], 'well 1.1.0 b');
  const { active, trial, slots: records } = await slots.state();
  assert.deepEqual([active, trial, records.a?.condition, records.b?.condition], ['b', null, 'good', 'good']);
});

/** A launcher, when 1.1.0 has confirmed itself under it. */
async function confirmedBy(slots: SlotBench): Promise<ReturnType<SlotBench['launch']>> {
  const times = slots.starts().filter((line) => line.includes('confirmed 1.1.0')).length;
  const launcher = slots.launch();
  await slots.untilLogged('confirmed 1.1.0', times + 1);
  return launcher;
}

test('two slots that cannot be started: it says so, goes on trying, and starts what comes back', async (t) => {
  const slots = await bench(t, scripts.waits);
  const file = join(slots.root, 'slots/a/bundle.json');
  rmSync(file);
  slots.launch('--most-pause-seconds', '0.2');
  await slots.until('words', () => slots.logged.some((line) => line.includes('neither slot can be started')));
  writeFileSync(file, slots.bundle('1.0.0', scripts.waits)['bundle.json'] ?? '');
  await slots.untilLogged('waits 1.0.0');
});

test('a confirmed version that crashes because it was damaged gives way to the other', async (t) => {
  const slots = await bench(t, scripts.waits);
  await slots.installed('1.1.0');
  await ended(await confirmedBy(slots), 'SIGTERM');
  writeFileSync(join(slots.root, 'slots/b/dist/start.mjs'), 'process.exit(1)');
  slots.launch('--most-pause-seconds', '0.1');
  await slots.untilLogged('waits 1.0.0');
  assert.equal((await slots.state()).returned?.why, 'damaged');
});

test('a log that nobody reads any more does not end it', async (t) => {
  const slots = await bench(t, scripts.crashes);
  const launcher = slots.launch('--most-pause-seconds', '0.1');
  await slots.untilLogged('crashes');
  launcher.stderr?.destroy();
  await slots.untilLogged('crashes', 4);
  assert.equal(launcher.exitCode, null);
});

test('--help tells what it takes, and a wrong flag ends it', async (t) => {
  const slots = await bench(t);
  assert.equal(await ended(slots.launch('--help')), 0);
  assert.equal(await ended(slots.launch('--nothing')), 64);
});

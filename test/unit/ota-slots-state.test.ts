/** `state.json` on the disk: whole or the one before it, whatever is torn; and what the slots say when both are lost. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { writeDurably } from '../../ota/launcher/durable-file.js';
import { recover } from '../../ota/launcher/recover.js';
import { readState, writeState } from '../../ota/launcher/state-file.js';
import { canonicalJson, parseState, stateText } from '../../ota/launcher/state-shape.js';
import { SlotBench, writeFiles } from '../slot-bench.js';

async function bench(t: TestContext): Promise<SlotBench> {
  const made = new SlotBench();
  t.after(() => made.clear());
  await made.provisioned();
  return made;
}

test('what is written is read, with one serial number more and the one before it beside it', async (t) => {
  const slots = await bench(t);
  const first = await slots.state();
  const second = await writeState(slots.root, { ...first, failed: ['c'.repeat(64)] });
  assert.equal(second.serial, first.serial + 1);
  assert.deepEqual(await slots.state(), second);
  assert.deepEqual(parseState(readFileSync(join(slots.root, 'state.before.json'))), first);
  for (const name of ['state.json', 'state.before.json']) {
    assert.equal(statSync(join(slots.root, name)).mode & 0o777, 0o600);
  }
});

test('what a later version adds is kept by this one', async (t) => {
  const slots = await bench(t);
  const later = { ...(await slots.state()), added: { by: ['a later version', 1, null, true] } };
  writeFileSync(join(slots.root, 'state.json'), stateText(later));
  const { state } = await readState(slots.root);
  const written = await writeState(slots.root, { ...state!, trial: null });
  assert.deepEqual(await slots.state(), { ...later, serial: written.serial });
});

test('the same state has the same text in whatever order it was made', () => {
  assert.equal(canonicalJson({ b: [{ d: 1, c: null }], a: 'x' }), '{"a":"x","b":[{"c":null,"d":1}]}');
});

/** Whether a file torn anywhere still leaves a state, for a way to write it. */
async function survivesTears(slots: SlotBench, write: typeof writeState): Promise<boolean> {
  const first = await slots.state();
  await write(slots.root, { ...first, failed: ['d'.repeat(64)] });
  const file = join(slots.root, 'state.json');
  const whole = readFileSync(file);
  for (let bytes = 0; bytes < whole.length - 1; bytes += 7) {
    writeFileSync(file, whole.subarray(0, bytes));
    const { state, from } = await readState(slots.root);
    if (state === null) return false;
    assert.deepEqual([state, from], [first, 'state.before.json']);
  }
  return true;
}

test('torn at any byte: the one before it is taken; negative control: written without it, nothing is left', async (t) => {
  const slots = await bench(t);
  assert.equal(await survivesTears(slots, writeState), true);
  const other = await bench(t);
  rmSync(join(other.root, 'state.before.json'), { force: true });
  const careless: typeof writeState = async (root, state) => {
    await writeDurably(root, 'state.json', stateText(state));
    return state;
  };
  assert.equal(await survivesTears(other, careless), false);
});

test('a torn state is not kept as the one before', async (t) => {
  const slots = await bench(t);
  const first = await slots.state();
  await writeState(slots.root, first);
  writeFileSync(join(slots.root, 'state.json'), 'torn');
  await writeState(slots.root, { ...first, failed: ['e'.repeat(64)] });
  writeFileSync(join(slots.root, 'state.json'), 'torn again');
  assert.deepEqual((await slots.state()).failed, []);
});

test('a file that the disk does not give back is passed over; one that this process may not read is not', async (t) => {
  const slots = await bench(t);
  const state = await slots.state();
  const file = join(slots.root, 'state.json');
  await writeState(slots.root, state);
  rmSync(file);
  mkdirSync(file);
  const read = await readState(slots.root);
  assert.deepEqual([read.from, read.wrong], ['state.before.json', ['state.json cannot be read (EISDIR)']]);
  if (process.getuid?.() === 0) return t.skip('root may read everything');
  rmSync(file, { recursive: true });
  writeFileSync(file, '', { mode: 0 });
  await assert.rejects(readState(slots.root), { code: 'EACCES' });
});

test('a single bit that turned is found', async (t) => {
  const slots = await bench(t);
  await writeState(slots.root, await slots.state());
  const file = join(slots.root, 'state.json');
  const whole = readFileSync(file);
  for (let at = 0; at < whole.length - 1; at += 5) {
    const turned = Buffer.from(whole);
    turned[at] = (turned[at] ?? 0) ^ 1;
    writeFileSync(file, turned);
    assert.notEqual((await readState(slots.root)).from, 'state.json', `bit of byte ${at}`);
  }
});

test('both states lost: the slot that was confirmed last, or the only one that is whole', async (t) => {
  const slots = await bench(t);
  assert.deepEqual([(await recover(slots.root))?.active, (await recover(slots.root))?.trial], ['a', null]);

  await slots.installed('1.1.0');
  const beside = await recover(slots.root);
  assert.deepEqual(
    [beside?.active, beside?.slots.b?.condition],
    ['a', 'bad'],
    'never confirmed: not gone to',
  );

  await slots.slots('b').confirm();
  const both = await recover(slots.root);
  assert.deepEqual([both?.active, both?.slots.a?.condition], ['b', 'good']);

  writeFiles(join(slots.root, 'slots/b'), { 'package.json': 'not what was installed' });
  const one = await recover(slots.root);
  assert.deepEqual([one?.active, one?.slots.b?.condition], ['a', 'bad']);

  writeFiles(join(slots.root, 'slots/a'), { 'package.json': 'neither' });
  assert.equal((await recover(slots.root))?.active, 'b', 'nothing is whole: what was confirmed last');

  rmSync(join(slots.root, 'slots/b.good'));
  rmSync(join(slots.root, 'slots/a.good'));
  assert.equal(await recover(slots.root), null);
});

test('a whole slot that nobody confirmed is tried when it is all there is', async (t) => {
  const slots = await bench(t);
  rmSync(join(slots.root, 'slots/a.good'));
  const found = await recover(slots.root);
  assert.deepEqual([found?.active, found?.trial?.triesLeft, found?.slots.a?.condition], ['a', 3, 'ready']);
});

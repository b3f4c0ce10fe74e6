/** Updates that are killed and cut; what is found is that of `npm run fault -- ota`, in fewer rounds. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { otherSlot } from '../../ota/launcher/choose.js';
import { readState, writeState } from '../../ota/launcher/state-file.js';
import { cutUpdates } from './ota-cut.js';
import { killUpdates } from './ota-kill.js';
import { bootHere } from './ota-site.js';
import { runSlotScenario, type Starter, slotScenarios } from './ota-slot-scenarios.js';
import { readTap } from './ota-tested.js';
import { Truth } from './ota-truth.js';
import { whyNot } from './power-cut.js';

/** Skips, and says why, where no card can be mounted. */
async function mountable(t: TestContext): Promise<boolean> {
  const reason = await whyNot();
  if (reason !== null) t.skip(reason);
  return reason === null;
}

test('whoever changes the slots is killed at each place: the old or the new version starts, and the next is installed', async () => {
  const { kills, during, violations } = await killUpdates({ kills: 28, seed: 1 });
  assert.deepEqual(violations, []);
  assert.equal(kills, 28);
  assert.ok((during['install'] ?? 0) >= 22, 'every place of an installation');
});

test('the power is cut at any point of updates: the old or the new version starts, never torn', async (t) => {
  if (!(await mountable(t))) return;
  const { cuts, withUnflushed, processes, violations } = await cutUpdates({ cuts: 22, seed: 1 });
  assert.deepEqual(violations, []);
  assert.equal(cuts, 22);
  assert.ok(withUnflushed > 0 && processes > 4);
});

test('negative control: a slot that is believed without having been synced is caught', async (t) => {
  if (!(await mountable(t))) return;
  const { wrong, violations } = await cutUpdates({ cuts: 8, seed: 1, control: 'unsynced' });
  assert.ok(wrong.torn > 0, violations.join('\n'));
});

test('negative control: state.json written in place is caught', async (t) => {
  if (!(await mountable(t))) return;
  const { violations } = await cutUpdates({ cuts: 8, seed: 1, control: 'in-place' });
  assert.match(violations.join('\n'), /starts instead of/);
});

for (const scenario of slotScenarios) {
  test(scenario.name, async () => {
    assert.deepEqual(await runSlotScenario(scenario), []);
  });
}

/** Counts every start down, confirmed or not, and takes the other slot when none is left. */
const counting: Starter = async (root) => {
  const { state } = await readState(root);
  if (state && state.trial === null) {
    const left = 3 - (state.serial % 4);
    if (left <= 0) await writeState(root, { ...state, active: otherSlot(state.active) });
    else await writeState(root, state);
  }
  return bootHere(root);
};

test('negative control: a launcher that counts while confirmed is caught', async () => {
  const scenario = slotScenarios.find(({ name }) => name.includes('power cycles'));
  assert.ok(scenario);
  assert.match((await runSlotScenario(scenario, { start: counting })).join('\n'), /power cycle/);
});

test('the truth: old or new while it is written, the new one once it was told, the old one when no try is left', () => {
  const truth = new Truth(new Map());
  const allowed = (...lines: string[]): string[] => {
    for (const line of lines) truth.take(line);
    return [...truth.allowed].sort();
  };
  assert.deepEqual(allowed('confirmed 1'), ['1']);
  assert.deepEqual(allowed('installing 2'), ['1', '2']);
  assert.deepEqual(allowed('installed 2'), ['2']);
  assert.deepEqual(allowed('starting', 'saw 2', 'starting'), ['2']);
  assert.deepEqual(allowed('starting'), ['1', '2']);
  assert.deepEqual(allowed('confirmed 2', 'starting', 'starting', 'starting', 'starting'), ['2']);
  assert.deepEqual(allowed('leaving 1'), ['1', '2']);
  assert.deepEqual(allowed('left 1'), ['1']);
});

test('what the tests of others print is read: passed, left out with a reason, failed', () => {
  const lines = [
    'ok 1 - one',
    'ok 2 - two # SKIP test name does not match pattern',
    'ok 3 - three # SKIP needs root',
    'not ok 4 - four',
    '    not ok 1 - inside of four',
  ];
  const found = readTap(lines.join('\n'));
  assert.deepEqual(found, { passed: 1, skipped: ['three: needs root'], failed: ['four'] });
});

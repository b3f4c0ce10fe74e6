/** What a new version and a bad day do to a camera of two slots; and how the other fault runs of updates judge. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { otherSlot } from '../../ota/launcher/choose.js';
import { readState, writeState } from '../../ota/launcher/state-file.js';
import { bootHere } from './ota-site.js';
import { runSlotScenario, type Starter, slotScenarios } from './ota-slot-scenarios.js';
import { readTap } from './ota-tested.js';
import { Truth } from './ota-truth.js';

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

/** Updates under which the power goes; what is found is that of `npm run fault -- ota`, in fewer rounds. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { cutUpdates } from './ota-cut.js';
import { whyNot } from './power-cut.js';

/** Skips, and says why, where no card can be mounted. */
async function mountable(t: TestContext): Promise<boolean> {
  const reason = await whyNot();
  if (reason !== null) t.skip(reason);
  return reason === null;
}

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

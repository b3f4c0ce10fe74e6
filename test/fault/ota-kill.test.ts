/** Updates that are killed; what is found is that of `npm run fault -- ota`, in fewer rounds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { killUpdates } from './ota-kill.js';

test('whoever changes the slots is killed at each place: the old or the new version starts, and the next is installed', async () => {
  const { kills, during, violations } = await killUpdates({ kills: 28, seed: 1 });
  assert.deepEqual(violations, []);
  assert.equal(kills, 28);
  assert.ok((during['install'] ?? 0) >= 22, 'every place of an installation');
});

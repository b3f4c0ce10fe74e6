import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stepKinds } from './kill-steps.js';
import { cutPower, killWriter } from './store-kill.js';

test('the writer killed in each kind of write and sync, and at any moment: nothing acknowledged is lost', async () => {
  // Each kind before, in the middle of and after the call.
  const found = await killWriter({ runs: 3 * (stepKinds.length + 1), seed: 1 });
  assert.deepEqual(found.violations, []);
  assert.deepEqual(
    [...found.during],
    stepKinds.map((kind) => [kind, 3]),
  );
  assert.ok(found.acknowledged > 24);
});

test('negative control: a writer that destroys the old records before the new header is caught', async () => {
  const { violations } = await killWriter({ runs: 80, seed: 1 }, 'header-late');
  assert.match(violations.join('\n'), /check: (record|segment)|does not verify|were due/);
});

test('negative control: a writer that acknowledges before it writes is caught', async () => {
  const { violations } = await killWriter({ runs: 24, seed: 1 }, 'early-ack');
  assert.match(violations.join('\n'), /was acknowledged and is not there/);
});

test('power cut with any part of the unsynced sectors kept: nothing acknowledged is lost', async () => {
  const found = await cutPower({ runs: 100, seed: 1 });
  assert.deepEqual(found.violations, []);
  assert.ok(found.acknowledged > 300);
  assert.ok(found.destroyed > 50);
});

test('negative control: without syncs a power cut is caught', async () => {
  const { violations } = await cutPower({ runs: 100, seed: 1 }, { ignoreSyncs: 'all' });
  assert.match(violations.join('\n'), /was acknowledged and is not there/);
});

test('negative control: key slots that are never really synced are caught', async () => {
  const { violations } = await cutPower({ runs: 100, seed: 1 }, { ignoreSyncs: 'keys' });
  assert.match(violations.join('\n'), /came back|was acknowledged and is not there|key-slot/);
});

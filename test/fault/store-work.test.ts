import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Store } from '../../runtime/record/store.js';
import { keysDirectory, segmentBytes, storeDeps } from '../unit/store-fake.js';
import { Account, gopOf, rightClock, segments, unsureFrom } from './store-work.js';

const run = 'cc'.repeat(8);

/** What the account finds after a GOP of a wrong clock, its correction, and one more. `forgets`: it never reaches the card. */
async function examined(t: TestContext, forgets: boolean): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'vigie-work-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const shape = { capacityBytes: segments * segmentBytes, segmentBytes, cameraId: 'cam-1' };
  const options = { directory, keysDirectory: keysDirectory(directory), ...shape };
  const account = new Account();
  const store = new Store({ ...(await storeDeps(directory)), run }, options);
  await store.start(new AbortController().signal);
  for (const content of [unsureFrom + 3, 4]) {
    const record = await store.append(gopOf(content, 'communal'));
    account.take(`stored ${record} ${store.segments().at(-1)?.sequence} communal ${record} ${content}`);
    if (!forgets) await store.correctTimes(rightClock);
  }
  account.take(`corrected ${run}`);
  await store.stop();
  return account.examine(directory);
}

test('the account finds nothing wrong with a correction that is there', async (t) => {
  assert.deepEqual(await examined(t, false), []);
});

test('negative control: a correction that was told and is not on the card is caught', async (t) => {
  assert.deepEqual(await examined(t, true), ['the time of record 1 is not corrected any more']);
});

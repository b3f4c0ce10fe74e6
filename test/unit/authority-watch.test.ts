import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Log } from '../../board/ports.js';
import { ManualClock } from '../../board/virtual/clock.js';
import type { Authority } from '../../runtime/access/authorisation.js';
import { AuthorityWatch } from '../../runtime/access/authority-watch.js';

const startMs = Date.UTC(2026, 0, 1);
const quiet: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

async function watching(t: TestContext, take: (authority: Authority) => void) {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-watch-'));
  const file = join(directory, 'authorisation.json');
  const paper = {
    reference: 'R',
    authority: 'A',
    cameraId: 'cam-1',
    validFrom: '2025-12-01T00:00:00Z',
    validUntil: '2026-01-01T00:00:10Z',
    retainDays: 15,
    events: [{ zone: 'Quai', event: 'presence', legalBasis: 'L' }],
  };
  writeFileSync(file, JSON.stringify(paper));
  const clock = new ManualClock(startMs);
  const watch = await AuthorityWatch.open({ clock, log: quiet }, { file, cameraId: 'cam-1' });
  watch.start((authority) => {
    take(authority);
    return Promise.resolve();
  });
  t.after(async () => {
    await watch.stop();
    rmSync(directory, { recursive: true });
  });
  /** Seconds pass, and each look that falls due is done. */
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second++) {
      clock.advance(1000);
      await watch.settled();
    }
  };
  return { watch, clock, file, pass };
}

test('it expires to the second, without a change of the file', async (t) => {
  const taken: boolean[] = [];
  const { watch, pass } = await watching(t, (authority) => taken.push(authority.mayRecord));
  await pass(9);
  assert.deepEqual([watch.current.mayRecord, taken], [true, []]);
  await pass(1);
  assert.deepEqual([watch.current.mayRecord, taken], [false, [false]]);
  assert.equal(watch.current.refusal?.code, 'authorisation-expired');
});

test('a clock set back before its beginning allows nothing', async (t) => {
  const { watch, clock, pass } = await watching(t, () => undefined);
  clock.jumpWall(-400 * 86_400_000);
  await pass(1);
  assert.equal(watch.current.refusal?.code, 'authorisation-not-yet');
});

test('a change that could not be taken up is tried again until it is', async (t) => {
  let failures = 3;
  let tries = 0;
  const { file, pass } = await watching(t, () => {
    tries++;
    if (failures-- > 0) throw new Error('the sensor is unplugged');
  });
  rmSync(file);
  await pass(3);
  assert.equal(tries, 3);
  await pass(5);
  assert.equal(tries, 4);
});

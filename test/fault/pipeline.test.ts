/** The pipeline process is killed, stopped and starved: nothing clear on the card, nothing lost but the gap. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { breakProcess, type FaultOutcome, starve, violationsOf } from './pipeline.js';

function sound(found: FaultOutcome): void {
  assert.deepEqual(violationsOf(found), []);
  assert.equal(found.restarts, 1);
  assert.ok(found.framesDecoded >= 40);
  assert.ok(Number.isFinite(found.resumedAfterMs), 'no frame after the fault');
}

test('SIGKILL', async () => sound(await breakProcess('SIGKILL')));
test('SIGSTOP', async () => sound(await breakProcess('SIGSTOP')));
test('a source that goes silent', async () => sound(await starve()));

test('negative control: each violation is told', () => {
  const broken: FaultOutcome = {
    fault: 'control',
    resumedAfterMs: 0,
    restarts: 1,
    leaks: 1,
    framesDecoded: 39,
    framesRecorded: 40,
    damages: 1,
    alertsKept: false,
  };
  assert.equal(violationsOf(broken).length, 4);
});

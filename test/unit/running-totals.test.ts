import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Beat } from '../../pipelines/messages.js';
import { RunningTotals } from '../../runtime/health/totals.js';

function beat(captured: number): Beat {
  const none = { p50: 0, p99: 0 };
  return {
    t: 'beat',
    captured,
    masked: captured,
    encoded: captured,
    dropped: 1,
    lookedAt: 2,
    detections: 3,
    tracksBorn: 4,
    rssBytes: 5,
    latencyMs: none,
    loopDelayMs: none,
  };
}

test('each life counts from zero, the camera does not', () => {
  const totals = new RunningTotals();
  totals.add(beat(10));
  totals.add(beat(25));
  totals.endOfLife();
  totals.add(beat(7));
  assert.equal(totals.counts.captured, 32);
  assert.equal(totals.counts.dropped, 2);
  assert.equal(totals.restarts, 1);
});

test('units after the last heartbeat of a life that was cut count', () => {
  const totals = new RunningTotals();
  for (let seq = 0; seq < 12; seq++) totals.unit(seq);
  totals.add(beat(10));
  totals.endOfLife();
  assert.equal(totals.counts.captured, 12);
  assert.equal(totals.counts.encoded, 12);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from '../../runtime/health/backoff.js';

test('lives that end with their first frames wait longer and longer for the next', () => {
  const backoff = new Backoff();
  const waits = [40, 200, 0, 3000, 40, 40].map((framesForMs) => backoff.after(framesForMs));
  assert.deepEqual(waits, [0, 250, 500, 1000, 2000, 2000]);
});

test('after a steady life the next begins at once', () => {
  const backoff = new Backoff();
  for (let i = 0; i < 5; i++) backoff.after(40);
  assert.equal(backoff.after(60_000), 0);
  assert.equal(backoff.after(40), 250);
});

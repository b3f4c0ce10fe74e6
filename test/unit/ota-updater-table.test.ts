/** The table of states: the page shows it, and what is not in it is refused. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import { VigieError } from '../../errors.js';
import { nextState, type UpdateEvent, updateEvents, updateTable } from '../../ota/table.js';
import { type UpdateState, updateStates } from '../../ota/update.js';
import { Standing } from '../../ota/updater/standing.js';
import { tableUnder } from '../rules/markdown.js';

const rows = updateStates.flatMap((state) =>
  Object.entries(updateTable[state]).map(([event, next]) => [state, event, next]),
);

test('docs/updates.md shows the table', () => {
  assert.deepEqual(tableUnder(readFileSync('docs/updates.md', 'utf8'), 'States'), rows);
});

/** The events that lead from a start to a state. */
const ways = new Map<UpdateState, UpdateEvent[]>([['idle', []]]);
for (const [state, way] of ways) {
  for (const event of updateEvents) {
    const next = nextState(state, event);
    if (next !== null && !ways.has(next)) ways.set(next, [...way, event]);
  }
}

test('every state can be reached, and every event is in the table', () => {
  assert.deepEqual([...ways.keys()].sort(), [...updateStates].sort());
  assert.deepEqual([...new Set(rows.map(([, event]) => event))].sort(), [...updateEvents].sort());
});

test('in every state each event does what the table says, or is refused and changes nothing', () => {
  for (const [state, way] of ways) {
    for (const event of updateEvents) {
      const standing = new Standing(
        { clock: new ManualClock(), windowOpen: () => true },
        { backend: 'dir', running: { version: '1.0.0', commit: 'abc' }, channel: null },
      );
      for (const step of way) standing.follow(step);
      assert.equal(standing.state, state);
      const next = nextState(state, event);
      if (next === null) {
        assert.throws(() => standing.follow(event), VigieError);
        assert.equal(standing.state, state, `${state} left by ${event}`);
      } else {
        standing.follow(event);
        assert.equal(standing.state, next);
      }
    }
  }
});

test('nothing leads out of a download or an installation but its own end', () => {
  for (const state of ['downloading', 'installing'] as const)
    for (const event of ['check', 'rollback', 'confirm', 'clock-untrusted'] as const)
      assert.equal(nextState(state, event), null, `${state}, ${event}`);
});

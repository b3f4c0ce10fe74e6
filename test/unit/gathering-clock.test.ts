import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GatheredGop, Gathering } from '../../runtime/record/gathering.js';
import { fakeUnit, startMs } from './store-fake.js';

const picture = { width: 64, height: 48 };

/** Feeds 100 units; the wall clock jumps before unit `jumpAt`, the machine vouches for it from unit `trustedFrom` on. */
function fed(jumpAt: number, trustedFrom: number): GatheredGop['gop'][] {
  let trusted = false;
  const options = { picture, maxRecordUs: 1_200_000, maxRecordBytes: 1_000_000 };
  const gathering = new Gathering({ clockTrusted: () => trusted }, options);
  const closed: (GatheredGop | null)[] = [];
  for (let seq = 0; seq < 100; seq++) {
    if (seq >= trustedFrom) trusted = true;
    const unit = fakeUnit(seq);
    closed.push(
      gathering.add({ ...unit, wallMs: seq < jumpAt ? unit.wallMs - startMs : unit.wallMs }).closed,
    );
  }
  closed.push(gathering.end(false));
  return closed.flatMap((found) => found?.gop ?? []);
}

test('what a jump of the clock ends is never trusted, wherever in a GOP it comes', () => {
  for (let jumpAt = 1; jumpAt < 100; jumpAt++) {
    // The pictures are late: the machine vouches for its clock before the last ones of the time before it come.
    for (const late of [0, 1, 5]) {
      const gops = fed(jumpAt, jumpAt - late);
      const wrong = gops.filter(({ units }) => units.some(({ wallMs }) => wallMs < startMs));
      assert.ok(wrong.length > 0);
      const text = `jump at ${jumpAt}, ${late} late`;
      assert.ok(
        wrong.slice(-1).every(({ clockTrusted }) => !clockTrusted),
        text,
      );
      assert.ok(
        wrong.every(({ units }) => units.every(({ wallMs }) => wallMs < startMs)),
        text,
      );
    }
  }
});

test('after the jump what is recorded is trusted', () => {
  const gops = fed(30, 30);
  assert.deepEqual(
    gops.map(({ clockTrusted, units }) => [clockTrusted, units.length]),
    [
      [false, 25],
      [false, 5],
      [true, 20],
      [true, 25],
      [true, 25],
    ],
  );
});

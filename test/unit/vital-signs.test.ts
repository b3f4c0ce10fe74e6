import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import { VitalSigns } from '../../runtime/health/vital-signs.js';

const limits = {
  heartbeatTimeoutMs: 600,
  silentSourceMs: 1000,
  startTimeoutMs: 15_000,
  memoryCeilingBytes: 100,
};

function living(): { clock: ManualClock; signs: VitalSigns } {
  const clock = new ManualClock();
  const signs = new VitalSigns(clock, limits);
  signs.born();
  return { clock, signs };
}

test('a process that beats and gives frames is well', () => {
  const { clock, signs } = living();
  for (let i = 0; i < 1000; i++) {
    clock.advance(100);
    signs.heard();
    signs.frame();
    assert.equal(signs.check(), null);
  }
});

test('silence is told after the time limit, not before', () => {
  const { clock, signs } = living();
  signs.heard();
  signs.frame();
  clock.advance(600);
  assert.equal(signs.check(), null);
  clock.advance(1);
  assert.match(signs.check()?.message ?? '', /silent/);
});

test('a heartbeat without frames is a source that went silent', () => {
  const { clock, signs } = living();
  signs.frame();
  for (let i = 0; i < 10; i++) {
    clock.advance(100);
    signs.heard();
    assert.equal(signs.check(), null);
  }
  clock.advance(1);
  assert.match(signs.check()?.message ?? '', /No picture/);
});

test('before its first frame a source has the longer limit, even while the process is held', () => {
  const { clock, signs } = living();
  clock.advance(15_000);
  assert.equal(signs.check(), null);
  clock.advance(1);
  assert.match(signs.check()?.message ?? '', /No picture for 15000 ms/);
});

/** Lives on for so many seconds, with or without looks; the first fault found. */
function live(signs: VitalSigns, clock: ManualClock, seconds: number, looking: boolean) {
  for (let i = 0; i < seconds * 10; i++) {
    clock.advance(100);
    signs.heard();
    signs.frame();
    if (looking) signs.look();
    const wrong = signs.check();
    if (wrong) return wrong;
  }
  return null;
}

test('a detector that never looks is given up, one that stops looking is replaced', () => {
  const { clock, signs } = living();
  signs.born(200);
  assert.equal(live(signs, clock, 20, false), null, 'the model may take its time to load');
  assert.equal(live(signs, clock, 5, false)?.kind, 'model');
  signs.born(200);
  assert.equal(live(signs, clock, 60, true), null);
  const stopped = live(signs, clock, 30, false);
  assert.equal(stopped?.kind, 'source');
  assert.match(stopped?.message ?? '', /looked at/);
});

test('looks that are meant to be rare are not missed early, and none are missed when nothing is analysed', () => {
  const { clock, signs } = living();
  signs.born(60_000);
  assert.equal(live(signs, clock, 170, false), null);
  signs.born(null);
  assert.equal(live(signs, clock, 170, false), null);
});

test('memory above the ceiling is told at once', () => {
  const { signs } = living();
  signs.frame();
  signs.memory(100);
  assert.equal(signs.check(), null);
  signs.memory(101);
  assert.match(signs.check()?.message ?? '', /grew/);
});

test('a new life starts without the sins of the last', () => {
  const { clock, signs } = living();
  assert.equal(signs.frame(), true);
  assert.equal(signs.frame(), false);
  signs.memory(101);
  clock.advance(5000);
  signs.born();
  assert.equal(signs.check(), null);
  assert.equal(signs.frame(), true);
});

test('a jump of the wall clock is nothing to it', () => {
  const { clock, signs } = living();
  signs.heard();
  signs.frame();
  clock.jumpWall(86_400_000);
  assert.equal(signs.check(), null);
});

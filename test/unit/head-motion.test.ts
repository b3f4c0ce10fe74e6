/** The mechanics of the simulated head: inertia, ends, the memory of where it looked, and that it repeats itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import { SimulatedHead, virtualHeadOptions } from '../../board/virtual/head.js';

function sweep(seed: number): { views: number[]; said: string[] } {
  const clock = new ManualClock();
  const head = new SimulatedHead({ clock }, virtualHeadOptions('visca', seed));
  const said: string[] = [];
  head.connect((bytes) => said.push(bytes.toString('hex')));
  head.setFaults({ corrupted: 0.4, dropped: 0.2, late: { chance: 0.3, byMs: 40 } });
  head.drive({ pan: 1, tilt: -0.3, zoom: 0.5 });
  const views: number[] = [];
  for (let i = 0; i < 100; i++) {
    clock.advance(20);
    head.hear(Buffer.from('81090612ff', 'hex'));
    const view = head.trueView(clock.monoUs());
    views.push(view.panDeg, view.tiltDeg, view.hfovDeg);
  }
  return { views, said };
}

test('it speeds up, stops in time, and never goes faster than it can', () => {
  const clock = new ManualClock();
  const options = virtualHeadOptions('visca');
  const { fastest, acceleration } = options.motion.pan;
  const head = new SimulatedHead({ clock }, options);
  head.moveTo({ panDeg: 120 });
  let before = head.trueView(clock.monoUs()).panDeg;
  let speedBefore = 0;
  let most = 0;
  for (let ms = 0; ms < 3000; ms += 10) {
    clock.advance(10);
    const { panDeg } = head.trueView(clock.monoUs());
    const speed = (panDeg - before) / 0.01;
    assert.ok(Math.abs(speed) <= fastest * 1.001);
    assert.ok(Math.abs(speed - speedBefore) <= acceleration * 0.01 * 1.2, `${speedBefore} to ${speed}`);
    assert.ok(panDeg <= 120.01, 'it does not run over');
    most = Math.max(most, speed);
    before = panDeg;
    speedBefore = speed;
  }
  assert.ok(most > fastest * 0.99);
  assert.equal(before, 120);
});

test('the ends hold it', () => {
  const clock = new ManualClock();
  const head = new SimulatedHead({ clock }, virtualHeadOptions('visca'));
  head.drive({ pan: 1, tilt: 1 });
  clock.advance(5000);
  const view = head.trueView(clock.monoUs());
  assert.deepEqual([view.panDeg, view.tiltDeg], [170, 30]);
});

test('what is past can be asked for ten seconds', () => {
  const clock = new ManualClock();
  const head = new SimulatedHead({ clock }, virtualHeadOptions('visca'));
  head.drive({ pan: 0.1 });
  clock.advance(1000);
  const atUs = clock.monoUs();
  const then = head.trueView(atUs);
  clock.advance(9000);
  assert.deepEqual(head.trueView(atUs), then);
  clock.advance(2000);
  assert.ok(head.trueView(atUs).panDeg > then.panDeg, 'older than that it tells the oldest it has');
});

test('the same seed says and does the same; another seed fails elsewhere', () => {
  assert.deepEqual(sweep(3), sweep(3));
  assert.notDeepEqual(sweep(3).said, sweep(4).said);
  assert.deepEqual(sweep(3).views, sweep(4).views);
});

test('homing: it goes to its ends and to zero, obeys nothing meanwhile, and its counters are then right', () => {
  const clock = new ManualClock();
  const head = new SimulatedHead({ clock }, virtualHeadOptions('visca'));
  head.moveTo({ panDeg: 50, tiltDeg: 10 });
  clock.advance(3000);
  head.powerOff();
  clock.advance(500);
  head.powerOn();
  assert.equal(head.homing, true);
  clock.advance(100);
  const off = head.told().panDeg - head.trueView(clock.monoUs()).panDeg;
  assert.ok(Math.abs(off + 50) < 5, `off by ${off}`);
  head.drive({ pan: 1 });
  clock.advance(10_000);
  assert.equal(head.homing, false);
  const view = head.trueView(clock.monoUs());
  assert.deepEqual([view.panDeg, view.tiltDeg, head.told().panDeg], [0, 0, 0]);
});

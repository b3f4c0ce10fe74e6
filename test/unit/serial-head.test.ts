/** The product's head before a simulated one, in both protocols, on a clock moved by hand (docs/ptz.md, W1 to W7). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeadBench, headError, protocols } from './head-bench.js';

const near = (value: number, wanted: number, by: number): void =>
  assert.ok(Math.abs(value - wanted) <= by, `${value} is not within ${by} of ${wanted}`);

const stopBytes = { visca: '8101060101010303ff', 'pelco-d': 'ff010000000001' };

for (const protocol of protocols) {
  test(`${protocol}: it goes where it is sent and tells where it is`, async () => {
    const bench = new HeadBench(protocol);
    await bench.start();
    await bench.after(bench.head.moveTo({ panDeg: 40, tiltDeg: -20, hfovDeg: 20 }));
    await bench.pass(4000);
    const told = await bench.position();
    near(told.panDeg, 40, 0.05);
    near(told.tiltDeg, -20, 0.05);
    near(told.hfovDeg ?? 0, 20, 0.05);
    const truth = bench.simulated.trueView(told.monoUs);
    near(told.panDeg, truth.panDeg, 0.05);
    near(told.hfovDeg ?? 0, truth.hfovDeg, 0.05);
  });

  test(`${protocol}: while it turns, the position is the true one of a time within the round trip`, async () => {
    const bench = new HeadBench(protocol);
    await bench.start();
    await bench.after(bench.head.drive({ pan: 1, tilt: 0, zoom: 0 }));
    await bench.pass(600);
    const told = await bench.position();
    const truth = bench.simulated.trueView(told.monoUs);
    const speed = bench.head.limits.panDegPerS;
    // Half the round trip, and the age of the counters that the simulated head owns to.
    near(told.panDeg, truth.panDeg, speed * (told.roundTripUs / 2e6 + 0.02) + 0.05);
    assert.ok(Math.abs(told.panDeg) > 20, `it turned to ${told.panDeg}`);
  });

  test(`${protocol}: presets, home, and orders it must refuse`, async () => {
    const bench = new HeadBench(protocol);
    await bench.start();
    await bench.after(bench.head.moveTo({ panDeg: 30, tiltDeg: 5 }));
    await bench.pass(3000);
    await bench.after(bench.head.savePreset(2));
    await bench.after(bench.head.home());
    await bench.pass(3000);
    near((await bench.position()).panDeg, 0, 0.05);
    await bench.after(bench.head.recallPreset(2));
    await bench.pass(3000);
    near((await bench.position()).panDeg, 30, 0.05);
    const before = bench.sent.length;
    await assert.rejects(bench.head.recallPreset(0), headError(/no preset 0/));
    await assert.rejects(bench.head.moveTo({ panDeg: 0, tiltDeg: 80 }), headError(/cannot look there/));
    await assert.rejects(
      bench.head.moveTo({ panDeg: Number.NaN, tiltDeg: 0 }),
      headError(/cannot look there/),
    );
    await assert.rejects(bench.head.drive({ pan: 2, tilt: 0, zoom: 0 }), headError(/no share/));
    assert.equal(bench.sent.length, before, 'nothing of it went out');
  });

  test(`${protocol}: a stop goes before questions that wait`, async () => {
    const bench = new HeadBench(protocol);
    await bench.start();
    await bench.after(bench.head.drive({ pan: -1, tilt: 0, zoom: 0 }));
    await bench.pass(500);
    bench.sent.length = 0;
    const questions = [bench.head.position(), bench.head.position(), bench.head.position()];
    const stopped = bench.head.halt();
    await bench.after(stopped);
    assert.equal(bench.sent[1]?.toString('hex'), stopBytes[protocol], 'right after the question on the line');
    await bench.after(Promise.all(questions));
    await bench.pass(1000);
    const [one, two] = [await bench.position(), await bench.position()];
    assert.equal(one.panDeg, two.panDeg);
  });

  test(`${protocol}: a dropped answer is asked for again, and the round trip counts from the first question`, async () => {
    const bench = new HeadBench(protocol);
    await bench.start();
    const usual = await bench.position();
    bench.simulated.setFaults({ dropped: 1 });
    const asked = bench.head.position();
    await bench.pass(100);
    bench.simulated.setFaults({ dropped: 0 });
    const told = await bench.after(asked);
    assert.ok(told.roundTripUs > usual.roundTripUs + 400_000, `${told.roundTripUs} us`);
    assert.deepEqual(bench.events, []);
  });

  test(`${protocol}: a head that is silent is lost; when it answers again it is stopped first`, async () => {
    const bench = new HeadBench(protocol);
    await bench.start();
    bench.simulated.setFaults({ cut: true });
    await assert.rejects(bench.after(bench.head.position()), headError(/does not answer/));
    assert.deepEqual(bench.events, ['lost']);
    bench.simulated.setFaults({ cut: false });
    await bench.pass(400);
    bench.sent.length = 0;
    await bench.position();
    assert.deepEqual(bench.events, ['lost', 'back']);
    assert.equal(bench.sent[1]?.toString('hex'), stopBytes[protocol]);
  });

  test(`${protocol}: a lost line fails what waits, is opened again, and a stop is the first thing sent`, async () => {
    const bench = new HeadBench(protocol);
    await bench.start();
    const asked = bench.head.position();
    bench.absent = true;
    bench.unplug();
    await assert.rejects(bench.after(asked), headError(/line to the head is lost/));
    await assert.rejects(bench.head.position(), headError(/line to the head is lost/));
    await bench.pass(3000);
    assert.deepEqual(bench.events, ['lost']);
    bench.absent = false;
    bench.sent.length = 0;
    await bench.pass(1500);
    assert.deepEqual(bench.events, ['lost', 'back']);
    assert.equal(bench.sent[0]?.toString('hex'), stopBytes[protocol]);
    await bench.position();
  });

  test(`${protocol}: an answer that comes late is never the answer to a later question`, async () => {
    const bench = new HeadBench(protocol);
    await bench.start();
    await bench.after(bench.head.drive({ pan: 1, tilt: 0, zoom: 0 }));
    await bench.pass(300);
    // Later than an attempt lasts, earlier than the quiet time after it ends.
    bench.simulated.setFaults({ late: { chance: 1, byMs: 350 } });
    const asked = bench.head.position();
    await bench.pass(100);
    bench.simulated.setFaults({ late: { chance: 0, byMs: 0 } });
    const told = await bench.after(asked);
    const now = bench.simulated.trueView(bench.clock.monoUs());
    near(told.panDeg, now.panDeg, 0.1 * bench.head.limits.panDegPerS);
  });

  test(`${protocol}: a corrupted answer makes a wrong position only where the protocol has no checksum`, async () => {
    const bench = new HeadBench(protocol, 5);
    await bench.start();
    await bench.after(bench.head.moveTo({ panDeg: 40, tiltDeg: -20 }));
    await bench.pass(3000);
    bench.simulated.setFaults({ corrupted: 0.5 });
    let wrong = 0;
    let failed = 0;
    for (let i = 0; i < 60; i++) {
      const told = await bench.after(bench.head.position(), 6000).catch(() => null);
      if (told === null) failed += 1;
      else if (Math.abs(told.panDeg - 40) > 0.1) wrong += 1;
    }
    assert.ok(failed > 0, 'the fault was there');
    // VISCA has no checksum: a bit in a nibble is believed here and found by the pose's own checks.
    if (protocol === 'pelco-d') assert.equal(wrong, 0);
    else assert.ok(wrong > 0, 'the negative control: without a checksum some are wrong');
  });
}

test('visca: power that comes back is told, and the position is not believed to be true', async () => {
  const bench = new HeadBench('visca');
  await bench.start();
  await bench.after(bench.head.moveTo({ panDeg: 60, tiltDeg: -20 }));
  await bench.pass(3000);
  bench.simulated.powerOff();
  await bench.pass(200);
  bench.simulated.powerOn();
  await bench.pass(100);
  assert.deepEqual(bench.events, ['powered']);
  assert.ok(bench.simulated.homing);
  const told = await bench.position();
  const truth = bench.simulated.trueView(told.monoUs);
  assert.ok(Math.abs(told.panDeg - truth.panDeg) > 30, 'its counters began at zero');
  await bench.pass(8000);
  assert.ok(!bench.simulated.homing);
  near((await bench.position()).panDeg, bench.simulated.trueView(bench.clock.monoUs()).panDeg, 0.1);
});

test('a head whose line is not there yet starts all the same', async () => {
  const bench = new HeadBench('visca');
  bench.absent = true;
  await bench.start();
  assert.deepEqual(bench.events, ['lost']);
  bench.absent = false;
  await bench.pass(1500);
  assert.deepEqual(bench.events, ['lost', 'back']);
  await bench.head.stop();
  await bench.head.stop();
  await assert.rejects(bench.head.position(), headError(/lost/));
});

/**
 * The runtime's head parts against the simulated head behind a real device node: what they send to the pipeline process
 * is compared with where the head truly was. The true pose is read from the simulation; no number is asserted on time.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../board/linux/clock.js';
import { SimulatedHead, virtualHeadLimits, virtualHeadOptions } from '../../board/virtual/head.js';
import { HeadPty } from '../../board/virtual/head-pty.js';
import type { Pose } from '../../pipelines/messages.js';
import { head as headConfig } from '../../runtime/config/head.js';
import { CameraHead } from '../../runtime/head-parts.js';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

async function camera({ positionDelayMs = 13 } = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'vigie-head-'));
  const device = join(directory, 'tty');
  const options = virtualHeadOptions('visca');
  const simulated = new SimulatedHead({ clock: systemClock }, options);
  const pty = new HeadPty({ clock: systemClock, head: simulated }, { path: device });
  await pty.plug();
  const limits = virtualHeadLimits(options);
  const config = headConfig.parse({
    protocol: 'visca',
    device,
    travel: { ...limits, panDeg: [...limits.panDeg] },
    // Replies over a machine that is busy are late, which is no fault of the head.
    trust: { positionDelayMs, lateMs: 1000 },
    presets: [{ name: 'gate', panDeg: 60, tiltDeg: 10, hfovDeg: 30 }],
  });
  const poses: (Pose & { offDeg: number; zoomOff: number })[] = [];
  const send = (pose: Pose): void => {
    const truth = simulated.trueView(pose.monoUs);
    const offDeg = Math.max(Math.abs(truth.panDeg - pose.panDeg), Math.abs(truth.tiltDeg - pose.tiltDeg));
    const zoomOff = Math.abs(Math.log(truth.hfovDeg / pose.hfovDeg));
    poses.push({ ...pose, offDeg, zoomOff });
  };
  const parts = new CameraHead({ clock: systemClock, log: silent, send }, config);
  const stop = async (): Promise<void> => {
    await parts.stop();
    await pty.unplug();
    simulated.disconnect();
    await rm(directory, { recursive: true, force: true });
  };
  return { simulated, parts, poses, stop };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 600; turn++) {
    if (holds()) return;
    await new Promise<void>((resolve) => systemClock.after(50, resolve));
  }
  assert.fail(`never: ${what}`);
}

test('over a real device node: homed, driven, without power, lied to; every pose that counts is true', async (t) => {
  const { simulated, parts, poses, stop } = await camera();
  t.after(stop);
  await parts.start(new AbortController().signal);
  await until('home', () => parts.state.hide === null);
  assert.ok(poses.some(({ hide }) => hide === 'homing'));
  poses.length = 0;
  await parts.control.goTo('gate');
  await until('there', () => !parts.state.moves);
  assert.deepEqual(
    poses.map(({ hide }) => hide).filter((hide) => hide !== null && hide !== 'late'),
    [],
  );
  assert.ok(Math.abs((parts.state.panDeg ?? 0) - 60) < 0.5);
  assert.ok(poses.some(({ speedDegPerS }) => speedDegPerS > 100));
  // A pose that is late repeats the one before it, and does not count.
  const counted = poses.filter(({ hide }) => hide === null);
  for (const { offDeg, uncertaintyDeg } of counted) assert.ok(offDeg <= uncertaintyDeg + 0.1, `${offDeg}`);
  // The zoom is asked for after pan and tilt; taken for one of the same time it would be off by 2 % while it goes. An answer
  // that was long on its way says of itself by how much it may be off, at the edge of the picture.
  for (const { zoomOff, hfovDeg, uncertaintyDeg } of counted) {
    const most = Math.max(0.015, (2 * uncertaintyDeg) / hfovDeg);
    assert.ok(zoomOff <= most, `${zoomOff}, ${most}`);
  }

  simulated.powerOff();
  await until('it is missed', () => parts.state.hide === 'link');
  simulated.powerOn();
  await until('it is known to have been without power', () =>
    ['power', 'homing'].includes(parts.state.hide ?? ''),
  );
  await until('open again', () => parts.state.hide === null);
  simulated.setFaults({ lie: { panDeg: 40, tiltDeg: 0 } });
  await until('the lie is seen', () => parts.state.hide !== null);
  const open = poses.filter(({ hide }) => hide === null);
  for (const { offDeg, uncertaintyDeg } of open) assert.ok(offDeg <= uncertaintyDeg + 0.1, `${offDeg}`);
});

test('the same comparison finds positions that are given the wrong time', async (t) => {
  const { parts, poses, stop } = await camera({ positionDelayMs: 400 });
  t.after(stop);
  await parts.start(new AbortController().signal);
  await until('home', () => parts.state.hide === null);
  await parts.control.goTo('gate');
  await until('moved', () => (parts.state.panDeg ?? 0) > 50);
  assert.ok(poses.some(({ hide, offDeg, uncertaintyDeg }) => hide === null && offDeg > uncertaintyDeg + 0.1));
});

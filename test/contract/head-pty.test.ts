/** The product's head over a real serial device node (a pty of socat) to the simulated one, on the real clock. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../board/linux/clock.js';
import type { HeadPort } from '../../board/ports.js';
import type { HeadEvent } from '../../board/ptz/serial-head.js';
import { SimulatedHead, virtualHeadOptions } from '../../board/virtual/head.js';
import { HeadPty } from '../../board/virtual/head-pty.js';
import { VirtualHeadSet } from '../../board/virtual/head-set.js';
import { headError, type Protocol, protocols, quiet } from '../unit/head-bench.js';

const skip =
  spawnSync('socat', ['-V']).status === 0 ? false : 'socat is not installed (npm run setup installs it)';

interface Plugged {
  head: HeadPort;
  simulated: SimulatedHead;
  pty: HeadPty;
  events: HeadEvent[];
}

async function plugged(t: TestContext, protocol: Protocol): Promise<Plugged> {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-head-'));
  const events: HeadEvent[] = [];
  const told = (event: HeadEvent): void => void events.push(event);
  const set = new VirtualHeadSet(
    { clock: systemClock, log: quiet, told },
    { protocol, path: join(directory, 'tty'), seed: 1 },
  );
  t.after(async () => {
    await set.stop();
    rmSync(directory, { recursive: true });
  });
  await set.start(new AbortController().signal);
  return { head: set.head, simulated: set.simulated, pty: set.pty, events };
}

/** Asks again until it holds; the runner's own time limit ends a test in which it never does. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

for (const protocol of protocols) {
  test(`${protocol}: a head on a device node turns and tells where it is`, {
    skip,
    timeout: 60_000,
  }, async (t) => {
    const { head, simulated } = await plugged(t, protocol);
    await head.moveTo({ panDeg: 20, tiltDeg: -10, hfovDeg: 30 });
    await until(async () => {
      const { panDeg, tiltDeg, hfovDeg } = await head.position();
      const there = Math.abs(panDeg - 20) < 0.1 && Math.abs(tiltDeg + 10) < 0.1;
      return there && hfovDeg !== null && Math.abs(hfovDeg - 30) < 0.1;
    });
    const view = simulated.trueView(systemClock.monoUs());
    assert.ok(Math.abs(view.panDeg - 20) < 0.1 && Math.abs(view.tiltDeg + 10) < 0.1);
  });

  test(`${protocol}: pulled out while it turns, the head stops when it is back`, {
    skip,
    timeout: 60_000,
  }, async (t) => {
    const { head, simulated, pty, events } = await plugged(t, protocol);
    await head.drive({ pan: 0.1, tilt: 0, zoom: 0 });
    await until(() => simulated.trueView(systemClock.monoUs()).panDeg > 1);
    await pty.unplug();
    await until(() => events.includes('lost'));
    await assert.rejects(head.position(), headError(/line to the head is lost/));
    const cut = simulated.trueView(systemClock.monoUs()).panDeg;
    await until(() => simulated.trueView(systemClock.monoUs()).panDeg > cut + 1);
    await pty.plug();
    await until(() => events.includes('back'));
    await until(async () => {
      const one = (await head.position()).panDeg;
      return one === (await head.position()).panDeg;
    });
  });
}

test('a link that a killed run left is replaced; where socat cannot be run, it is said', {
  skip,
}, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-head-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'tty');
  symlinkSync('/nowhere', path);
  const head = new SimulatedHead({ clock: systemClock }, virtualHeadOptions('visca'));
  const pty = new HeadPty({ clock: systemClock, head }, { path });
  await pty.plug();
  assert.notEqual(readlinkSync(path), '/nowhere');
  await pty.unplug();
  await pty.unplug();
  const absent = new HeadPty({ clock: systemClock, head }, { path: join(directory, 'no', 'such', 'place') });
  await assert.rejects(absent.plug(), headError(/has no line/));
});

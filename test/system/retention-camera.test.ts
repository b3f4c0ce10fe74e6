/**
 * Promise 5 on a whole camera: recorded, told, held by command, destroyed at the start after its term, proved offline; and
 * gone for whoever reads the card.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LinuxCard } from '../../board/linux/card.js';
import { systemClock } from '../../board/linux/clock.js';
import type { Clock } from '../../board/ports.js';
import { verifyRegister } from '../../runtime/access/register/verify.js';
import { Camera } from '../../runtime/main.js';
import { clipConfig, recordedUnits, runCamera, until } from '../camera-run.js';
import { CommandRunner, type Ended } from '../command-runner.js';

const command = fileURLToPath(new URL('../../runtime/cli/main.js', import.meta.url));
const dayMs = 86_400_000;

/** Runs beside the camera of this process, so it must not block it. */
function vigieBeside(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [command, ...args], { env: { ...process.env, LANG: 'C' } });
    let [out, error] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      error += chunk.toString();
    });
    child.once('close', (status) => resolve({ status, out, error }));
  });
}

/** This machine's clock, some days later. */
function later(days: number): Clock {
  return { ...systemClock, wallMs: () => systemClock.wallMs() + days * dayMs };
}

const runner = new CommandRunner(() => ({ LANG: 'C' }));
after(() => runner.stop());
const vigie = (...args: string[]): Promise<Ended> => runner.run(...args);

test('recorded, held, released, destroyed at its term, proved', async () => {
  const run = await runCamera(clipConfig());
  const state = run.directory;
  const fromMs = Date.now() - 60_000;
  const interval = [
    '--from',
    new Date(fromMs).toISOString(),
    '--to',
    new Date(fromMs + 600_000).toISOString(),
  ];
  try {
    await until('recording', () => run.camera.recorder.framesRecorded >= 40);
    const untilDate = new Date(Date.now() + 100 * dayMs).toISOString().slice(0, 10);
    const hold = ['--requisition', 'PV 2026/42', '--until', untilDate, '--state', state];
    const held = await vigieBeside('store', 'hold', ...interval, ...hold);
    assert.equal(held.status, 0, held.error);
    assert.match(held.out, /PV 2026\/42/);
    await run.stop();
    assert.ok((await recordedUnits(state)).length > 0);

    await startLater(run, 40);
    assert.ok((await recordedUnits(state)).length > 0, 'past its term, and held');
    const released = await vigie('store', 'release', '--requisition', 'PV 2026/42', '--state', state);
    assert.equal(released.status, 0, released.error);
    await startLater(run, 40);
    assert.equal((await recordedUnits(state)).length, 0, 'past its term, and gone');

    const proof = join(state, 'proof.json');
    const asked = await vigie('store', 'destroyed', ...interval, '--state', state, '--proof', proof);
    assert.equal(asked.status, 0, asked.error);
    assert.match(asked.out, /is destroyed\./);
    const checked = await vigie('store', 'destroyed', '--verify', proof, '--json');
    assert.equal(checked.status, 0, checked.out);
    const { answer } = JSON.parse(checked.out) as { answer: { verdict: string } };
    assert.equal(answer.verdict, 'destroyed');

    const verified = await vigie('register', 'verify', '--state', state, '--json');
    assert.equal(verified.status, 0, verified.out);
    const { last } = JSON.parse(verified.out) as { last: string };
    assert.equal((await vigie('register', 'verify', '--state', state, '--seen', last)).status, 0);
    assert.equal(
      (await vigie('register', 'verify', '--state', state, '--seen', `1:${'0'.repeat(64)}`)).status,
      1,
    );
    assert.match((await vigie('register', 'list', '--state', state)).out, /key-destroyed/);
    assert.deepEqual((await verifyRegister(state)).findings, []);
  } finally {
    await run.clear();
  }
});

/** Starts the camera some days later, without an authorisation, and stops it: the start alone keeps the terms. */
async function startLater(run: { directory: string; camera: Camera }, days: number): Promise<void> {
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const camera = await Camera.make(
    { clock: later(days), log, card: new LinuxCard() },
    { config: run.camera.config, stateDirectory: run.directory, gstRegistry: null },
  );
  await camera.start();
  await camera.stop();
}

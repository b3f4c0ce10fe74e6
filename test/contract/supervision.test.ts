/**
 * The supervisor with a real pipeline process: what makes it replace one, what must not, and that neither process
 * takes the other down or outlives it.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../board/linux/clock.js';
import { Supervisor } from '../../runtime/health/supervisor.js';
import type { SupervisorEvents } from '../../runtime/health/supervisor-events.js';
import { until } from '../camera-run.js';
import { testLog } from './control-camera.js';
import { smallPipeline } from './small-pipeline.js';

const table = { version: 1, zones: [] };
const running: Supervisor[] = [];

function supervisor(events: Partial<SupervisorEvents> = {}): { watched: Supervisor; lines: string[] } {
  const lines: string[] = [];
  const nothing = (): void => undefined;
  const watched = new Supervisor(
    {
      clock: systemClock,
      log: testLog(lines),
      events: { unit: nothing, tracks: nothing, interrupted: nothing, ended: nothing, ...events },
    },
    {
      pipeline: smallPipeline(),
      heartbeatTimeoutMs: 600,
      silentSourceMs: 1000,
      startTimeoutMs: 15_000,
      memoryCeilingBytes: 2 ** 31,
      gstRegistry: null,
    },
  );
  running.push(watched);
  return { watched, lines };
}
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});

function holdThisThread(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** False also for a process that ended and that nobody has asked about since. */
function lives(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

test('a process that was not heard because this one was held is not replaced', async () => {
  let units = 0;
  const { watched } = supervisor({ unit: () => void units++ });
  await watched.start(table);
  await until('some units', () => units > 10);
  holdThisThread(1500);
  const before = units;
  await until('more units', () => units > before + 10);
  assert.equal(watched.totals.restarts, 0);
});

test('negative control: a process that stands still is replaced', async () => {
  const { watched } = supervisor();
  await watched.start(table);
  process.kill(watched.pid ?? 0, 'SIGSTOP');
  await until('a replacement', () => watched.totals.restarts > 0);
});

test('a reader that fails on a unit ends the process that sent it, not this one', async () => {
  let failing = true;
  const { watched, lines } = supervisor({
    unit: () => {
      if (failing) throw new Error('cannot take this');
    },
  });
  await watched.start(table);
  await until('a replacement', () => watched.totals.restarts > 0);
  failing = false;
  await until('a running camera', () => watched.state === 'running');
  assert.ok(lines.some((line) => line.includes('cannot take this')));
});

test('a process that cannot even be started is tried again', async () => {
  const { watched, lines } = supervisor();
  await watched.start(table);
  const path = process.env.PATH;
  // More than one argument may be (execve(2)): the start throws, as it does without memory.
  process.env.PATH = `${path}:${'x'.repeat(200_000)}`;
  process.kill(watched.pid ?? 0, 'SIGKILL');
  await until('a failed start', () => lines.some((line) => line.includes('E2BIG')));
  process.env.PATH = path;
  await until('a running camera', () => watched.state === 'running');
});

test('two calls of stop end together, when the process is gone', async () => {
  const { watched } = supervisor();
  await watched.start(table);
  const pid = watched.pid ?? 0;
  const first = watched.stop();
  await watched.stop();
  await until('the end of the process', () => !lives(pid));
  await first;
});

test('the process ends with its parent, even while it is held and hears nothing', async () => {
  const parent = spawn(process.execPath, [fileURLToPath(new URL('./killed-parent.js', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  parent.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await until('the parent is dead', () => parent.signalCode === 'SIGKILL');
  const pid = Number(said);
  assert.ok(pid > 0);
  await until('the end of the process', () => !lives(pid));
});

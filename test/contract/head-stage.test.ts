/**
 * The process that plays a head and its sensor: it makes a device and a pipe, replaces what a killed run left, leaves alone
 * what another camera uses, and takes both away at its end.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { HeadStage } from '../../board/virtual/head-stage.js';
import { VigieError } from '../../errors.js';
import { until } from '../camera-run.js';

const isHead = (error: unknown): boolean => error instanceof VigieError && error.kind === 'head';

function stageIn(directory: string): HeadStage {
  return new HeadStage({
    protocol: 'visca',
    device: join(directory, 'line'),
    pipe: join(directory, 'picture'),
    width: 320,
    height: 184,
    framesPerSecond: 10,
    lens: { principal: [0.5, 0.5], k1: 0, k2: 0, rollDeg: 0 },
    delayMs: 20,
    seed: 1,
  });
}

/** Whether anything came through the pipe. */
function reads(pipe: number): boolean {
  try {
    return readSync(pipe, Buffer.alloc(1 << 16)) > 0;
  } catch {
    return false;
  }
}

test('it leaves alone what a camera uses, and replaces what a killed run left', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-stage-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  execFileSync('mkfifo', [join(directory, 'picture')]);
  const stage = stageIn(directory);
  await stage.start();
  t.after(() => stage.stop());
  assert.deepEqual(readdirSync(directory).sort(), ['line', 'picture']);
  const camera = openSync(join(directory, 'picture'), constants.O_RDONLY | constants.O_NONBLOCK);
  await until('pictures', () => reads(camera));
  await assert.rejects(stageIn(directory).start(), isHead);
  assert.deepEqual(readdirSync(directory).sort(), ['line', 'picture']);
  while (reads(camera));
  await until('more pictures', () => reads(camera));
  closeSync(camera);
  await stage.stop();
  assert.deepEqual(readdirSync(directory), []);
});

test('a file that is no pipe is not touched', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-stage-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(join(directory, 'picture'), 'mine');
  await assert.rejects(stageIn(directory).start(), isHead);
  assert.deepEqual(readdirSync(directory), ['picture']);
});

/**
 * docs/recording.md, O11 and O12, on a whole camera: killed after an alert and started again, it goes on keeping what follows
 * under `terminus`, and that decodes. Without the file that remembers, nothing of the second run is kept.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { StoredGop } from '../../runtime/record/gop.js';
import { clipConfig, clipSize, decode, newDirectory, openStore, runCamera, until } from '../camera-run.js';

const program = fileURLToPath(new URL('./terminus-run.js', import.meta.url));

/** Resolves once the camera told an alert and recorded a little after it; then it is killed. */
async function killedAfterAlert(directory: string): Promise<void> {
  const child: ChildProcess = spawn(process.execPath, [program, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  assert.ok(child.stdout);
  let recordedThen: number | null = null;
  let alerted = false;
  for await (const line of createInterface(child.stdout)) {
    const [word, value] = line.split(' ');
    if (word === 'alert') alerted = true;
    if (word !== 'recorded' || !alerted) continue;
    recordedThen ??= Number(value);
    if (Number(value) >= recordedThen + 20) child.kill('SIGKILL');
  }
  await ended;
  assert.ok(alerted, 'an alert was told');
}

/** Everything on the card, in the order in which it was recorded. */
async function onCard(directory: string): Promise<StoredGop[]> {
  const reader = await openStore(directory);
  const all: StoredGop[] = [];
  for await (const gop of reader.range(0, Number.MAX_SAFE_INTEGER)) all.push(gop);
  return all;
}

/** Starts again, without a zone that could tell an alert, and resolves to what this run recorded. */
async function recordedAgain(directory: string): Promise<StoredGop[]> {
  const last = Math.max(...(await onCard(directory)).map(({ record }) => record));
  const record = { capacityMiB: 64, segmentMiB: 4, terminus: { beforeSeconds: 2, afterSeconds: 30 } };
  const run = await runCamera(clipConfig({ zones: [], record }), directory);
  await until('it records again', () => run.camera.recorder.framesRecorded >= 40);
  assert.equal(run.camera.alertsTold, 0);
  await run.stop();
  assert.deepEqual(run.errors, []);
  return (await onCard(directory)).filter((gop) => gop.record > last);
}

for (const forgets of [false, true]) {
  const name = forgets
    ? 'negative control: without terminus.json the second run keeps nothing'
    : 'killed after an alert: the second run goes on keeping, and it decodes';
  test(name, async () => {
    const directory = newDirectory();
    try {
      await killedAfterAlert(directory);
      const first = (await onCard(directory)).filter((gop) => gop.class === 'terminus');
      assert.ok(first.length > 0, 'the first run kept what followed its alert');
      assert.ok(existsSync(join(directory, 'terminus.json')));
      if (forgets) rmSync(join(directory, 'terminus.json'));
      const second = await recordedAgain(directory);
      const kept = second.filter((gop) => gop.class === 'terminus');
      if (forgets) {
        assert.ok(second.length > 0);
        assert.deepEqual(kept, []);
        return;
      }
      assert.ok(second.length > 0);
      assert.equal(kept.length, second.length, 'all of it lies within the window');
      const units = kept.flatMap((gop) => gop.units);
      const pictures = decode(Buffer.concat(units.map(({ data }) => data)), clipSize);
      assert.equal(pictures.length, units.length);
      assert.ok(pictures.length >= 40);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
}

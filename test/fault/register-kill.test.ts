/** A register whose writer is killed again and again: every entry it was told of is there, and the chain holds. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { verifyRegister } from '../../runtime/access/register/verify.js';
import { seeded } from '../random.js';

/** Kills the writer so many times. Returns what is wrong. */
async function killWriter(kills: number, mode: 'sound' | 'early-ack' | 'forgetting'): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'vigie-register-kill-'));
  const random = seeded(5);
  const wrong: string[] = [];
  try {
    for (let kill = 1; kill <= kills; kill++) {
      const last = await runUntilKilled(directory, mode, random() * 60);
      const { findings, last: there } = await verifyRegister(directory);
      // The line that was being written is cut off by the next start.
      const damage = findings.filter(({ kind }) => kind !== 'torn');
      for (const { kind, file, line } of damage) wrong.push(`kill ${kill}: ${kind} ${file}:${line}`);
      if ((there?.n ?? 0) < last) wrong.push(`kill ${kill}: ${last} was told, the last is ${there?.n}`);
    }
    return wrong;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Resolves to the highest entry that the writer said is there. */
async function runUntilKilled(directory: string, mode: string, afterMs: number): Promise<number> {
  const program = join(import.meta.dirname, 'register-writer.js');
  const child = spawn(process.execPath, [program, directory, mode], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  const started = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      resolve();
    });
    child.once('close', () => resolve());
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) =>
    child.once('close', (_code, signal) => resolve(signal)),
  );
  await started;
  await wait(afterMs);
  child.kill('SIGKILL');
  assert.equal(await ended, 'SIGKILL', 'the writer ended by itself');
  return Math.max(0, ...text.split('\n').slice(0, -1).map(Number));
}

test('killed 12 times: no entry that was told is lost', async () => {
  assert.deepEqual(await killWriter(12, 'sound'), []);
});

test('killed 12 times while it packs and removes volumes: what is kept holds, and says what is gone', async () => {
  assert.deepEqual(await killWriter(12, 'forgetting'), []);
});

test('negative control: a writer that tells before it is written is caught', async () => {
  assert.notDeepEqual(await killWriter(4, 'early-ack'), []);
});

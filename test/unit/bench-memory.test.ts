import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { memoryNow, type Peak, watchPeak } from '../../bench/process-memory.js';

const held = 96;
const holds = `const held = Buffer.alloc(${held} << 20, 1); console.log('held'); process.stdin.resume();`;
const program = `"${process.execPath}" -e "${holds}"; true`;

/** What is seen of a shell between its first word and its end. */
async function watched(script: string): Promise<Peak> {
  const child: ChildProcess = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const peak = watchPeak(child.pid ?? 0);
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  const found = peak();
  child.stdin?.end();
  await once(child, 'close');
  return found;
}

test('the most memory of a process is told with that of its children', async () => {
  const { allMiB, childrenMiB } = await watched(program);
  assert.ok(childrenMiB > held && allMiB > childrenMiB, `${allMiB}, of it ${childrenMiB} MiB`);
  const alone = await watched('echo alone; read line; true');
  assert.ok(alone.childrenMiB === 0 && alone.allMiB > 0 && alone.allMiB < held, JSON.stringify(alone));
});

test('what a process shares with nobody is part of what it has', () => {
  const { residentMiB, ownMiB } = memoryNow(process.pid);
  assert.ok(ownMiB > 0 && ownMiB <= residentMiB, `${ownMiB} of ${residentMiB} MiB`);
});

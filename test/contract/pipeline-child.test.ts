/** A pipeline process that is started before the camera is loaded: taken once, replaced when it has gone, ended when nobody takes it. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { FromPipeline } from '../../pipelines/messages.js';
import { EarlyPipeline } from '../../runtime/health/pipeline-child.js';
import { PipelineProcess } from '../../runtime/health/pipeline-process.js';
import { until } from '../camera-run.js';
import { smallPipeline } from './small-pipeline.js';

/** It is there, and no zombie. */
function runs(pid: number): boolean {
  const file = `/proc/${pid}/stat`;
  return existsSync(file) && !/\) Z /.test(readFileSync(file, 'utf8'));
}

test('it is taken once, and is then the process that sends pictures', async (t) => {
  const early = new EarlyPipeline(null);
  const child = early.take();
  assert.ok(child?.pid);
  assert.equal(early.take(), null);
  early.stop();
  const said: FromPipeline[] = [];
  const events = {
    message: (message: FromPipeline) => void said.push(message),
    violation: (why: string) => assert.fail(why),
    exit: (why: string) => assert.fail(why),
  };
  const process = new PipelineProcess(events, null, child);
  t.after(() => process.kill());
  process.send({ t: 'start', options: smallPipeline() });
  await until('a unit', () => said.some((message) => message.t === 'unit'));
  const ready = said.find((message) => message.t === 'ready');
  assert.deepEqual([process.pid, ready?.pid], [child.pid, child.pid]);
});

test('one that nobody took ends with stop(), and one that died is not handed out', async () => {
  for (const end of ['stop', 'died'] as const) {
    const early = new EarlyPipeline(null);
    const { pid } = early;
    assert.ok(pid);
    if (end === 'stop') early.stop();
    else process.kill(pid, 'SIGKILL');
    await until(`${end}: its end`, () => !runs(pid));
    await until(`${end}: nothing to take`, () => early.pid === undefined);
    assert.equal(early.take(), null);
  }
});

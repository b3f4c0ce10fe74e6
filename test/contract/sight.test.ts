/** What the pipeline process measures of its sight, at the typed channel: numbers, and nothing while all is hidden. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maskDigest } from '../../pipelines/mask/table.js';
import { type FromPipeline, type MaskTable, type Sight, sight } from '../../pipelines/messages.js';
import { PipelineProcess } from '../../runtime/health/pipeline-process.js';
import { until } from '../camera-run.js';
import { smallPipeline } from './small-pipeline.js';

const table: MaskTable = {
  version: 1,
  zones: [
    {
      name: 'left',
      points: [
        [0, 0],
        [0.5, 0],
        [0.5, 1],
        [0, 1],
      ],
    },
  ],
};

async function measured(opens: boolean): Promise<Sight[]> {
  const said: FromPipeline[] = [];
  let ended: string | null = null;
  const process = new PipelineProcess(
    {
      message: (message) => said.push(message),
      violation: (why) => assert.fail(why),
      exit: (why) => {
        ended = why;
      },
    },
    null,
  );
  const of = <T extends FromPipeline['t']>(t: T) =>
    said.filter((message): message is Extract<FromPipeline, { t: T }> => message.t === t);
  process.send({ t: 'start', options: smallPipeline() });
  process.send({ t: 'mask-table', table });
  await until('the table is loaded', () => of('mask-ready').length > 0 || ended !== null);
  if (opens) process.send({ t: 'mask-open', version: 1, digest: maskDigest(table) });
  await until('two seconds of pictures', () => of('unit').length >= 40 || ended !== null);
  process.kill();
  assert.equal(ended, null);
  return of('sight');
}

test('under an open mask the open half is measured, without an authorisation or a detector', async () => {
  const found = await measured(true);
  assert.ok(found.length >= 2, `${found.length} measures`);
  for (const one of found) {
    assert.equal(one.table, maskDigest(table));
    assert.ok(one.open > 0.4 && one.open < 0.5, `${one.open} is open`);
    assert.equal(one.luma, 235);
    assert.equal(one.bright, 1);
    assert.equal(one.changed, null);
  }
});

test('while the whole picture is hidden nothing is measured', async () => {
  assert.deepEqual(await measured(false), []);
});

test('a measure with numbers that no picture can have is not taken', () => {
  const edges = new Uint8Array(2 * 48 * 36);
  const good: Sight = {
    t: 'sight',
    seq: 1,
    monoUs: 1,
    table: '',
    open: 1,
    luma: 100,
    bright: 0,
    flat: 0,
    detail: 5,
    contrast: 5,
    noise: null,
    changed: null,
    edges,
  };
  assert.ok(sight.safeParse(good).success);
  for (const wrong of [
    { open: 1.1 },
    { luma: Number.NaN },
    { noise: -1 },
    { changed: Number.POSITIVE_INFINITY },
    { edges: edges.subarray(1) },
    { edges: [...edges] },
    { picture: new Uint8Array(1) },
  ])
    assert.equal(sight.safeParse({ ...good, ...wrong }).success, false, JSON.stringify(Object.keys(wrong)));
});

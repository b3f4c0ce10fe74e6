/** The pipeline process with the person mask: pictures while the mask of zones changes and frames still wait. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FromPipeline, MaskTable, Picture, Unit } from '../../pipelines/messages.js';
import { PipelineProcess } from '../../runtime/health/pipeline-process.js';
import { until } from '../camera-run.js';
import { smallPipeline } from './small-pipeline.js';

const DELAY_SECONDS = 0.5;

const table = (version: number): MaskTable => ({ version, zones: [] });

test('a frame that waited while the table changed is recorded under its own table, and never pictured', async () => {
  const units: Unit[] = [];
  const pictures: Picture[] = [];
  let refused = 0;
  const hear = (message: FromPipeline): void => {
    if (message.t === 'mask-ready') {
      process.send({ t: 'mask-open', version: message.version, digest: message.digest });
    }
    if (message.t === 'unit') units.push(message);
    if (message.t === 'picture') pictures.push(message);
    if (message.t === 'no-picture') refused++;
  };
  const process = new PipelineProcess(
    { message: hear, violation: (why) => assert.fail(why), exit: () => undefined },
    null,
  );
  try {
    const personMask = {
      cover: 'bodies' as const,
      manner: 'solid' as const,
      delaySeconds: DELAY_SECONDS,
      area: null,
      only: true,
    };
    process.send({ t: 'start', options: smallPipeline({ personMask }) });
    process.send({ t: 'mask-table', table: table(1) });
    await until(
      'units under the first table',
      () => units.filter(({ mask }) => mask.version === 1).length > 5,
    );
    process.send({ t: 'mask-table', table: table(2) });
    let asked = 0;
    await until('pictures under the second table', () => {
      process.send({ t: 'picture', id: ++asked, seq: null });
      return pictures.length > 3;
    });
    const first = pictures[0].seq;
    const waited = units.filter(
      ({ seq, mask }) => seq < first && mask.version === 1 && mask.state === 'zones',
    );
    assert.ok(waited.length > 5);
    assert.ok(refused > 0, 'no picture was asked for while frames waited');
    assert.ok(pictures.every(({ mask }) => mask.version === 2 || mask.state === 'both'));
    assert.ok(units.every(({ mask }) => mask.people === 'area'));
    assert.ok(pictures.every(({ mask }) => mask.people === 'area'));
  } finally {
    process.kill();
  }
});

/** ML7: what demands that people are covered is read from the authorisation, and never silently left out. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readDemand } from '../../runtime/mask-log/demand.js';

const paper = {
  reference: 'test',
  authority: 'test',
  cameraId: 'cam-1',
  validFrom: '2026-01-01T00:00:00Z',
  validUntil: '2027-01-01T00:00:00Z',
  retainDays: 30,
  personMask: 'heads',
  events: [],
};

function written(t: TestContext, content: unknown): string {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-demand-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'authorisation.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

test('people must be covered as long as the authorisation is valid', async (t) => {
  const demand = { fromMs: Date.UTC(2026, 0, 1), untilMs: Date.UTC(2027, 0, 1) };
  for (const cameraId of ['cam-1', null]) {
    assert.deepEqual(await readDemand(written(t, paper), cameraId, false), demand);
  }
  assert.equal(await readDemand(written(t, { ...paper, personMask: undefined }), 'cam-1', true), null);
});

test('one that is absent or for another camera demands nothing, unless it was named', async (t) => {
  const file = written(t, paper);
  for (const [which, cameraId] of [
    [file, 'cam-2'],
    [`${file}.not`, 'cam-1'],
  ] as const) {
    assert.equal(await readDemand(which, cameraId, false), null);
    await assert.rejects(readDemand(which, cameraId, true), { kind: 'config' });
  }
});

test('one that does not hold is refused, named or not: it could be the one that demands it', async (t) => {
  for (const content of ['{', { ...paper, validUntil: '2040-01-01T00:00:00Z' }, { ...paper, more: 1 }]) {
    for (const asked of [false, true]) {
      await assert.rejects(readDemand(written(t, content), 'cam-1', asked), { kind: 'mask' });
    }
  }
});

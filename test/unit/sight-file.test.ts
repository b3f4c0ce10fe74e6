/** The usual view over a restart: what is written can be read, and nothing else is believed. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Sight } from '../../pipelines/messages.js';
import { type KeptSight, SightFile } from '../../runtime/health/sight-file.js';
import { SightWatch } from '../../runtime/health/sight-watch.js';

const edges = Array.from({ length: 2 * 48 * 36 }, (_, i) => (i % 17) - 1);
const kept: KeptSight = {
  of: 'ab 640x360',
  reference: { measures: 50, luma: 90.5, sharpness: 0.9, contrast: 11, edges },
};

test('kept with mode 0600, read again; damage is as good as nothing', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-sight-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'sight', 'reference.json');
  const file = new SightFile(path);
  assert.equal(await file.load(), null);
  await file.save(kept);
  await file.save(kept);
  assert.deepEqual(await file.load(), kept);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const text = readFileSync(path, 'utf8');
  for (const damaged of [
    '',
    text.slice(0, -20),
    text.replace('[-1,', '[16,'),
    text.replace('[-1,', '['),
    'null',
  ]) {
    writeFileSync(path, damaged);
    assert.equal(await file.load(), null, damaged.slice(0, 40));
  }
});

function sight(monoUs: number): Sight {
  const edgesNow = Uint8Array.from(edges, (edge) => Math.max(0, edge) * 4);
  const light = { luma: 90, bright: 0, flat: 0.1, detail: 10, contrast: 10, noise: 1, changed: 0.5 };
  return { t: 'sight', seq: 1, monoUs, table: 'ab', open: 1, ...light, edges: edgesNow };
}

test('a state directory that refuses costs one line, and nothing else', async () => {
  const lines: string[] = [];
  const log = { info: () => undefined, warn: (line: string) => lines.push(line), error: () => undefined };
  let calls = 0;
  const save = () => {
    calls++;
    return Promise.reject(new Error('EROFS'));
  };
  const file = { load: () => Promise.resolve(null), save };
  const watch = new SightWatch({ log, clock: { monoUs: () => 0 }, file }, { width: 640, height: 360 });
  for (let i = 1; i < 1300; i++) {
    watch.take(sight(i * 500_000));
    await watch.settled();
  }
  assert.equal(calls, 2);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /cannot be kept/);
});

test('what was kept of another mask or another size is not used', async () => {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const saved: KeptSight[] = [];
  const file = {
    load: () => Promise.resolve(kept),
    save: (what: KeptSight) => Promise.resolve(void saved.push(what)),
  };
  for (const [width, first] of [
    [640, true],
    [320, false],
  ] as const) {
    saved.length = 0;
    const watch = new SightWatch({ log, clock: { monoUs: () => 0 }, file }, { width, height: 360 });
    for (let i = 1; i < 4; i++) {
      watch.take(sight(i * 500_000));
      await watch.settled();
    }
    // Known at once from what was kept, and then kept again; or still being learnt.
    assert.equal(saved.length > 0, first);
  }
});

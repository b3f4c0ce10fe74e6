/** A slot against its `bundle.json`: whole, or the first thing that is wrong. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseManifest } from '../../ota/launcher/slot-manifest.js';
import { verifySlot } from '../../ota/launcher/verify-slot.js';
import { bundleFiles, writeFiles } from '../slot-bench.js';

const long = 'x'.repeat(3 * 1024 * 1024 + 5);
const files = { 'dist/start.mjs': 'start', 'models/a.onnx': long, 'models/empty': '', 'package.json': '{}' };

function slotOf(t: TestContext): { slot: string; sha256: string } {
  const slot = mkdtempSync(join(tmpdir(), 'vigie-slot-'));
  t.after(() => rmSync(slot, { recursive: true, force: true }));
  writeFiles(slot, bundleFiles('1.0.0', files));
  const sha256 = createHash('sha256')
    .update(readFileSync(join(slot, 'bundle.json')))
    .digest('hex');
  return { slot, sha256 };
}

test('a slot as it was installed is intact, read from the disk or not', async (t) => {
  const { slot, sha256 } = slotOf(t);
  const shares: number[] = [];
  const onShare = (share: number): void => void shares.push(share);
  assert.deepEqual(await verifySlot(slot, sha256, { onShare }), {
    intact: true,
    wrong: null,
    fromDisk: false,
  });
  assert.equal(shares.at(-1), 1);
  assert.equal((await verifySlot(slot, sha256, { fromDisk: true })).intact, true);
});

const damages: [string, RegExp, (slot: string) => void][] = [
  [
    'a byte of a file',
    /models\/a\.onnx is not what/,
    (s) => writeFileSync(join(s, 'models/a.onnx'), `y${long.slice(1)}`),
  ],
  ['a longer file', /package\.json has another length/, (s) => appendFileSync(join(s, 'package.json'), ' ')],
  ['a file more', /dist\/more\.js does not belong/, (s) => writeFileSync(join(s, 'dist/more.js'), '')],
  ['a file less', /models\/empty is missing/, (s) => rmSync(join(s, 'models/empty'))],
  ['no bundle.json', /bundle\.json is not there/, (s) => rmSync(join(s, 'bundle.json'))],
  [
    'another bundle.json',
    /not the one that was installed/,
    (s) => appendFileSync(join(s, 'bundle.json'), ' '),
  ],
  ['a torn bundle.json', /not JSON/, (s) => writeFileSync(join(s, 'bundle.json'), '{"format":')],
  ['an empty slot', /bundle\.json is not there/, (s) => rmSync(s, { recursive: true })],
  [
    'a link in the place of a file',
    /models\/empty does not belong/,
    (s) => {
      rmSync(join(s, 'models/empty'));
      symlinkSync('/etc/hostname', join(s, 'models/empty'));
    },
  ],
  ['a link to a directory', /more does not belong/, (s) => symlinkSync('dist', join(s, 'more'))],
];

for (const [what, words, damage] of damages) {
  test(`${what} is found`, async (t) => {
    const { slot, sha256 } = slotOf(t);
    damage(slot);
    for (const fromDisk of [false, true]) {
      const { intact, wrong } = await verifySlot(slot, sha256, { fromDisk });
      assert.equal(intact, false);
      assert.match(wrong ?? '', words);
    }
  });
}

test('a program that may not be run is found', async (t) => {
  const { slot } = slotOf(t);
  const manifest = JSON.parse(readFileSync(join(slot, 'bundle.json'), 'utf8')) as {
    files: Record<string, unknown>[];
  };
  manifest.files[0]!['executable'] = true;
  const text = JSON.stringify(manifest);
  writeFileSync(join(slot, 'bundle.json'), text);
  const sha256 = createHash('sha256').update(text).digest('hex');
  assert.match((await verifySlot(slot, sha256)).wrong ?? '', /dist\/start\.mjs is not executable/);
  chmodSync(join(slot, 'dist/start.mjs'), 0o755);
  assert.equal((await verifySlot(slot, sha256)).intact, true);
});

test('an order to stop ends it', async (t) => {
  const { slot, sha256 } = slotOf(t);
  await assert.rejects(verifySlot(slot, sha256, { signal: AbortSignal.abort() }), { name: 'AbortError' });
});

test('bundle.json names no path that leads out of the slot', () => {
  const good = JSON.parse(bundleFiles('1.0.0', files)['bundle.json'] ?? '') as { files: { path: string }[] };
  assert.equal(parseManifest(Buffer.from(JSON.stringify(good))).start, 'dist/start.mjs');
  for (const path of [
    '../x',
    '/etc/x',
    'a/../b',
    './a',
    'a//b',
    'a\\b',
    '',
    'bundle.json',
    'package.json',
    'a\0b',
  ]) {
    const bad = { ...good, files: [...good.files, { path, bytes: 0, sha256: 'a'.repeat(64) }] };
    assert.throws(() => parseManifest(Buffer.from(JSON.stringify(bad))), /path that is none/, path);
  }
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isKept, isNativeFor, nativePackages } from '../../ota/bundle/kept.js';
import { neededPackages } from '../../ota/bundle/packages.js';

const target = { arch: 'arm64' as const, nodeAbi: '115' };

test('of a package what Node loads is kept, and its licence; what made it is not', () => {
  const kept = [
    'package.json',
    'LICENSE',
    'licence.md',
    'NOTICE',
    'lib/index.js',
    'lib/a.node',
    'lib/libx.so.1',
  ];
  const left = [
    ...['index.d.ts', 'index.js.map', 'src/index.ts', 'README.md', 'binding.gyp', 'lib/a.cc', 'lib/a.dll'],
    ...['test/a.js', 'docs/a.js', 'examples/a.js', 'lib/a.test.js', 'lib/a_test.js', 'rollup.config.js'],
    ...['.nyc_output/a.json', 'lib/.cache/a.js'],
    ...['prebuilds/darwin-x64/a.node', 'prebuilds/linux-x64/a.musl.node', 'a_linux_x64_108.node'],
  ];
  for (const path of kept) assert.ok(isKept('some', path, target), path);
  for (const path of left) assert.ok(!isKept('some', path, target), path);
  assert.ok(isKept('some', 'a_linux_x64_115.node', target), 'the same for this Node');
});

test('a library is told by its machine, not by its name', () => {
  const head = (arch: string): Buffer =>
    readFileSync(`node_modules/onnxruntime-node/bin/napi-v6/linux/${arch}/onnxruntime_binding.node`).subarray(
      0,
      20,
    );
  for (const arch of ['x64', 'arm64'] as const) {
    for (const other of ['x64', 'arm64'] as const) {
      assert.equal(isNativeFor(head(arch), { arch: other }), arch === other, `${arch} for ${other}`);
    }
  }
  assert.ok(!isNativeFor(Buffer.from('MZ, a library of another system'), target));
  assert.ok(!isNativeFor(Buffer.alloc(0), target));
});

test('the packages are those that are needed where it runs, and what they need', async () => {
  const names = (await neededPackages(process.cwd())).map(({ name }) => name);
  for (const name of ['zod', 'ms', 'debug', 'long', 'uWebSockets.js', 'onnxruntime-common']) {
    assert.ok(names.includes(name), name);
  }
  const left = [
    'typescript',
    '@biomejs/biome',
    'playwright-core',
    'nan',
    'adm-zip',
    'node-fetch',
    'event-stream',
  ];
  for (const name of left) {
    assert.ok(!names.includes(name), name);
  }
  const natives = nativePackages({ ...target, arch: process.arch === 'arm64' ? 'arm64' : 'x64' });
  assert.deepEqual(
    natives.filter((name) => !names.includes(name)),
    [],
  );
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeDelta } from '../../ota/bundle/delta.js';
import { entriesOf, packBundle } from '../../ota/bundle/pack.js';
import { inspectBundle, unpackBundle } from '../../ota/bundle/unpack.js';
import { expectedOf, packTree, quick, scratch, smallTree, writeTree } from '../small-bundle.js';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Long names, an executable, an empty file, one that ends on a block. */
const oddFiles = {
  [`node_modules/${'long-name/'.repeat(12)}index.js`]: 'export {};\n',
  'node_modules/empty/index.js': '',
  'node_modules/block/index.js': ';'.repeat(512),
  'bin/run.js': '#!/usr/bin/env node\n',
};

test('a bundle comes out as it went in, and is the tar that GNU tar makes', async (t) => {
  const directory = scratch(t);
  const tree = writeTree(join(directory, 'tree'), { ...smallTree, ...oddFiles });
  chmodSync(join(tree, 'bin/run.js'), 0o700);
  const packed = await packTree(tree, join(directory, 'one.tar.zst'));
  const slot = join(directory, 'slot');
  const shares: number[] = [];
  const manifest = await unpackBundle(
    { kind: 'full', file: packed.file, expected: expectedOf(packed) },
    slot,
    quick,
    { onProgress: (bytes, of) => shares.push(bytes / of) },
  );
  assert.deepEqual(manifest, packed.manifest);
  assert.equal(shares.at(-1), 1);
  for (const { path, sha256: listed } of manifest.files) {
    assert.equal(sha256(readFileSync(join(slot, path))), listed, path);
    assert.deepEqual(readFileSync(join(slot, path)), readFileSync(join(tree, path)), path);
  }
  assert.equal(sha256(readFileSync(join(slot, 'bundle.json'))), packed.manifestSha256);
  assert.equal(statSync(join(slot, 'bin/run.js')).mode & 0o100, 0o100);

  const names = ['bundle.json', ...manifest.files.map(({ path }) => path)];
  const flags =
    '--format=ustar --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX -cf -'.split(' ');
  const gnu = execFileSync('tar', ['-C', slot, ...flags, '--', ...names], { maxBuffer: 1 << 26 });
  assert.equal(sha256(gnu), packed.tarSha256);
});

test('the same files give the same bytes, whatever their directory, order, times and modes', async (t) => {
  const directory = scratch(t);
  const files = { ...smallTree, ...oddFiles };
  const one = writeTree(join(directory, 'one'), files);
  const backwards = Object.fromEntries(Object.entries(files).reverse());
  const two = writeTree(join(directory, 'far/away/two'), backwards);
  for (const path of Object.keys(files)) {
    chmodSync(join(two, path), 0o600);
    utimesSync(join(two, path), 1, 1);
  }
  const a = await packTree(one, join(directory, 'a.tar.zst'));
  const b = await packTree(two, join(directory, 'b.tar.zst'));
  assert.deepEqual(readFileSync(a.file), readFileSync(b.file));
  writeFileSync(join(two, 'LICENSE'), 'EUPL \n');
  const c = await packTree(two, join(directory, 'c.tar.zst'));
  assert.notEqual(c.tarSha256, a.tarSha256, 'and others give others');
});

test('a delta makes the new version of the old tree, and only of that', async (t) => {
  const directory = scratch(t);
  const oldTree = writeTree(join(directory, 'old'), {
    ...smallTree,
    'dist/big.js': '// line\n'.repeat(9000),
  });
  const from = await packTree(oldTree, join(directory, 'old.tar.zst'));
  const newTree = writeTree(join(directory, 'new'), {
    ...smallTree,
    'dist/big.js': `${'// line\n'.repeat(9000)}new();\n`,
  });
  const to = await packTree(newTree, join(directory, 'new.tar.zst'), '1.1.0');
  const slot = join(directory, 'slot');
  await unpackBundle({ kind: 'full', file: from.file, expected: expectedOf(from) }, slot, quick);

  const file = join(directory, 'delta.zst');
  const delta = await makeDelta(
    { from: from.file, to: to.file },
    file,
    { scratch: directory, level: 3 },
    quick,
  );
  assert.equal(delta.fromTarSha256, from.tarSha256);
  assert.equal(delta.fromManifestSha256, from.manifestSha256);
  assert.equal(delta.fromVersion, '1.0.0');

  const source = {
    kind: 'delta' as const,
    file,
    expected: expectedOf(to),
    activeSlot: slot,
    fromTarSha256: delta.fromTarSha256,
  };
  const other = join(directory, 'other');
  assert.deepEqual(await unpackBundle(source, other, quick), to.manifest);
  assert.deepEqual(readFileSync(join(other, 'dist/big.js')), readFileSync(join(newTree, 'dist/big.js')));

  // It says that it looks back over 64 MiB, as no delta of these tars needs to.
  const greedy = join(directory, 'greedy.zst');
  const options = { input: Buffer.alloc(4096), maxBuffer: 1 << 20 };
  writeFileSync(greedy, execFileSync('zstd', ['-q', '--ultra', '-22', '--long=26', '-c'], options));
  await assert.rejects(unpackBundle({ ...source, file: greedy }, join(directory, 'none'), quick), /--memory/);

  writeFileSync(join(slot, 'LICENSE'), 'else\n');
  const third = join(directory, 'third');
  await assert.rejects(unpackBundle(source, third, quick), { name: 'VigieError', message: /does not fit/ });
  assert.deepEqual(readdirSync(third), [], 'nothing was written');
  assert.deepEqual(
    readdirSync(directory).filter((name) => name.startsWith('base-')),
    [],
    'the tar of the base is gone',
  );
});

test('only the bundle that was signed is unpacked, and only into an empty place', async (t) => {
  const directory = scratch(t);
  const tree = writeTree(join(directory, 'tree'), smallTree);
  const packed = await packTree(tree, join(directory, 'one.tar.zst'));
  const expected = expectedOf(packed);
  const wrong = [
    { ...expected, manifestSha256: '0'.repeat(64) },
    { ...expected, tarSha256: '0'.repeat(64) },
    { ...expected, tarBytes: expected.tarBytes - 512 },
    { ...expected, tarBytes: expected.tarBytes + 512 },
  ];
  for (const [i, one] of wrong.entries()) {
    const slot = join(directory, `slot-${i}`);
    const refusal = unpackBundle({ kind: 'full', file: packed.file, expected: one }, slot, quick);
    await assert.rejects(refusal, { kind: 'update', message: /refused/ });
  }
  const full = join(directory, 'full');
  mkdirSync(full);
  writeFileSync(join(full, 'old'), '');
  await assert.rejects(unpackBundle({ kind: 'full', file: packed.file, expected }, full, quick), /not empty/);
});

test('calling it off ends it with the reason, and leaves nothing half written', async (t) => {
  const directory = scratch(t);
  const tree = writeTree(join(directory, 'tree'), smallTree);
  const packed = await packTree(tree, join(directory, 'one.tar.zst'));
  const off = new AbortController();
  const source = { kind: 'full' as const, file: packed.file, expected: expectedOf(packed) };
  const reason = new Error('called off');
  const work = unpackBundle(source, join(directory, 'slot'), off.signal, {
    onProgress: () => off.abort(reason),
  });
  await assert.rejects(work, reason);

  const again = new AbortController();
  const options = { level: 19, onProgress: () => again.abort(reason) };
  const { format: _, name: __, files: ___, ...facts } = packed.manifest;
  const file = join(directory, 'two.tar.zst');
  await assert.rejects(packBundle(await entriesOf(tree), facts, file, options, again.signal), reason);
  assert.deepEqual(readdirSync(directory).sort(), ['one.tar.zst', 'slot', 'tree']);
});

test('a bundle that is there is not written over', async (t) => {
  const directory = scratch(t);
  const tree = writeTree(join(directory, 'tree'), smallTree);
  const file = join(directory, 'one.tar.zst');
  writeFileSync(file, 'mine');
  await assert.rejects(packTree(tree, file), { kind: 'update', message: /is there already/ });
  assert.equal(readFileSync(file, 'utf8'), 'mine');
});

test('what the disk or the machine refuses is told as what a technician can act on', async (t) => {
  const directory = scratch(t);
  const tree = writeTree(join(directory, 'tree'), smallTree);
  const packed = await packTree(tree, join(directory, 'one.tar.zst'));
  const source = { kind: 'full' as const, file: packed.file, expected: expectedOf(packed) };
  const under = join(packed.file, 'slot');
  await assert.rejects(unpackBundle(source, under, quick), {
    kind: 'update',
    message: /cannot be written: ENOTDIR/,
  });
  const gone = { ...source, file: join(directory, 'gone.tar.zst') };
  await assert.rejects(unpackBundle(gone, join(directory, 'a'), quick), (error: Error) => {
    assert.match(error.message, /^gone\.tar\.zst cannot be decompressed/);
    assert.ok(!error.message.includes(directory), 'it names no path');
    return true;
  });
  const { PATH } = process.env;
  t.after(() => {
    process.env['PATH'] = PATH;
  });
  process.env['PATH'] = directory;
  await assert.rejects(unpackBundle(source, join(directory, 'b'), quick), {
    kind: 'update',
    message: /ENOENT/,
  });
  await assert.rejects(packTree(tree, join(directory, 'c.tar.zst')), { kind: 'update', message: /ENOENT/ });
});

test('what a bundle is can be looked at before it is signed', async (t) => {
  const directory = scratch(t);
  const tree = writeTree(join(directory, 'tree'), { ...smallTree, 'RELEASE-NOTES.md': 'Good.\n' });
  const packed = await packTree(tree, join(directory, 'one.tar.zst'));
  const seen = await inspectBundle(packed.file, directory, quick);
  assert.deepEqual(
    { ...expectedOf(seen), treeBytes: seen.treeBytes },
    { ...expectedOf(packed), treeBytes: packed.treeBytes },
  );
  assert.equal(seen.fileSha256, sha256(readFileSync(packed.file)));
  assert.equal(seen.notes, 'Good.\n');
  assert.equal(seen.components, null);
});

/**
 * Tars and lists of files that were made to deceive: each is read to its end as what it says, or refused with an error of kind
 * `update`, and nothing is ever written outside the directory. The corpus keeps cases by hand; the rest is made by a seeded
 * generator. `VIGIE_FUZZ_CASES` asks for more, `VIGIE_FUZZ_SEED` for others.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { expanded } from '../../board/linux/archive.js';
import { VigieError } from '../../errors.js';
import { entriesOf } from '../../ota/bundle/pack.js';
import { type Found, parseBundleManifest, readBundle, type Sink } from '../../ota/bundle/read.js';
import { TreeSink, unpackBundle } from '../../ota/bundle/unpack.js';
import { endingOf, headerOf, paddingOf } from '../../ota/bundle/ustar.js';
import { seeded } from '../random.js';
import { sha256 } from '../slot-models.js';
import { expectedOf, packTree, quick, scratch, smallTree, writeTree } from '../small-bundle.js';

const corpus = 'test/fuzz/corpus/bundle';
const cases = Number(process.env['VIGIE_FUZZ_CASES'] ?? 1500);
const seed = Number(process.env['VIGIE_FUZZ_SEED'] ?? 1);
const most = 1 << 20;

type Random = () => number;
const below = (random: Random, end: number): number => Math.floor(random() * end);

const files = [
  { path: 'dist/main.js', content: Buffer.from('console.log(1);\n') },
  { path: 'dist/next.js', content: Buffer.alloc(700, 0x20) },
];

type Loose = Record<string, unknown>;

function listOf(change: Loose = {}, each: Loose[] = []): Buffer {
  const entries = files.map(({ path, content }, i) => ({
    path,
    bytes: content.length,
    sha256: sha256(content),
    ...each[i],
  }));
  const facts = { version: '1.0.0', commit: 'a', arch: 'x64', boards: ['virtual'], start: 'dist/main.js' };
  return Buffer.from(JSON.stringify({ format: 1, name: 'vigie', ...facts, files: entries, ...change }));
}

type Part = [header: Buffer, content: Buffer];

function tarOf(parts: readonly Part[]): Buffer {
  const body = Buffer.concat(
    parts.flatMap(([header, content]) => [header, content, Buffer.alloc(paddingOf(content.length))]),
  );
  return Buffer.concat([body, Buffer.alloc(endingOf(body.length))]);
}

const part = (path: string, content: Buffer): Part => [headerOf({ path, bytes: content.length }), content];

function goodTar(list = listOf(), more: Part[] = []): Buffer {
  return tarOf([
    part('bundle.json', list),
    ...files.map(({ path, content }) => part(path, content)),
    ...more,
  ]);
}

/** A header of which some bytes were changed and the sum made right again. */
function forged(path: string, bytes: number, change: (header: Buffer) => void): Buffer {
  const header = headerOf({ path: 'x', bytes });
  header.fill(0, 0, 100);
  header.write(path, 0, 'utf8');
  change(header);
  header.write('        ', 148, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

async function* inPieces(bytes: Buffer, random: Random): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; ) {
    const piece = bytes.subarray(at, at + 1 + below(random, 5000));
    at += piece.length;
    yield piece;
  }
}

/** Keeps what it is given in memory. */
function memory(): Sink & { written: Map<string, number> } {
  const written = new Map<string, number>();
  return {
    written,
    manifest: () => Promise.resolve(),
    open: ({ path }) => {
      written.set(path, 0);
      return Promise.resolve({
        write: (chunk) => {
          written.set(path, (written.get(path) ?? 0) + chunk.length);
          return Promise.resolve();
        },
        close: () => Promise.resolve(),
      });
    },
  };
}

/** What it was read as, or null when it was refused. Throws on anything else. */
async function judge(bytes: Buffer, random: Random): Promise<Found | null> {
  const sink = memory();
  const found = await orRefused(readBundle(inPieces(bytes, random), null, most, sink));
  if (!found) return null;
  assert.deepEqual(
    [...sink.written],
    found.manifest.files.map(({ path, bytes: size }) => [path, size]),
  );
  assert.equal(found.tarBytes, bytes.length);
  return found;
}

async function orRefused<T>(work: Promise<T> | (() => T)): Promise<T | null> {
  try {
    return await (typeof work === 'function' ? work() : work);
  } catch (error) {
    assert.ok(error instanceof VigieError, `${String(error)}\n${String((error as Error).stack)}`);
    assert.equal(error.kind, 'update', error.message);
    assert.ok(error.message.length < 1000 && /^[\x20-\x7e]*$/.test(error.message), error.message);
    return null;
  }
}

const random = seeded(seed);

test('negative control: the tar that the others are made of is read', async () => {
  assert.ok(await judge(goodTar(), random));
});

const setType = (type: string) => (header: Buffer) => void header.write(type, 156, 'latin1');
const hostile: [what: string, tar: Buffer][] = [
  ['a path that goes up', goodTar(listOf({}, [{}, { path: '../next.js' }]))],
  ['an absolute path', goodTar(listOf({}, [{}, { path: '/etc/passwd' }]))],
  ['a path with a dot part', goodTar(listOf({}, [{}, { path: 'dist/./next.js' }]))],
  ['a path of backslashes', goodTar(listOf({}, [{}, { path: 'dist\\next.js' }]))],
  ['a path too long for ustar', goodTar(listOf({}, [{}, { path: `dist/${'n'.repeat(200)}` }]))],
  ['a file that is a directory too', goodTar(listOf({}, [{}, { path: 'dist/main.js/x' }]))],
  ['the same path twice', goodTar(listOf({}, [{}, { path: 'dist/main.js' }]))],
  ['files out of order', goodTar(listOf({}, [{ path: 'dist/zz.js' }]))],
  ['bundle.json as one of its files', goodTar(listOf({}, [{ path: 'bundle.json' }]))],
  ['a start that is not there', goodTar(listOf({ start: 'dist/else.js' }))],
  ['a format of another time', goodTar(listOf({ format: 2 }))],
  ['a key that nobody knows', goodTar(listOf({ run: 'rm' }))],
  ['a file more than is listed', goodTar(listOf(), [part('dist/more.js', Buffer.from('x'))])],
  ['a directory', goodTar(listOf(), [[forged('dist/d/', 0, setType('5')), Buffer.alloc(0)]])],
  ['a symbolic link', withHeader(1, forged('dist/main.js', 0, setType('2')))],
  ['a hard link', withHeader(1, forged('dist/main.js', 16, setType('1')))],
  ['a device', withHeader(1, forged('dist/main.js', 0, setType('3')))],
  ['a pax header', withHeader(1, forged('dist/main.js', 16, setType('x')))],
  ['a long name of GNU tar', withHeader(1, forged('dist/main.js', 16, setType('L')))],
  [
    'another path in the tar',
    withHeader(
      1,
      forged('../main.js', 16, () => undefined),
    ),
  ],
  [
    'an owner',
    withHeader(
      1,
      forged('dist/main.js', 16, (header) => void header.write('0001750', 108)),
    ),
  ],
  [
    'a mode with set-user-id',
    withHeader(
      1,
      forged('dist/main.js', 16, (header) => void header.write('0004755', 100)),
    ),
  ],
  ['a size that is larger', withHeader(1, headerOf({ path: 'dist/main.js', bytes: 8_000_000_000 }))],
  [
    'bundle.json not first',
    tarOf([...files.map(({ path, content }) => part(path, content)), part('bundle.json', listOf())]),
  ],
  [
    'bundle.json of a size that is none',
    withHeader(
      0,
      forged('bundle.json', 16, (header) => void header.write('-0000000001', 124)),
    ),
  ],
  ['bundle.json that is enormous', withHeader(0, headerOf({ path: 'bundle.json', bytes: 2 ** 32 }))],
  [
    'something in the padding',
    changed(goodTar(), (tar) => void tar.write('hidden', tar.indexOf('console.log') + 100)),
  ],
  ['something behind the end', Buffer.concat([goodTar(), Buffer.from('hidden')])],
  ['zeros behind the end', Buffer.concat([goodTar(), Buffer.alloc(10240)])],
  ['a tar without its end', goodTar().subarray(0, -10240)],
  ['a tar that is cut', goodTar().subarray(0, 3000)],
  ['nothing', Buffer.alloc(0)],
  ['zeros', Buffer.alloc(20480)],
];

function withHeader(which: number, header: Buffer): Buffer {
  const parts = [part('bundle.json', listOf()), ...files.map(({ path, content }) => part(path, content))];
  return tarOf(parts.map(([own, content], i): Part => [i === which ? header : own, content]));
}

function changed(tar: Buffer, change: (tar: Buffer) => void): Buffer {
  change(tar);
  return tar;
}

for (const [what, tar] of hostile) {
  test(`refused: ${what}`, async () => {
    assert.equal(await judge(tar, random), null);
  });
}

test('nothing is written but under the directory', async (t) => {
  const directory = scratch(t);
  for (const [i, [, tar]] of hostile.entries()) {
    const slot = writeTree(join(directory, `deep/${i}/slot`), {});
    execFileSync('mkdir', ['-p', slot]);
    await orRefused(readBundle(inPieces(tar, random), null, most, new TreeSink(slot)));
    assert.deepEqual(readdirSync(dirname(slot)), ['slot']);
    for (const entry of await entriesOf(slot)) assert.match(entry.path, /^dist\/[a-z]+\.js$/);
  }
});

test('lists of the corpus: `good-` ones are read, all others refused', async () => {
  for (const name of readdirSync(corpus)) {
    const bytes = readFileSync(join(corpus, name));
    const found = await orRefused(() => parseBundleManifest(bytes));
    assert.equal(found !== null, name.startsWith('good-'), name);
  }
});

test('changed at random, a tar is what it says or refused', async () => {
  const base = goodTar();
  let read = 0;
  for (let i = 0; i < cases; i++) {
    const tar = Buffer.from(base);
    for (let change = 0; change <= below(random, 3); change++) {
      // What decides is at its beginning: headers and bundle.json.
      tar[below(random, random() < 0.8 ? 2200 : tar.length)] = below(random, 256);
    }
    const found = await judge(tar, random);
    if (found) read++;
    if (found) assert.equal(sha256(tar), found.tarSha256);
  }
  assert.ok(read < cases / 4, `${read} of ${cases} were read`);
});

test('changed at random, a list of files is of its form or refused', async () => {
  const base = listOf();
  for (let i = 0; i < cases; i++) {
    const at = below(random, base.length);
    const bytes = Buffer.concat([
      base.subarray(0, at),
      Buffer.from(
        ['"', '{', '\\u0000', '9', '../', '\xff', '-', 'e9', ',"x":1'][below(random, 9)] ?? '',
        'latin1',
      ),
      base.subarray(at + below(random, 3)),
    ]);
    const manifest = await orRefused(() => parseBundleManifest(bytes));
    for (const { path } of manifest?.files ?? []) assert.ok(!/(^|\/)\.\.?(\/|$)|^\//.test(path), path);
  }
});

test('a zstd file that gives more than was signed is stopped there', async (t) => {
  const directory = scratch(t);
  const bomb = join(directory, 'bomb.zst');
  // Half a GiB of zeros in some kilobytes.
  execFileSync('sh', ['-c', 'head -c 536870912 /dev/zero | zstd -q -1 -c > "$1"', 'sh', bomb]);
  const packed = await packTree(
    writeTree(join(directory, 'tree'), smallTree),
    join(directory, 'one.tar.zst'),
  );
  const source = { kind: 'full' as const, file: bomb, expected: expectedOf(packed) };
  await assert.rejects(unpackBundle(source, join(directory, 'slot'), quick), { kind: 'update' });
  let bytes = 0;
  for await (const chunk of expanded(bomb, { memoryBytes: 1 << 27 }, quick)) {
    bytes += chunk.length;
    if (bytes > most) break;
  }
  assert.ok(bytes < 2 * most, `${bytes} bytes came`);
});

test('a zstd file that is cut, damaged, or wants too much memory is refused', async (t) => {
  const directory = scratch(t);
  const tree = writeTree(join(directory, 'tree'), {
    ...smallTree,
    'dist/big.js': '/* big */\n'.repeat(50_000),
  });
  const packed = await packTree(tree, join(directory, 'one.tar.zst'));
  const whole = readFileSync(packed.file);
  const middle = Buffer.from(whole);
  middle.writeUInt32LE(0xdeadbeef, Math.floor(whole.length / 2));
  const greedy = execFileSync('zstd', ['-q', '--ultra', '-22', '--long=30', '-c'], {
    input: Buffer.alloc(4096),
    maxBuffer: 1 << 20,
  });
  // A window of 1 GiB, where the frame header says so (RFC 8878, 3.1.1.1.2).
  const wrong = [
    whole.subarray(0, -5),
    whole.subarray(0, 2),
    middle,
    Buffer.from('not zstd at all'),
    Buffer.concat([whole, Buffer.from('behind')]),
    greedy,
  ];
  for (const [i, bytes] of wrong.entries()) {
    const file = join(directory, `wrong-${i}.zst`);
    writeFileSync(file, bytes);
    const source = { kind: 'full' as const, file, expected: expectedOf(packed) };
    const slot = join(directory, `slot-${i}`);
    assert.equal(await orRefused(unpackBundle(source, slot, quick)), null, `case ${i}`);
  }
});

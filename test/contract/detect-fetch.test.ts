import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { VigieError } from '../../errors.js';
import { findModel, parseManifest } from '../../models/manifest.js';

interface Source {
  package: string;
  version: string;
  tarballSha256: string;
  files: { member: string; name: string; sha256: string }[];
}
interface FetchOptions {
  cacheDirectory: string;
  say: (line: string) => void;
  manifest?: { models: { name: string; source: Source }[] };
}
const setup = new URL('../../../setup/model.mjs', import.meta.url);
const { fetchModel } = (await import(setup.href)) as { fetchModel: (options: FetchOptions) => Promise<void> };

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

interface Bench {
  directory: string;
  cacheDirectory: string;
  source: Source;
  said: string[];
  fetch(changes?: Partial<Source>): Promise<void>;
}

/** A package with a listed and an unlisted file, and an `npm` that hands it out and counts its calls. */
function bench(t: TestContext): Bench {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-fetch-'));
  const path = process.env['PATH'] ?? '';
  t.after(() => {
    process.env['PATH'] = path;
    rmSync(directory, { recursive: true });
  });
  mkdirSync(join(directory, 'package', 'models'), { recursive: true });
  writeFileSync(join(directory, 'package', 'models', 'good.json'), '{}');
  writeFileSync(join(directory, 'package', 'models', 'face.bin'), 'not wanted');
  const tarball = join(directory, 'made.tgz');
  execFileSync('tar', ['-czf', tarball, '-C', directory, 'package']);
  const tools = join(directory, 'tools');
  mkdirSync(tools);
  const npm = `#!/bin/sh\necho "$@" >> "${directory}/calls"\n[ -e "${tarball}" ] || { echo "npm error code ENOTFOUND" >&2; exit 1; }\ncp "${tarball}" "$4/any.tgz"\n`;
  writeFileSync(join(tools, 'npm'), npm);
  chmodSync(join(tools, 'npm'), 0o755);
  process.env['PATH'] = `${tools}:${path}`;
  const files = [{ member: 'package/models/good.json', name: 'good.json', sha256: sha256('{}') }];
  const source = { package: 'some', version: '1.2.3', tarballSha256: sha256(readFileSync(tarball)), files };
  const cacheDirectory = join(directory, 'cache');
  const said: string[] = [];
  const fetch = (changes: Partial<Source> = {}): Promise<void> => {
    const manifest = { models: [{ name: 'tiny', source: { ...source, ...changes } }] };
    return fetchModel({ cacheDirectory, say: (line) => said.push(line), manifest });
  };
  return { directory, cacheDirectory, source, said, fetch };
}

const everything = (directory: string): string[] =>
  existsSync(directory) ? (readdirSync(directory, { recursive: true }) as string[]).sort() : [];

test('the listed files are taken, nothing else is unpacked, nothing else is left', async (t) => {
  const { directory, cacheDirectory, said, fetch } = bench(t);
  await fetch();
  assert.deepEqual(everything(cacheDirectory), ['models', 'models/tiny', 'models/tiny/good.json']);
  assert.equal(said.length, 1);
  assert.match(
    readFileSync(join(directory, 'calls'), 'utf8'),
    /^pack some@1\.2\.3 --pack-destination .* --ignore-scripts\n$/,
  );
});

test('what is there is not fetched again, what was altered is', async (t) => {
  const { directory, cacheDirectory, said, fetch } = bench(t);
  const calls = (): number => readFileSync(join(directory, 'calls'), 'utf8').trim().split('\n').length;
  await fetch();
  await fetch();
  assert.deepEqual([calls(), said.length], [1, 1]);
  writeFileSync(join(cacheDirectory, 'models', 'tiny', 'good.json'), '{"altered":true}');
  await fetch();
  assert.equal(calls(), 2);
  assert.equal(readFileSync(join(cacheDirectory, 'models', 'tiny', 'good.json'), 'utf8'), '{}');
});

test('another tarball or another file is refused, and leaves nothing', async (t) => {
  const { cacheDirectory, source, fetch } = bench(t);
  await assert.rejects(
    fetch({ tarballSha256: sha256('x') }),
    /some@1\.2\.3 is not the one .* SHA-256 differs/,
  );
  const file = { ...source.files[0], sha256: sha256('x') };
  await assert.rejects(fetch({ files: [file] }), /good\.json of some has not the listed SHA-256/);
  const missing = { ...source.files[0], member: 'package/models/none.json' };
  await assert.rejects(fetch({ files: [missing] }), /cannot be unpacked/);
  assert.deepEqual(everything(cacheDirectory), ['models']);
});

test('without the registry there is one sentence, and nothing is left', async (t) => {
  const { directory, cacheDirectory, fetch } = bench(t);
  rmSync(join(directory, 'made.tgz'));
  await assert.rejects(
    fetch(),
    /^Error: The package some@1\.2\.3 cannot be had from the npm registry: code ENOTFOUND$/,
  );
  assert.deepEqual(everything(cacheDirectory), ['models']);
});

test('set-up reads the same manifest as the camera', () => {
  const text = readFileSync(new URL('../../../models/manifest.json', import.meta.url), 'utf8');
  assert.deepEqual(parseManifest(text).models[0], findModel('centernet'));
  // negative control: another text is noticed
  assert.throws(() => parseManifest(text.replace('"detect"', '"face"')), VigieError);
});

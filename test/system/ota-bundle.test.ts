/**
 * A bundle of this repository, as `vigie ota build` makes it, unpacked, and run where the repository is not: the rules of
 * ota/bundle/kept.ts leave nothing out that a camera loads.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { buildBundle, type Plan, planBundle } from '../../ota/bundle/build.js';
import { makeDelta } from '../../ota/bundle/delta.js';
import type { PackedBundle } from '../../ota/bundle/pack.js';
import { inspectBundle, unpackBundle } from '../../ota/bundle/unpack.js';
import { cacheDirectory } from '../../runtime/config/paths.js';
import { clipConfig, writeAuthorisation } from '../camera-run.js';
import { expectedOf, quick, scratch } from '../small-bundle.js';

const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
const git = spawnSync('git', ['rev-parse', '--verify', 'HEAD'], { encoding: 'utf8' });
const refusal = git.error?.message ?? git.stderr.split('\n')[0];
const skip = git.status === 0 ? false : `needs a git clone, as a bundle is of a commit: ${refusal}`;

function plan(root: string, version: string, notes: string | null = null): Promise<Plan> {
  const options = { root, cache: cacheDirectory(), version, arch, boards: [], notes, dirty: true } as const;
  return planBundle(options, quick);
}

async function built(root: string, version: string, out: string): Promise<PackedBundle> {
  return buildBundle(await plan(root, version), out, { level: 1 }, quick);
}

let ours: PackedBundle;
let directoryOfAll = '';
before(async () => {
  if (skip !== false) return;
  directoryOfAll = mkdtempSync(join(tmpdir(), 'vigie-built-'));
  ours = await built(process.cwd(), '7.8.9', directoryOfAll);
});
after(() => rmSync(directoryOfAll, { recursive: true, force: true }));

/** Nothing of this process but where programs are. */
const bare = (home: string): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: home,
  LC_ALL: 'C.UTF-8',
});

test('a camera runs from an unpacked bundle, without the repository', { skip }, async (t) => {
  const directory = scratch(t);
  const slot = join(directory, 'slot');
  const source = { kind: 'full' as const, file: ours.file, expected: expectedOf(ours) };
  await unpackBundle(source, slot, quick);

  const state = join(directory, 'state');
  mkdirSync(state, { mode: 0o700 });
  writeAuthorisation(state, ['Carrefour']);
  const configFile = join(directory, 'camera.json');
  const start = join(slot, ours.manifest.start);
  const vigie = (...args: string[]): string => {
    const options = { cwd: directory, env: bare(directory), encoding: 'utf8', timeout: 60_000 } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, [start, ...args], options);
    assert.equal(status, 0, `${stdout}\n${stderr}`);
    return stdout;
  };
  assert.equal(vigie('--version'), '7.8.9\n');
  assert.match(vigie('model', 'list', '--language', 'en'), /1 verified, 0 refused/);
  for (const engine of ['onnx', 'tfjs'] as const) {
    const sensor = {
      sensor: { kind: 'pattern' as const },
      picture: { width: 320, height: 240, framesPerSecond: 10 },
    };
    const mask = { zones: [], noneBecause: 'a test pattern, which shows nobody' };
    writeFileSync(configFile, JSON.stringify(clipConfig({ ...sensor, mask, detect: { engine } })));
    const report = join(directory, `${engine}.json`);
    const counts = new Map<string, number>();
    // A machine that is busy takes its time to load a detector.
    for (const seconds of [3, 10, 30]) {
      if ((counts.get('frames looked at') ?? 0) > 0) break;
      vigie('run', '--config', configFile, '--state', state, '--for', `${seconds}`, '--report', report);
      const { version, rows } = JSON.parse(readFileSync(report, 'utf8')) as {
        version: string;
        rows: { name: string; value: number }[];
      };
      assert.equal(version, '7.8.9');
      for (const { name, value } of rows) counts.set(name, value);
      assert.equal(counts.get('errors') ?? 0, 0, engine);
      assert.equal(counts.get('restarts of the pipeline process') ?? 0, 0, engine);
    }
    assert.ok((counts.get('frames recorded') ?? 0) > 0, engine);
    assert.ok((counts.get('frames looked at') ?? 0) > 0, engine);
  }
  // What the camera loads only on some boards, or at some hours.
  const late = ['serialport', 'mp4box', 'mediabunny', 'munkres', 'ws', 'tuf-js', '@tufjs/models', 'semver'];
  const imports = [...late, '@homebridge/dbus-native', 'leven', 'protobufjs/light.js', '@node-rs/crc32'];
  const code = `for (const name of ${JSON.stringify(imports)}) await import(name);`;
  writeFileSync(join(slot, 'late.mjs'), code);
  execFileSync(process.execPath, [join(slot, 'late.mjs')], { cwd: directory, env: bare(directory) });
});

test('the same commit gives the same bytes from another directory, and the SBOM is of what is there', {
  skip,
}, async (t) => {
  const directory = scratch(t);
  const other = join(directory, 'elsewhere', 'copy');
  execFileSync('git', ['clone', '-q', '--shared', '.', other]);
  // As it is here, committed or not: other directory, other times.
  const changed = ['diff', '--name-only', '-z', 'HEAD'];
  const strange = ['ls-files', '-z', '--others', '--exclude-standard'];
  const files = [changed, strange].map((args) => execFileSync('git', args, { encoding: 'utf8' })).join('');
  for (const path of files.split('\0')) if (path && existsSync(path)) cpSync(path, join(other, path));
  const needless = /^dist\/(test|bench)$|\.(map|d\.ts|tsbuildinfo)$/;
  cpSync('dist', join(other, 'dist'), { recursive: true, filter: (path) => !needless.test(path) });
  symlinkSync(resolve('node_modules'), join(other, 'node_modules'));
  const here = ours;
  const there = await built(other, '7.8.9', join(directory, 'b'));
  assert.deepEqual(there.manifest, here.manifest);
  assert.deepEqual(readFileSync(there.file), readFileSync(here.file));

  const seen = await inspectBundle(here.file, directory, quick);
  assert.deepEqual(
    seen.models.map(({ name }) => name),
    ['centernet'],
  );
  const packages = new Set((await plan(process.cwd(), '7.8.9')).packages);
  assert.equal(seen.components, packages.size + seen.models.length);
  const paths = here.manifest.files.map(({ path }) => path);
  const strangers = paths.filter((path) =>
    /^dist\/(test|bench)\/|\.(map|d\.ts|ts|tsbuildinfo)$|\/typescript\//.test(path),
  );
  assert.deepEqual(strangers, []);

  // One line of one source: the difference is small beside the whole.
  const main = join(other, 'dist/runtime/main.js');
  writeFileSync(main, `${readFileSync(main, 'utf8')}// changed\n`);
  const next = await built(other, '7.8.10', join(directory, 'c'));
  const file = join(directory, 'delta.zst');
  const delta = await makeDelta(
    { from: here.file, to: next.file },
    file,
    { scratch: directory, level: 1 },
    quick,
  );
  assert.ok(delta.fileBytes * 20 < next.fileBytes, `${delta.fileBytes} of ${next.fileBytes} bytes`);
});

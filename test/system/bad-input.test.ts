/**
 * Bad input, through the command as a technician would type it: one clear line that says what to do, the exit
 * code of docs/errors.md, and nothing half-written.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type ErrorKind, exitCodes } from '../../errors.js';
import { cacheDirectory } from '../../runtime/config/paths.js';
import type { ConfigInput } from '../../runtime/config/schema.js';
import { clipConfig, newDirectory } from '../camera-run.js';
import { CommandRunner } from '../command-runner.js';

const VIGIE = fileURLToPath(new URL('../../runtime/cli/main.js', import.meta.url));
const LIMIT_MS = 60_000;

const directories: string[] = [];
after(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

interface Ended {
  code: number | null;
  /** last line of standard error */
  said: string;
  /** all of it */
  text: string;
  directory: string;
}

function vigie(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Omit<Ended, 'directory'>> {
  const child = spawn(process.execPath, [VIGIE, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
    timeout: LIMIT_MS,
  });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  return new Promise((resolve) =>
    child.on('close', (code) => resolve({ code, text, said: text.trim().split('\n').at(-1) ?? '' })),
  );
}

/** Refused before a camera is made: asked of one process for all. */
const runner = new CommandRunner();
after(() => runner.stop());

async function refusal(...args: string[]): Promise<Omit<Ended, 'directory'>> {
  const { status, error } = await runner.run(...args);
  return { code: status, text: error, said: error.trim().split('\n').at(-1) ?? '' };
}

function written(config: unknown, directory: string): string[] {
  directories.push(directory);
  const file = join(directory, 'camera.json');
  writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config));
  return ['run', '--config', file, '--state', directory, '--for', '1'];
}

async function run(config: unknown, env: NodeJS.ProcessEnv = {}, directory = newDirectory()): Promise<Ended> {
  const ended = await vigie(written(config, directory), env);
  return { ...ended, directory };
}

function refused({ code, said }: Pick<Ended, 'code' | 'said'>, kind: ErrorKind, words: RegExp): void {
  assert.equal(code, exitCodes[kind], said);
  assert.match(said, words);
  assert.match(said, /^vigie: .+\. .+/, 'what happened, then what to do');
}

type Change = (config: ConfigInput) => void;

function changed(change: Change): ConfigInput {
  const config = structuredClone(clipConfig());
  change(config);
  return config;
}

function maskOf(points: [number, number][]): Change {
  return (config) => {
    config.mask.zones = [{ name: 'Maison', points }];
  };
}

/** Refused before anything is made. */
const refusedEarly: [string, Change, ErrorKind, RegExp][] = [
  [
    'a missing device',
    (c) => Object.assign(c, { sensor: { kind: 'v4l2', device: '/dev/video77' } }),
    'source',
    /\/dev\/video77/,
  ],
  [
    'a clip that is not there',
    (c) => Object.assign(c, { sensor: { kind: 'clip', file: '/nonexistent.avi' } }),
    'source',
    /nonexistent/,
  ],
  [
    'a polygon of two corners',
    maskOf([
      [0, 0],
      [1, 1],
    ]),
    'config',
    /mask\.zones\[0\]\.points/,
  ],
  [
    'a corner outside the picture',
    maskOf([
      [0, 0],
      [1.2, 0],
      [1, 1],
    ]),
    'config',
    /mask\.zones\[0\]\.points/,
  ],
  [
    'a polygon that crosses itself',
    maskOf([
      [0.1, 0.1],
      [0.4, 0.4],
      [0.4, 0.1],
      [0.1, 0.4],
    ]),
    'config',
    /cross/,
  ],
  [
    'a polygon without area',
    maskOf([
      [0.1, 0.1],
      [0.2, 0.2],
      [0.3, 0.3],
    ]),
    'config',
    /mask\.zones\[0\]\.points/,
  ],
  ['a mask that is missing', (c) => Object.assign(c, { mask: undefined }), 'config', /mask/],
  [
    'a mask without zones and without a reason',
    (c) => Object.assign(c, { mask: { zones: [] } }),
    'config',
    /noneBecause/,
  ],
  [
    'an unknown key, with the nearest known one',
    (c) => Object.assign(c, { sensors: {} }),
    'config',
    /Did you mean "sensor"/,
  ],
  [
    'an address for everybody without TLS',
    (c) => Object.assign(c, { control: { host: '0.0.0.0', port: 0 } }),
    'config',
    /tls/,
  ],
  [
    'a store larger than the disk',
    (c) => Object.assign(c, { record: { capacityMiB: 4_000_000 } }),
    'store',
    /MiB free/,
  ],
];

for (const [what, change, kind, words] of refusedEarly) {
  test(`${what} is refused in one line`, async () => {
    const directory = newDirectory();
    refused(await refusal(...written(changed(change), directory)), kind, words);
    assert.ok(!existsSync(join(directory, 'store', 'ring')), 'nothing is recorded');
    assert.ok(!existsSync(join(directory, 'store', 'ring.new')), 'nothing is half-made');
  });
}

test('a configuration that is no JSON is refused with the place', async () => {
  refused(await refusal(...written('{ "camera": ', newDirectory())), 'config', /camera\.json:1:13/);
});

test('a clip that is no video is refused with what GStreamer says of it', async () => {
  const directory = newDirectory();
  const file = join(directory, 'notes.avi');
  writeFileSync(file, 'This is a shopping list, not a video.\n'.repeat(200));
  const ended = await run(
    changed((c) => Object.assign(c, { sensor: { kind: 'clip', file } })),
    {},
    directory,
  );
  refused(ended, 'source', /sensor/i);
});

test('an encoder that this machine lacks is named', async (t) => {
  if (spawnSync('gst-inspect-1.0', ['mpph264enc']).status === 0)
    return t.skip('this machine has the RK3588 encoder');
  refused(await run(changed((c) => Object.assign(c, { board: 'rk3588' }))), 'source', /mpph264enc/);
});

/** A wrong model costs the detection, and nothing else (docs/models.md, "When a model is refused"). */
function recordedWithout({ code, text }: Ended, words: RegExp): void {
  assert.equal(code, 0, text);
  const line = text.split('\n').find((one) => one.includes('Recording goes on without detection'));
  assert.match(line ?? '', words, text);
}

test('a model that is not in the manifest is refused, and the camera records', async () => {
  const config = changed((c) => Object.assign(c, { detect: { model: 'facenet' } }));
  recordedWithout(await run(config), /facenet/);
});

test('a model file with another hash is refused before it is loaded, and the camera records', async () => {
  const directory = newDirectory();
  const cache = join(directory, 'cache');
  mkdirSync(join(cache, 'models'), { recursive: true });
  writeFileSync(join(cache, 'models', 'centernet-2.onnx'), 'another model');
  const config = clipConfig({
    sensor: { kind: 'clip', file: join(cacheDirectory(), 'sample', 'vtest.avi') },
  });
  recordedWithout(await run(config, { VIGIE_CACHE: cache }, directory), /SHA-256 differs/);
  assert.ok(existsSync(join(directory, 'store', 'ring')));
});

test('a port in use is named', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  try {
    refused(
      await run(changed((c) => Object.assign(c, { control: { port } }))),
      'network',
      new RegExp(String(port)),
    );
  } finally {
    server.close();
  }
});

test('a full disk is told, and what was begun is removed', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root can mount the small disk');
  const directory = newDirectory();
  const disk = join(directory, 'store');
  mkdirSync(disk);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'none', disk]);
  if (mounted.status !== 0) return t.skip(`no mount here: ${mounted.stderr.toString().trim()}`);
  try {
    refused(await run(clipConfig(), {}, directory), 'store', /MiB/);
    assert.deepEqual(
      readdirSync(disk).filter((name) => name.startsWith('ring')),
      [],
    );
  } finally {
    spawnSync('umount', [disk]);
  }
});

test('without an authorisation the camera runs, records nothing, and says why', async () => {
  const directory = newDirectory();
  rmSync(join(directory, 'authorisation.json'));
  const report = join(directory, 'report.json');
  directories.push(directory);
  const file = join(directory, 'camera.json');
  writeFileSync(file, JSON.stringify(clipConfig()));
  const ended = await vigie([
    'run',
    '--config',
    file,
    '--state',
    directory,
    '--for',
    '3',
    '--report',
    report,
  ]);
  assert.equal(ended.code, 0, ended.said);
  const { readFileSync } = await import('node:fs');
  const { rows } = JSON.parse(readFileSync(report, 'utf8')) as { rows: { name: string; value: number }[] };
  const value = (name: string): number | undefined => rows.find((row) => row.name === name)?.value;
  assert.ok((value('frames captured') ?? 0) > 0);
  assert.equal(value('frames recorded'), 0);
  assert.equal(value('frames looked at'), 0);
  assert.ok(!existsSync(join(directory, 'store', 'ring')));
});

for (const args of [
  ['run'],
  ['demo', '--for', 'soon'],
  ['demo', '--port', '70000'],
  ['demo', '--nonsense'],
  ['nonsense'],
]) {
  test(`vigie ${args.join(' ')} says what is wrong and ends with the code of a bad option`, async () => {
    const { code, said } = await refusal(...args);
    assert.equal(code, exitCodes.config);
    assert.notEqual(said, '');
  });
}

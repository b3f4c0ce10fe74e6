/**
 * The pipeline process at its own interface, the typed channel: what it refuses, what it hides, what it may not
 * touch on the machine.
 */
import assert from 'node:assert/strict';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, test } from 'node:test';
import { findModel, modelPaths } from '../../models/manifest.js';
import { maskDigest } from '../../pipelines/mask/table.js';
import type { FromPipeline, MaskTable, PipelineOptions, ToPipeline, Unit } from '../../pipelines/messages.js';
import { inputSize } from '../../runtime/config/detect.js';
import { cacheDirectory } from '../../runtime/config/paths.js';
import { config } from '../../runtime/config/schema.js';
import { PipelineProcess } from '../../runtime/health/pipeline-process.js';
import { decode, until } from '../camera-run.js';
import { smallPipeline as options, smallSize as size } from './small-pipeline.js';

const table: MaskTable = {
  version: 1,
  zones: [
    {
      name: 'corner',
      points: [
        [0, 0],
        [0.5, 0],
        [0.5, 0.5],
        [0, 0.5],
      ],
    },
  ],
};

/** A process and everything it said. */
class Conversation {
  readonly said: FromPipeline[] = [];
  exit: string | null = null;
  readonly process = new PipelineProcess(
    {
      message: (message) => this.said.push(message),
      violation: (why) => assert.fail(why),
      exit: (why) => {
        this.exit = why;
      },
    },
    null,
  );

  start(given: PipelineOptions): this {
    this.process.send({ t: 'start', options: given });
    return this;
  }

  of<T extends FromPipeline['t']>(t: T): Extract<FromPipeline, { t: T }>[] {
    return this.said.filter((message): message is Extract<FromPipeline, { t: T }> => message.t === t);
  }

  async next<T extends FromPipeline['t']>(t: T, count = 1): Promise<Extract<FromPipeline, { t: T }>> {
    await until(`${count} ${t}`, () => this.of(t).length >= count);
    return this.of(t)[count - 1];
  }
}

const running: Conversation[] = [];
function converse(): Conversation {
  const conversation = new Conversation();
  running.push(conversation);
  return conversation;
}
afterEach(() => {
  for (const { process } of running.splice(0)) process.kill();
});

function brightest(units: Unit[]): number {
  const pictures = decode(Buffer.concat(units.map((unit) => unit.data)), size);
  assert.ok(pictures.length > 0);
  return Math.max(
    ...pictures.map((picture) =>
      picture.subarray(0, size.width * size.height).reduce((a, b) => Math.max(a, b)),
    ),
  );
}

test('the whole picture is hidden as long as the runtime has not opened the mask', async () => {
  const talk = converse().start(options());
  talk.process.send({ t: 'mask-table', table });
  const ready = await talk.next('mask-ready');
  assert.equal(ready.digest, maskDigest(table));
  await talk.next('unit', 15);
  const units = talk.of('unit');
  assert.ok(units.every((unit) => unit.mask.state === 'full'));
  assert.ok(brightest(units) <= 20);
});

test('negative control: an opened mask lets the rest of the picture through', async () => {
  const talk = converse().start(options());
  talk.process.send({ t: 'mask-table', table });
  talk.process.send({ t: 'mask-open', version: 1, digest: maskDigest(table) });
  await talk.next('unit', 15);
  assert.ok(brightest(talk.of('unit')) > 200);
});

test('opening another mask than the one loaded is a fault, and hides everything', async () => {
  const talk = converse().start(options());
  talk.process.send({ t: 'mask-table', table });
  talk.process.send({ t: 'mask-open', version: 1, digest: '0'.repeat(64) });
  const fault = await talk.next('fault');
  assert.equal(fault.kind, 'mask');
  await talk.next('unit', 5);
  assert.ok(talk.of('unit').every((unit) => unit.mask.state === 'full'));
});

test('a picture under way when the mask changes is not given', async () => {
  const talk = converse().start(options());
  talk.process.send({ t: 'mask-table', table });
  talk.process.send({ t: 'mask-open', version: 1, digest: maskDigest(table) });
  await talk.next('unit', 5);
  talk.process.send({ t: 'picture', id: 1, seq: null });
  talk.process.send({ t: 'mask-table', table: { ...table, version: 2 } });
  const refusal = await talk.next('no-picture');
  assert.match(refusal.message, /mask is changing/);
  await talk.next('unit', talk.of('unit').length + 3);
  talk.process.send({ t: 'picture', id: 2, seq: null });
  assert.equal((await talk.next('picture')).mask.state, 'both');
});

test('a clip that is over says so after its last unit', async () => {
  const sensorLaunch = 'videotestsrc num-buffers=40 ! video/x-raw,width=320,height=240,framerate=20/1';
  const talk = converse().start(options({ sensorLaunch, atEnd: 'end' }));
  await talk.next('ended');
  assert.equal(talk.of('unit').length, 40);
});

test('units come one for each frame, in order, the first of them a keyframe', async () => {
  const talk = converse().start(options());
  await talk.next('unit', 45);
  const units = talk.of('unit');
  assert.deepEqual(
    units.map((unit) => unit.seq),
    units.map((_, i) => i),
  );
  assert.deepEqual(
    units.filter((unit) => unit.key).map((unit) => unit.seq),
    [0, 20, 40],
  );
});

const refused: [string, Partial<PipelineOptions>, RegExp][] = [
  ['an element that does not exist', { encoderLaunch: 'nosuchenc' }, /no element "nosuchenc"/],
  [
    'a clip that is not there',
    { sensorLaunch: 'filesrc location="/nonexistent.mp4" ! decodebin', atEnd: 'loop', paced: true },
    /./,
  ],
  ['a launch text that cannot be read', { sensorLaunch: '! ! !' }, /refused the pipeline/],
];
for (const [what, overrides, message] of refused) {
  test(`${what} is a fault in words`, async () => {
    const fault = await converse().start(options(overrides)).next('fault');
    assert.equal(fault.kind, 'source');
    assert.match(fault.message, message);
    assert.notEqual(fault.hint, '');
  });
}

test('the secret in the address of a camera is in no error', async () => {
  const sensorLaunch = 'rtspsrc location="rtspx://admin:s3cret@127.0.0.1/street" ! decodebin';
  const talk = converse().start(options({ sensorLaunch }));
  const fault = await talk.next('fault');
  await until('a line of GStreamer', () => /rtspx:/.test(talk.process.lastError ?? ''));
  for (const text of [fault.message, fault.hint, talk.process.lastError])
    assert.doesNotMatch(text ?? '', /s3cret/);
});

test('a message outside the schema is a fault and changes nothing', async () => {
  const talk = converse();
  talk.process.send({ t: 'mask-table', table: { version: 0, zones: [] } } as ToPipeline);
  talk.process.send({ t: 'unmask' } as unknown as ToPipeline);
  await talk.next('fault', 2);
  assert.equal(talk.exit, null);
});

/** Files of a process that are open, with their flags as in open(2). One that closes meanwhile is left out. */
function openFiles(pid: number): { target: string; writable: boolean }[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      const flags = /flags:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0';
      return [
        { target: readlinkSync(`/proc/${pid}/fd/${fd}`), writable: (Number.parseInt(flags, 8) & 3) !== 0 },
      ];
    } catch {
      return [];
    }
  });
}

/** Sockets of a process that something else could reach: any of an internet family, any Unix one with a name. */
function reachableSockets(pid: number): string[] {
  const inodes = new Set(
    openFiles(pid).flatMap(({ target }) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []),
  );
  const rows = (family: string): string[][] =>
    readFileSync(`/proc/${pid}/net/${family}`, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/));
  const internet = ['tcp', 'tcp6', 'udp', 'udp6', 'raw', 'raw6'].filter((family) =>
    existsSync(`/proc/${pid}/net/${family}`),
  );
  const inodeColumn = 9;
  return [
    ...internet.flatMap((family) =>
      rows(family)
        .filter((row) => inodes.has(row[inodeColumn]))
        .map(() => family),
    ),
    ...rows('unix')
      .filter((row) => inodes.has(row[6]) && row.length > 7)
      .map((row) => row[7]),
  ];
}

/** The detector too: its library would write and send by itself (models/engines/no-telemetry.ts). */
function withDetector(): Partial<PipelineOptions> {
  const model = findModel('centernet');
  const detect = config.shape.detect.parse(undefined);
  const { enabled: _, model: __, onlyWhereItMoves: ___, ...looks } = detect;
  const scene = { occupancyZones: [], stills: false, ...inputSize({ width: 4, height: 3 }, detect) };
  const modelFile = modelPaths(model, cacheDirectory()).onnxFile;
  return { detect: { ...looks, ...scene, modelFile, modelSha256: model.onnx.sha256 } };
}

test('it opens no socket that can be reached and no file for writing, the detector included', async () => {
  const traces = (): string[] =>
    readdirSync(tmpdir()).filter((name) => name === `mat-debug-${talk.process.pid}.log`);
  const talk = converse().start(options(withDetector()));
  talk.process.send({ t: 'mask-table', table });
  await talk.next('unit', 10);
  talk.process.send({ t: 'picture', id: 1, seq: null });
  await talk.next('picture');
  await talk.next('tracks', 3);
  assert.deepEqual(traces(), []);
  const pid = talk.process.pid ?? 0;
  // GStreamer's polls are pairs of nameless Unix sockets; so is the channel to the parent.
  assert.deepEqual(reachableSockets(pid), []);
  const written = openFiles(pid).filter(
    ({ target, writable }) => writable && target.startsWith('/') && target !== '/dev/null',
  );
  assert.deepEqual(written, []);
});

test('negative control: a listening socket and an open file are seen', async () => {
  const server = createServer().unref();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const file = join(mkdtempSync(join(tmpdir(), 'vigie-test-')), 'open');
  const fd = openSync(file, 'w');
  assert.deepEqual(reachableSockets(process.pid).filter((family) => family === 'tcp').length, 1);
  assert.ok(openFiles(process.pid).some(({ target, writable }) => target === file && writable));
  closeSync(fd);
  rmSync(dirname(file), { recursive: true });
  server.close();
});

test('pictures asked for at once and while frames go by are all answered, none of them empty', async () => {
  const talk = converse().start(options());
  talk.process.send({ t: 'mask-table', table });
  await talk.next('unit', 5);
  let id = 0;
  for (let burst = 1; burst <= 5; burst++) {
    for (let i = 0; i < 6; i++) talk.process.send({ t: 'picture', id: ++id, seq: null });
    await talk.next('unit', 5 + burst * 3);
  }
  await talk.next('picture', id);
  assert.deepEqual(talk.of('no-picture'), []);
  assert.ok(talk.of('picture').every(({ jpeg }) => jpeg.length > 500));
});

test('stop sends what the encoder holds, then says so', async () => {
  const talk = converse().start(options());
  await talk.next('unit', 5);
  talk.process.send({ t: 'stop' });
  await talk.next('ended');
  const seqs = talk.of('unit').map((unit) => unit.seq);
  assert.deepEqual(
    seqs,
    seqs.map((_, i) => i),
  );
});

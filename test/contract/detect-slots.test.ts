import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../board/linux/clock.js';
import { mostPlaces, SlotEngine } from '../../models/engines/slot.js';
import { type Admitted, admit } from '../../models/gate.js';
import { ModelRefused, type Refusal } from '../../models/refusal.js';
import type { DetectOptions, Signal, Tracks, Unit } from '../../pipelines/messages.js';
import { configuredZones, pipelineOptions } from '../../runtime/camera-parts.js';
import { loadConfig } from '../../runtime/config/load.js';
import { Supervisor } from '../../runtime/health/supervisor.js';
import { slotModels } from '../../runtime/slot-models.js';
import { clipConfig, until, watchedZone } from '../camera-run.js';
import {
  boundlessModel,
  boxModel,
  brightModel,
  type Loose,
  newPair,
  onnx,
  pictureSize,
  redModel,
  sha256,
  writeSlot,
} from '../slot-models.js';
import { withoutModel } from './detect-model.js';

const city = newPair();

function directoryFor(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-slot-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

async function engineOf(t: TestContext, bytes: Buffer, change: Loose = {}): Promise<SlotEngine> {
  const listFile = writeSlot(directoryFor(t), bytes, city, change);
  const admitted: Admitted = await admit({ listFile, publicKey: city.pem, name: 'red-fire' });
  const engine = new SlotEngine(admitted);
  t.after(() => engine.close());
  return engine;
}

/** All of one colour. */
function picture(red: number, green: number, blue: number): Uint8Array {
  const { width, height } = pictureSize;
  return Uint8Array.from({ length: width * height * 3 }, (_, i) => [red, green, blue][i % 3] ?? 0);
}

const refused =
  (reason: Refusal) =>
  (error: unknown): boolean =>
    error instanceof ModelRefused && error.reason === reason;

test('scores: the whole picture, from the threshold up', async (t) => {
  const engine = await engineOf(t, onnx(redModel()));
  await assert.rejects(engine.look(picture(0, 0, 0)), refused('engine'));
  await engine.load();
  const everywhere = { x: 0, y: 0, width: 1, height: 1 };
  assert.deepEqual(await engine.look(picture(255, 0, 0)), [{ score: 1, box: everywhere }]);
  assert.deepEqual(await engine.look(picture(0, 0, 255)), []);
  // 20 x 10 / 255 more red than blue: 0.687
  assert.deepEqual(await engine.look(picture(110, 0, 100)), [{ score: 0.69, box: everywhere }]);
  await assert.rejects(engine.look(new Uint8Array(3)), refused('engine'));
});

test('what the model calls `none` is nothing; bytes as bytes', async (t) => {
  const engine = await engineOf(t, onnx(redModel()), {
    classes: ['none', 'smoke'],
    input: { ...pictureSize, values: '0..255' },
  });
  await engine.load();
  assert.deepEqual(await engine.look(picture(255, 0, 0)), []);
  assert.equal((await engine.look(picture(0, 0, 1)))[0]?.score, 1);
});

test('boxes: places as shares of the picture, cut at its edge', async (t) => {
  const engine = await engineOf(t, onnx(boxModel()), { output: 'boxes', classes: ['fire'] });
  await engine.load();
  const [red] = await engine.look(picture(255, 0, 0));
  assert.deepEqual(red, { score: 1, box: { x: 0.1, y: 0.2, width: 0.4, height: 0.4 } });
  const [blue] = await engine.look(picture(0, 0, 255));
  assert.deepEqual(blue, { score: 1, box: { x: 0.5, y: 0.5, width: 0.4, height: 0.5 } });
});

test('of many places few are told, and none twice', async (t) => {
  const count = 1000;
  const corners = Float32Array.from({ length: 4 * count }, (_, i) => {
    const at = Math.floor(i / 4) / count;
    return [at * 0.9, 0, at * 0.9 + 0.1, 1][i % 4] ?? 0;
  });
  const weights = new Float32Array(3 * count).fill(100);
  const model = boxModel({
    initializers: [
      { name: 'weights', shape: [3, count], data: weights },
      { name: 'corners', shape: [1, count, 4], data: corners },
    ],
    outputs: [
      { name: 'boxes', shape: [1, count, 4] },
      { name: 'scores', shape: [1, count] },
    ],
  });
  const engine = await engineOf(t, onnx(model), { output: 'boxes', classes: ['smoke'] });
  await engine.load();
  const places = await engine.look(picture(200, 200, 200));
  assert.equal(places.length, mostPlaces);
  assert.equal(new Set(places.map(({ box }) => box.x)).size, mostPlaces);
});

test('a file that says one size and gives another is refused when it is loaded', async (t) => {
  const lies: [string, Buffer, Loose][] = [
    ['scores that are a vector', onnx(redModel(512, { outputs: [{ name: 'scores', shape: [1, 2] }] })), {}],
    [
      'boxes that are more',
      onnx(
        boxModel({
          outputs: [
            { name: 'boxes', shape: [1, 1, 4] },
            { name: 'scores', shape: [1, 1] },
          ],
        }),
      ),
      { output: 'boxes', classes: ['fire'] },
    ],
  ];
  for (const [what, bytes, change] of lies) {
    const engine = await engineOf(t, bytes, change);
    await assert.rejects(
      engine.load(),
      (error) => refused('output')(error) || refused('engine')(error),
      what,
    );
  }
});

test('scores of any size are refused when they come', async (t) => {
  const engine = await engineOf(t, onnx(boundlessModel()));
  await engine.load();
  await assert.rejects(engine.look(picture(255, 255, 255)), refused('output'));
});

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

test('in the pipeline process: signals come with the looks, of the model that was asked for', {
  skip: withoutModel,
}, async (t) => {
  const directory = directoryFor(t);
  const bytes = onnx(brightModel());
  writeSlot(directory, bytes, city);
  writeFileSync(join(directory, 'models.pub'), city.pem);
  const zones = [{ ...watchedZone, fire: {} }];
  const config = loadConfig(clipConfig({ zones, models: { manifestFile: 'models.jws' } }));
  const asked = { zones: config.zones, stateDirectory: directory, failing: new Set<string>() };
  const { slots, refused: none, absent } = await slotModels(config, asked);
  assert.deepEqual([slots.length, none, absent], [1, [], []]);
  const signals: Signal[] = [];
  const looks: Tracks[] = [];
  const units: Unit[] = [];
  const options = await pipelineOptions(config, config.zones, { mayRecord: true, personMask: null });
  const detect: DetectOptions | null = options.detect && { ...options.detect, slots };
  const supervisor = new Supervisor(
    {
      clock: systemClock,
      log: silent,
      events: {
        unit: (unit) => void units.push(unit),
        tracks: (tracks) => {
          looks.push(tracks);
          signals.push(...tracks.signals);
        },
        interrupted: () => undefined,
        ended: () => undefined,
      },
    },
    {
      ...config.supervise,
      pipeline: { ...options, detect },
      memoryCeilingBytes: 2 ** 29,
      gstRegistry: null,
    },
  );
  await supervisor.start({ version: 1, zones: configuredZones(config).zones });
  try {
    await until('signals', () => signals.length >= 2);
  } finally {
    await supervisor.stop();
  }
  const box = { x: 0, y: 0, width: 1, height: 1 };
  assert.deepEqual(signals[0], { task: 'fire', score: 1, box, modelSha256: sha256(bytes) });
  // at most one a second, and the looks go on at their own rate
  assert.ok(looks.length > signals.length);
});

test('only what a zone watches for is run, and a zone that asks in vain is told', async (t) => {
  const directory = directoryFor(t);
  writeSlot(directory, onnx(redModel()), city);
  writeFileSync(join(directory, 'models.pub'), city.pem);
  const failing = new Set<string>();
  const ask = (watched: Loose, models: Loose | null = { manifestFile: 'models.jws' }) => {
    const config = loadConfig({
      ...clipConfig({ zones: [{ ...watchedZone, ...watched }] }),
      ...(models && { models }),
    });
    return slotModels(config, { zones: config.zones, stateDirectory: directory, failing });
  };
  const nothing = { slots: [], refused: [], absent: [], files: [] };
  assert.deepEqual(await ask({}), nothing);
  assert.deepEqual(await ask({ fire: {} }, null), { ...nothing, absent: ['fire'] });
  const both = await ask({ fire: {}, weapon: {} });
  assert.deepEqual([both.slots.length, both.absent], [1, ['weapon']]);
  failing.add('red-fire');
  const failed = await ask({ fire: {} });
  assert.deepEqual(failed.refused, [{ part: 'slot', name: 'red-fire', reason: 'engine' }]);
  assert.deepEqual([failed.slots, failed.absent], [[], ['fire']]);
  failing.clear();
  writeFileSync(join(directory, 'red-fire.onnx'), 'other');
  assert.deepEqual((await ask({ fire: {} })).refused, [{ part: 'slot', name: 'red-fire', reason: 'hash' }]);
  rmSync(join(directory, 'models.pub'));
  assert.deepEqual((await ask({ fire: {} })).refused, [{ part: 'list', reason: 'key' }]);
});

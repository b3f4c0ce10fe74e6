import assert from 'node:assert/strict';
import { copyFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { clipPictures } from '../../bench/quality/clip.js';
import { VigieError } from '../../errors.js';
import { decodeCentreNet, overlapOf } from '../../models/decode/centernet.js';
import { engineOf } from '../../models/engines/choose.js';
import type { Engine, EngineName } from '../../models/engines/engine.js';
import { toPlanes } from '../../models/engines/onnx.js';
import { TfjsEngine } from '../../models/engines/tfjs.js';
import { filesOf } from '../../models/verify.js';
import type { Detection } from '../../pipelines/messages.js';
import { cacheDirectory } from '../../runtime/config/paths.js';
import { model, modelFile, patternPicture, withoutModel } from './detect-model.js';

const refused =
  (words: RegExp) =>
  (error: unknown): boolean =>
    error instanceof VigieError && error.kind === 'model' && words.test(error.message) && error.hint !== '';

/**
 * What TensorFlow.js 4 (its CPU backend, @tensorflow/tfjs 4.22) computes from the published graph for
 * patternPicture(96, 64), the graph's fixed sizes set to that picture: scores of three classes and the four
 * distances, in five of the 16 x 24 cells. Obtained once, by hand; the conversion must give the same.
 */
const reference = [
  {
    cell: 0,
    person: 0.025368576869,
    car: 0.016808412969,
    suitcase: 0.010042778216,
    reach: [1.3283591, 2.7740467, 5.0896893, 6.3703246],
  },
  {
    cell: 37,
    person: 0.033228754998,
    car: 0.016609400511,
    suitcase: 0.015918234363,
    reach: [50.195007, 3.9651679, 43.5654106, 7.5685735],
  },
  {
    cell: 100,
    person: 0.028112923726,
    car: 0.012502533383,
    suitcase: 0.010923032649,
    reach: [14.6529713, 16.831707, 20.4979744, 28.6716385],
  },
  {
    cell: 200,
    person: 0.027198158205,
    car: 0.009403928183,
    suitcase: 0.007326970343,
    reach: [30.4339809, 33.6889267, 62.3606682, 29.434019],
  },
  {
    cell: 383,
    person: 0.01899766177,
    car: 0.010196995921,
    suitcase: 0.006529077888,
    reach: [0.5249045, 2.8879037, 5.0891781, 5.7020731],
  },
];

/** Both engines are held to every test in this file but the last three. */
const engines: readonly EngineName[] = ['onnx', 'tfjs'];

async function loaded(name: EngineName): Promise<Engine> {
  const engine = await engineOf(name);
  await engine.load(modelFile, { threads: 1 });
  return engine;
}

for (const name of engines) {
  test(`${name} gives what TensorFlow.js gives on the published model`, { skip: withoutModel }, async () => {
    const engine = await loaded(name);
    const { rows, columns, heat, reach } = await engine.run(patternPicture(96, 64), 96, 64);
    assert.deepEqual([rows, columns, heat.length], [16, 24, model.classes.length * 16 * 24]);
    assert.equal(reach.length, 4 * 16 * 24);
    const scoreOf = (label: string, cell: number): number =>
      heat[model.classes.findIndex((c) => c.label === label) * rows * columns + cell];
    for (const { cell, reach: sides, ...scores } of reference) {
      for (const [label, score] of Object.entries(scores)) {
        assert.ok(Math.abs(scoreOf(label, cell) - score) < 1e-5, `${label} in cell ${cell}`);
      }
      sides.forEach((pixels, side) => {
        assert.ok(
          Math.abs(reach[side * rows * columns + cell] - pixels) < 1e-2,
          `side ${side} of cell ${cell}`,
        );
      });
    }
    await engine.close();
  });

  test(`${name} takes pictures of any size that is a multiple of 32`, { skip: withoutModel }, async () => {
    const engine = await loaded(name);
    for (const [width, height] of [
      [64, 96],
      [160, 96],
      [64, 96],
    ]) {
      const { rows, columns } = await engine.run(patternPicture(width, height), width, height);
      assert.deepEqual([rows, columns], [height / 4, width / 4]);
    }
    await assert.rejects(engine.run(patternPicture(60, 64), 60, 64), refused(/60x64/));
    await assert.rejects(engine.run(new Uint8Array(7), 64, 64), refused(/7 bytes/));
    await engine.close();
    await engine.close();
    await assert.rejects(engine.run(patternPicture(64, 64), 64, 64), refused(/No model is loaded/));
  });

  test(`${name} gives the same again, and after a picture of another size`, {
    skip: withoutModel,
  }, async () => {
    const engine = await loaded(name);
    const once = async (): Promise<number[]> => [...(await engine.run(patternPicture(96, 64), 96, 64)).heat];
    const first = await once();
    await engine.run(patternPicture(64, 64), 64, 64);
    assert.deepEqual(await once(), first);
    // negative control: another picture is another answer
    assert.notDeepEqual([...(await engine.run(new Uint8Array(96 * 64 * 3), 96, 64)).heat], first);
    await engine.close();
  });

  test(`${name} refuses files that are missing or altered`, { skip: withoutModel }, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'vigie-engine-'));
    try {
      const path = join(directory, 'model.onnx');
      const engine = await engineOf(name);
      await assert.rejects(engine.load({ ...modelFile, path }, { threads: 1 }), refused(/cannot be read/));
      copyFileSync(modelFile.path, path);
      cpSync(join(dirname(modelFile.path), model.name), join(directory, model.name), { recursive: true });
      for (const { path: file } of filesOf(model, name, path)) {
        const bytes = readFileSync(file);
        bytes[bytes.length >> 1] ^= 1;
        writeFileSync(file, bytes);
        await assert.rejects(engine.load({ ...modelFile, path }, { threads: 1 }), refused(/SHA-256 differs/));
        bytes[bytes.length >> 1] ^= 1;
        writeFileSync(file, bytes);
      }
      await assert.rejects(engine.run(patternPicture(64, 64), 64, 64), refused(/No model is loaded/));
      // negative control: the untouched files are taken
      await engine.load({ ...modelFile, path }, { threads: 1 });
      await engine.close();
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test(`${name} refuses a listed hash that is not its own, and a file that is no model`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'vigie-engine-'));
    try {
      const path = join(directory, 'model.onnx');
      writeFileSync(path, 'hello world');
      const text = { path, sha256: 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9' };
      const engine = await engineOf(name);
      await assert.rejects(
        engine.load(text, { threads: 1 }),
        refused(/cannot load the model|not in the list/),
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
}

const clip = join(cacheDirectory(), 'sample', 'vtest.avi');
const withoutClip = existsSync(clip)
  ? withoutModel
  : `${clip} is not there: run npm test, which puts it there`;
/** The engines add in another order; beyond this they do not compute the same model. */
const tolerance = { score: 1e-4, overlap: 0.999, threshold: 0.2 };

/** Null when each detection of the one has its like in the other. */
function difference(ours: Detection[], theirs: Detection[]): string | null {
  if (ours.length !== theirs.length) return `${ours.length} detections and ${theirs.length}`;
  for (const one of ours) {
    const like = theirs.some(
      (other) =>
        other.class === one.class &&
        Math.abs(other.score - one.score) <= tolerance.score &&
        overlapOf(other.box, one.box) >= tolerance.overlap,
    );
    if (!like) return `nothing like ${JSON.stringify(one)}`;
  }
  return null;
}

test('both engines see the same people in the same real pictures', { skip: withoutClip }, async () => {
  const [onnx, tfjs] = await Promise.all([loaded('onnx'), loaded('tfjs')]);
  const options = {
    classes: model.classes.map((c) => c.class),
    stride: model.graph.stride,
    threshold: tolerance.threshold,
  };
  const all: Detection[][] = [];
  let index = 0;
  for await (const rgb of clipPictures(clip, 384, 288)) {
    if (index++ % 60 !== 0) continue;
    const ours = decodeCentreNet(await onnx.run(rgb, 384, 288), options);
    assert.equal(difference(ours, decodeCentreNet(await tfjs.run(rgb, 384, 288), options)), null);
    all.push(ours);
    if (all.length === 4) break;
  }
  assert.ok(all.length === 4 && all.every((seen) => seen.length > 2), 'the pictures show nobody');
  // negative control: another picture of the clip is noticed
  assert.notEqual(difference(all[0] ?? [], all[1] ?? []), null);
  await Promise.all([onnx.close(), tfjs.close()]);
});

test('tfjs takes the native package when it is there, and WebAssembly when it is not', {
  skip: withoutModel,
}, async () => {
  const asked: string[] = [];
  for (const native of [
    () => Promise.reject(new Error('not installed')),
    // there, but built for another version of TensorFlow.js: it registers itself elsewhere
    () => Promise.resolve({}),
  ]) {
    const engine = new TfjsEngine(() => {
      asked.push('native');
      return native();
    });
    await engine.load(modelFile, { threads: 1 });
    assert.equal(engine.backend, 'wasm');
    await engine.close();
  }
  assert.equal(asked.length, 2);
});

test('interleaved bytes become planes', () => {
  const planes = new Float32Array(6);
  toPlanes(Uint8Array.of(1, 2, 3, 251, 252, 253), planes);
  assert.deepEqual([...planes], [1, 251, 2, 252, 3, 253]);
});

import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { VigieError } from '../../errors.js';
import { OnnxEngine, toPlanes } from '../../models/engines/onnx.js';
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

test('the converted model agrees with TensorFlow.js on the published one', {
  skip: withoutModel,
}, async () => {
  const engine = new OnnxEngine();
  await engine.load(modelFile, { threads: 1 });
  const { rows, columns, heat, reach } = await engine.run(patternPicture(96, 64), 96, 64);
  assert.deepEqual([rows, columns, heat.length], [16, 24, model.classes.length * 16 * 24]);
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

test('one engine takes pictures of any size that is a multiple of 32', { skip: withoutModel }, async () => {
  const engine = new OnnxEngine();
  await engine.load(modelFile, { threads: 1 });
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

test('a file that is missing, altered or no model is refused', { skip: withoutModel }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-engine-'));
  try {
    const path = join(directory, 'model.onnx');
    const engine = new OnnxEngine();
    await assert.rejects(engine.load({ ...modelFile, path }, { threads: 1 }), refused(/cannot be read/));
    copyFileSync(modelFile.path, path);
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1] ^= 1;
    writeFileSync(path, bytes);
    await assert.rejects(engine.load({ ...modelFile, path }, { threads: 1 }), refused(/SHA-256 differs/));
    const text = { path, sha256: 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9' };
    writeFileSync(path, 'hello world');
    await assert.rejects(engine.load(text, { threads: 1 }), refused(/cannot load the model/));
    // negative control: the untouched file is taken
    await engine.load(modelFile, { threads: 1 });
    await engine.close();
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('interleaved bytes become planes', () => {
  const planes = new Float32Array(6);
  toPlanes(Uint8Array.of(1, 2, 3, 251, 252, 253), planes);
  assert.deepEqual([...planes], [1, 251, 2, 252, 3, 253]);
});

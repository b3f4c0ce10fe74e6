import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VigieError } from '../../errors.js';
import { findModel, modelOfHash, parseManifest, shippedManifest } from '../../models/manifest.js';

type Loose = Record<string, unknown>;

const changed = (change: (model: Loose, manifest: Loose) => void): string => {
  const manifest = structuredClone(shippedManifest()) as unknown as Loose;
  change((manifest['models'] as Loose[])[0], manifest);
  return JSON.stringify(manifest);
};

const refused =
  (words: RegExp) =>
  (error: unknown): boolean =>
    error instanceof VigieError && error.kind === 'model' && words.test(error.message);

test('the shipped manifest is valid and lists the default detector', () => {
  const model = findModel('centernet');
  assert.equal(model.task, 'detect');
  assert.deepEqual(model.classes[0], { index: 0, label: 'person', class: 'person' });
  assert.equal(modelOfHash(model.onnx.sha256).name, 'centernet');
});

test('no task but detection can be written', () => {
  for (const task of [
    'identify',
    'embedding',
    're-identification',
    'face',
    'plate',
    'Detect',
    '',
    null,
    ['detect'],
  ]) {
    const text = changed((model) => Object.assign(model, { task }));
    assert.throws(() => parseManifest(text), refused(/models\.0\.task/), String(task));
  }
});

test('a class that no event asks about is refused', () => {
  const text = changed((model) => Object.assign((model['classes'] as Loose[])[0], { class: 'face' }));
  assert.throws(() => parseManifest(text), refused(/classes\.0\.class/));
});

test('unknown keys are refused at every level', () => {
  for (const change of [
    (_: Loose, manifest: Loose) => Object.assign(manifest, { extra: 1 }),
    (model: Loose) => Object.assign(model, { url: 'http://example.org/model' }),
    (model: Loose) => Object.assign(model['source'] as Loose, { registry: 'x' }),
    (model: Loose) => Object.assign(model['onnx'] as Loose, { path: '/tmp/x' }),
  ]) {
    assert.throws(() => parseManifest(changed(change)), refused(/Unrecognized key/));
  }
});

test('hashes, versions and file names have one form', () => {
  const cases: [string, (model: Loose) => unknown][] = [
    ['short hash', (model) => Object.assign(model['onnx'] as Loose, { sha256: 'abc' })],
    ['upper case', (model) => Object.assign(model['onnx'] as Loose, { sha256: 'A'.repeat(64) })],
    ['range', (model) => Object.assign(model['source'] as Loose, { version: '^3.3.6' })],
    ['way out', (model) => Object.assign(model['onnx'] as Loose, { name: '../centernet.onnx' })],
    ['no class', (model) => Object.assign(model, { classes: [] })],
  ];
  for (const [what, change] of cases) {
    assert.throws(() => parseManifest(changed(change)), refused(/not valid/), what);
  }
});

test('a name or a class index is used once', () => {
  const twice = changed((model, manifest) => Object.assign(manifest, { models: [model, model] }));
  assert.throws(() => parseManifest(twice), refused(/used twice/));
  const index = changed((model) => Object.assign((model['classes'] as Loose[])[1], { index: 0 }));
  assert.throws(() => parseManifest(index), refused(/used twice/));
});

test('what is not listed is not found', () => {
  assert.throws(() => findModel('facenet'), refused(/no model "facenet"/));
  assert.throws(() => modelOfHash('0'.repeat(64)), refused(/not in the list/));
  assert.throws(() => parseManifest('{'), refused(/not JSON/));
  // negative control: the untouched list is accepted
  assert.doesNotThrow(() => parseManifest(changed(() => {})));
});

/**
 * A wrong model must not cost the recording: a whole camera with a detector that is refused at the start, exchanged
 * between check and load, and exchanged while it runs; and with a slot (docs/models.md, "When a model is refused").
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { cacheDirectory } from '../../runtime/config/paths.js';
import type { ConfigInput } from '../../runtime/config/schema.js';
import {
  type CameraRun,
  clipConfig,
  newDirectory,
  runCamera,
  until,
  watchedZone,
  writeAuthorisation,
} from '../camera-run.js';
import { modelFile, withoutModel } from '../contract/detect-model.js';
import {
  boundlessModel,
  brightModel,
  embeddingModel,
  newPair,
  onnx,
  type Pair,
  writeSlot,
} from '../slot-models.js';

const skip = withoutModel;
const { path: rightModel } = modelFile;

/** A cache of its own with the clip and, as its model, a link that the test may point elsewhere. */
function ownCache(t: TestContext): { clip: string; link: (to: string) => void; face: string } {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-cache-'));
  const clip = join(cacheDirectory(), 'sample', 'vtest.avi');
  const before = process.env['VIGIE_CACHE'];
  process.env['VIGIE_CACHE'] = directory;
  t.after(() => {
    if (before === undefined) delete process.env['VIGIE_CACHE'];
    else process.env['VIGIE_CACHE'] = before;
    rmSync(directory, { recursive: true });
  });
  const face = join(directory, 'face.onnx');
  writeFileSync(face, onnx(embeddingModel()));
  mkdirSync(join(directory, 'models'));
  const link = (to: string): void => {
    const place = join(directory, 'models', basename(modelFile.path));
    rmSync(place, { force: true });
    symlinkSync(to, place);
  };
  return { clip, link, face };
}

async function started(t: TestContext, config: ConfigInput, directory = newDirectory()): Promise<CameraRun> {
  const run = await runCamera(config, directory);
  t.after(() => run.clear());
  return run;
}

/** What the camera says of its models. */
const codes = ({ camera }: CameraRun): string[] =>
  camera
    .health()
    .notices.map(({ code }) => code)
    .filter((code) => code.startsWith('model-'));

async function recordsOn({ camera }: CameraRun): Promise<void> {
  const { framesRecorded } = camera.recorder;
  await until('more frames on the card', () => camera.recorder.framesRecorded > framesRecorded + 10);
}

const looksAt = (run: CameraRun): Promise<void> =>
  until('looks', () => run.camera.health().detect.on && run.camera.supervisor.totals.counts.lookedAt > 3);

test('negative control: with the right model nothing is refused', { skip }, async (t) => {
  const { clip, link } = ownCache(t);
  link(rightModel);
  const run = await started(t, clipConfig({ sensor: { kind: 'clip', file: clip } }));
  await looksAt(run);
  await recordsOn(run);
  assert.deepEqual(codes(run), []);
});

test('a face model in its place: the camera records, says why, and looks again once it is right', {
  skip,
}, async (t) => {
  const { clip, link, face } = ownCache(t);
  link(face);
  const run = await started(t, clipConfig({ sensor: { kind: 'clip', file: clip } }));
  await recordsOn(run);
  assert.equal(run.camera.health().detect.on, false);
  const notice = run.camera.health().notices.find(({ code }) => code === 'model-refused');
  assert.ok(notice);
  assert.match(notice.fr, /n’est pas celui de la liste. L’enregistrement continue/);
  assert.match(notice.en, /not the one that is listed. Recording goes on/);
  assert.equal(run.camera.supervisor.totals.counts.lookedAt, 0);
  link(rightModel);
  await looksAt(run);
  assert.deepEqual(codes(run), []);
  await recordsOn(run);
});

test('exchanged between the check and the load: the process refuses it for itself, and recording starts', {
  skip,
}, async (t) => {
  const { clip, link, face } = ownCache(t);
  link(rightModel);
  const config = clipConfig({ sensor: { kind: 'clip', file: clip } });
  const directory = newDirectory();
  const run = await runCamera(config, directory, () => link(face));
  t.after(() => run.clear());
  await recordsOn(run);
  await until('the notice', () => codes(run).includes('model-refused'));
  assert.equal(run.camera.health().detect.on, false);
  assert.equal(run.camera.supervisor.totals.counts.lookedAt, 0);
});

test('exchanged while it runs: detection ends, recording does not', { skip }, async (t) => {
  const { clip, link, face } = ownCache(t);
  link(rightModel);
  const run = await started(t, clipConfig({ sensor: { kind: 'clip', file: clip } }));
  await looksAt(run);
  link(face);
  await until('the notice', () => codes(run).includes('model-refused'), 30_000);
  // The notice is there as soon as the file was refused; the process is told a moment later.
  await until('the end of detection', () => !run.camera.health().detect.on);
  await recordsOn(run);
});

const fireZone = { ...watchedZone, name: 'Feu', fire: {} };
const fireConfig = (clip: string): ConfigInput =>
  clipConfig({
    sensor: { kind: 'clip', file: clip },
    zones: [fireZone],
    models: { manifestFile: 'models.jws' },
  });

/** A state directory that may watch for fire, and has a slot with this model. */
function fireDirectory(model: Buffer, by?: Pair): { directory: string; pair: Pair } {
  const directory = newDirectory();
  writeAuthorisation(directory, [fireZone.name], 'fire');
  const pair = newPair();
  writeFileSync(join(directory, 'models.pub'), pair.pem);
  writeSlot(directory, model, by ?? pair);
  return { directory, pair };
}

const slotRuns = ({ lines }: CameraRun): boolean =>
  lines.some((line) => line.includes('slot ready: red-fire (fire)'));

test('a slot: what is listed and signed runs beside the detector', { skip }, async (t) => {
  const { clip, link } = ownCache(t);
  link(rightModel);
  const run = await started(t, fireConfig(clip), fireDirectory(onnx(brightModel())).directory);
  await until('the slot', () => slotRuns(run));
  await looksAt(run);
  assert.deepEqual(codes(run), []);
});

test('a list of another key: the detector runs, the slot does not, until the list is signed right', {
  skip,
}, async (t) => {
  const { clip, link } = ownCache(t);
  link(rightModel);
  const model = onnx(brightModel());
  const { directory, pair } = fireDirectory(model, newPair());
  const run = await started(t, fireConfig(clip), directory);
  await looksAt(run);
  assert.deepEqual(codes(run), ['model-refused', 'model-absent']);
  assert.ok(run.camera.health().notices.some(({ fr }) => /signée par une autre clé/.test(fr)));
  assert.ok(!slotRuns(run));
  writeSlot(directory, model, pair);
  await until('the slot', () => slotRuns(run), 30_000);
  await looksAt(run);
  assert.deepEqual(codes(run), []);
});

test('a slot that fails when it runs is left out, and the detector comes back', { skip }, async (t) => {
  const { clip, link } = ownCache(t);
  link(rightModel);
  const run = await started(t, fireConfig(clip), fireDirectory(onnx(boundlessModel())).directory);
  await until('the notice', () => codes(run).includes('model-refused'), 30_000);
  await looksAt(run);
  assert.ok(codes(run).includes('model-absent') && !codes(run).includes('model-failed'));
  assert.ok(run.lines.some((line) => /of a slot failed: .*not within 0 to 1/.test(line)));
  await recordsOn(run);
});

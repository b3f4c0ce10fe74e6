/** What the camera looks for while models come and go, on a clock that the test moves; the real gate, a supervision that only notes. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import { VigieError } from '../../errors.js';
import { slotFailed } from '../../models/refusal.js';
import type { PipelineOptions } from '../../pipelines/messages.js';
import type { Authority } from '../../runtime/access/authorisation.js';
import { loadConfig } from '../../runtime/config/load.js';
import { type Allowed, Looking } from '../../runtime/looking.js';
import { watchedZone } from '../camera-run.js';
import { newPair, onnx, redModel, writeSlot } from '../slot-models.js';
import { modelFile, withoutModel } from './detect-model.js';

const skip = withoutModel;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const hourMs = 3_600_000;

const authority: Authority = {
  mayRecord: true,
  retainDays: 14,
  terms: null,
  mayWatch: () => true,
  personMask: null,
  refusal: null,
  fingerprint: 'test',
};

class NotingSupervisor {
  modelFault: VigieError | null = null;
  readonly given: PipelineOptions[] = [];
  stopped = 0;

  constructor(public pipeline: PipelineOptions) {}

  reconfigure(options: PipelineOptions): void {
    this.given.push(options);
    this.pipeline = options;
    this.modelFault = null;
  }

  stopLooking(): void {
    this.stopped++;
    this.pipeline = { ...this.pipeline, detect: null };
  }

  /** As the supervision does when the process says that a model failed. */
  fail(message: string): void {
    this.modelFault = new VigieError('model', message, 'test');
    this.pipeline = { ...this.pipeline, detect: null };
  }
}

const slotsOf = ({ pipeline }: NotingSupervisor): number | undefined => pipeline.detect?.slots?.length;

interface Stage {
  clock: ManualClock;
  looking: Looking;
  supervisor: NotingSupervisor;
  allowed: Allowed;
  directory: string;
  /** puts the detector where the camera looks for it */
  install(): void;
  remove(): void;
  /** ten seconds at a time, each look at the models waited for */
  pass(ms: number): Promise<void>;
  codes(): string[];
}

async function stage(t: TestContext, { installed = true } = {}): Promise<Stage> {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-looking-'));
  const before = process.env['VIGIE_CACHE'];
  process.env['VIGIE_CACHE'] = directory;
  t.after(() => {
    if (before === undefined) delete process.env['VIGIE_CACHE'];
    else process.env['VIGIE_CACHE'] = before;
    rmSync(directory, { recursive: true });
  });
  mkdirSync(join(directory, 'models'));
  const place = join(directory, 'models', basename(modelFile.path));
  const pair = newPair();
  writeFileSync(join(directory, 'models.pub'), pair.pem);
  writeSlot(directory, onnx(redModel()), pair);
  const install = (): void => copyFileSync(modelFile.path, place);
  if (installed) install();
  const config = loadConfig({
    camera: { id: 'cam-1', name: 'Quai' },
    sensor: { kind: 'pattern' },
    mask: { zones: [], noneBecause: 'a test pattern' },
    zones: [{ ...watchedZone, fire: {} }],
    models: { manifestFile: 'models.jws' },
  });
  const clock = new ManualClock();
  const allowed: Allowed = { zones: config.zones, authority };
  const looking = new Looking({ clock, log: silent }, { config, stateDirectory: directory }, allowed);
  const supervisor = new NotingSupervisor(await looking.pipeline());
  looking.start(supervisor);
  t.after(() => looking.stop());
  return {
    ...{ clock, looking, supervisor, allowed, directory, install },
    remove: () => rmSync(place),
    async pass(ms) {
      for (let passed = 0; passed < ms; passed += 10_000) {
        clock.advance(10_000);
        await looking.check();
      }
    },
    codes: () => looking.notices().map(({ code }) => code),
  };
}

test('with everything right nothing is changed, however long it runs', { skip }, async (t) => {
  const { supervisor, pass, codes } = await stage(t);
  await pass(2 * 60_000);
  assert.equal(slotsOf(supervisor), 1);
  assert.deepEqual([supervisor.given.length, codes()], [0, []]);
});

test('a missing detector is waited for, and taken up when it comes', { skip }, async (t) => {
  const { supervisor, pass, codes, install, remove } = await stage(t, { installed: false });
  assert.equal(supervisor.pipeline.detect, null);
  await pass(15 * 60_000);
  assert.deepEqual([supervisor.given.length, codes()], [0, ['model-refused']]);
  install();
  await pass(10_000);
  assert.deepEqual([supervisor.given.length, codes()], [1, []]);
  assert.equal(slotsOf(supervisor), 1);
  remove();
  await pass(10_000);
  assert.deepEqual([supervisor.pipeline.detect, codes()], [null, ['model-refused']]);
});

test('a detector that fails on a right file is let alone for an hour', { skip }, async (t) => {
  const { supervisor, pass, codes } = await stage(t);
  supervisor.fail('The detector is not running');
  await pass(hourMs - 60_000);
  assert.deepEqual([supervisor.given.length, codes()], [0, []]);
  await pass(120_000);
  assert.equal(supervisor.given.length, 1);
  assert.notEqual(supervisor.pipeline.detect, null);
});

test('a detector that fails because its file was exchanged is refused, and back when the file is', {
  skip,
}, async (t) => {
  const { supervisor, pass, codes, install, directory } = await stage(t);
  writeFileSync(join(directory, 'models', basename(modelFile.path)), 'other');
  supervisor.fail('The model file is not the listed one');
  await pass(10_000);
  assert.deepEqual([supervisor.pipeline.detect, codes()], [null, ['model-refused']]);
  install();
  await pass(10_000);
  assert.notEqual(supervisor.pipeline.detect, null);
  assert.deepEqual(codes(), []);
});

test('a slot that fails is left out at once, the detector goes on; it is tried again after an hour', {
  skip,
}, async (t) => {
  const { supervisor, pass, codes } = await stage(t);
  supervisor.fail(slotFailed('red-fire', 'it gives a score that is not within 0 to 1'));
  await pass(10_000);
  assert.notEqual(supervisor.pipeline.detect, null);
  assert.equal(supervisor.pipeline.detect?.slots, undefined);
  assert.deepEqual(codes(), ['model-refused', 'model-absent']);
  await pass(hourMs - 60_000);
  assert.equal(supervisor.given.length, 1);
  await pass(120_000);
  assert.deepEqual([slotsOf(supervisor), codes()], [1, []]);
});

test('three lives lost within five minutes put the slots down for an hour, fewer do not', {
  skip,
}, async (t) => {
  const { looking, supervisor, pass, codes } = await stage(t);
  for (const minutes of [0, 3, 3, 3]) {
    await pass(minutes * 60_000);
    looking.lost();
  }
  await looking.check();
  assert.deepEqual([slotsOf(supervisor), codes()], [1, []], 'nine minutes apart');
  looking.lost();
  await looking.check();
  assert.deepEqual([slotsOf(supervisor), codes()], [undefined, ['model-refused', 'model-absent']]);
  await pass(61 * 60_000);
  assert.deepEqual([slotsOf(supervisor), codes()], [1, []]);
});

test('an authority that goes while the models are looked at is not overruled', { skip }, async (t) => {
  const { supervisor, looking, clock, allowed, install, codes } = await stage(t, { installed: false });
  install();
  clock.advance(10_000);
  const looked = looking.check();
  looking.allow({ zones: [], authority: { ...authority, mayRecord: false } });
  await looked;
  assert.deepEqual([supervisor.stopped, supervisor.given.length, codes()], [1, 0, []]);
  // control: the same, and the authority stays
  looking.allow(allowed);
  await looking.apply();
  assert.notEqual(supervisor.pipeline.detect, null);
});

test('fewer zones: what the zones alone asked for ends too', { skip }, async (t) => {
  const { supervisor, looking, allowed } = await stage(t);
  looking.allow({ ...allowed, zones: [watchedZoneOnly(allowed)] });
  assert.equal(slotsOf(supervisor), undefined, 'before anything is waited for');
  assert.notEqual(supervisor.pipeline.detect, null);
  await looking.apply();
  assert.equal(supervisor.given.length, 1);
  assert.notEqual(supervisor.pipeline.detect, null);
  assert.equal(supervisor.pipeline.detect?.slots, undefined);
});

function watchedZoneOnly({ zones }: Allowed): Allowed['zones'][number] {
  const [zone] = zones;
  assert.ok(zone);
  const { fire: _, ...rest } = zone;
  return rest;
}

test('nothing is changed after the stop', { skip }, async (t) => {
  const { supervisor, looking, pass, install } = await stage(t, { installed: false });
  await looking.stop();
  install();
  await pass(hourMs);
  assert.equal(supervisor.given.length, 0);
});

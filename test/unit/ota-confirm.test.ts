/** A version on trial (docs/updates.md, invariant 5): kept once what is asked holds without a break, whatever the network does. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import { VigieError } from '../../errors.js';
import type { Vital } from '../../ota/launcher/slot-state.js';
import { Confirmation, type Vitals } from '../../ota/updater/confirm.js';
import { pass, type Script, scripted, stepsTold } from './ota-scripted.js';

const well: Vitals = { frames: true, storage: true, control: true };

/** Looked at each second for so long; the second in which it is well for long enough, null when it never is. */
function confirmedAt(
  asked: readonly Vital[],
  seconds: number,
  foundAt: (second: number) => Vitals | null,
): number | null {
  const clock = new ManualClock();
  const confirmation = new Confirmation({ clock }, { asked, seconds: 30 });
  for (let second = 0; second <= seconds; second++, clock.advance(1000)) {
    const found = foundAt(second);
    if (found && confirmation.take(found)) return second;
  }
  return null;
}

test('all that is asked must hold for the whole time', () => {
  assert.equal(
    confirmedAt(['frames', 'storage', 'control'], 60, () => well),
    30,
  );
});

test('a break in any of it begins the time again', () => {
  for (const vital of ['frames', 'storage', 'control'] as const) {
    const found = (second: number): Vitals => ({ ...well, [vital]: second !== 20 });
    assert.equal(confirmedAt(['frames', 'storage', 'control'], 120, found), 51, vital);
  }
  const flapping = (second: number): Vitals => ({ ...well, frames: second % 29 !== 0 });
  assert.equal(confirmedAt(['frames'], 600, flapping), null);
});

test('what did not hold before the update is not asked', () => {
  const noStorage = (): Vitals => ({ ...well, storage: false });
  assert.equal(confirmedAt(['frames', 'control'], 60, noStorage), 30);
  assert.equal(
    confirmedAt(['frames', 'storage'], 600, noStorage),
    null,
    'negative control: asked, it counts',
  );
});

test('a camera that could not look at itself was not well meanwhile', () => {
  const hung = (second: number): Vitals | null => (second > 10 && second < 20 ? null : well);
  assert.equal(confirmedAt(['frames'], 120, hung), 50);
  const short = (second: number): Vitals | null => (second > 10 && second < 14 ? null : well);
  assert.equal(confirmedAt(['frames'], 120, short), 30);
});

const root = mkdtempSync(join(tmpdir(), 'vigie-confirm-'));
after(() => rmSync(root, { recursive: true, force: true }));
let made = 0;

async function onTrial(
  options: Parameters<typeof scripted>[1] = {},
  before: (script: Script) => void = () => undefined,
): Promise<Script> {
  const script = scripted(join(root, String(made++)), {
    running: { version: '1.1.0', commit: 'abc' },
    ...options,
  });
  const { slots } = script;
  slots.trial = { triesLeft: 2, verified: true, asked: ['frames', 'storage', 'control'] };
  slots.running = { ...slots.running, condition: 'ready' };
  slots.other = { condition: 'good', version: '1.0.0', manifestSha256: '0'.repeat(64) };
  before(script);
  await script.updater.start(new AbortController().signal);
  return script;
}

test('with the network down and no clock, a version that is well is kept, and the floor rises after', async () => {
  const script = await onTrial({}, (made) => {
    made.found = null;
    made.trusted = false;
    made.judgement = { kind: 'nothing', problem: null };
  });
  const { trial, state } = script.updater.status();
  assert.equal(state, 'trial');
  assert.deepEqual(trial, { triesLeft: 2, waitsFor: ['frames', 'storage', 'control'] });
  await pass(script, 29);
  assert.equal(script.updater.status().state, 'trial');
  await pass(script, 3);
  assert.deepEqual(script.steps, ['floor starts at null', 'confirm', 'floor 1.1.0']);
  assert.deepEqual(stepsTold(script), ['confirmed 1.1.0']);
  assert.notEqual(script.updater.status().state, 'trial');
});

test('one that is not well is never kept, says what it waits for, and asks no repository', async () => {
  const script = await onTrial({}, (made) => {
    made.vitals = { frames: true, storage: false, control: true };
  });
  await pass(script, 3600);
  assert.deepEqual(script.steps, ['floor starts at null']);
  assert.deepEqual(script.updater.status().trial?.waitsFor, ['storage']);
  await assert.rejects(script.updater.check(), /on trial/);
  await assert.rejects(script.updater.install('agent'), /on trial/);
});

test('a person may keep it without waiting, or go back', async () => {
  const unwell = (made: Script): void => {
    made.vitals = { frames: false, storage: false, control: false };
  };
  const kept = await onTrial({}, unwell);
  await kept.updater.confirm('agent');
  assert.deepEqual(stepsTold(kept), ['confirmed 1.1.0 agent']);
  await assert.rejects(kept.updater.confirm('agent'), VigieError);
  const left = await onTrial({}, unwell);
  await left.updater.rollback('agent');
  assert.deepEqual(left.steps.slice(1), ['rollback', 'restart']);
});

test('slots that refuse the confirmation are asked again', async () => {
  const script = await onTrial();
  const { slots } = script;
  const confirm = slots.confirm.bind(slots);
  let refusals = 0;
  slots.confirm = () => {
    if (refusals++ > 2) return confirm();
    return Promise.reject(new VigieError('update', 'The card is busy', 'x'));
  };
  await pass(script, 60);
  assert.ok(script.steps.includes('confirm'));
  assert.deepEqual(stepsTold(script).slice(0, 1), ['confirmed 1.1.0']);
});

test('without a launcher, a trial that lasts too long is given up; with one, it is the launcher that ends it', async () => {
  const unwell = (made: Script): void => {
    made.vitals = { frames: false, storage: true, control: true };
  };
  const alone = await onTrial({ trialSeconds: 180 }, unwell);
  await pass(alone, 175);
  assert.ok(!alone.steps.includes('give up'));
  await pass(alone, 10);
  assert.ok(alone.steps.includes('give up'));
  const launched = await onTrial({}, unwell);
  await pass(launched, 600);
  assert.ok(!launched.steps.includes('give up'));
});

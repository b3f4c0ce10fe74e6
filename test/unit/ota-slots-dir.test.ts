/** The slots of directories: what each order writes, what it refuses, and that whatever is cut, the old or the new version boots. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { VigieError } from '../../errors.js';
import { nextStart } from '../../ota/launcher/next-start.js';
import type { SlotName } from '../../ota/launcher/slot-state.js';
import { readState, writeState } from '../../ota/launcher/state-file.js';
import { verifySlot } from '../../ota/launcher/verify-slot.js';
import type { Reached } from '../../ota/slots/backend.js';
import { DirSlots } from '../../ota/slots/dir.js';
import { startedFrom } from '../../ota/slots/started-from.js';
import { SlotBench, writeFiles } from '../slot-bench.js';

const signal = new AbortController().signal;
const quiet = { asked: [], onShare: () => undefined };

async function bench(t: TestContext): Promise<SlotBench> {
  const made = new SlotBench();
  t.after(() => made.clear());
  await made.provisioned();
  return made;
}

const refused = (words: RegExp) => (error: unknown) =>
  error instanceof VigieError && error.kind === 'update' && words.test(error.message) && error.hint !== '';

/** What boots here, and whether its files are whole. */
async function boots(root: string): Promise<{ version: string; whole: boolean } | null> {
  const start = await nextStart(root, false, () => undefined);
  if (start === null) return null;
  const bundle = readFileSync(join(root, 'slots', start.slot, 'bundle.json'));
  const sha256 = createHash('sha256').update(bundle).digest('hex');
  const { intact } = await verifySlot(join(root, 'slots', start.slot), sha256);
  const { version } = JSON.parse(bundle.toString('utf8')) as { version: string };
  return { version, whole: intact && version === start.version };
}

test('an installation: the other slot, on trial, with what is asked of it', async (t) => {
  const slots = await bench(t);
  const dir = slots.slots('a');
  const shares: number[] = [];
  const options = {
    asked: ['frames', 'control'] as const,
    onShare: (share: number) => void shares.push(share),
  };
  await dir.install(slots.installable('1.1.0'), options, signal);
  assert.deepEqual(
    [...shares].sort((a, b) => a - b),
    shares,
  );
  assert.equal(shares.at(-1), 1);
  const status = await dir.status();
  assert.deepEqual(
    [status.running?.record.version, status.next, status.other?.version],
    ['1.0.0', 'b', '1.1.0'],
  );
  assert.equal(status.trial, null, 'what runs is confirmed');
  const state = await slots.state();
  assert.deepEqual(state.trial, { triesLeft: 3, verified: false, asked: ['frames', 'control'] });
  assert.deepEqual(await boots(slots.root), { version: '1.1.0', whole: true });
  const after = await slots.slots('b').status();
  assert.deepEqual([after.running?.slot, after.trial?.triesLeft], ['b', 2]);
});

test('confirmed, rolled back, and not taken again by itself', async (t) => {
  const slots = await bench(t);
  await assert.rejects(slots.slots('a').rollback(), refused(/no other version/));
  await slots.installed('1.1.0');
  const dir = slots.slots('b');
  await assert.rejects(dir.install(slots.installable('1.2.0'), quiet, signal), refused(/on trial itself/));
  await dir.confirm();
  await dir.confirm();
  assert.equal((await slots.state()).trial, null);
  await dir.rollback();
  assert.deepEqual(await boots(slots.root), { version: '1.0.0', whole: true });
  const back = await slots.slots('a').status();
  assert.deepEqual(
    [back.returned, back.failed, back.other?.condition],
    [null, [slots.installable('1.1.0').manifestSha256], 'good'],
  );
  await slots.slots('a').rollback();
  assert.deepEqual(await boots(slots.root), { version: '1.1.0', whole: true });
  assert.deepEqual((await slots.state()).failed, [slots.installable('1.0.0').manifestSha256]);
});

test('a rollback of a version on trial: it is not gone back to', async (t) => {
  const slots = await bench(t);
  await slots.installed('1.1.0');
  await slots.slots('b').rollback();
  assert.equal((await slots.state()).slots.b?.condition, 'bad');
  await assert.rejects(slots.slots('a').rollback(), refused(/no other version/));
});

test('no rollback to a version that is damaged', async (t) => {
  const slots = await bench(t);
  await slots.installed('1.1.0');
  await slots.slots('b').confirm();
  writeFileSync(join(slots.root, 'slots/a/package.json'), '[]');
  await assert.rejects(slots.slots('b').rollback(), refused(/is damaged/));
  assert.equal((await slots.state()).active, 'b');
});

test('a return is told once', async (t) => {
  const slots = await bench(t);
  await slots.installed('1.1.0');
  writeFileSync(join(slots.root, 'slots/b/package.json'), '[]');
  assert.deepEqual(await boots(slots.root), { version: '1.0.0', whole: true });
  const dir = slots.slots('a');
  assert.deepEqual((await dir.status()).returned, { version: '1.1.0', why: 'damaged' });
  await dir.returnTold();
  assert.equal((await dir.status()).returned, null);
});

test('no room: refused before anything is written', async (t) => {
  const slots = await bench(t);
  slots.freeBytes = 1024 * 1024;
  const before = await slots.state();
  await assert.rejects(
    slots.slots('a').install(slots.installable('1.1.0'), quiet, signal),
    refused(/no room/),
  );
  assert.deepEqual(await slots.state(), before);
  slots.freeBytes = 40 * 2 ** 20;
  const { content, ...bundle } = slots.installable('1.1.0');
  const beside = { ...bundle, content: { ...content, scratchBytes: 20 * 2 ** 20 } };
  await assert.rejects(slots.slots('a').install(beside, quiet, signal), refused(/52 MiB are wanted|53 MiB/));
  assert.deepEqual(await slots.state(), before);
});

for (const [what, spoil] of [
  ['a file that is another', (d: string) => writeFileSync(join(d, 'package.json'), '[]')],
  ['a file more', (d: string) => writeFileSync(join(d, 'more'), '')],
  ['nothing at all', (d: string) => rmSync(join(d, 'bundle.json'))],
] as const) {
  test(`unpacked with ${what}: not believed, and emptied`, async (t) => {
    const slots = await bench(t);
    const bundle = slots.installable('1.1.0');
    const { content } = bundle;
    assert.ok(content.kind === 'tree');
    const unpack = async (directory: string): Promise<void> => {
      await content.unpack(directory, signal);
      spoil(directory);
    };
    const spoiled = { ...bundle, content: { ...content, unpack } };
    await assert.rejects(
      slots.slots('a').install(spoiled, quiet, signal),
      refused(/not on the disk as it was sent/),
    );
    const { active, trial, slots: records } = await slots.state();
    assert.deepEqual([active, trial, records.b], ['a', null, null]);
    assert.deepEqual(readdirSync(join(slots.root, 'slots/b')), []);
  });
}

test('an error of the disk, and an order to stop, leave the version that runs', async (t) => {
  const slots = await bench(t);
  const bundle = slots.installable('1.1.0');
  const full = Object.assign(new Error('full'), { code: 'ENOSPC' });
  const content = { kind: 'tree', treeBytes: 1, unpack: () => Promise.reject(full) } as const;
  const cut = slots.slots('a').install({ ...bundle, content }, quiet, signal);
  await assert.rejects(cut, refused(/disk was full/));
  const stop = new AbortController();
  const reached: Reached = (step) => (step === 'unpacked' ? stop.abort() : undefined);
  await assert.rejects(slots.slots('a', reached).install(bundle, quiet, stop.signal), { name: 'AbortError' });
  assert.deepEqual((await slots.state()).slots.b, null);
  assert.deepEqual(await boots(slots.root), { version: '1.0.0', whole: true });
});

test('one change at a time', async (t) => {
  const slots = await bench(t);
  const dir = slots.slots('a');
  const both = [
    dir.install(slots.installable('1.1.0'), quiet, signal),
    dir.install(slots.installable('1.2.0'), quiet, signal),
  ];
  await Promise.all(both);
  assert.deepEqual(await boots(slots.root), { version: '1.2.0', whole: true });
  await slots.slots('b').confirm();
  const other: Reached = async (step) => {
    if (step !== 'emptied') return;
    await assert.rejects(slots.slots('b').returnTold(), refused(/Another process/));
  };
  await slots.slots('b', other).install(slots.installable('1.3.0'), quiet, signal);
});

function slotsAt(root: string, running: SlotName): DirSlots {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const space = () => Promise.resolve({ freeBytes: 2 ** 40, totalBytes: 2 ** 40 });
  return new DirSlots({ log, space }, { root, running });
}

interface Cut {
  step: string;
  copy: string;
}

/** The slots as they were at every step of a piece of work: what a killed process leaves. */
async function cutsOf(
  t: TestContext,
  slots: SlotBench,
  work: (reached: Reached) => Promise<void>,
): Promise<Cut[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'vigie-cuts-'));
  t.after(() => rmSync(scratch, { recursive: true, force: true }));
  const cuts: Cut[] = [];
  await work((step) => {
    const copy = join(scratch, String(cuts.length));
    cpSync(slots.root, copy, { recursive: true });
    cuts.push({ step, copy });
  });
  return cuts;
}

/** What is wrong after each cut: with the boot, then with the installation that is tried again. */
async function wrongAfter(slots: SlotBench, cuts: Cut[], may: string[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const { step, copy } of cuts) {
    const first = await boots(copy);
    if (first === null || !first.whole || !may.includes(first.version)) {
      wrong.push(`${step}: boots ${JSON.stringify(first)}`);
      continue;
    }
    const { state } = await readState(copy);
    const dir = slotsAt(copy, state?.active ?? 'a');
    await dir.start(signal);
    await dir.confirm();
    await dir.install(slots.installable('1.9.0'), quiet, signal);
    const again = await boots(copy);
    if (again?.version !== '1.9.0' || !again.whole)
      wrong.push(`${step}: then boots ${JSON.stringify(again)}`);
  }
  return wrong;
}

test('cut at any step of an installation: the old or the new version boots, and the next installation succeeds', async (t) => {
  const slots = await bench(t);
  await slots.installed('1.0.1');
  await slots.slots('b').confirm();
  const install = (reached: Reached): Promise<void> =>
    slots.slots('b', reached).install(slots.installable('1.1.0'), quiet, signal);
  const cuts = await cutsOf(t, slots, install);
  assert.ok(cuts.length >= 20, cuts.map(({ step }) => step).join(', '));
  assert.deepEqual(await wrongAfter(slots, cuts, ['1.0.1', '1.1.0']), []);
});

test('cut at any step of a confirmation, a rollback or a clearing', async (t) => {
  const slots = await bench(t);
  await slots.installed('1.1.0');
  await boots(slots.root);
  const confirm = await cutsOf(t, slots, (reached) => slots.slots('b', reached).confirm());
  const rollback = await cutsOf(t, slots, (reached) => slots.slots('b', reached).rollback());
  await writeState(
    slots.root,
    await slots.state().then((state) => ({
      ...state,
      slots: { ...state.slots, b: { ...state.slots.b!, condition: 'pending' as const } },
    })),
  );
  const clear = await cutsOf(t, slots, (reached) => slots.slots('a', reached).start(signal));
  for (const cuts of [confirm, rollback, clear]) assert.ok(cuts.length > 4);
  assert.deepEqual(await wrongAfter(slots, [...confirm, ...rollback, ...clear], ['1.0.0', '1.1.0']), []);
});

test('negative control: the state said active before the slot was written is found', async (t) => {
  const slots = await bench(t);
  const { manifestSha256 } = slots.installable('1.1.0');
  const careless = async (reached: Reached): Promise<void> => {
    const state = await slots.state();
    const b = { condition: 'good' as const, version: '1.1.0', manifestSha256 };
    await writeState(slots.root, { ...state, active: 'b', slots: { ...state.slots, b } });
    await reached('state');
    writeFiles(join(slots.root, 'slots/b'), { 'dist/start.mjs': 'half', ...slots.bundle('1.1.0') });
    writeFileSync(join(slots.root, 'slots/b/dist/start.mjs'), 'half');
    await reached('half');
  };
  const cuts = await cutsOf(t, slots, careless);
  assert.deepEqual((await wrongAfter(slots, cuts, ['1.0.0', '1.1.0'])).length > 0, true);
});

test('the same bundle again after a cut: rewritten, not skipped', async (t) => {
  const slots = await bench(t);
  const bundle = slots.installable('1.1.0');
  const cuts = await cutsOf(t, slots, (reached) => slots.slots('a', reached).install(bundle, quiet, signal));
  const half = cuts.find(({ step }) => step === 'unpacked')?.copy ?? '';
  writeFileSync(join(half, 'slots/b/dist/start.mjs'), 'half of it');
  await slotsAt(half, 'a').install(bundle, quiet, signal);
  assert.deepEqual(await boots(half), { version: '1.1.0', whole: true });
});

test('a cut installation is emptied at the next start, its marker too', async (t) => {
  const slots = await bench(t);
  const state = await slots.state();
  const b = { condition: 'pending' as const, version: '1.1.0', manifestSha256: 'b'.repeat(64) };
  await writeState(slots.root, { ...state, slots: { ...state.slots, b } });
  writeFiles(join(slots.root, 'slots/b'), { 'dist/half.js': 'half' });
  await slots.slots('a').start(signal);
  assert.equal((await slots.state()).slots.b, null);
  assert.equal(existsSync(join(slots.root, 'slots/b/dist')), false);
});

test('how often the writing of a version was cut is kept, until it is confirmed', async (t) => {
  const slots = await bench(t);
  assert.equal((await slots.slots('a').status()).cut, undefined);
  const { manifestSha256 } = slots.installable('1.1.0');
  const cutNow = async (of: string): Promise<unknown> => {
    const b = { condition: 'pending' as const, version: '1.1.0', manifestSha256: of };
    const state = await slots.state();
    await writeState(slots.root, { ...state, slots: { ...state.slots, b } });
    await slots.slots('a').start(signal);
    return (await slots.slots('a').status()).cut;
  };
  await cutNow(manifestSha256);
  assert.deepEqual(await cutNow(manifestSha256), { manifestSha256, times: 2 });
  const other = 'b'.repeat(64);
  assert.deepEqual(await cutNow(other), { manifestSha256: other, times: 1 });
  await cutNow(manifestSha256);
  await slots.installed('1.1.0');
  assert.ok(await boots(slots.root));
  assert.deepEqual((await slots.slots('b').status()).cut, { manifestSha256, times: 1 });
  await slots.slots('b').confirm();
  assert.equal((await slots.slots('b').status()).cut, undefined);
  for (const cut of [
    7,
    { manifestSha256 },
    { manifestSha256: 'x', times: 1 },
    { manifestSha256, times: -1 },
  ]) {
    await writeState(slots.root, Object.assign(await slots.state(), { cut }));
    assert.equal((await slots.slots('b').status()).cut, undefined);
  }
});

test('after a rollback and a lost state, what was gone back to boots', async (t) => {
  const slots = await bench(t);
  await slots.installed('1.1.0');
  await slots.slots('b').confirm();
  await slots.slots('b').rollback();
  assert.deepEqual(await boots(slots.root), { version: '1.0.0', whole: true });
  await slots.slots('a').start(signal);
  for (const name of ['state.json', 'state.before.json']) rmSync(join(slots.root, name));
  assert.deepEqual(await boots(slots.root), { version: '1.0.0', whole: true });
});

test('a lost state is an error with a way out, not an empty camera', async (t) => {
  const slots = await bench(t);
  for (const name of ['state.json', 'state.before.json']) rmSync(join(slots.root, name), { force: true });
  await assert.rejects(slots.slots('a').status(), refused(/cannot be read: state\.json is not there/));
});

test('the slot that the launcher told', () => {
  assert.deepEqual(startedFrom({ VIGIE_SLOTS: '/x', VIGIE_SLOT: 'b' }), { root: '/x', slot: 'b' });
  for (const env of [
    {},
    { VIGIE_SLOTS: '/x' },
    { VIGIE_SLOTS: '', VIGIE_SLOT: 'a' },
    { VIGIE_SLOTS: '/x', VIGIE_SLOT: 'c' },
  ]) {
    assert.equal(startedFrom(env), null);
  }
});

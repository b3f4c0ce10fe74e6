/**
 * Terms over corrected times: a real store, its register and retention, and a board that wakes up in 1970. With the
 * placement between neighbours alone as negative control.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Entry } from '../../runtime/access/register/entry.js';
import { answerFor, checkProof } from '../../runtime/access/register/proof.js';
import { Register } from '../../runtime/access/register/register.js';
import { verifyRegister } from '../../runtime/access/register/verify.js';
import type { Gop } from '../../runtime/record/gop.js';
import { type RetainedStore, Retention } from '../../runtime/record/retention.js';
import { TermClock } from '../../runtime/record/retention-clock.js';
import { dayMs } from '../../runtime/record/retention-terms.js';
import type { Store } from '../../runtime/record/store.js';
import { fakeLock, QuietLog } from './register-fake.js';
import { type Bench, bench, fakeGop } from './store-fake.js';

const terms = { reference: 'P-1', communalDays: 15, terminusDays: 30, minimumDays: null };
interface Board {
  b: Bench;
  store: Store;
  register: Register;
  retention: Retention;
  /** one GOP of now, and a segment of its own for each */
  record(): Promise<number>;
  trusted: boolean;
  stop(): Promise<void>;
}

interface BoardOptions {
  b?: Bench;
  /** false: it only marks */
  corrects?: boolean;
  /** two hexadecimal digits: which boot it is */
  run?: string;
  trusted?: boolean;
}

/** A board in operation. */
async function board(
  t: TestContext,
  { b, corrects = true, run = 'aa', trusted = true }: BoardOptions = {},
): Promise<Board> {
  const there = b ?? (await bench(t, 12));
  const { clock, directory } = there;
  const state = { trusted };
  const time = new TermClock({ clock, trusted: () => state.trusted });
  const deps = { time: () => time.now(), log: new QuietLog(), lock: fakeLock() };
  const register = new Register(deps, { stateDirectory: directory, cameraId: 'cam-1' });
  const store = await there.start(undefined, { run: run.repeat(8), clockTrusted: () => state.trusted });
  await register.start();
  time.notBefore(register.standing.lastTrustedMs ?? 0);
  const retained: RetainedStore = {
    storeId: store.storeId ?? '',
    segments: () =>
      store.segments().map(({ sequence, trusted, corrected, perClass }) => {
        const span = ({ firstMs, lastMs, records }: (typeof perClass)['communal']) =>
          firstMs === null || lastMs === null ? null : { firstMs, lastMs, records };
        const spans = { communal: span(perClass.communal), terminus: span(perClass.terminus) };
        return { sequence, trusted, corrected, perClass: spans };
      }),
    liveKeys: () => store.liveKeys(),
    ...(corrects && {
      correctTimes: (point) => store.correctTimes(point),
      corrected: () => store.corrected(),
    }),
    destroy: (sequence, of) => store.destroy(sequence, of),
  };
  const requests = { waiting: async () => [], remove: async () => undefined };
  const retention = new Retention(
    { clock, log: new QuietLog(), time, store: retained, register, requests, terms: () => terms },
    { everyMs: 10_000 },
  );
  await retention.start();
  let n = 0;
  const record = async (): Promise<number> => {
    clock.advance(61_000);
    n += 1;
    const shift = { wallMs: clock.wallMs(), monoUs: clock.monoUs() };
    const gop: Gop = fakeGop(n, { clockTrusted: state.trusted });
    const units = gop.units.map((unit, i) => ({
      ...unit,
      monoUs: shift.monoUs + i * 40_000,
      wallMs: shift.wallMs + i * 40,
    }));
    const written = await store.append({ ...gop, units });
    await retention.changed();
    return written;
  };
  const stop = async (): Promise<void> => {
    await retention.stop();
    await register.stop();
    await store.stop();
  };
  return Object.assign(state, { b: there, store, register, retention, record, stop });
}

async function passUntil({ b, retention }: Board, ms: number): Promise<void> {
  while (b.clock.wallMs() < ms) {
    b.clock.advance(Math.min(3_600_000, ms - b.clock.wallMs()));
    await retention.check();
  }
}

const live = (camera: Board): number[] => [
  ...new Set(
    [...camera.store.liveKeys()].filter((key) => key.class === 'communal').map((key) => key.segmentSequence),
  ),
];

/** Recorded: one GOP, then three days without power, then a boot with four GOPs in 1970, then its clock and one more. */
async function sunday(t: TestContext, corrects: boolean): Promise<{ camera: Board; trueMs: number[] }> {
  const before = await board(t, { corrects });
  const { clock } = before.b;
  const trueMs: number[] = [];
  await before.record();
  trueMs.push(clock.wallMs());
  await before.stop();
  clock.advance(3 * dayMs);
  const wrongMs = clock.wallMs() - 60_000;
  clock.jumpWall(-wrongMs);
  const camera = await board(t, { b: before.b, corrects, run: 'bb', trusted: false });
  for (let i = 0; i < 4; i++) {
    await camera.record();
    trueMs.push(clock.wallMs() + wrongMs);
  }
  clock.jumpWall(wrongMs);
  camera.trusted = true;
  await camera.retention.check();
  await camera.record();
  trueMs.push(clock.wallMs());
  return { camera, trueMs };
}

test('terms run from the corrected times: nothing early, nothing late', async (t) => {
  const { camera, trueMs } = await sunday(t, true);
  for (const [i, recordedMs] of trueMs.entries()) {
    await passUntil(camera, recordedMs + 15 * dayMs - 15_000);
    assert.ok(live(camera).includes(i + 1), `segment ${i + 1} went early`);
    await passUntil(camera, recordedMs + 15 * dayMs + 15_000);
    assert.ok(!live(camera).includes(i + 1), `segment ${i + 1} is kept past its term`);
  }
  await camera.stop();
});

test('negative control: between its neighbours it goes three days early', async (t) => {
  const { camera, trueMs } = await sunday(t, false);
  await passUntil(camera, (trueMs[0] ?? 0) + 15 * dayMs + 60_000);
  assert.deepEqual(live(camera), [6]);
  await camera.stop();
});

test('the register tells the correction once, and each segment again with its true times', async (t) => {
  const { camera, trueMs } = await sunday(t, true);
  await camera.retention.check();
  const { directory } = camera.b;
  await camera.stop();
  const again = await board(t, { b: camera.b, run: 'cc' });
  await again.retention.check();
  await again.stop();
  const entries: Entry[] = [];
  const { findings } = await verifyRegister(directory, (entry) => entries.push(entry));
  assert.deepEqual(findings, []);
  const told = entries.filter(({ kind }) => kind === 'time-corrected');
  assert.equal(told.length, 1);
  assert.deepEqual(told[0]?.kind === 'time-corrected' && [told[0].firstSegment, told[0].lastSegment], [2, 5]);
  for (const segment of [2, 3, 4, 5]) {
    const sealed = entries.filter((entry) => entry.kind === 'segment-sealed' && entry.segment === segment);
    const last = sealed.at(-1);
    assert.ok(last?.kind === 'segment-sealed' && last.timesSure && last.timesCorrected, `segment ${segment}`);
    const fromMs = trueMs[segment - 1] ?? 0;
    assert.ok(Math.abs(last.firstMs - fromMs) <= 1, `${last.firstMs} is not ${fromMs}`);
  }
});

test('the answer for an interval, and its proof, go by the corrected times', async (t) => {
  const { camera, trueMs } = await sunday(t, true);
  const last = trueMs[4] ?? 0;
  const asked = { fromMs: (trueMs[1] ?? 0) + 100, toMs: last + 500 };
  const before = await answerFor(camera.b.directory, asked);
  assert.equal(before.answer.verdict, 'kept');
  assert.ok(before.answer.pieces.every(({ timesSure, timesCorrected }) => timesSure && timesCorrected));
  // Where it would have lain between its neighbours there is nothing.
  const empty = await answerFor(camera.b.directory, {
    fromMs: (trueMs[0] ?? 0) + dayMs,
    toMs: (trueMs[0] ?? 0) + 2 * dayMs,
  });
  assert.equal(empty.answer.verdict, 'none');
  await passUntil(camera, last + 15 * dayMs + 15_000);
  await camera.record();
  await camera.record();
  const { answer, proof } = await answerFor(camera.b.directory, asked);
  assert.equal(answer.verdict, 'destroyed');
  const checked = checkProof(JSON.stringify(proof), null);
  assert.deepEqual(checked.faults, []);
  assert.equal(checked.answer?.verdict, 'destroyed');
  for (const at of [empty, before]) {
    assert.deepEqual(checkProof(JSON.stringify(at.proof), null).faults, []);
  }
  await camera.stop();
});

test('a boot that never learns the time stays marked, and between its neighbours', async (t) => {
  const first = await board(t);
  const { b } = first;
  await first.record();
  const lastSureMs = b.clock.wallMs();
  await first.stop();
  b.clock.advance(3 * dayMs);
  const wrongMs = b.clock.wallMs() - 60_000;
  b.clock.jumpWall(-wrongMs);
  const lost = await board(t, { b, run: 'bb', trusted: false });
  await lost.record();
  await lost.stop();
  b.clock.jumpWall(wrongMs);
  const camera = await board(t, { b, run: 'cc' });
  await camera.record();
  const seen = camera.store.segments().map(({ trusted, corrected }) => [trusted, corrected]);
  assert.deepEqual(seen, [
    [true, false],
    [false, false],
    [true, false],
  ]);
  await passUntil(camera, lastSureMs + 15 * dayMs - 60_000);
  assert.ok(live(camera).includes(2));
  await passUntil(camera, lastSureMs + 15 * dayMs + 60_000);
  assert.deepEqual(live(camera), [3], 'its term runs from the last sure time before it');
  const entries: Entry[] = [];
  await verifyRegister(b.directory, (entry) => entries.push(entry));
  assert.ok(!entries.some(({ kind }) => kind === 'time-corrected'));
  await camera.stop();
});

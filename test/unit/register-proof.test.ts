/** Promise 5: "was this interval destroyed?" has an answer with a proof that holds offline, and no image. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import type { RegisterEvent } from '../../runtime/access/register/entry.js';
import { answerFor, checkProof, type ProofFile } from '../../runtime/access/register/proof.js';
import { RegisterBench, startMs } from './register-fake.js';

const minuteMs = 60_000;
const dayMs = 86_400_000;
const storeId = '00112233445566778899aabbccddeeff';

/** When segment `k` (from 1) begins. */
const at = (k: number): number => startMs + (k - 1) * minuteMs;

function sealed(segment: number, terminus = false): RegisterEvent {
  const span = { records: 60, firstMs: at(segment), lastMs: at(segment) + minuteMs - 40 };
  const { firstMs, lastMs } = span;
  const alert = terminus ? { records: 5, firstMs: firstMs + 10_000, lastMs: firstMs + 15_000 } : null;
  return {
    kind: 'segment-sealed',
    storeId,
    segment,
    firstMs,
    lastMs,
    communal: span,
    terminus: alert,
    timesSure: true,
  };
}

/** Ten minutes in ten segments, an alert in the fourth; fifteen days later the communal keys of the first six go. */
async function recorded(t: TestContext): Promise<RegisterBench> {
  const bench = new RegisterBench(t);
  const register = await bench.open();
  const terms = { reference: 'P-1', communalDays: 15, terminusDays: 30, minimumDays: null };
  await register.append({ kind: 'terms-set', terms });
  for (let segment = 1; segment <= 10; segment++) {
    await register.append({ kind: 'segment-born', storeId, segment });
    bench.clock.advance(minuteMs);
    await register.append(sealed(segment, segment === 4));
  }
  bench.clock.advance(15 * dayMs);
  for (let segment = 1; segment <= 6; segment++) {
    const classes = segment === 4 ? (['communal'] as const) : (['communal', 'terminus'] as const);
    const dueMs = at(segment) + 15 * dayMs;
    await register.append({
      kind: 'key-destroyed',
      storeId,
      segment,
      classes: [...classes],
      reason: 'term',
      dueMs,
    });
  }
  await register.stop();
  return bench;
}

test('destroyed, still there until, partly, never recorded', async (t) => {
  const { state } = await recorded(t);
  const one = await answerFor(state, { fromMs: at(1) + 10_000, toMs: at(3) + 1000 });
  assert.equal(one.answer.verdict, 'destroyed');
  assert.deepEqual(
    one.answer.pieces.map((piece) => [piece.segment, piece.class, piece.destroyed?.reason]),
    [1, 2, 3].map((segment) => [segment, 'communal', 'term']),
  );
  const { answer: later } = await answerFor(state, { fromMs: at(8), toMs: at(9) - 1000 });
  assert.equal(later.verdict, 'kept');
  assert.equal(later.pieces[0]?.untilMs, at(8) + 15 * dayMs);
  const { answer: alert } = await answerFor(state, { fromMs: at(4) + 11_000, toMs: at(4) + 12_000 });
  assert.equal(alert.verdict, 'partly');
  assert.equal(alert.pieces[1]?.untilMs, at(4) + 10_000 + 30 * dayMs);
  const { answer: never } = await answerFor(state, { fromMs: at(11) + minuteMs, toMs: at(12) });
  assert.equal(never.verdict, 'none');
  assert.equal(never.final, false, 'nothing later is told yet');
  const { answer: before } = await answerFor(state, { fromMs: startMs - dayMs, toMs: startMs - minuteMs });
  assert.deepEqual([before.verdict, before.gaps, before.registerFromMs], ['unknown', [], startMs]);
  const { answer: across } = await answerFor(state, { fromMs: at(10), toMs: at(13) });
  assert.deepEqual(across.gaps, [{ fromMs: at(11) - 40, toMs: at(13) }]);
});

test('of the segment that is being recorded nobody says that nothing follows its birth', async (t) => {
  const bench = await recorded(t);
  const register = await bench.open();
  const bornMs = bench.clock.wallMs();
  await register.append({ kind: 'segment-born', storeId, segment: 11 });
  await register.stop();
  const { answer } = await answerFor(bench.state, { fromMs: bornMs - minuteMs, toMs: bornMs + minuteMs });
  assert.deepEqual(answer.gaps, [{ fromMs: bornMs - minuteMs, toMs: bornMs }]);
  assert.deepEqual(
    answer.pieces.map(({ segment, open, destroyed }) => [segment, open, destroyed]),
    [[11, true, null]],
  );
});

test('a hold prolongs what is said of an interval, without its reference', async (t) => {
  const bench = await recorded(t);
  const register = await bench.open();
  const untilMs = bench.clock.wallMs() + 90 * dayMs;
  const hold = { requisition: 'PV-42', fromMs: at(8), toMs: at(8) + 1000, untilMs };
  await register.append({ kind: 'hold-set', hold });
  const asked = { fromMs: at(8), toMs: at(8) + 1000 };
  const { answer, proof } = await answerFor(bench.state, asked);
  assert.equal(answer.pieces[0]?.untilMs, untilMs);
  assert.ok(!JSON.stringify([answer, proof]).includes('PV-42'));
  await register.append({ kind: 'hold-released', requisition: 'PV-42' });
  await register.stop();
  assert.equal((await answerFor(bench.state, asked)).answer.pieces[0]?.untilMs, at(8) + 15 * dayMs);
});

test('the proof holds offline and says the same', async (t) => {
  const { state } = await recorded(t);
  const { answer, proof, verified } = await answerFor(state, { fromMs: at(2), toMs: at(3) });
  const checked = checkProof(JSON.stringify(proof), verified.publicKey);
  assert.deepEqual(checked.faults, []);
  assert.equal(checked.cameraId, 'cam-1');
  const { asOfMs: _, ...said } = checked.answer ?? assert.fail();
  const { asOfMs: __, ...told } = answer;
  assert.deepEqual(said, told);
  assert.equal(said.final, true);
});

test('that nothing was recorded is proved too, when something was before and after', async (t) => {
  const bench = await recorded(t);
  const register = await bench.open();
  await register.append({ kind: 'segment-born', storeId, segment: 30 });
  await register.append(sealed(30));
  await register.stop();
  const { proof } = await answerFor(bench.state, { fromMs: at(15), toMs: at(20) });
  const { faults, answer } = checkProof(JSON.stringify(proof), null);
  assert.deepEqual([faults, answer?.verdict, answer?.final], [[], 'none', true]);
});

test('a proof that was touched does not hold', async (t) => {
  const { state } = await recorded(t);
  const { proof } = await answerFor(state, { fromMs: at(2), toMs: at(4) });
  const faultsOf = (changed: Partial<ProofFile>) =>
    checkProof(JSON.stringify({ ...proof, ...changed }), null).faults;
  const { lines } = proof;
  assert.deepEqual(faultsOf({}), []);
  for (const [i, line] of lines.entries()) {
    const changed = lines.map((other) =>
      other === line ? other.replace(/"segment":\d+|"kind":"[a-z-]+"/, '"segment":99') : other,
    );
    assert.notDeepEqual(faultsOf({ lines: changed }), [], `line ${i} changed`);
  }
  const stretch = lines.filter((line) => /segment-(born|sealed)/.test(line));
  for (const line of stretch.slice(1, -1)) {
    assert.notDeepEqual(faultsOf({ lines: lines.filter((other) => other !== line) }), [], 'a line taken out');
  }
  assert.notDeepEqual(faultsOf({ lines: [...lines].reverse() }), [], 'reversed');
  assert.notDeepEqual(faultsOf({ lines: [] }), [], 'emptied');
  const { publicKey } = generateKeyPairSync('ed25519');
  const other = publicKey.export({ type: 'spki', format: 'der' }).toString('base64url');
  assert.notDeepEqual(faultsOf({ publicKey: other }), []);
  assert.deepEqual(checkProof(JSON.stringify(proof), publicKey).faults, ['another-key']);
  for (const text of ['', '{}', '[]', 'null', JSON.stringify({ ...proof, publicKey: 'AAAA' })]) {
    assert.deepEqual(checkProof(text, null).faults, ['not-a-proof']);
  }
});

test('a destruction left out of a proof turns into "still there", never the other way round', async (t) => {
  const { state } = await recorded(t);
  const { proof } = await answerFor(state, { fromMs: at(2), toMs: at(3) - 1000 });
  const lines = proof.lines.filter((line) => !line.includes('key-destroyed'));
  assert.equal(checkProof(JSON.stringify({ ...proof, lines }), null).answer?.verdict, 'kept');
});

test('a segment of a second store that was begun in the interval and filled after it is not in the proof either', async (t) => {
  const bench = new RegisterBench(t);
  const register = await bench.open();
  const terms = { reference: 'P-1', communalDays: 15, terminusDays: 30, minimumDays: null };
  await register.append({ kind: 'terms-set', terms });
  const other = 'ffeeddccbbaa99887766554433221100';
  await register.append({ kind: 'segment-born', storeId: other, segment: 1 });
  await register.append({ kind: 'segment-born', storeId, segment: 1 });
  for (let segment = 1; segment <= 4; segment++) {
    bench.clock.advance(minuteMs);
    await register.append(sealed(segment));
    await register.append({ kind: 'segment-born', storeId, segment: segment + 1 });
  }
  // Recorded after all that, in what was begun before it.
  const span = { records: 60, firstMs: at(5), lastMs: at(6) };
  const times = { firstMs: at(5), lastMs: at(6), communal: span, terminus: null, timesSure: true };
  await register.append({ kind: 'segment-sealed', storeId: other, segment: 1, ...times });
  bench.clock.advance(16 * dayMs);
  for (let segment = 1; segment <= 2; segment++)
    await register.append({
      kind: 'key-destroyed',
      storeId,
      segment,
      classes: ['communal', 'terminus'],
      reason: 'term',
    });
  await register.stop();
  const { answer, proof } = await answerFor(bench.state, { fromMs: at(1) + 1000, toMs: at(2) + 1000 });
  assert.equal(answer.verdict, 'destroyed');
  const checked = checkProof(JSON.stringify(proof), null);
  assert.deepEqual(checked.faults, []);
  assert.deepEqual(checked.answer?.pieces, answer.pieces);
  // Leaving its seal out makes it a piece that is still there, never the other way round.
  const without = {
    ...proof,
    lines: proof.lines.filter((line) => !line.includes(`"${other}","segment":1,"firstMs"`)),
  };
  assert.equal(without.lines.length, proof.lines.length - 1);
  assert.equal(checkProof(JSON.stringify(without), null).answer?.verdict, 'partly');
});

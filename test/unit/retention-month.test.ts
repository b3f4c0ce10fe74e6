/**
 * Months in seconds: two classes, holds, clocks that jump, restarts, a ring that is too small. Destruction times, the register
 * and the answer for an interval agree to the segment.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Entry } from '../../runtime/access/register/entry.js';
import { answerFor } from '../../runtime/access/register/proof.js';
import { verifyRegister } from '../../runtime/access/register/verify.js';
import { recordClasses } from '../../runtime/record/key-sector.js';
import { dayMs } from '../../runtime/record/retention-terms.js';
import { startMs } from './register-fake.js';
import { hourMs, Sim, type SimOptions, stepMs } from './retention-sim.js';

const usualTerms = { reference: 'P-1', communalDays: 15, terminusDays: 30, minimumDays: null };
const usual = { terms: usualTerms, segmentMs: 2 * hourMs, slots: 1000 };

async function startSim(t: TestContext, options: Partial<SimOptions> = {}): Promise<Sim> {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'vigie-month-'));
  t.after(() => rmSync(stateDirectory, { recursive: true, force: true }));
  const sim = new Sim({ stateDirectory, ...usual, ...options });
  await sim.start();
  return sim;
}

/** Segment by segment: the register tells each destruction once, when it happened, for the reason it happened. */
async function compareWithRegister(sim: Sim): Promise<Entry[]> {
  const entries: Entry[] = [];
  const { findings } = await verifyRegister(sim.options.stateDirectory, (entry) => entries.push(entry));
  assert.deepEqual(findings, []);
  for (const { times, destroyedMs, live } of sim.segments) {
    const told = entries.filter((entry) => 'segment' in entry && entry.segment === times.sequence);
    assert.equal(told.filter(({ kind }) => kind === 'segment-born').length, 1, `birth of ${times.sequence}`);
    for (const of of recordClasses) {
      const gone = told.filter((entry) => entry.kind === 'key-destroyed' && entry.classes.includes(of));
      assert.equal(gone.length, live.has(of) ? 0 : 1, `${of} of segment ${times.sequence}`);
      const entry = gone[0];
      if (entry?.kind !== 'key-destroyed') continue;
      assert.equal(entry.reason, destroyedMs[of]?.by);
      const offMs = Math.abs(entry.at - (destroyedMs[of]?.trueMs ?? 0));
      assert.ok(offMs <= stepMs, `segment ${times.sequence} destroyed ${offMs} ms from what is told`);
    }
  }
  return entries;
}

/** The port that answers for an interval, asked for every segment. */
async function compareWithAnswer(sim: Sim, everyNth: number): Promise<void> {
  for (const [index, { truth, times, live }] of sim.segments.entries()) {
    const span = truth.communal;
    if (index % everyNth !== 0 || !span || !times.trusted) continue;
    const asked = { fromMs: span.firstMs + 1, toMs: span.lastMs - 1 };
    const { answer } = await answerFor(sim.options.stateDirectory, asked);
    const piece = answer.pieces.find(
      (found) => found.segment === times.sequence && found.class === 'communal',
    );
    assert.ok(piece, `segment ${times.sequence}`);
    assert.equal(piece.destroyed === null, live.has('communal'), `segment ${times.sequence}`);
  }
}

test('a month and a half: two classes, holds, a jump, and a start without a clock', async (t) => {
  const sim = await startSim(t);
  await sim.run(8 * dayMs);
  // The clock jumps three weeks ahead for six hours, and the machine does not vouch for it.
  sim.setClock(21 * dayMs, false);
  await sim.run(6 * hourMs);
  sim.setClock(0, true);
  await sim.run(2 * dayMs);
  const holds = [
    {
      fromMs: startMs + 3 * dayMs,
      toMs: startMs + 4 * dayMs,
      setMs: sim.trueMs,
      endMs: startMs + 25 * dayMs,
    },
    {
      fromMs: startMs + 6 * dayMs,
      toMs: startMs + 6 * dayMs,
      setMs: sim.trueMs,
      endMs: startMs + 35 * dayMs,
    },
  ];
  for (const [i, { fromMs, toMs }] of holds.entries()) {
    const hold = { requisition: `R-${i}`, fromMs, toMs, untilMs: startMs + (i === 0 ? 25 : 60) * dayMs };
    sim.requests.push({ name: `${i}`, request: { ask: 'hold', hold } });
  }
  await sim.run(10 * dayMs);
  assert.equal(sim.retention?.holds(40), true);
  // The board restarts without knowing the time: its clock stands at the beginning of the year.
  await sim.stop();
  sim.setClock(startMs - 150 * dayMs - sim.trueMs, false);
  await sim.start();
  await sim.run(2 * hourMs);
  assert.ok(sim.retention?.notices().some(({ code }) => code === 'terms-wait'));
  sim.setClock(0, true);
  await sim.run(startMs + 35 * dayMs - sim.trueMs);
  // The second hold is released before its date.
  sim.requests.push({ name: 'r', request: { ask: 'release', requisition: 'R-1' } });
  await sim.run(12 * dayMs);
  await sim.stop();

  assert.deepEqual(sim.wrong(holds), []);
  assert.ok(sim.segments.filter(({ live }) => !live.has('communal')).length > 300);
  assert.ok(sim.segments.some(({ live }) => live.has('terminus') && !live.has('communal')));
  await compareWithRegister(sim);
  await compareWithAnswer(sim, 90);
});

test('negative control: retention that believes a jumped clock destroys early, and is caught', async (t) => {
  const sim = await startSim(t, { gullible: true });
  await sim.run(3 * dayMs);
  sim.setClock(21 * dayMs, false);
  await sim.run(2 * hourMs);
  await sim.stop();
  assert.ok(sim.wrong().some((what) => what.includes('early')));
});

test('negative control: a camera that is off keeps what is due until it starts, and is caught until then', async (t) => {
  const sim = await startSim(t);
  await sim.run(dayMs);
  await sim.stop();
  sim.clock.advance(20 * dayMs);
  assert.ok(sim.wrong().some((what) => what.includes('still there')));
  await sim.start();
  assert.ok(
    sim.segments.every(({ live }) => !live.has('communal')),
    'at the start, before anything is served',
  );
  await sim.stop();
});

test('a ring that is too small for the minimum: overwritten, told, and an alarm', async (t) => {
  const sim = await startSim(t, { slots: 20, terms: { ...usualTerms, minimumDays: 5 } });
  await sim.run(3 * dayMs);
  assert.ok(sim.retention?.notices().some(({ code }) => code === 'minimum-not-kept'));
  await sim.stop();
  const entries = await compareWithRegister(sim);
  assert.ok(entries.some((entry) => entry.kind === 'key-destroyed' && entry.beforeMinimum));
  const wide = await startSim(t, { slots: 80, terms: { ...usualTerms, minimumDays: 5 } });
  await wide.run(8 * dayMs);
  assert.deepEqual(wide.retention?.notices(), []);
  await wide.stop();
});

test('a cut between a destruction and its entry: the next start tells it, as late', async (t) => {
  const sim = await startSim(t);
  await sim.run(dayMs);
  await sim.stop();
  sim.clock.advance(15 * dayMs);
  // The first two keys went; the process ended before a word was said.
  for (const { live, destroyedMs } of sim.segments.slice(0, 2)) {
    live.clear();
    for (const of of recordClasses) destroyedMs[of] = { trueMs: Math.round(sim.trueMs), by: 'term' };
  }
  await sim.start();
  await sim.stop();
  const entries = await compareWithRegister(sim);
  const late = entries.filter((entry) => entry.kind === 'key-destroyed' && entry.late);
  assert.ok(late.length >= 2);
});

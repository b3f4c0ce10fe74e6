/** The decision which slot starts, over every state that there can be and every answer to what it asks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choose, type Known, otherSlot, type Step } from '../../ota/launcher/choose.js';
import type { SlotCondition, SlotName, SlotRecord, SlotState } from '../../ota/launcher/slot-state.js';

type Chooser = typeof choose;
type Fact = NonNullable<Known[SlotName]>;

const facts: Fact[] = ['intact', 'damaged', 'unusable'];
const conditions: (SlotCondition | null)[] = ['pending', 'ready', 'good', 'bad', null];

const record = (slot: SlotName, condition: SlotCondition | null): SlotRecord | null =>
  condition && { condition, version: slot === 'a' ? '1.0.0' : '1.1.0', manifestSha256: slot.repeat(64) };

function stateOf(parts: Partial<SlotState>): SlotState {
  return {
    ...{ format: 1, serial: 5, active: 'a', trial: null, returned: null, failed: [] },
    slots: { a: record('a', 'good'), b: null },
    ...parts,
  };
}

function* allStates(): Generator<SlotState> {
  const trials = [
    null,
    ...[0, 1, 2, 3].flatMap((triesLeft) => [true, false].map((verified) => ({ triesLeft, verified }))),
  ];
  for (const active of ['a', 'b'] as const)
    for (const a of conditions)
      for (const b of conditions)
        for (const trial of trials)
          yield stateOf({
            active,
            slots: { a: record('a', a), b: record('b', b) },
            trial: trial && { ...trial, asked: ['frames'] },
          });
}

interface Played {
  steps: Step[];
  /** after all writes, the one before the start included */
  state: SlotState;
}

/** Does what the chooser says, with these facts, until it starts or waits; null when it never does. */
function play(
  chooser: Chooser,
  first: SlotState,
  truth: Record<SlotName, Fact>,
  doubtful: boolean,
): Played | null {
  const known: Known = {};
  const steps: Step[] = [];
  let state = first;
  for (let count = 0; count < 12; count++) {
    const step = chooser(state, known, doubtful);
    steps.push(step);
    if (step.do === 'wait') return { steps, state };
    if (step.do === 'verify') known[step.slot] = truth[step.slot];
    if (step.do === 'write') state = step.state;
    if (step.do !== 'start') continue;
    if (truth[step.slot] !== 'unusable') return { steps, state: step.first ?? state };
    known[step.slot] = 'unusable';
    steps.pop();
  }
  return null;
}

/** What a chooser does that it must never do. */
function violations(chooser: Chooser): string[] {
  const found = new Set<string>();
  for (const state of allStates())
    for (const a of facts)
      for (const b of facts)
        for (const doubtful of [false, true])
          for (const what of wrongIn(chooser, state, { a, b }, doubtful)) found.add(what);
  return [...found];
}

function* wrongIn(
  chooser: Chooser,
  state: SlotState,
  truth: Record<SlotName, Fact>,
  doubtful: boolean,
): Generator<string> {
  const played = play(chooser, state, truth, doubtful);
  if (played === null) return yield 'goes round without end';
  const { steps, state: after } = played;
  const last = steps.at(-1);
  const other = otherSlot(state.active);
  const hasGood = (['a', 'b'] as const).some(
    (slot) => state.slots[slot]?.condition === 'good' && truth[slot] === 'intact',
  );
  if (last?.do !== 'start') {
    if (hasGood) yield 'nothing starts, and a confirmed slot is whole';
    return;
  }
  const condition = state.slots[last.slot]?.condition;
  if (condition === 'pending' || condition === 'bad' || !condition)
    yield `starts a slot that is ${condition}`;
  const confirmed = state.trial === null && state.slots[state.active]?.condition === 'good';
  const wrote = last.first !== null || steps.some((step) => step.do === 'write');
  if (confirmed && !doubtful && truth[state.active] !== 'unusable' && wrote)
    yield 'writes for a confirmed start';
  if (after.trial && state.trial && !last.stay && last.slot === state.active) {
    if (after.trial.triesLeft !== state.trial.triesLeft - 1) yield 'does not count a try';
    if (!state.trial.verified && !steps.some((step) => step.do === 'verify' && step.slot === state.active)) {
      yield 'starts a slot on trial that nobody looked at';
    }
  }
  if (last.first === null && after.trial !== null && !last.stay) yield 'starts on trial without a count';
  const goodOther = state.slots[other]?.condition === 'good' && truth[other] === 'intact';
  if (state.trial?.triesLeft === 0 && goodOther && last.slot !== other) yield 'stays without a try left';
  if (
    state.trial?.verified === false &&
    truth[state.active] === 'damaged' &&
    goodOther &&
    last.slot !== other
  ) {
    yield 'starts what is not what was installed';
  }
}

test('every state and every answer: nothing is started that must not be, and nothing stays dark that need not', () => {
  assert.deepEqual(violations(choose), []);
});

test('negative controls: a launcher that counts while confirmed, one that does not count, one that never looks', () => {
  const counts: Chooser = (state, known, doubtful) => {
    const step = choose(state, known, doubtful);
    return step.do === 'start' && step.first === null && state.trial === null && !step.stay
      ? { ...step, first: { ...state, serial: state.serial + 1 } }
      : step;
  };
  assert.deepEqual(violations(counts), ['writes for a confirmed start']);
  const forgets: Chooser = (state, known, doubtful) => {
    const step = choose(state, known, doubtful);
    return step.do === 'start' ? { ...step, first: null } : step;
  };
  assert.ok(violations(forgets).includes('starts on trial without a count'));
  const blind: Chooser = (state, known, doubtful) => {
    const trial = state.trial && { ...state.trial, verified: true };
    return choose({ ...state, trial }, known, doubtful);
  };
  assert.ok(violations(blind).includes('starts a slot on trial that nobody looked at'));
  const loyal: Chooser = (state, known, doubtful) => {
    const step = choose(state, known, doubtful);
    return state.trial?.triesLeft === 0 ? { do: 'start', slot: state.active, first: null, stay: true } : step;
  };
  assert.ok(violations(loyal).includes('stays without a try left'));
});

test('three starts without a confirmation, then the other slot, and the version is remembered', () => {
  const truth = { a: 'intact', b: 'intact' } as const;
  let state = stateOf({
    active: 'b',
    slots: { a: record('a', 'good'), b: record('b', 'ready') },
    trial: { triesLeft: 3, verified: false, asked: [] },
  });
  const started: SlotName[] = [];
  for (let boot = 0; boot < 5; boot++) {
    const played = play(choose, state, truth, false);
    const last = played?.steps.at(-1);
    if (last?.do === 'start') started.push(last.slot);
    state = played?.state ?? state;
  }
  assert.deepEqual(started, ['b', 'b', 'b', 'a', 'a']);
  assert.deepEqual(state.returned, {
    ...{ version: '1.1.0', manifestSha256: 'b'.repeat(64), why: 'tries', told: false },
  });
  assert.deepEqual(state.failed, ['b'.repeat(64)]);
});

test('the list of failures keeps the last sixteen, each once', () => {
  const failed = Array.from({ length: 16 }, (_, index) => index.toString(16).repeat(64));
  const state = stateOf({ active: 'b', slots: { a: record('a', 'good'), b: null }, failed });
  const bad = { ...state, slots: { ...state.slots, b: record('b', 'ready') } };
  const trial = { triesLeft: 0, verified: true, asked: [] };
  const after = play(choose, { ...bad, trial }, { a: 'intact', b: 'intact' }, false)?.state ?? bad;
  assert.equal(after.failed.length, 16);
  assert.equal(after.failed.at(-1), 'b'.repeat(64));
  assert.equal(after.failed.filter((one) => one === 'b'.repeat(64)).length, 1);
});

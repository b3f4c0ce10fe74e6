/**
 * What RAUC, a bootloader and the notes about the slots tell, cut, mixed and made up: whatever comes gives something sound or null.
 * `CASES=100000 node --test dist/test/fuzz/rauc-answers.test.js` for more. The bytes of D-Bus are in test/contract/ota-rauc-bus.test.ts.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { mostFailed } from '../../ota/launcher/choose.js';
import { bootVariables, type RaucPair, shareIn, slotsIn } from '../../ota/slots/rauc-answers.js';
import { noNotes, notesIn, notesText, type RaucNotes } from '../../ota/slots/rauc-notes.js';
import { type BootFacts, recovered, settled } from '../../ota/slots/rauc-settle.js';
import { seeded } from '../random.js';

const cases = Number(process.env['CASES'] ?? 3000);
const folder = 'test/fuzz/corpus/rauc';
const kept = (end: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(end))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
const answers = kept('.json').map((text) => JSON.parse(text) as unknown);
const shown = kept('.txt');

type Random = () => number;
const oneOf = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
const oddities: unknown[] = [
  null,
  undefined,
  -1,
  2 ** 53,
  Number.NaN,
  '',
  'booted',
  [],
  {},
  [[], []],
  'x'.repeat(5000),
];

/** Some value in it, at any depth, is another one, gone, or twice there. */
function changed(random: Random, value: unknown): unknown {
  if (random() < 0.08) return oneOf(random, [...oddities, oneOf(random, answers)]);
  if (Array.isArray(value)) {
    const list = (value as unknown[]).map((item) => changed(random, item));
    if (random() < 0.05) list.splice(Math.floor(random() * (list.length + 1)), 1);
    if (random() < 0.05 && list.length > 0) list.push(oneOf(random, list));
    return list;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, changed(random, item)]));
}

function turned(random: Random, text: string): string {
  const at = Math.floor(random() * (text.length + 1));
  const put = oneOf(random, ['', '\n', '=', '\0', 'A', '9', text.slice(0, 20), 'é']);
  return text.slice(0, at) + put + text.slice(at + Math.floor(random() * 4));
}

function soundPair(pair: RaucPair): void {
  for (const slot of ['a', 'b'] as const) {
    const { name, activations, bootable, version } = pair[slot];
    assert.equal(pair[slot].slot, slot);
    assert.ok(name.length <= 64 && Number.isSafeInteger(activations) && activations >= 0);
    assert.ok([true, false, null].includes(bootable) && (version === null || typeof version === 'string'));
  }
}

test(`${cases} answers of RAUC: two sound slots and a share between 0 and 1, or null`, () => {
  const random = seeded(61);
  let found = 0;
  for (let i = 0; i < cases; i++) {
    const answer = i < answers.length ? answers[i] : changed(random, oneOf(random, answers));
    const pair = slotsIn(answer);
    if (pair) soundPair(pair);
    const share = Array.isArray(answer) ? shareIn(answer) : null;
    assert.ok(share === null || (share >= 0 && share <= 1));
    if (pair || share !== null) found += 1;
  }
  assert.ok(found > cases / 50 && found < cases, `${found} of ${cases} are sound`);
});

test(`${cases} texts of a bootloader: a trial with 0 to 3 tries, or null`, () => {
  const random = seeded(62);
  let found = 0;
  for (let i = 0; i < cases; i++) {
    const text = i < shown.length ? shown[i]! : turned(random, oneOf(random, shown));
    const boot = bootVariables(text);
    if (!boot) continue;
    found += 1;
    assert.ok([null, 'a', 'b'].includes(boot.trial) && boot.triesLeft >= 0 && boot.triesLeft <= 3);
  }
  assert.ok(found > 0 && found < cases, `${found} of ${cases} are sound`);
});

function someNotes(random: Random): RaucNotes {
  const hash = (): string => oneOf(random, ['0', 'a', '7']).repeat(64);
  const record = (): RaucNotes['slots']['a'] => {
    const condition = oneOf(random, ['pending', 'ready', 'good', 'bad'] as const);
    const version = oneOf(random, ['1.0.0', '1.1.0']);
    return random() < 0.2 ? null : { condition, version, manifestSha256: hash() };
  };
  const notes = noNotes();
  notes.slots = { a: record(), b: record() };
  if (random() < 0.3) notes.writing = { slot: oneOf(random, ['a', 'b']), before: record() };
  const boot = oneOf(random, ['now', 'before']);
  const counted = { boot, activated: random() < 0.5, activations: 1, starts: 1, lastBoot: boot };
  if (random() < 0.5) notes.trial = { slot: oneOf(random, ['a', 'b']), asked: ['frames'], ...counted };
  notes.failed = Array.from({ length: Math.floor(random() * (mostFailed + 1)) }, hash);
  return notes;
}

test(`${cases} notes with a turned byte are as they were written, or none`, () => {
  const random = seeded(63);
  for (let i = 0; i < cases; i++) {
    const notes = someNotes(random);
    const text = notesText(notes);
    assert.deepEqual(notesIn(text), notes);
    const read = notesIn(turned(random, text));
    if (read) assert.deepEqual(read, notes, 'only bytes that mean nothing were turned');
  }
});

/** What must be so of any notes after a start: see docs/updates-system.md, RS2, RS3 and RS6. */
function soundStart(before: RaucNotes, facts: BootFacts, version: string): void {
  const { next, bad } = settled(before, facts, version);
  const running = next.slots[facts.running];
  assert.ok(running, 'what runs is known');
  assert.notEqual(bad, facts.running, 'what runs is not made bad');
  assert.ok(notesIn(notesText(next)), 'they can be read again');
  assert.ok(next.trial || next.slots[facts.running]?.condition === 'good', 'what runs is kept, or on trial');
  for (const slot of ['a', 'b'] as const) {
    const good = before.slots[slot]?.condition === 'good' || before.writing?.before?.condition === 'good';
    if (slot !== facts.running && next.slots[slot]?.condition === 'good')
      assert.ok(good, 'good was confirmed');
  }
  const { writing } = before;
  if (
    writing &&
    !facts.working &&
    facts.slots[writing.slot].bootable !== true &&
    writing.slot !== facts.running
  ) {
    assert.equal(next.slots[writing.slot], null, 'a slot that was cut holds nothing');
  }
}

test(`${cases} starts: what runs is kept or on trial, never bad; nothing becomes good that was not confirmed`, () => {
  const random = seeded(64);
  const pair = slotsIn(JSON.parse(readFileSync(join(folder, 'slots-sound.json'), 'utf8')));
  assert.ok(pair);
  for (let i = 0; i < cases; i++) {
    const running = oneOf(random, ['a', 'b'] as const);
    const slots = structuredClone(pair);
    for (const slot of ['a', 'b'] as const) {
      slots[slot].bootable = oneOf(random, [true, false, null]);
      slots[slot].activations = Math.floor(random() * 3);
    }
    const trial = oneOf(random, ['a', 'b', null] as const);
    const bootloader = random() < 0.3 ? null : { trial, triesLeft: 1 };
    const facts = { slots, running, working: random() < 0.2, boot: 'now', bootloader };
    soundStart(someNotes(random), facts, '1.1.0');
    soundStart(recovered(facts, '1.1.0'), facts, '1.1.0');
  }
});

/**
 * Broken `state.json` and `bundle.json`: each is read or refused in one line, never anything else; and what is read decides a
 * start within bounds. The corpus keeps files by hand and every case that ever found something; the rest is made from it by a
 * seeded generator. `VIGIE_FUZZ_CASES` asks for more cases, `VIGIE_FUZZ_SEED` for others.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { choose, type Known } from '../../ota/launcher/choose.js';
import { parseManifest } from '../../ota/launcher/slot-manifest.js';
import type { SlotState } from '../../ota/launcher/slot-state.js';
import { parseState, stateText } from '../../ota/launcher/state-shape.js';
import { seeded } from '../random.js';

const corpus = 'test/fuzz/corpus/slots';
const cases = Number(process.env['VIGIE_FUZZ_CASES'] ?? 4000);
const seed = Number(process.env['VIGIE_FUZZ_SEED'] ?? 1);

const files = (start: string): { name: string; bytes: Buffer }[] =>
  readdirSync(corpus)
    .filter((name) => name.startsWith(start))
    .map((name) => ({ name, bytes: readFileSync(join(corpus, name)) }));

/** What was read; null when it was refused as it should be. Throws on anything else. */
function outcome<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch (error) {
    assert.ok(error instanceof Error && error.constructor === Error, `${String(error)}`);
    assert.ok(error.message.length < 500 && !error.message.includes('\n'), error.message);
    return null;
  }
}

/** A state that was read names two slots and no more, and a start follows from it in a few steps. */
function judgeState(bytes: Buffer): boolean {
  const state = outcome(() => parseState(bytes));
  if (state === null) return false;
  assert.ok(state.active === 'a' || state.active === 'b');
  assert.ok(state.trial === null || (state.trial.triesLeft >= 0 && state.trial.triesLeft <= 16));
  assert.deepEqual(parseState(Buffer.from(stateText(state))), state);
  ends(state);
  return true;
}

function ends(first: SlotState): void {
  const known: Known = {};
  let state = first;
  for (let steps = 0; steps < 8; steps++) {
    const step = choose(state, known, true);
    if (step.do === 'start' || step.do === 'wait') return;
    if (step.do === 'verify') known[step.slot] = 'damaged';
    else state = step.state;
  }
  assert.fail('it never starts and never waits');
}

function judgeManifest(bytes: Buffer): boolean {
  const manifest = outcome(() => parseManifest(bytes));
  if (manifest === null) return false;
  assert.ok(manifest.files.has(manifest.start));
  for (const path of manifest.files.keys()) {
    assert.ok(!path.startsWith('/') && !path.split('/').includes('..') && path !== 'bundle.json', path);
  }
  return true;
}

/** One to three changes: bytes turned, cut out, doubled, or words of JSON put in. */
function mutate(bytes: Buffer, random: () => number): Buffer {
  const below = (end: number): number => Math.floor(random() * end);
  const words = ['null', '-1', '1e308', '"a"', '{}', '[]', '"../x"', '"\\u0000"', '"__proto__"', 'true'];
  let changed: Buffer = bytes;
  for (let changes = 1 + below(3); changes > 0; changes--) {
    const from = below(changed.length + 1);
    const to = Math.min(changed.length, from + 1 + below(random() < 0.8 ? 6 : 200));
    const put = [Buffer.from(words[below(words.length)] ?? ''), Buffer.from([below(256)]), Buffer.alloc(0)];
    const middle = [...put, changed.subarray(from, to)][below(4)] ?? Buffer.alloc(0);
    changed = Buffer.concat([changed.subarray(0, random() < 0.5 ? from : to), middle, changed.subarray(to)]);
  }
  return changed;
}

/** The state inside is changed, and the hash made to fit: as somebody would who writes the file. */
function rehashed(bytes: Buffer, random: () => number): Buffer {
  const text = bytes.toString('utf8');
  const from = text.indexOf('"state":') + 8;
  try {
    const state = JSON.parse(
      mutate(Buffer.from(text.slice(from, text.lastIndexOf('}'))), random).toString('utf8'),
    );
    return Buffer.from(stateText(state as SlotState));
  } catch {
    return bytes;
  }
}

test('the corpus: good ones are read, all others are refused', () => {
  for (const { name, bytes } of files('state-')) {
    assert.equal(judgeState(bytes), /good|null\.json$/.test(name) && name !== 'state-null.json', name);
  }
  for (const { name, bytes } of files('bundle-'))
    assert.equal(judgeManifest(bytes), name.includes('good'), name);
});

test(`${cases} mutated states: read or refused, and then a start or a wait`, () => {
  const random = seeded(seed);
  const list = files('state-').filter(({ bytes }) => bytes.length > 0 && bytes.length < 10_000);
  let read = 0;
  for (let i = 0; i < cases; i++) {
    const { bytes } = list[Math.floor(random() * list.length)] ?? { bytes: Buffer.alloc(0) };
    if (judgeState(random() < 0.5 ? mutate(bytes, random) : rehashed(bytes, random))) read += 1;
  }
  assert.ok(read > cases / 100, `${read} of ${cases} were read`);
});

test(`${cases} mutated lists of files: read or refused, and no path leads out`, () => {
  const random = seeded(seed + 1);
  const list = files('bundle-');
  let read = 0;
  for (let i = 0; i < cases; i++) {
    const { bytes } = list[Math.floor(random() * list.length)] ?? { bytes: Buffer.alloc(0) };
    if (judgeManifest(mutate(bytes, random))) read += 1;
  }
  assert.ok(read > 0, `${read} of ${cases} were read`);
});

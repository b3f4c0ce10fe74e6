/**
 * Broken configuration files: each is valid or a VigieError of kind `config` on one line, never anything else.
 * The corpus keeps files by hand and every case that ever found something; the rest is made from it by a
 * seeded generator. `VIGIE_FUZZ_CASES` asks for more cases, `VIGIE_FUZZ_SEED` for others.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { VigieError } from '../../errors.js';
import { checkConfig } from '../../runtime/config/checks.js';
import { exampleConfig } from '../../runtime/config/example.js';
import { loadConfig } from '../../runtime/config/load.js';
import { seeded } from '../random.js';

const corpus = 'test/fuzz/corpus/config';
const cases = Number(process.env['VIGIE_FUZZ_CASES'] ?? 3000);
const seed = Number(process.env['VIGIE_FUZZ_SEED'] ?? 1);

type Random = () => number;

const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

const strangeValues: readonly unknown[] = [
  ...[null, true, '', 'x', 0, -1, 1e308, 0.5, 1.0000001, 2 ** 53, [], {}, [[]], '\u0000', '../..', '🎥'],
  ...[{ kind: 'clip' }, [{ name: 'a', points: [] }], 'x'.repeat(5000), Array(300).fill([0, 0])],
];
const strangeKeys = [
  'kind',
  'constructor',
  'toString',
  '',
  'é',
  'zones',
  'name',
  ' ',
  'k'.repeat(500),
  'length',
];

/** Replaces, removes, adds, repeats or renames one thing somewhere in the tree. */
function mutateTree(value: unknown, random: Random): unknown {
  if (Array.isArray(value)) {
    const copy: unknown[] = [...(value as unknown[])];
    const at = Math.floor(random() * (copy.length + 1));
    const action = random();
    if (action < 0.6 && copy.length > 0) copy[at % copy.length] = mutateTree(copy[at % copy.length], random);
    else if (action < 0.7) copy.splice(at, 1);
    else if (action < 0.85) copy.splice(at, 0, copy[at % Math.max(copy.length, 1)]);
    else copy.reverse();
    return copy;
  }
  if (typeof value !== 'object' || value === null) return mutateLeaf(value, random);
  const entries = Object.entries(value);
  const chosen = Math.floor(random() * Math.max(entries.length, 1));
  const action = random();
  if (action < 0.75 && entries[chosen]) entries[chosen][1] = mutateTree(entries[chosen][1], random);
  else if (action < 0.82) entries.splice(chosen, 1);
  else if (action < 0.91 && entries[chosen]) entries[chosen][0] = pick(random, strangeKeys);
  else entries.push([pick(random, strangeKeys), pick(random, strangeValues)]);
  return Object.fromEntries(entries);
}

function mutateLeaf(value: unknown, random: Random): unknown {
  if (typeof value === 'number' && random() < 0.6)
    return value + (random() - 0.5) * pick(random, [0.01, 1, 1e6]);
  return pick(random, strangeValues);
}

/** Changes, drops, doubles or swaps bytes: what is left is seldom JSON. */
function mutateBytes(text: string, random: Random): Buffer {
  let bytes = Buffer.from(text);
  for (let i = 0; i < 1 + random() * 4; i++) {
    const at = Math.floor(random() * bytes.length);
    const action = random();
    if (action < 0.4) bytes[at] = Math.floor(random() * 256);
    else if (action < 0.6) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
    else if (action < 0.8) bytes = bytes.subarray(0, at);
    else
      bytes = Buffer.concat([
        bytes.subarray(0, at),
        Buffer.from(pick(random, ['"', '{', '[', ',', ':', '\\u', '-'])),
      ]);
  }
  return bytes;
}

/** What came out of loading: `valid`, or the line of the error. Throws on anything else. */
function outcome(source: string | object): string {
  try {
    const config = loadConfig(source);
    // what was accepted must still stand when it is looked at again, with all its defaults
    assert.deepEqual(checkConfig(config), []);
    loadConfig(config);
    return 'valid';
  } catch (error) {
    assert.ok(error instanceof VigieError, `${String(error)}\n${String((error as Error).stack)}`);
    assert.equal(error.kind, 'config');
    assert.ok(error.message.length < 5000, `a message of ${error.message.length} characters`);
    assert.doesNotMatch(`${error.message}${error.hint}`, /[\p{Cc}\u2028-\u202e]/u);
    return error.message;
  }
}

const seeds = readdirSync(corpus).map((name) => join(corpus, name));

test('the corpus: files named good- are valid, the others are refused', () => {
  assert.ok(seeds.length > 0);
  for (const file of seeds) {
    assert.equal(outcome(file) === 'valid', file.includes('/good-'), `${file}: ${outcome(file)}`);
  }
});

test(`${cases} objects that are nearly a configuration`, () => {
  const random = seeded(seed);
  const outcomes = new Set<string>();
  for (let i = 0; i < cases; i++) {
    let value: unknown = exampleConfig;
    for (let n = 0; n < 1 + random() * 3; n++) value = mutateTree(value, random);
    outcomes.add(outcome(value as object));
  }
  assert.ok(outcomes.has('valid') && outcomes.size > 100, `${outcomes.size} different outcomes`);
});

test(`${cases} files that are nearly JSON`, (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-fuzz-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'camera.json');
  const random = seeded(seed + 1);
  const texts = seeds.map((name) => readFileSync(name, 'utf8'));
  const outcomes = new Set<string>();
  for (let i = 0; i < cases; i++) {
    writeFileSync(file, mutateBytes(pick(random, texts), random));
    outcomes.add(outcome(file));
  }
  assert.ok(outcomes.size > 100, `${outcomes.size} different outcomes`);
});

test('negative control: an exception of another kind fails the run', () => {
  const trap = Object.defineProperty({}, 'camera', {
    enumerable: true,
    get() {
      throw new RangeError('not a VigieError');
    },
  });
  assert.throws(() => outcome(trap), /RangeError: not a VigieError/);
});

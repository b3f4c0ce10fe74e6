/**
 * Broken model files and broken lists of models: each is admitted or refused with one of the reasons, never anything else,
 * and what is admitted has the edges of a slot. The corpus keeps files by hand and every case that ever found something;
 * the rest is made from it by a seeded generator. `VIGIE_FUZZ_CASES` asks for more cases, `VIGIE_FUZZ_SEED` for others.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkGraph } from '../../models/gate.js';
import { readOnnx } from '../../models/onnx-parts.js';
import { ModelRefused, type Refusal } from '../../models/refusal.js';
import { openList, parseList, signList } from '../../models/signed-list.js';
import { seeded } from '../random.js';
import {
  boxModel,
  embeddingModel,
  entryOf,
  field,
  newPair,
  onnx,
  redModel,
  withInGraph,
} from '../slot-models.js';

const corpus = 'test/fuzz/corpus/model';
const cases = Number(process.env['VIGIE_FUZZ_CASES'] ?? 3000);
const seed = Number(process.env['VIGIE_FUZZ_SEED'] ?? 1);

type Random = () => number;
const below = (random: Random, end: number): number => Math.floor(random() * end);

const city = newPair();
const right = onnx(redModel());
const list = JSON.stringify({ version: 1, models: [entryOf(right)] });
const [listed] = parseList(list).models;
assert.ok(listed);

/** `admitted`, or the reason. Throws on anything else. */
function outcome(check: () => unknown): 'admitted' | Refusal {
  try {
    check();
    return 'admitted';
  } catch (error) {
    assert.ok(error instanceof ModelRefused, `${String(error)}\n${String((error as Error).stack)}`);
    assert.ok(error.message.length < 1000, `a message of ${error.message.length} characters`);
    assert.doesNotMatch(error.message, /[\p{Cc}\u2028-\u202e]/u);
    return error.reason;
  }
}

function judge(bytes: Buffer): 'admitted' | Refusal {
  const told = outcome(() => checkGraph(bytes, listed));
  if (told === 'admitted') {
    const { outputs, nodes } = readOnnx(bytes);
    assert.deepEqual(
      outputs.map(({ shape }) => shape),
      [[1, 2]],
    );
    assert.ok(nodes.every(({ domain }) => domain === '' || domain === 'ai.onnx'));
  }
  return told;
}

/** Changes, drops, doubles or cuts bytes, or puts a length there that is larger than any file. */
function mutate(bytes: Buffer, random: Random): Buffer {
  let result = Buffer.from(bytes);
  for (let i = 0; i < 1 + random() * 3; i++) {
    const at = below(random, result.length);
    const [before, after] = [result.subarray(0, at), result.subarray(at)];
    const action = random();
    if (action < 0.4) result[at] = below(random, 256);
    else if (action < 0.55) result = Buffer.concat([before, after.subarray(1)]);
    else if (action < 0.65) result = Buffer.from(before);
    else if (action < 0.8) result = Buffer.concat([before, Buffer.from('ffffffffffffffff7f', 'hex'), after]);
    else if (action < 0.9) result = Buffer.concat([before, after.subarray(0, below(random, 40)), after]);
    else result = Buffer.concat([before, field(1 + below(random, 30), below(random, 1000)), after]);
  }
  return result;
}

const seeds = [right, onnx(boxModel()), onnx(embeddingModel(64)), withInGraph(field(10, 'words'))];
const kept = readdirSync(corpus).map((name) => ({ name, bytes: readFileSync(join(corpus, name)) }));

test('the corpus: files named good- are admitted, the others are refused', () => {
  assert.ok(kept.length > 0);
  for (const { name, bytes } of kept)
    assert.equal(judge(bytes) === 'admitted', name.startsWith('good-'), name);
});

test(`${cases} files that are nearly a model`, () => {
  const random = seeded(seed);
  const all = [...seeds, ...kept.map(({ bytes }) => bytes)];
  const outcomes = new Set<string>();
  for (let i = 0; i < cases; i++)
    outcomes.add(judge(mutate(all[below(random, all.length)] ?? right, random)));
  assert.ok(outcomes.has('admitted') && outcomes.size > 5, [...outcomes].join(', '));
});

test(`${cases} files of noise`, () => {
  const random = seeded(seed + 1);
  for (let i = 0; i < cases; i++) {
    const bytes = Buffer.from(Array.from({ length: below(random, 200) }, () => below(random, 256)));
    assert.notEqual(judge(bytes), 'admitted');
  }
});

test('a file of nothing but small parts is given up before it fills the memory', () => {
  const many = Buffer.concat(Array.from({ length: 300_000 }, () => field(13, '')));
  assert.equal(judge(withInGraph(many)), 'unknown-part');
});

test(`${cases} signed lists with a few other bytes: what opens is what was signed`, () => {
  const random = seeded(seed + 2);
  const sealed = Buffer.from(signList(list, city.privateKey));
  const signed = openList(sealed.toString(), city.publicKey);
  const outcomes = new Set<string>();
  for (let i = 0; i < cases; i++) {
    const text = mutate(sealed, random).toString('utf8');
    outcomes.add(outcome(() => assert.deepEqual(openList(text, city.publicKey), signed)));
  }
  assert.ok(outcomes.has('unsigned') && outcomes.has('signature'), [...outcomes].join(', '));
});

test(`${cases} lists that are nearly one`, () => {
  const random = seeded(seed + 3);
  const outcomes = new Set<string>();
  for (let i = 0; i < cases; i++) {
    const text = mutate(Buffer.from(list), random).toString('utf8');
    outcomes.add(outcome(() => parseList(text)));
  }
  assert.ok(outcomes.has('admitted') && outcomes.has('list-form'), [...outcomes].join(', '));
});

test('negative control: an exception of another kind fails the run', () => {
  const trap = (): void => {
    throw new RangeError('not a refusal');
  };
  assert.throws(() => outcome(trap), /RangeError: not a refusal/);
});

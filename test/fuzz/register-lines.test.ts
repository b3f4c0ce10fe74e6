/**
 * Mutated registers and proofs: read without a crash, and nothing believed that was not signed. A few hundred cases here;
 * `node dist/test/fuzz/register-lines.test.js --cases 100000` for more.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { ChainWalk } from '../../runtime/access/register/chain.js';
import { decodeLine } from '../../runtime/access/register/line.js';
import { answerFor, checkProof } from '../../runtime/access/register/proof.js';
import { registerPlaces } from '../../runtime/access/register/register.js';
import { openSigningKey } from '../../runtime/access/register/signing-key.js';
import { splitLines } from '../../runtime/access/register/volumes.js';
import { seeded } from '../random.js';
import { RegisterBench } from '../unit/register-fake.js';

const at = process.argv.indexOf('--cases');
const cases = at < 0 ? 600 : Number(process.argv[at + 1]);

/** One to three changes to these bytes. */
function mutate(bytes: Buffer, random: () => number): Buffer {
  const below = (n: number): number => Math.floor(random() * n);
  let changed = Buffer.from(bytes);
  for (let changes = 1 + below(3); changes > 0; changes--) {
    const from = below(changed.length);
    const count = 1 + below(random() < 0.7 ? 4 : 600);
    const part = changed.subarray(from, from + count);
    switch (below(6)) {
      case 0:
        part[0] = (part[0] ?? 0) ^ (1 << below(8));
        break;
      case 1:
        part.fill([0, 0x0a, 0x22, 0x7d, 0xff][below(5)] ?? 0);
        break;
      case 2:
        for (let i = 0; i < part.length; i++) part[i] = below(256);
        break;
      case 3:
        changed = Buffer.concat([changed.subarray(0, from), changed.subarray(from + count)]);
        break;
      case 4:
        changed = Buffer.concat([changed.subarray(0, from), part, changed.subarray(from)]);
        break;
      default:
        changed.copy(part, 0, below(changed.length));
    }
    if (changed.length === 0) changed = Buffer.from('\n');
  }
  return changed;
}

test(`${cases} mutated registers: no crash, no entry believed that was not written`, async (t) => {
  const bench = new RegisterBench(t);
  await bench.filled(12);
  const original = readFileSync(bench.file());
  const known = new Set(bench.lines());
  const { publicKey } = await openSigningKey(registerPlaces(bench.state).keyFile, { make: false });
  const random = seeded(7);
  let believed = 0;
  let changedCases = 0;
  for (let i = 0; i < cases; i++) {
    const bytes = mutate(original, random);
    const onEntry = (_: unknown, line: string): void => {
      believed += 1;
      assert.ok(known.has(line), `case ${i} believes ${line}`);
    };
    const walk = new ChainWalk({ key: publicKey, everySignature: true, onEntry });
    walk.feed({ name: 'register.jsonl', first: null, ...splitLines(bytes) });
    const findings = walk.end(null).filter(({ kind }) => kind !== 'head');
    if (bytes.equals(original)) continue;
    changedCases += 1;
    // Whole lines taken off the end leave a chain that holds: that is what the head is for.
    const cutAtTheEnd = original.subarray(0, bytes.length).equals(bytes);
    assert.ok(findings.length > 0 || cutAtTheEnd, `case ${i} is not found`);
  }
  assert.ok(believed > 0 && changedCases > cases / 2);
});

test('a start on a mutated register comes up, or says why not, and entries go on', async (t) => {
  const bench = new RegisterBench(t);
  await bench.filled(12);
  const original = readFileSync(bench.file());
  const head = bench.head();
  const random = seeded(11);
  for (let i = 0; i < Math.min(60, cases); i++) {
    writeFileSync(bench.file(), mutate(original, random));
    bench.setHead(head);
    const register = await bench.open();
    const { n } = await register.append({ kind: 'segment-born', storeId: 'store-1', segment: 99 });
    assert.ok(n > 13, 'numbers never go back behind the head');
    await register.stop();
  }
});

test('mutated proofs: no crash, and none holds that says anything else', async (t) => {
  const bench = new RegisterBench(t);
  await bench.filled(12);
  const { proof } = await answerFor(bench.state, { fromMs: 0, toMs: bench.clock.wallMs() });
  const original = Buffer.from(JSON.stringify(proof));
  const lines = new Set(proof.lines);
  const random = seeded(13);
  for (let i = 0; i < Math.min(300, cases); i++) {
    const text = mutate(original, random).toString('utf8');
    const { faults } = checkProof(text, null);
    if (faults.length > 0) continue;
    const held = JSON.parse(text) as { lines: string[] };
    assert.ok(held.lines.every((line) => lines.has(line) && decodeLine(line)));
  }
});

/**
 * The register is verified while a camera writes it, turns, packs and removes volumes: never a false finding, and never
 * an answer from half of it. Negative control: a reader that opens one volume after another.
 */
import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as turnOfLoop, setTimeout as wait } from 'node:timers/promises';
import { ChainWalk, nameOf } from '../../runtime/access/register/chain.js';
import { readHead } from '../../runtime/access/register/head.js';
import type { Register } from '../../runtime/access/register/register.js';
import { registerPlaces } from '../../runtime/access/register/register.js';
import { openSigningKey } from '../../runtime/access/register/signing-key.js';
import { readRegister } from '../../runtime/access/register/verify.js';
import { listVolumes, readVolume } from '../../runtime/access/register/volumes.js';
import { RegisterBench } from './register-fake.js';

const classes: ('communal' | 'terminus')[] = ['communal', 'terminus'];

/** Writes as fast as it can, a few entries a volume, until it is told to stop. */
async function hammer(register: Register, { signal }: AbortController): Promise<void> {
  for (let segment = 1; !signal.aborted; segment++) {
    await register.append({ kind: 'segment-born', storeId: 's', segment });
    // One key always stays, and some of what is closed with it.
    const gone = segment - 12;
    if (gone > 0) {
      await register.append({ kind: 'key-destroyed', storeId: 's', segment: gone, classes, reason: 'space' });
    }
  }
}

async function beside(t: TestContext, read: (bench: RegisterBench) => Promise<boolean>): Promise<number> {
  const bench = new RegisterBench(t);
  const register = await bench.open(5000, 0);
  const end = new AbortController();
  const hammered = hammer(register, end);
  try {
    while (register.standing.n < 100) await turnOfLoop();
    const fromN = register.standing.n;
    let reads = 0;
    while (await read(bench)) reads += 1;
    assert.ok(register.standing.n > fromN, 'it was written meanwhile');
    return reads;
  } finally {
    end.abort();
    await hammered;
    await register.stop();
    assert.deepEqual((await bench.verify()).findings, []);
  }
}

test('verified fifteen times beside a writer that turns, packs and removes: whole each time', async (t) => {
  let reads = 0;
  await beside(t, async (bench) => {
    const { findings, since, entries, last } = await bench.verify();
    assert.deepEqual(findings, []);
    assert.equal(entries, (last?.n ?? 0) - (since?.n ?? 0) + 1, 'no entry between is left out');
    return ++reads < 15;
  });
});

test('what is read beside a writer has no hole', async (t) => {
  let reads = 0;
  await beside(t, async (bench) => {
    const numbers: number[] = [];
    const { findings } = await readRegister(bench.state, ({ n }) => numbers.push(n));
    assert.deepEqual(findings, []);
    const first = numbers[0] ?? 0;
    assert.deepEqual(
      numbers,
      numbers.map((_, i) => first + i),
    );
    return ++reads < 10;
  });
});

test('negative control: volumes opened one after another are soon found damaged that are not', async (t) => {
  let found = false;
  let reads = 0;
  await beside(t, async (bench) => {
    found = await naive(bench);
    return !found && ++reads < 500;
  });
  assert.ok(found, `not once in ${reads} reads`);
});

/** Head, then each volume as it comes. @returns whether anything was found */
async function naive({ state }: RegisterBench): Promise<boolean> {
  const { directory, keys, keyFile } = registerPlaces(state);
  const { publicKey } = await openSigningKey(keyFile, { make: false });
  const head = await readHead(keys, publicKey);
  const walk = new ChainWalk({ key: publicKey, everySignature: true });
  for (const volume of await listVolumes(directory)) {
    const raw = await readVolume(directory, volume).catch(() => null);
    if (!raw) return true;
    walk.feed(raw);
  }
  const { n, prev } = walk.next;
  return walk.end(head && n - 1 >= head.n ? { n: n - 1, hash: prev } : head).length > 0;
}

test('a line that is half written when it is read is read whole; one that stays half is told', async (t) => {
  const bench = new RegisterBench(t);
  await bench.filled(5);
  const whole = bench.lines();
  const line = `${whole.pop()}\n`;
  bench.write(whole);
  bench.setHead(bench.headOf(whole.length, whole));
  appendFileSync(bench.file(), line.slice(0, 100));
  const verifying = bench.verify();
  await wait(60);
  appendFileSync(bench.file(), line.slice(100));
  const { findings, last } = await verifying;
  assert.deepEqual(findings.map(nameOf), []);
  assert.equal(last?.n, whole.length + 1, 'the line that came meanwhile is there');
  appendFileSync(bench.file(), line.slice(0, 100));
  assert.deepEqual(
    (await bench.verify()).findings.map(({ kind }) => kind),
    ['torn'],
  );
});

test('a head that is half old and half new is looked at again; one that stays so is told', async (t) => {
  const bench = new RegisterBench(t);
  await bench.filled(5);
  const file = join(bench.state, 'keys', 'register.head');
  const head = readFileSync(file);
  writeFileSync(file, Buffer.concat([Buffer.from('99 '), head.subarray(3)]));
  const verifying = bench.verify();
  await wait(60);
  writeFileSync(file, head);
  assert.deepEqual((await verifying).findings, []);
  writeFileSync(file, Buffer.concat([Buffer.from('99 '), head.subarray(3)]));
  assert.ok((await bench.verify()).findings.some(({ kind }) => kind === 'head'));
});

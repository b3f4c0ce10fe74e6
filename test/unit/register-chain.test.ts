/** Promise 6, as far as the register goes: a changed, removed, reordered or added entry is found. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, readdirSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeLine, hashOf } from '../../runtime/access/register/line.js';
import { openSigningKey } from '../../runtime/access/register/signing-key.js';
import { verifyRegister } from '../../runtime/access/register/verify.js';
import { RegisterBench, startMs } from './register-fake.js';

test('entries are numbered, chained and signed, and only their owner can read them', async (t) => {
  const bench = new RegisterBench(t);
  await bench.filled(5);
  const { findings, entries, last } = await bench.verify();
  assert.deepEqual(findings, []);
  assert.equal(entries, 6);
  assert.equal(last?.n, 6);
  assert.equal(last.hash, hashOf(bench.lines()[5] ?? ''));
  const modes = ['register', 'keys', 'register/register.jsonl', 'keys/register.key', 'keys/register.head'];
  assert.deepEqual(
    modes.map((name) => (statSync(join(bench.state, name)).mode & 0o777).toString(8)),
    ['700', '700', '600', '600', '600'],
  );
});

test('a second start goes on where the first ended, and knows how things stand', async (t) => {
  const bench = new RegisterBench(t);
  await bench.filled(3);
  const register = await bench.open();
  await register.append({
    kind: 'key-destroyed',
    storeId: 'store-1',
    segment: 2,
    classes: ['communal', 'terminus'],
    reason: 'term',
  });
  assert.deepEqual([...register.standing.segments.keys()], ['store-1/1', 'store-1/3']);
  await register.stop();
  await register.stop();
  const again = await bench.open();
  assert.deepEqual([...again.standing.segments.keys()], ['store-1/1', 'store-1/3']);
  await again.stop();
  assert.deepEqual((await bench.verify()).findings, []);
});

const edits: [string, string, (lines: string[]) => string[]][] = [
  ['a changed word', 'signature', (l) => l.map((x, i) => (i === 3 ? x.replace('store-1', 'store-2') : x))],
  ['an entry taken out', 'missing', (l) => l.filter((_, i) => i !== 3)],
  ['the first entry taken away', 'missing', (l) => l.slice(1)],
  ['the last entries taken off', 'tail', (l) => l.slice(0, -2)],
  ['two entries exchanged', 'order', (l) => [...l.slice(0, 3), l[4] ?? '', l[3] ?? '', ...l.slice(5)]],
  ['an entry that stands twice', 'order', (l) => [...l.slice(0, 4), ...l.slice(3)]],
  ['a line that is no entry', 'unreadable', (l) => [...l.slice(0, 3), '{}', ...l.slice(3)]],
  [
    'a key that stands twice',
    'unreadable',
    (l) => l.map((x, i) => (i === 3 ? x.replace('{', '{"n":4,') : x)),
  ],
];

for (const [what, kind, edit] of edits) {
  test(`found, by the check and by the next start: ${what}`, async (t) => {
    const bench = new RegisterBench(t);
    await bench.filled(8);
    bench.write(edit(bench.lines()));
    const { findings } = await bench.verify();
    assert.ok(
      findings.some((finding) => finding.kind === kind),
      JSON.stringify(findings),
    );
    const register = await bench.open();
    assert.ok(register.findings.length > 0);
    assert.ok(register.standing.damage.size > 0);
    await register.stop();
    // Entries taken off the end are a hole from now on, which is told as such.
    const second = await bench.open();
    const { n } = second.standing;
    await second.stop();
    const again = await bench.open();
    assert.equal(again.standing.n, n, 'the same damage is told once');
    assert.ok(again.findings.length > 0, 'it does not go away');
    await again.stop();
  });
}

test('an entry of a later version is part of the chain, is passed over, and is gone on from', async (t) => {
  const bench = new RegisterBench(t);
  await bench.filled(2);
  const { privateKey } = await openSigningKey(join(bench.state, 'keys', 'register.key'), { make: false });
  const later = (kind: string): string => {
    const prev = hashOf(bench.lines().at(-1) ?? '');
    const frame = { n: bench.lines().length + 1, at: startMs + 9000, trusted: true, prev };
    return encodeLine(frame, { kind, seen: { deeper: [1] } } as never, privateKey);
  };
  bench.write([...bench.lines(), later('moon-seen')]);
  const told: string[] = [];
  const { findings, entries } = await verifyRegister(bench.state, (entry) =>
    told.push(entry.kind === 'later' ? `later ${entry.name}` : entry.kind),
  );
  assert.deepEqual([findings, entries], [[], 4]);
  assert.deepEqual(told, ['register-created', 'segment-born', 'segment-born', 'later moon-seen']);
  const register = await bench.open();
  assert.deepEqual([register.findings, register.standing.segments.size], [[], 2]);
  await register.append({ kind: 'segment-born', storeId: 'store-1', segment: 3 });
  await register.stop();
  assert.deepEqual((await bench.verify()).findings, []);
  // Negative control: a kind that is known, with a field that it never had, is no entry of a later version.
  bench.write([...bench.lines(), later('clock-sure')]);
  assert.deepEqual(
    (await bench.verify()).findings.map(({ kind }) => kind),
    ['unreadable'],
  );
});

test('found: an entry that somebody else signed, whatever its hashes and numbers', async (t) => {
  const bench = new RegisterBench(t);
  await bench.filled(3);
  const lines = bench.lines();
  const { privateKey } = generateKeyPairSync('ed25519');
  const next = { n: 5, at: bench.clock.wallMs(), trusted: true, prev: hashOf(lines[3] ?? '') };
  const event = { kind: 'segment-born', storeId: 'store-1', segment: 4 } as const;
  bench.write([...lines, encodeLine(next, event, privateKey)]);
  assert.deepEqual(
    (await bench.verify()).findings.map(({ kind, n }) => [kind, n]),
    [['signature', 5]],
  );
  const register = await bench.open();
  assert.equal(register.findings[0]?.kind, 'signature');
  assert.equal(register.standing.get('store-1', 4), undefined, 'a start does not believe it either');
  await register.stop();
});

test('found: a register that was taken away as a whole, and a head that was', async (t) => {
  const bench = new RegisterBench(t);
  await bench.filled(3);
  rmSync(join(bench.state, 'register'), { recursive: true });
  const register = await bench.open();
  assert.equal(register.findings[0]?.kind, 'tail');
  assert.equal(register.standing.n, 6, 'numbers go on behind the hole');
  await register.stop();
  rmSync(join(bench.state, 'keys', 'register.head'));
  assert.ok((await bench.verify()).findings.some(({ kind }) => kind === 'head'));
});

test('negative control: without the head, entries taken off the end would not be found', async (t) => {
  const bench = new RegisterBench(t);
  const register = await bench.open();
  await register.append({ kind: 'segment-born', storeId: 'store-1', segment: 1 });
  await register.stop();
  const headBefore = bench.head();
  const again = await bench.open();
  await again.append({ kind: 'segment-born', storeId: 'store-1', segment: 2 });
  await again.stop();
  bench.write(bench.lines().slice(0, -1));
  assert.equal((await bench.verify()).findings[0]?.kind, 'tail');
  bench.setHead(headBefore);
  assert.deepEqual((await bench.verify()).findings, [], 'a head set back hides it: docs/register.md says so');
});

test('a line cut anywhere is taken off, told, and written over; nothing acknowledged is lost', async (t) => {
  const bench = new RegisterBench(t);
  await bench.filled(3);
  const whole = bench.lines();
  const size = statSync(bench.file()).size;
  const lastBytes = Buffer.byteLength(whole[3] ?? '') + 1;
  const headBefore = bench.headOf(3, whole);
  for (let cut = 1; cut < lastBytes; cut += 7) {
    bench.write(whole);
    bench.setHead(headBefore);
    truncateSync(bench.file(), size - cut);
    const register = await bench.open();
    await register.append({ kind: 'segment-born', storeId: 'store-1', segment: 9 });
    await register.stop();
    const { findings, entries } = await bench.verify();
    assert.deepEqual(findings, [], `cut ${cut}`);
    // The three before, what was repaired (unless nothing of the line was left), and the new one.
    assert.equal(entries, 5, `cut ${cut}`);
    assert.deepEqual(bench.lines().slice(0, 3), whole.slice(0, 3));
    assert.ok(bench.lines()[3]?.includes('"register-repaired"'));
  }
});

test('a last line of zeros that was never acknowledged is a cut; one that was is damage', async (t) => {
  const bench = new RegisterBench(t);
  await bench.filled(3);
  const whole = bench.lines();
  const zeros = '\0'.repeat((whole[3] ?? '').length);
  bench.setHead(bench.headOf(3, whole));
  bench.write([...whole.slice(0, 3), zeros]);
  const register = await bench.open();
  await register.stop();
  assert.deepEqual((await bench.verify()).findings, []);

  const other = new RegisterBench(t);
  await other.filled(3);
  other.write([...other.lines().slice(0, 3), zeros]);
  const damaged = await other.open();
  assert.ok(damaged.findings.length > 0);
  await damaged.stop();
});

test('a cut between an entry and its head costs nothing', async (t) => {
  const bench = new RegisterBench(t);
  await bench.filled(3);
  bench.setHead(bench.headOf(3, bench.lines()));
  const register = await bench.open();
  assert.deepEqual(register.findings, []);
  assert.equal(register.standing.n, 4);
  await register.stop();
  assert.deepEqual((await bench.verify()).findings, []);
});

test('volumes: the chain runs through them, a start reads only what it needs', async (t) => {
  const bench = new RegisterBench(t);
  await bench.filled(40, 2000);
  const names = readdirSync(join(bench.state, 'register')).filter((name) => /\.jsonl(\.gz)?$/.test(name));
  assert.ok(names.length > 5, names.join(' '));
  assert.deepEqual((await bench.verify()).findings, []);
  const register = await bench.open(2000);
  assert.deepEqual(register.findings, []);
  assert.equal(register.standing.segments.size, 40, 'none is destroyed: all are needed');
  for (let segment = 1; segment <= 39; segment++) {
    await register.append({
      kind: 'key-destroyed',
      storeId: 'store-1',
      segment,
      classes: ['communal', 'terminus'],
      reason: 'space',
    });
  }
  await register.append({
    kind: 'hold-set',
    hold: { requisition: 'R-1', fromMs: 0, toMs: 1, untilMs: bench.clock.wallMs() + 1 },
  });
  for (let segment = 41; segment <= 50; segment++) {
    await register.append({ kind: 'segment-born', storeId: 'store-1', segment });
  }
  await register.stop();
  assert.deepEqual((await bench.verify()).findings, []);
  const again = await bench.open(2000);
  assert.equal(again.standing.segments.size, 11);
  assert.equal(again.standing.holds[0]?.requisition, 'R-1', 'carried from volume to volume');
  await again.stop();
  rmSync(bench.file(names[1] ?? ''));
  assert.ok((await bench.verify()).findings.some(({ kind }) => kind === 'missing'));
});

test('a volume closed by a cut before the next began is gone on from', async (t) => {
  const bench = new RegisterBench(t);
  await bench.filled(40, 2000);
  const first = /^\{"n":(\d+),/.exec(bench.lines()[0] ?? '')?.[1] ?? '';
  renameSync(bench.file(), bench.file(`register-${first.padStart(12, '0')}.jsonl`));
  const register = await bench.open(2000);
  assert.deepEqual(register.findings, []);
  await register.append({ kind: 'segment-born', storeId: 'store-1', segment: 41 });
  await register.stop();
  assert.deepEqual((await bench.verify()).findings, []);
});

test('a key that others can read, or that is damaged, is refused; two writers are kept apart', async (t) => {
  const bench = new RegisterBench(t);
  await bench.filled(1);
  const key = join(bench.state, 'keys', 'register.key');
  chmodSync(key, 0o640);
  await assert.rejects(bench.open(), /Others can read the key/);
  chmodSync(key, 0o600);
  const register = await bench.open();
  await assert.rejects(bench.open(), /Another process writes this register/);
  await register.stop();
  writeFileSync(key, 'nothing');
  await assert.rejects(bench.open(), /damaged/);
});

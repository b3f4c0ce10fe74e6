/**
 * The register over the years: several things in one entry, volumes packed and removed by age, cuts between the steps, and
 * what can still be said and proved. A volume that is gone and not told so is found.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { SegmentTold } from '../../runtime/access/register/entry.js';
import { toldTogether } from '../../runtime/access/register/entry.js';
import { answerFor, checkProof } from '../../runtime/access/register/proof.js';
import type { Register } from '../../runtime/access/register/register.js';
import { readRegister } from '../../runtime/access/register/verify.js';
import { RegisterBench, startMs } from './register-fake.js';

const storeId = '00112233445566778899aabbccddeeff';
const dayMs = 86_400_000;
const keepDays = 60;
const volumeBytes = 6000;
/** one segment a day is recorded, and destroyed fifteen days later */
const keptDays = 15;

const at = (day: number): number => startMs + day * dayMs;

/** What one day brings: a segment begins, the one before it is left, an old one goes. */
function turn(day: number): SegmentTold[] {
  const segment = day + 1;
  const events: SegmentTold[] = [{ kind: 'segment-born', segment }];
  if (segment > 1) {
    const span = { records: 60, firstMs: at(day - 1), lastMs: at(day - 1) + 60_000 };
    const { firstMs, lastMs } = span;
    events.push({
      kind: 'segment-sealed',
      segment: segment - 1,
      firstMs,
      lastMs,
      communal: span,
      terminus: null,
      timesSure: true,
    });
  }
  if (segment > keptDays + 1) {
    const gone = segment - keptDays - 1;
    events.push({ kind: 'key-destroyed', segment: gone, classes: ['communal', 'terminus'], reason: 'term' });
  }
  return events;
}

async function live(bench: RegisterBench, register: Register, fromDay: number, days: number): Promise<void> {
  for (let day = fromDay; day < fromDay + days; day++) {
    bench.clock.jumpWall(at(day) - bench.clock.wallMs());
    await register.append(toldTogether(storeId, turn(day)));
  }
}

/** A register that is older than it remembers, closed. */
async function grown(t: TestContext, days = 200): Promise<RegisterBench> {
  const bench = new RegisterBench(t);
  const register = await bench.open(volumeBytes, keepDays);
  const terms = { reference: 'P-1', communalDays: keptDays, terminusDays: keptDays, minimumDays: null };
  await register.append({ kind: 'terms-set', terms });
  await live(bench, register, 0, days);
  await register.stop();
  return bench;
}

const names = ({ state }: RegisterBench): string[] => readdirSync(join(state, 'register')).sort();
const volumes = (bench: RegisterBench): string[] => names(bench).filter((name) => name.includes('.jsonl'));
const firstOf = (name: string): number => Number(/\d{12}/.exec(name)?.[0]);

test('several things in one entry: one signature, told one by one', async (t) => {
  const bench = new RegisterBench(t);
  const register = await bench.open();
  await register.append(toldTogether(storeId, turn(20)));
  assert.equal(register.standing.n, 2, 'one entry');
  assert.equal(register.standing.get(storeId, 21)?.bornN, 2);
  await register.stop();
  const told: string[] = [];
  await readRegister(bench.state, ({ n, kind }) => told.push(`${n} ${kind}`));
  assert.deepEqual(told, ['1 register-created', '2 segment-born', '2 segment-sealed', '2 key-destroyed']);
  const [only] = turn(0);
  assert.equal(
    toldTogether(storeId, only ? [only] : []).kind,
    'segment-born',
    'a single one stays as it was',
  );
});

test('volumes are packed, and removed once they are older than the memory; the rest verifies', async (t) => {
  const bench = await grown(t);
  const [oldest = ''] = volumes(bench);
  assert.ok(volumes(bench).filter((name) => name.endsWith('.gz')).length > 3, names(bench).join(' '));
  assert.ok(firstOf(oldest) > 1, 'the first entries are gone');
  const { findings, since, entries } = await bench.verify();
  assert.deepEqual(findings, []);
  assert.equal(since?.n, firstOf(oldest));
  assert.ok((since?.atMs ?? 0) < at(200 - keepDays), 'nothing younger went');
  assert.ok((since?.atMs ?? 0) > at(200 - 2 * keepDays), 'and nothing much older stayed');
  assert.ok(entries > keepDays);
  const again = await bench.open(volumeBytes, keepDays);
  assert.deepEqual(again.findings, []);
  assert.equal(again.standing.segments.size, keptDays + 1);
  await again.stop();
});

test('the command says from when on the register vouches, and finds nothing', async (t) => {
  const bench = await grown(t, 100);
  const { since } = await bench.verify();
  const asked = ['setup/vigie.mjs', 'register', 'verify', '--language', 'en', '--state', bench.state];
  const said = execFileSync(process.execPath, asked, { encoding: 'utf8' });
  assert.match(said, /\d+ entries, whole/);
  assert.ok(said.includes(`It vouches from entry ${since?.n} on`), said);
  assert.ok(!said.includes('finding'), said);
});

test('before its memory the register says so, and not that nothing was recorded', async (t) => {
  const bench = await grown(t);
  const { answer } = await answerFor(bench.state, { fromMs: at(3), toMs: at(4) });
  assert.deepEqual([answer.verdict, answer.forgotten, answer.gaps, answer.pieces], ['unknown', true, [], []]);
  const across = await answerFor(bench.state, { fromMs: at(3), toMs: at(150) });
  assert.equal(across.answer.verdict, 'destroyed');
  const gap = across.answer.gaps[0]?.fromMs ?? Number.POSITIVE_INFINITY;
  assert.ok(gap >= (across.answer.registerFromMs ?? 0), 'no gap is told before its memory');
});

test('a proof from a register that has forgotten holds, names the camera, and cannot be shortened', async (t) => {
  const bench = await grown(t);
  const { since } = await bench.verify();
  const day = Math.ceil(((since?.atMs ?? 0) - startMs) / dayMs) + 2;
  for (const asked of [
    { fromMs: at(day), toMs: at(day + 1) },
    { fromMs: at(3), toMs: at(day) },
  ]) {
    const { proof, answer } = await answerFor(bench.state, asked);
    const checked = checkProof(JSON.stringify(proof), null);
    assert.deepEqual(checked.faults, []);
    assert.equal(checked.cameraId, 'cam-1');
    assert.deepEqual({ ...checked.answer, asOfMs: 0 }, { ...answer, asOfMs: 0 });
    assert.equal(answer.verdict, 'destroyed');
    const last = answer.pieces.at(-1)?.segment ?? 0;
    assert.ok(last > 0);
  }
  const { proof } = await answerFor(bench.state, { fromMs: at(3), toMs: at(day) });
  const unsaid = proof.lines.filter((line) => !line.includes('volumes-removed'));
  assert.deepEqual(checkProof(JSON.stringify({ ...proof, lines: unsaid }), null).faults, ['lines-missing']);
  const shorter = proof.lines.slice(1);
  assert.deepEqual(checkProof(JSON.stringify({ ...proof, lines: shorter }), null).faults, ['lines-missing']);
});

test('what is needed stays, however old it is; so does everything while the clock is not sure', async (t) => {
  const bench = new RegisterBench(t);
  const register = await bench.open(volumeBytes, keepDays);
  await register.append({ kind: 'segment-born', storeId, segment: 1_000_000 });
  await live(bench, register, 0, 150);
  assert.equal(firstOf(volumes(bench)[0] ?? ''), 1, 'a key that was never told destroyed');
  const classes: ['communal', 'terminus'] = ['communal', 'terminus'];
  bench.sure = false;
  await register.append({ kind: 'key-destroyed', storeId, segment: 1_000_000, classes, reason: 'space' });
  await live(bench, register, 150, 60);
  assert.equal(firstOf(volumes(bench)[0] ?? ''), 1);
  bench.sure = true;
  await live(bench, register, 210, 40);
  assert.ok(firstOf(volumes(bench)[0] ?? '') > 1);
  await register.stop();
  assert.deepEqual((await bench.verify()).findings, []);
});

test('entries under a clock that was wrong make nothing older than it is', async (t) => {
  const bench = new RegisterBench(t);
  const register = await bench.open(volumeBytes, keepDays);
  await live(bench, register, 0, 5);
  bench.sure = false;
  for (let day = 5; day < 60; day++) {
    bench.clock.jumpWall(-bench.clock.wallMs());
    await register.append(toldTogether(storeId, turn(day)));
  }
  bench.sure = true;
  await live(bench, register, 60, 1);
  await register.stop();
  assert.equal(firstOf(volumes(bench)[0] ?? ''), 1, 'written in 1970, by a clock that was not right');
});

test('the first volume taken away, or more than was told removed, is found', async (t) => {
  const bench = await grown(t);
  const [oldest = '', second = ''] = volumes(bench);
  rmSync(bench.file(oldest));
  assert.ok((await bench.verify()).findings.some(({ kind, n }) => kind === 'missing' && n === 1));
  const young = await grown(t, 50);
  const [first = ''] = volumes(young);
  assert.equal(firstOf(first), 1);
  rmSync(young.file(first));
  assert.ok((await young.verify()).findings.some(({ kind }) => kind === 'missing'));
  assert.ok(second);
});

test('a packed volume that was touched, cut or exchanged is found', async (t) => {
  const bench = await grown(t);
  const packed = volumes(bench).filter((name) => name.endsWith('.gz'))[1] ?? '';
  const whole = readFileSync(bench.file(packed));
  const text = gunzipSync(whole).toString();
  for (const bytes of [
    whole.subarray(0, whole.length - 40),
    gzipSync(text.replace('"segment":', '"segment":1')),
    gzipSync(text.split('\n').slice(1).join('\n')),
    Buffer.alloc(0),
  ]) {
    writeFileSync(bench.file(packed), bytes);
    assert.ok((await bench.verify()).findings.length > 0);
  }
  writeFileSync(bench.file(packed), whole);
  assert.deepEqual((await bench.verify()).findings, []);
});

/** A register that has just removed volumes for the first time, and copies of those. */
async function justRemoved(
  t: TestContext,
): Promise<{ bench: RegisterBench; album: string; removed: string[] }> {
  const bench = await grown(t, 50);
  const album = join(bench.state, 'album');
  mkdirSync(album);
  for (let day = 50; ; day += 15) {
    for (const name of volumes(bench)) copyFileSync(bench.file(name), join(album, name));
    const before = volumes(bench);
    const register = await bench.open(volumeBytes, keepDays);
    await live(bench, register, day, 15);
    await register.stop();
    const removed = before.filter((name) => name.endsWith('.gz') && !existsSync(bench.file(name)));
    if (removed.length > 1) return { bench, album, removed };
    assert.ok(removed.length === 0 && day < 500);
  }
}

test('a cut after a removal was told, before any or some of it was made, is gone on from', async (t) => {
  const { bench, album, removed } = await justRemoved(t);
  const after = join(bench.state, 'after');
  const parts = ['register', 'keys'];
  for (const part of parts) cpSync(join(bench.state, part), join(after, part), { recursive: true });
  const kept = volumes(bench);
  for (let gone = 0; gone <= removed.length; gone++) {
    for (const part of parts) {
      rmSync(join(bench.state, part), { recursive: true });
      cpSync(join(after, part), join(bench.state, part), { recursive: true });
    }
    const back = removed.slice(gone);
    for (const name of back) copyFileSync(join(album, name), bench.file(name));
    const { findings, since } = await bench.verify();
    assert.deepEqual(findings, [], `${gone} of ${removed.length} gone`);
    assert.equal(since?.n, firstOf(back[0] ?? kept[0] ?? ''));
    const register = await bench.open(volumeBytes, keepDays);
    assert.deepEqual(register.findings, []);
    await register.stop();
    assert.ok(
      removed.every((name) => !existsSync(bench.file(name))),
      'the next start has finished it',
    );
    assert.deepEqual((await bench.verify()).findings, []);
  }
});

test('a cut while a volume is packed is gone on from', async (t) => {
  const bench = await grown(t);
  const packed = volumes(bench).filter((name) => name.endsWith('.gz'));
  const name = packed.at(-1) ?? '';
  const plain = gunzipSync(readFileSync(bench.file(name)));
  const plainFile = bench.file(name.replace(/\.gz$/, ''));
  const whole = readFileSync(bench.file(name));
  const states: [string, () => void][] = [
    ['half of the packed one', () => writeFileSync(bench.file(`${name}.new`), whole.subarray(0, 99))],
    ['both', () => writeFileSync(bench.file(name), whole)],
  ];
  for (const [state, make] of states) {
    writeFileSync(plainFile, plain);
    rmSync(bench.file(name), { force: true });
    make();
    assert.deepEqual((await bench.verify()).findings, [], state);
    const register = await bench.open(volumeBytes, keepDays);
    assert.deepEqual(register.findings, [], state);
    await register.stop();
    assert.equal(existsSync(plainFile), false, `${state}: packed by the next start`);
    assert.deepEqual(
      names(bench).filter((other) => other.endsWith('.new')),
      [],
    );
    assert.deepEqual(gunzipSync(readFileSync(bench.file(name))), plain);
    assert.deepEqual((await bench.verify()).findings, []);
  }
});

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { LinuxCard } from '../../board/linux/card.js';
import type { VigieError } from '../../errors.js';
import { exportMp4 } from '../../runtime/record/export.js';
import { Recorder } from '../../runtime/record/recorder.js';
import { Store } from '../../runtime/record/store.js';
import { CommandRunner, type Ended, spawnCommand } from '../command-runner.js';
import { damageFile, keysDirectory, openReader, startMs, storeDeps } from '../unit/store-fake.js';
import { clipSize, decodedPictures, encodedPattern, packetTimes } from './store-clip.js';

const clip = encodedPattern(100);
const mask = { version: 1, digest: 'ab'.repeat(32), state: 'zones' } as const;

interface Recorded {
  directory: string;
  /** one run of the writer: units `from` to `to`, `gapMs` after their place in the clip */
  record(from: number, to: number, gapMs?: number): Promise<void>;
}

async function recorded(t: TestContext): Promise<Recorded> {
  const directory = await mkdtemp(join(tmpdir(), 'vigie-export-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const segmentBytes = 1024 * 1024;
  const shape = { segmentBytes, capacityBytes: 4 * segmentBytes, cameraId: 'cam-1' };
  const options = { directory, keysDirectory: keysDirectory(directory), ...shape };
  const record = async (from: number, to: number, gapMs = 0): Promise<void> => {
    const deps = await storeDeps(directory);
    const store = new Store(deps, options);
    await store.start(new AbortController().signal);
    const recorder = new Recorder({ ...deps, store }, { picture: clipSize, clockTrusted: () => true });
    recorder.open();
    for (let seq = from; seq < to; seq++) {
      const data = clip[seq];
      assert.ok(data);
      // another boot each run: the monotonic clock starts anew, only the wall clock tells the distance
      const monoUs = 1_000_000 + (seq - from) * 40_000;
      recorder.onUnit({
        t: 'unit',
        seq,
        monoUs,
        wallMs: startMs + seq * 40 + gapMs,
        key: seq % 25 === 0,
        mask,
        data,
      });
    }
    await recorder.stop();
    await store.stop();
  };
  return { directory, record };
}

const whole = { fromMs: startMs - 1000, toMs: startMs + 3_600_000 };

test('an export decodes to the very pictures that were recorded, at their times', async (t) => {
  const { directory, record } = await recorded(t);
  await record(0, 100);
  const file = join(directory, 'out.mp4');
  const result = await exportMp4(await openReader(directory), { ...whole, file });
  assert.equal(result.pictures, 100);
  assert.equal(result.damaged, 0);
  assert.equal(result.firstMs, startMs);
  const raw = join(directory, 'raw.h264');
  await writeFile(raw, Buffer.concat(clip));
  assert.deepEqual(decodedPictures(file), decodedPictures(raw, 'h264'));
  for (const [i, time] of packetTimes(file).entries())
    assert.ok(Math.abs(time - i * 0.04) < 0.0005, `${i} at ${time}`);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const bytes = await readFile(file);
  assert.ok(bytes.indexOf('moov') < bytes.indexOf('mdat'), 'the index is in front: it plays while it loads');
  assert.deepEqual((await readdir(directory)).sort(), ['keys', 'out.mp4', 'raw.h264', 'ring', 'store.lock']);
});

test('a part of it: whole GOPs, from the keyframe at or before', async (t) => {
  const { directory, record } = await recorded(t);
  await record(0, 100);
  const file = join(directory, 'out.mp4');
  const reader = await openReader(directory);
  const result = await exportMp4(reader, { fromMs: startMs + 1500, toMs: startMs + 2500, file });
  assert.equal(result.pictures, 50);
  assert.equal(result.firstMs, startMs + 1000);
  assert.equal(decodedPictures(file).length, 50);
});

test('a gap keeps its length, across a restart of the board', async (t) => {
  const { directory, record } = await recorded(t);
  await record(0, 50);
  await record(50, 100, 60_000);
  const file = join(directory, 'out.mp4');
  await exportMp4(await openReader(directory), { ...whole, file });
  assert.equal(decodedPictures(file).length, 100);
  const times = packetTimes(file);
  assert.ok(Math.abs((times[49] ?? 0) - 1.96) < 0.001);
  assert.ok(Math.abs((times[50] ?? 0) - 62) < 0.001, `the first picture after the gap is at ${times[50]}`);
});

test('a damaged GOP is left out, told, and its time stays empty', async (t) => {
  const { directory, record } = await recorded(t);
  await record(0, 100);
  const segment = join(directory, 'ring', '000001.seg');
  await damageFile(
    segment,
    (bytes) => void bytes.fill(0x55, bytes.indexOf('VGOP', 4200) + 400, bytes.indexOf('VGOP', 4200) + 410),
  );
  const file = join(directory, 'out.mp4');
  const result = await exportMp4(await openReader(directory), { ...whole, file });
  assert.equal(result.damaged, 1);
  assert.equal(decodedPictures(file).length, 75);
  assert.ok(Math.abs((packetTimes(file)[25] ?? 0) - 2) < 0.001);
});

test('what cannot be exported leaves no file and says why', async (t) => {
  const { directory, record } = await recorded(t);
  await record(0, 50);
  const reader = await openReader(directory);
  const file = join(directory, 'out.mp4');
  const fails = async (
    options: Partial<Parameters<typeof exportMp4>[1]>,
    message: RegExp,
    hint: RegExp,
  ): Promise<void> => {
    await assert.rejects(exportMp4(reader, { ...whole, file, ...options }), (error: VigieError) => {
      return error.kind === 'store' && message.test(error.message) && hint.test(error.hint);
    });
  };
  await fails({ fromMs: startMs + 10_000 }, /Nothing is recorded/, /There is: 2026-03-01T12:00:00/);
  await fails({ fromMs: 5, toMs: 4 }, /not before/, /./);
  await fails({ file: join(directory, 'nowhere', 'out.mp4') }, /Cannot write/, /./);
  await writeFile(file, 'mine');
  await fails({}, /exists/, /--force/);
  assert.equal(await readFile(file, 'utf8'), 'mine');
  const stopper = new AbortController();
  await assert.rejects(
    exportMp4(reader, {
      ...whole,
      file,
      force: true,
      signal: stopper.signal,
      onProgress: () => stopper.abort(),
    }),
  );
  assert.equal(await readFile(file, 'utf8'), 'mine');
  await exportMp4(reader, { ...whole, file, force: true });
  assert.equal(decodedPictures(file).length, 50);
  assert.deepEqual((await readdir(directory)).sort(), ['keys', 'out.mp4', 'ring', 'store.lock']);
});

test('the vigie store commands, beside each other', async (t) => {
  const { directory, record } = await recorded(t);
  await record(0, 50);
  await record(50, 100, 60_000);
  const runner = new CommandRunner();
  t.after(() => runner.stop());
  const vigie = (...args: string[]): Promise<Ended> =>
    runner.run('store', ...args, '--directory', directory, '--keys', keysDirectory(directory));
  const list = await vigie('list', '--language', 'en', '--segments');
  assert.equal(list.status, 0, list.error);
  assert.match(list.out, /Store of camera cam-1[\s\S]*gap/);
  assert.match((await vigie('list', '--language', 'fr')).out, /trou/);
  const json: unknown = JSON.parse((await vigie('list', '--json')).out);
  assert.equal((json as { coverage: unknown[] }).coverage.length, 2);
  const sound = await vigie('check', '--language', 'en');
  assert.equal(sound.status, 0, sound.error);
  assert.match(sound.out, /4 records verified[\s\S]*No damage/);
  const file = join(directory, 'out.mp4');
  const from = new Date(startMs).toISOString();
  const to = new Date(startMs + 120_000).toISOString();
  const exported = await vigie('export', file, '--from', from, '--to', to, '--language', 'en');
  assert.equal(exported.status, 0, exported.error);
  assert.match(exported.out, /100 pictures/);
  assert.equal(decodedPictures(file).length, 100);
  const again = await vigie('export', file, '--from', from, '--to', to);
  assert.equal(again.status, 5);
  assert.match(again.error, /^vigie: .*exists.*--force/);
  assert.equal((await vigie('export', file, '--from', 'yesterday', '--to', to, '--force')).status, 2);
  assert.equal((await vigie('export', file, '--from', '-2m', '--to', 'now', '--force')).status, 5);
  await damageFile(join(directory, 'ring', '000001.seg'), (bytes) => void bytes.fill(1, 5000, 5010));
  const broken = await vigie('check', '--language', 'en');
  assert.equal(broken.status, 1);
  assert.match(
    broken.out,
    /1 damage\(s\):\s+000001\.seg, bytes 4096 to \d+: the checksum of a record does not hold/,
  );
  await rm(join(directory, 'ring', 'store.json'));
  const unlock = await new LinuxCard().lock(join(directory, 'store.lock'));
  const refused = await vigie('check', '--repair', '--language', 'en');
  await unlock();
  assert.equal(refused.status, 5, 'a camera writes');
  assert.deepEqual((await readdir(join(directory, 'ring'))).length, 4);
  const repaired = await vigie('check', '--repair', '--language', 'en');
  assert.match(repaired.error, /Written again: store\.json\./);
  assert.match(repaired.out, /1 damage\(s\)/, 'a record is not made again');
  const missing = spawnCommand(['store', 'list', '--directory', join(directory, 'nowhere')]);
  assert.equal(missing.status, 5);
});

test('ffmpeg finds no fault in the container', async (t) => {
  const { directory, record } = await recorded(t);
  await record(0, 100);
  const file = join(directory, 'out.mp4');
  await exportMp4(await openReader(directory), { ...whole, file });
  const args = [
    '-v',
    'error',
    '-show_entries',
    'stream=codec_name,width,height,nb_frames',
    '-of',
    'csv=p=0',
    file,
  ];
  assert.equal(execFileSync('ffprobe', args, { encoding: 'utf8' }).trim(), 'h264,320,240,100');
});

/** The NAL units of an Annex B stream. */
function nalUnits(stream: Buffer): string[] {
  const units: string[] = [];
  const code = Buffer.from([0, 0, 1]);
  for (let at = stream.indexOf(code); at >= 0; ) {
    const next = stream.indexOf(code, at + 3);
    let end = next < 0 ? stream.length : next;
    // A unit never ends with a zero byte: it is of the next start code.
    while (stream[end - 1] === 0) end -= 1;
    units.push(stream.subarray(at + 3, end).toString('hex'));
    at = next;
  }
  return units;
}

test('an export is a remux: its pictures are the very bytes that were recorded', async (t) => {
  const { directory, record } = await recorded(t);
  await record(0, 100);
  const file = join(directory, 'out.mp4');
  await exportMp4(await openReader(directory), { ...whole, file });
  const args = ['-v', 'error', '-i', file, '-c', 'copy', '-f', 'h264', '-'];
  const stream = execFileSync('ffmpeg', args, { maxBuffer: 1 << 26 });
  // Slices, which are the picture; parameter sets and delimiters may stand elsewhere in the container.
  const slices = (units: string[]): string[] =>
    units.filter((unit) => [1, 5].includes(Number.parseInt(unit.slice(0, 2), 16) & 31));
  const exported = slices(nalUnits(stream));
  assert.ok(exported.length >= 100);
  assert.deepEqual(exported, slices(nalUnits(Buffer.concat(clip))));
});

test('an export plays in ffplay to its end', async (t) => {
  if (spawnSync('ffplay', ['-version']).error) return t.skip('ffplay is not installed');
  const { directory, record } = await recorded(t);
  await record(0, 50);
  const file = join(directory, 'out.mp4');
  await exportMp4(await openReader(directory), { ...whole, file });
  const env = { ...process.env, SDL_VIDEODRIVER: 'dummy', SDL_AUDIODRIVER: 'dummy' };
  const play = (path: string): { status: number | null; stderr: string } =>
    spawnSync('ffplay', ['-v', 'error', '-autoexit', path], { env, encoding: 'utf8', timeout: 60_000 });
  const played = play(file);
  assert.equal(played.status, 0, played.stderr);
  assert.equal(played.stderr.trim(), '');
  await damageFile(file, (bytes) => void bytes.fill(0xff, bytes.indexOf('mdat') + 4));
  assert.notEqual(play(file).stderr.trim(), '', 'a broken file is noticed');
});

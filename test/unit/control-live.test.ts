/** The live feed: what it makes decodes, starts with a keyframe, keeps nothing old, and its time never goes back. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import type { Unit } from '../../pipelines/messages.js';
import { mimeOf, splitAccessUnit } from '../../runtime/control/h264.js';
import { LiveFeed, type LiveFragment } from '../../runtime/control/live.js';
import { testLog, testUnit } from '../contract/control-camera.js';
import { encodeTestUnits } from '../h264-source.js';

const size = { width: 320, height: 240, framesPerSecond: 25 };

interface Probe {
  frames: { key_frame: number; pts_time: string; width: number }[];
}

/** Decodes with ffmpeg; anything it complains of fails the test. */
function decode(bytes: Buffer): Probe {
  const input = { input: bytes, maxBuffer: 1 << 28 };
  const told = execFileSync('ffmpeg', ['-v', 'warning', '-i', 'pipe:0', '-f', 'null', '-'], {
    ...input,
    stdio: 'pipe',
  });
  assert.equal(told.toString(), '');
  const entries = ['-show_entries', 'frame=key_frame,pts_time,width', '-of', 'json'];
  return JSON.parse(
    execFileSync('ffprobe', ['-v', 'error', ...entries, 'pipe:0'], input).toString(),
  ) as Probe;
}

function collect(feed: LiveFeed): {
  bytes: Buffer[];
  fragments: LiveFragment[];
  inits: string[];
  end: () => void;
} {
  const seen = { bytes: [] as Buffer[], fragments: [] as LiveFragment[], inits: [] as string[] };
  const end = feed.watch(
    ({ mime, data }) => {
      seen.inits.push(mime);
      seen.bytes.push(Buffer.from(data));
    },
    (fragment) => {
      seen.fragments.push(fragment);
      seen.bytes.push(Buffer.from(fragment.data));
    },
  );
  return { ...seen, end };
}

/** baseMediaDecodeTime of the `tfdt` box. */
function decodeTime({ data }: LiveFragment): number {
  const bytes = Buffer.from(data);
  const at = bytes.indexOf('tfdt') + 4;
  return bytes[at] === 1 ? Number(bytes.readBigUInt64BE(at + 4)) : bytes.readUInt32BE(at + 4);
}

const feedOf = (lines: string[] = []): LiveFeed => new LiveFeed({ log: testLog(lines) }, size);

test('init and fragments decode without a word from ffmpeg, frame by frame, at the times of the capture', () => {
  const units = encodeTestUnits({ frames: 60 });
  assert.equal(units.length, 60);
  assert.deepEqual(
    units.map(({ key }, at) => (key ? at : -1)).filter((at) => at >= 0),
    [0, 25, 50],
  );
  const feed = feedOf();
  const seen = collect(feed);
  for (const unit of units) feed.onUnit(unit);
  feed.interrupt();
  assert.equal(seen.inits.length, 1);
  assert.match(seen.inits[0] ?? '', /^video\/mp4; codecs="avc1\.42C0[0-9A-F]{2}"$/);
  const { frames } = decode(Buffer.concat(seen.bytes));
  assert.equal(frames.length, 60);
  assert.deepEqual(
    frames.map(({ pts_time }) => Number(pts_time)),
    units.map(({ seq }) => seq / 25),
  );
  assert.equal(frames[0]?.width, 320);
});

test('a viewer that joins in the middle starts at the last keyframe and decodes', () => {
  const units = encodeTestUnits({ frames: 60 });
  const feed = feedOf();
  for (const unit of units.slice(0, 40)) feed.onUnit(unit);
  const seen = collect(feed);
  assert.equal(seen.fragments.length, 14, 'units 25 to 38 at once');
  assert.equal(seen.fragments[0]?.key, true);
  for (const unit of units.slice(40)) feed.onUnit(unit);
  feed.interrupt();
  const { frames } = decode(Buffer.concat(seen.bytes));
  assert.equal(frames.length, 35);
  assert.equal(frames[0]?.key_frame, 1);
});

test('after the pipeline was replaced, with another picture size too, the stream goes on and decodes', () => {
  const before = encodeTestUnits({ frames: 30 });
  const after = encodeTestUnits({ frames: 30, width: 640, height: 480 }).map(
    (unit): Unit => ({ ...unit, monoUs: unit.monoUs + 3_000_000 }),
  );
  const feed = feedOf();
  const seen = collect(feed);
  for (const unit of before) feed.onUnit(unit);
  feed.interrupt();
  feed.onUnit(testUnit(0, false));
  for (const unit of after) feed.onUnit(unit);
  feed.interrupt();
  assert.equal(seen.inits.length, 2);
  assert.equal(seen.fragments.length, 60);
  const times = seen.fragments.map(decodeTime);
  assert.ok(times.every((time, at) => at === 0 || time > (times[at - 1] ?? 0)));
  assert.equal(times[30], 3_000_000);
});

test('a capture clock that goes back does not take the stream back', () => {
  const feed = feedOf();
  const seen = collect(feed);
  const jumps = [0, 40_000, 20_000, 20_000, 80_000];
  for (const [seq, monoUs] of jumps.entries()) feed.onUnit({ ...testUnit(seq, seq === 0), monoUs });
  feed.interrupt();
  assert.deepEqual(seen.fragments.map(decodeTime), [0, 40_000, 40_001, 40_002, 80_000]);
});

test('nothing is kept but the group under way, and a group without end is not kept', () => {
  const feed = feedOf();
  for (let seq = 0; seq < 200; seq += 1) feed.onUnit(testUnit(seq, seq % 25 === 0));
  assert.ok(feed.held.units <= 25);
  for (let seq = 200; seq < 2000; seq += 1) feed.onUnit(testUnit(seq, false, 50_000));
  assert.ok(feed.held.bytes < 9 << 20, `${feed.held.bytes} bytes`);
});

test('nothing comes before a keyframe, nor after a viewer left; a viewer that fails does not stop the others', () => {
  const lines: string[] = [];
  const feed = feedOf(lines);
  const seen = collect(feed);
  for (let seq = 0; seq < 5; seq += 1) feed.onUnit(testUnit(seq, false));
  assert.equal(seen.bytes.length, 0);
  feed.watch(
    () => undefined,
    () => {
      throw new Error('broken');
    },
  );
  for (let seq = 5; seq < 10; seq += 1) feed.onUnit(testUnit(seq, seq === 5));
  assert.equal(seen.fragments.length, 4);
  assert.equal(feed.viewers, 1);
  seen.end();
  feed.onUnit(testUnit(10, false));
  assert.equal(seen.fragments.length, 4);
  assert.match(lines.join('\n'), /broken/);
});

test('a keyframe without parameter sets is said once and skipped', () => {
  const lines: string[] = [];
  const feed = feedOf(lines);
  const seen = collect(feed);
  const bare: Unit = { ...testUnit(0, true), data: Buffer.from([0, 0, 0, 1, 0x65, 1, 2, 3]) };
  for (const seq of [0, 1, 2]) feed.onUnit({ ...bare, seq, monoUs: seq * 40_000 });
  assert.equal(seen.bytes.length, 0);
  assert.equal(lines.length, 1);
  feed.onUnit(testUnit(3, true));
  feed.onUnit(testUnit(4, false));
  assert.equal(seen.fragments.length, 1);
});

test('access units: three- and four-byte start codes, trailing zeros, delimiters, nothing at all', () => {
  const bytes = Buffer.from('00000109f0000001674dc0aa00000001688000000165112200', 'hex');
  const unit = splitAccessUnit(bytes);
  assert.equal(unit.sps?.toString('hex'), '674dc0aa');
  assert.equal(unit.pps?.toString('hex'), '6880');
  assert.equal(unit.sample.toString('hex'), '00000003651122');
  assert.equal(mimeOf(unit.sps ?? Buffer.alloc(4)), 'video/mp4; codecs="avc1.4DC0AA"');
  assert.equal(splitAccessUnit(Buffer.alloc(0)).sample.length, 0);
  assert.equal(splitAccessUnit(Buffer.from([0, 0, 1])).sample.length, 0);
  assert.equal(splitAccessUnit(Buffer.from([1, 2, 3])).sample.length, 0);
});

/**
 * People made anonymous, through the real pipeline process on the sample clip: every box that it tells is black in the
 * recording's frame of the same number and in pictures of it; the same search without the mask must find people.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../board/linux/clock.js';
import type { Box, Picture, Tracks, Unit } from '../../pipelines/messages.js';
import { configuredZones, pipelineOptions } from '../../runtime/camera-parts.js';
import { loadConfig } from '../../runtime/config/load.js';
import type { ConfigInput } from '../../runtime/config/schema.js';
import { Supervisor } from '../../runtime/health/supervisor.js';
import { clipConfig, clipSize, decode, until } from '../camera-run.js';
import { BRIGHTEST_BLACK, CODEC_MARGIN_PIXELS } from '../private-pixels.js';

const FRAMES = 60;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

interface Run {
  units: Unit[];
  looks: Tracks[];
  pictures: Picture[];
}

/** Runs the process until it gave enough frames; asks for a picture of each frame that people were found in. */
async function runPipeline(
  overrides: Partial<ConfigInput>,
  { watched = true, personMask = null as 'bodies' | 'heads' | null },
): Promise<Run> {
  const config = loadConfig(
    clipConfig({ mask: { zones: [], noneBecause: 'a test of people' }, ...overrides }),
  );
  const run: Run = { units: [], looks: [], pictures: [] };
  const authority = { mayRecord: true, personMask };
  const supervisor: Supervisor = new Supervisor(
    {
      clock: systemClock,
      log: silent,
      events: {
        unit: (unit) => void run.units.push(unit),
        tracks: (tracks) => {
          run.looks.push(tracks);
          if (run.looks.length % 4 !== 0) return;
          void supervisor.picture(tracks.seq).then(
            (picture) => run.pictures.push(picture),
            () => undefined,
          );
        },
        interrupted: () => undefined,
        ended: () => undefined,
      },
    },
    {
      ...config.supervise,
      pipeline: await pipelineOptions(config, watched ? config.zones : [], authority),
      memoryCeilingBytes: 2 ** 29,
      gstRegistry: null,
    },
  );
  await supervisor.start({ version: 1, zones: configuredZones(config).zones });
  try {
    await until('enough frames', () => run.units.length >= FRAMES);
  } finally {
    await supervisor.stop();
  }
  return run;
}

/** Samples inside the box, well away from its border, that are not black. */
function seenIn(picture: Buffer, box: Box): number {
  let seen = 0;
  const margin = CODEC_MARGIN_PIXELS;
  const { width, height } = clipSize;
  for (
    let y = Math.max(0, Math.ceil(box.y * height) + margin);
    y < Math.min(height, (box.y + box.height) * height - margin);
    y++
  ) {
    const left = Math.max(0, Math.ceil(box.x * width) + margin);
    const right = Math.min(width, (box.x + box.width) * width - margin);
    for (let x = left; x < right; x++) if (picture[y * width + x] > BRIGHTEST_BLACK) seen++;
  }
  return seen;
}

/** How many boxes were looked into, and how many bright samples stood in them. */
function search({ units, looks, pictures }: Run): { boxes: number; seen: number; pictured: number } {
  const frames = decode(Buffer.concat(units.map(({ data }) => data)), clipSize);
  assert.equal(frames.length, units.length);
  const shown = new Map(units.map(({ seq }, index) => [seq, frames[index]]));
  const stills = new Map(pictures.map(({ seq, jpeg }) => [seq, decode(jpeg, clipSize, 'full')[0]]));
  const found = { boxes: 0, seen: 0, pictured: 0 };
  for (const { seq, tracks } of looks) {
    for (const { class: what, box, seen } of tracks) {
      const frame = shown.get(seq);
      const still = stills.get(seq);
      if (what !== 'person' || !seen || !frame) continue;
      found.boxes++;
      found.seen += seenIn(frame, box);
      if (!still) continue;
      found.pictured++;
      found.seen += seenIn(still, box);
    }
  }
  return found;
}

const mask = (delaySeconds: number): Partial<ConfigInput> => ({
  personMask: { enabled: true, delaySeconds },
});

for (const delaySeconds of [0, 0.5]) {
  test(`delay ${delaySeconds} s: every box told is black in the recording and in pictures`, async () => {
    const run = await runPipeline(mask(delaySeconds), { personMask: 'bodies' });
    const found = search(run);
    assert.ok(found.boxes > 20 && found.pictured > 3, JSON.stringify(found));
    assert.equal(found.seen, 0);
    assert.ok(run.units.every(({ mask }) => mask.people !== undefined));
    assert.ok(run.pictures.every(({ mask }) => mask.people !== undefined));
    assert.ok(run.units.some(({ mask }) => mask.people === 'covered'));
    const seqs = run.units.map(({ seq }) => seq);
    assert.deepEqual(
      seqs,
      [...seqs].sort((a, b) => a - b),
    );
  });
}

test('negative control: without the mask the same search finds people', async () => {
  const found = search(await runPipeline({}, {}));
  assert.ok(found.boxes > 20 && found.pictured > 3, JSON.stringify(found));
  assert.ok(found.seen > 1000);
});

test('the authorisation alone switches it on; where nothing is watched, no track leaves the process', async () => {
  const { units, looks } = await runPipeline({}, { watched: false, personMask: 'heads' });
  assert.ok(units.some(({ mask }) => mask.people === 'covered'));
  assert.ok(looks.length > 5);
  assert.ok(looks.every(({ tracks }) => tracks.length === 0));
});

test('switched on without leave to look for people: the whole picture is covered, for good', async () => {
  const { units, looks } = await runPipeline(mask(0), { watched: false });
  assert.equal(looks.length, 0);
  assert.ok(units.every(({ mask }) => mask.people === 'area'));
  const frames = decode(Buffer.concat(units.map(({ data }) => data)), clipSize);
  const everywhere = { x: 0, y: 0, width: 1, height: 1 };
  assert.equal(
    frames.reduce((sum, frame) => sum + seenIn(frame, everywhere), 0),
    0,
  );
});

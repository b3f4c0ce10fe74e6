/**
 * Promise 1: what is recorded, streamed or pictured shows no private pixel. One camera on the real clip, one
 * search over the card, the live view, an alert picture and a snapshot; and the same search on a camera whose
 * mask is 8 pixels off, which must find something.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Point } from '../../pipelines/messages.js';
import {
  type CameraRun,
  clipConfig,
  clipSize,
  decode,
  privateZones,
  recordedUnits,
  runCamera,
  until,
} from '../camera-run.js';
import { ControlClient, enter } from '../control-client.js';
import { CODEC_MARGIN_PIXELS, countLeaks, privatePixels } from '../private-pixels.js';

const FRAMES = 60;
const pixels = privatePixels(
  privateZones.map((zone) => zone.points),
  clipSize,
  CODEC_MARGIN_PIXELS,
);

interface Seen {
  recorded: Buffer[];
  live: Buffer[];
  alertPicture: Buffer[];
  snapshot: Buffer[];
}

/** Runs a camera until it recorded enough and told an alert; returns every picture that left it. */
async function watch(run: CameraRun): Promise<Seen> {
  const cookie = await enter(run.camera.oneTimeLink(['live', 'alerts', 'health']));
  const client = await ControlClient.join(run.url, cookie);
  client.send({ t: 'live.start' });
  client.send({ t: 'alerts.since', number: 0 });
  const alert = await client.next('alert.picture');
  client.send({ t: 'snapshot.get', id: 1 });
  const snapshot = await client.next('snapshot');
  await until('enough frames', () => run.camera.health().frames.captured >= FRAMES);
  const live = client.messages.flatMap((m) =>
    m.t === 'live.init' || m.t === 'live.fragment' ? [m.data] : [],
  );
  client.socket.terminate();
  await run.stop();
  const units = await recordedUnits(run.directory);
  return {
    recorded: decode(Buffer.concat(units.map((unit) => unit.data)), clipSize),
    live: decode(Buffer.concat(live), clipSize),
    alertPicture: decode(alert.jpeg, clipSize, 'full'),
    snapshot: decode(snapshot.jpeg, clipSize, 'full'),
  };
}

function leaksIn(pictures: Buffer[]): number {
  return pictures.reduce((sum, picture) => sum + countLeaks(picture, clipSize, pixels), 0);
}

/** A picture that is black all over would pass any search. */
function isAPicture(picture: Buffer): boolean {
  const luma = picture.subarray(0, clipSize.width * clipSize.height);
  return luma.filter((value) => value > 60).length > luma.length / 3;
}

let run: CameraRun;
let seen: Seen;

before(async () => {
  run = await runCamera(clipConfig());
  seen = await watch(run);
});
after(() => run.clear());

for (const where of ['recorded', 'live', 'alertPicture', 'snapshot'] as const) {
  test(`no private pixel in what was ${where}`, () => {
    const pictures = seen[where];
    assert.ok(pictures.length >= (where === 'recorded' ? FRAMES : 1), `${pictures.length} pictures`);
    assert.ok(isAPicture(pictures[pictures.length - 1]));
    assert.equal(leaksIn(pictures), 0);
  });
}

test('at least 99 % of the frames captured are on the card', () => {
  const { captured, recorded } = run.camera.health().frames;
  assert.ok(recorded >= 0.99 * captured, `${recorded} of ${captured}`);
  assert.equal(seen.recorded.length, recorded);
  assert.deepEqual(run.errors, []);
});

test('the alert names the zone, and its box stands in it', () => {
  const { alert } = run.camera.told[0];
  assert.equal(alert.zone, 'Carrefour');
  assert.equal(alert.event, 'presence');
  const foot = { x: alert.box.x + alert.box.width / 2, y: alert.box.y + alert.box.height };
  assert.ok(foot.x >= 0.3 && foot.x <= 0.95 && foot.y >= 0.3 && foot.y <= 0.75);
});

test('negative control: a mask that is 8 pixels off is found out', async () => {
  const moved = privateZones.map(({ name, points }) => ({
    name,
    points: points.map(([x, y]): Point => [x + 8 / clipSize.width, y]),
  }));
  const off = await runCamera(clipConfig({ mask: { zones: moved } }));
  try {
    const found = await watch(off);
    for (const [where, pictures] of Object.entries(found)) {
      assert.ok(leaksIn(pictures) > 0, `the search missed the leak in what was ${where}`);
    }
  } finally {
    await off.clear();
  }
});

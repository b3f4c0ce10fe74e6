/**
 * A network camera as sensor: a real RTSP server on loopback. Its picture is recorded under the mask; when it goes
 * away and comes back, so does the recording.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { clipConfig, decode, privateZones, recordedUnits, runCamera, until } from '../camera-run.js';
import { CODEC_MARGIN_PIXELS, countLeaks, privatePixels } from '../private-pixels.js';

const SERVER = fileURLToPath(new URL('../../../test/rtsp-server.py', import.meta.url));
const size = { width: 320, height: 240 };
const servers: ChildProcess[] = [];
after(() => {
  for (const server of servers) server.kill('SIGKILL');
});

/** Starts the server; resolves with its port. */
async function serve(port: number): Promise<number> {
  const server = spawn('/usr/bin/python3', [SERVER, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  servers.push(server);
  let text = '';
  server.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  await until('the RTSP server', () => text.includes('\n'));
  return Number(text);
}

test('a network camera is masked and recorded, and heals when it comes back', async () => {
  const port = await serve(0);
  const run = await runCamera(
    clipConfig({
      sensor: { kind: 'rtsp', url: `rtsp://127.0.0.1:${port}/street` },
      picture: { ...size, framesPerSecond: 25 },
    }),
  );
  try {
    const { camera } = run;
    await until('frames', () => camera.recorder.framesRecorded >= 25);
    servers[0].kill('SIGKILL');
    await until('the loss is seen', () => camera.supervisor.totals.restarts > 0);
    assert.ok(camera.health().notices.some(({ code }) => code === 'no-picture'));
    await serve(port);
    const before = camera.recorder.framesRecorded;
    await until('frames again', () => camera.recorder.framesRecorded >= before + 25);
    await run.stop();
    const units = await recordedUnits(run.directory);
    const pictures = decode(Buffer.concat(units.map((unit) => unit.data)), size);
    const zones = privateZones.map((zone) => zone.points);
    const pixels = privatePixels(zones, size, CODEC_MARGIN_PIXELS);
    assert.ok(pictures.length >= 50);
    assert.equal(
      pictures.reduce((sum, picture) => sum + countLeaks(picture, size, pixels), 0),
      0,
    );
    assert.ok(
      pictures.every((picture) => picture[0] > 200),
      'the rest of the picture is seen',
    );
  } finally {
    await run.clear();
  }
});

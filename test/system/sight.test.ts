/** A whole camera that is blinded: its health says so, without any authorisation to watch or to record. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { clipConfig, runCamera, until } from '../camera-run.js';

test('a blinded camera says so, and records and analyses nothing', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-test-'));
  const file = join(directory, 'white.mp4');
  const white = ['-f', 'lavfi', '-i', 'color=white:s=320x240:r=10', '-t', '3', '-pix_fmt', 'yuv420p'];
  execFileSync('ffmpeg', ['-v', 'error', ...white, '-c:v', 'libx264', file]);
  const run = await runCamera(
    clipConfig({
      sensor: { kind: 'clip', file },
      picture: { width: 320, height: 240, framesPerSecond: 10 },
    }),
    directory,
  );
  try {
    const codes = (): string[] => run.camera.health().notices.map(({ code }) => code);
    await until('the notice', () => codes().includes('sight-blinded'));
    assert.ok(codes().includes('authorisation-absent'));
    assert.equal(run.camera.health().detect.on, false);
    assert.equal(run.camera.recorder.framesRecorded, 0);
    assert.equal(run.lines.filter((line) => line.startsWith('sight-blinded: ')).length, 1);
  } finally {
    await run.clear();
  }
});

/** A whole camera whose card falls ill, or is not there yet: its health says so, and it records by itself on the card that comes. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { clipConfig, runCamera, until } from '../camera-run.js';
import { LoopCard } from './card-loop.js';

const command = fileURLToPath(new URL('../../runtime/cli/main.js', import.meta.url));

test('a card that stops on an error under a whole camera, and another that takes its place', async (t) => {
  const card = LoopCard.make(t);
  if (!card) return;
  const run = await runCamera(
    clipConfig({
      sensor: { kind: 'pattern' },
      detect: { enabled: false },
      zones: [],
      record: { directory: join(card.point, 'store'), capacityMiB: 16, segmentMiB: 4 },
    }),
  );
  try {
    const { camera } = run;
    const told = (code: string): boolean => camera.health().notices.some((notice) => notice.code === code);
    await until('recording', () => camera.recorder.framesRecorded >= 10);
    assert.equal(told('card-read-only'), false);
    card.fail();
    await until('the notice', () => told('card-read-only'));
    await until('the store gives up', () => camera.health().store.state === 'failed');
    const recorded = camera.recorder.framesRecorded;
    card.replug();
    await until('recording again', () => camera.recorder.framesRecorded >= recorded + 10);
    await until('the notice goes', () => !told('card-read-only'));
    assert.deepEqual(
      run.lines.filter((line) => line.startsWith('card-read-only')).map((line) => line.split(': ')[1]),
      ['The card has turned read-only. Replace it.', 'no longer so'],
    );
  } finally {
    await run.clear();
  }
});

test('a camera that starts without its card: the second store records, then the card; read as one', async (t) => {
  const card = LoopCard.make(t);
  if (!card) return;
  card.takeOff();
  const config = clipConfig({
    sensor: { kind: 'pattern' },
    detect: { enabled: false },
    zones: [],
    record: {
      directory: join(card.point, 'store'),
      mountPoint: card.point,
      capacityMiB: 16,
      segmentMiB: 4,
      second: { directory: 'second', capacityMiB: 16 },
    },
  });
  const run = await runCamera(config);
  const vigie = (...args: string[]): string => {
    const file = join(run.directory, 'camera.json');
    const where = ['--config', file, '--state', run.directory];
    const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args, ...where], {
      encoding: 'utf8',
      env: { ...process.env, LANG: 'C' },
    });
    assert.equal(status, 0, stderr);
    return stdout;
  };
  try {
    const { camera } = run;
    writeFileSync(join(run.directory, 'camera.json'), JSON.stringify(config));
    const codes = (): string[] => camera.health().notices.map(({ code }) => code);
    await until('recording on the second store', () => (camera.health().store.second?.gops ?? 0) >= 3);
    assert.ok(codes().includes('card-gone'), codes().join());
    assert.ok(codes().includes('on-second-store'), codes().join());
    assert.equal(camera.health().store.state, 'recording');
    card.mount();
    await until('recording on the card', () => camera.health().store.segmentsUsed > 0);
    await until('the notices go', () => codes().length === 0);
    const { gops } = camera.health().store;
    await until('some more', () => camera.health().store.gops >= gops + 3);
    await camera.stop();
    const { stores } = JSON.parse(vigie('store', 'list', '--json')) as {
      stores: { coverage: { pictures: number }[] }[];
    };
    const pictures = stores.flatMap(({ coverage }) => coverage).reduce((sum, span) => sum + span.pictures, 0);
    assert.equal(stores.filter(({ coverage }) => coverage.length > 0).length, 2);
    assert.equal(pictures, camera.recorder.framesRecorded);
    assert.match(vigie('store', 'list'), /First store, .*\n[\s\S]*Second store, /);
    assert.equal(vigie('store', 'check').match(/No damage/g)?.length, 2);
    const out = join(run.directory, 'both.mp4');
    vigie('store', 'export', '--from', '-1h', '--to', 'now', out);
    const small = [
      '-vf',
      'scale=16:16',
      '-pix_fmt',
      'gray',
      '-fps_mode',
      'passthrough',
      '-f',
      'rawvideo',
      '-',
    ];
    const decoded = execFileSync('ffmpeg', ['-v', 'error', '-i', out, ...small], { stdio: 'pipe' });
    assert.equal(decoded.length / 256, pictures, 'every picture of both, once');
    const asked = spawnSync(
      process.execPath,
      [command, 'store', 'destroyed', '--from', '-1h', '--to', 'now', '--state', run.directory, '--json'],
      { encoding: 'utf8' },
    );
    assert.equal((JSON.parse(asked.stdout) as { verdict: string }).verdict, 'kept');
  } finally {
    await run.clear();
  }
});

/** A whole camera whose card falls ill: its health says so, and it records again by itself on the card that comes back. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { clipConfig, runCamera, until } from '../camera-run.js';
import { LoopCard } from './card-loop.js';

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

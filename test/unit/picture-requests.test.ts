import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import { PictureRequests } from '../../runtime/health/picture-requests.js';
import { testPicture } from '../contract/control-camera.js';

function requests() {
  const clock = new ManualClock();
  const asked: number[] = [];
  return { clock, asked, pictures: new PictureRequests(), send: (id: number) => void asked.push(id) };
}

test('many who ask for the newest picture at once cost one picture', async () => {
  const { clock, asked, pictures, send } = requests();
  const waiting = Array.from({ length: 32 }, () => pictures.askNewest(send, clock));
  assert.deepEqual(asked, [1]);
  pictures.answer({ ...testPicture(), id: 1 });
  for (const picture of await Promise.all(waiting)) assert.equal(picture.id, 1);
  const next = pictures.askNewest(send, clock);
  assert.deepEqual(asked, [1, 2], 'a picture that was given is not given again');
  pictures.failAll('the test is over');
  await assert.rejects(next);
});

test('without an answer everyone who waits is told, and the next one is asked anew', async () => {
  const { clock, asked, pictures, send } = requests();
  const waiting = [pictures.askNewest(send, clock), pictures.askNewest(send, clock)];
  clock.advance(2000);
  for (const one of waiting) await assert.rejects(one, /no answer in time/);
  pictures.askNewest(send, clock).catch(() => undefined);
  assert.deepEqual(asked, [1, 2]);
});

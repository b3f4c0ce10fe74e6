/** A slot whose model answers late, or never: nobody must believe that it looks. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import type { VigieError } from '../../errors.js';
import { failedSlot } from '../../models/refusal.js';
import { Slots } from '../../pipelines/detect/slots.js';
import type { FromSlot } from '../../pipelines/detect/thread-messages.js';
import { testLog } from '../contract/control-camera.js';
import { Street } from './detect-street.js';

class FakeThread extends EventEmitter {
  asked = 0;
  ended = 0;

  postMessage(): void {
    this.asked++;
  }

  terminate(): Promise<number> {
    this.ended++;
    return Promise.resolve(1);
  }

  say(message: FromSlot): void {
    this.emit('message', message);
  }
}

interface Stage {
  thread: FakeThread;
  faults: VigieError[];
  lines: string[];
  /** offers frames for so long */
  pass(seconds: number): void;
}

function stage(): Stage {
  const thread = new FakeThread();
  const faults: VigieError[] = [];
  const lines: string[] = [];
  const slots = new Slots(
    { log: testLog(lines), onFault: (error) => void faults.push(error), thread: () => thread },
    [{ name: 'smoke-1', listFile: '/list', publicKey: '', modelSha256: '0'.repeat(64) }],
  );
  slots.start();
  const street = new Street({ width: 64, height: 48 });
  const pass = (seconds: number): void => {
    for (let n = 0; n < 2 * seconds; n++) {
      street.atUs += 500_000;
      slots.offer(street.frame());
    }
  };
  return { thread, faults, lines, pass };
}

const ready: FromSlot = { t: 'ready', task: 'fire', width: 64, height: 48, everySeconds: 1 };

test('a model that never answers has failed, once, and is told by its name', () => {
  const { thread, faults, pass } = stage();
  thread.say(ready);
  pass(9);
  assert.deepEqual([thread.asked, faults.length], [1, 0]);
  pass(20);
  assert.deepEqual(
    faults.map(({ kind, message }) => [kind, failedSlot(message)]),
    [['model', 'smoke-1']],
  );
  assert.equal(thread.ended, 1);
});

test('a model that is never loaded has failed too', () => {
  const { faults, pass } = stage();
  pass(110);
  assert.equal(faults.length, 0);
  pass(20);
  assert.equal(faults.length, 1);
});

test('a model that takes longer than an event may be interrupted is said, once', () => {
  const { thread, faults, lines, pass } = stage();
  thread.say(ready);
  for (let n = 0; n < 5; n++) {
    pass(4);
    thread.say({ t: 'seen', places: [] });
  }
  assert.equal(lines.filter((line) => /smoke-1.*too slow/.test(line)).length, 1, lines.join('\n'));
  assert.equal(faults.length, 0);
});

test('a model that answers in time goes on for ever, and nothing is said of it', () => {
  const { thread, faults, lines, pass } = stage();
  thread.say(ready);
  for (let n = 0; n < 100; n++) {
    pass(2);
    thread.say({ t: 'seen', places: [] });
  }
  assert.ok(thread.asked > 90);
  assert.deepEqual([faults.length, lines.filter((line) => /slow/.test(line)).length], [0, 0]);
});

/**
 * The channel between the two processes against bytes that are not what they say. It must never throw, never hold
 * more than one message, and deliver what is sound whatever the pieces it comes in.
 */
import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { Packr } from 'msgpackr';
import { Channel } from '../../pipelines/channel.js';
import { seeded } from '../random.js';

const MOST_BYTES = 4096;
const cases = Number(process.env['CASES'] ?? 3000);
const packr = new Packr({ useRecords: false });

/** A stream whose two ends the test holds: what is written is kept, what is fed is read. */
class Wire extends Duplex {
  readonly written: Buffer[] = [];
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written.push(chunk);
    done();
  }
}

function listen(): { wire: Wire; channel: Channel; heard: unknown[]; broken: string[] } {
  const wire = new Wire();
  const heard: unknown[] = [];
  const broken: string[] = [];
  const channel = new Channel(wire, MOST_BYTES, {
    message: (message) => heard.push(message),
    broken: (why) => broken.push(why),
    closed: () => undefined,
  });
  return { wire, channel, heard, broken };
}

function framed(body: Buffer, length = body.length): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(length);
  return Buffer.concat([head, body]);
}

const sound = [
  { t: 'beat', captured: 1 },
  { t: 'unit', data: Buffer.alloc(1000, 7), key: true },
  { t: 'ended' },
];

test('messages arrive whole whatever the pieces they come in', () => {
  const random = seeded(1);
  const bytes = Buffer.concat(sound.map((message) => framed(packr.pack(message))));
  for (let round = 0; round < 200; round++) {
    const { wire, heard } = listen();
    for (let at = 0; at < bytes.length; ) {
      const step = 1 + Math.floor(random() * (round % 2 ? 7 : 600));
      wire.emit('data', bytes.subarray(at, at + step));
      at += step;
    }
    assert.deepEqual(heard, sound);
  }
});

test('what one side sends the other hears', () => {
  const sender = listen();
  for (const message of sound) sender.channel.send(message);
  const { wire, heard } = listen();
  wire.emit('data', Buffer.concat(sender.wire.written));
  assert.deepEqual(heard, sound);
});

test('a length out of bounds, an announced array of millions, an extension, bytes left over: the channel ends', () => {
  const bad = [
    framed(Buffer.alloc(0), MOST_BYTES + 1),
    framed(Buffer.from('dd05f5e100', 'hex')),
    framed(Buffer.from('d6ff00000000', 'hex')),
    framed(Buffer.from('c0c0', 'hex')),
    framed(Buffer.alloc(0)),
  ];
  for (const bytes of bad) {
    const { wire, heard, broken } = listen();
    wire.emit('data', bytes);
    assert.deepEqual([heard.length, broken.length], [0, 1], bytes.toString('hex'));
    wire.emit('data', framed(packr.pack(sound[0])));
    assert.equal(heard.length, 0, 'nothing is heard after the end');
  }
});

test(`${cases} mutated streams: no exception, and an end at most once`, () => {
  const random = seeded(7);
  for (let round = 0; round < cases; round++) {
    const bytes = Buffer.concat(sound.map((message) => framed(packr.pack(message))));
    for (let i = 0; i <= round % 5; i++)
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    const { wire, heard, broken } = listen();
    wire.emit('data', bytes.subarray(0, Math.floor(random() * bytes.length)));
    assert.ok(broken.length <= 1);
    assert.ok(heard.length <= sound.length);
  }
});

/** Packets of the GStreamer Data Protocol: a picture with its time; anything else is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readStamped } from '../../pipelines/capture/stamped.js';
import { seeded } from '../random.js';

function packet(type: number, ns: bigint, payload: Buffer): Buffer {
  const header = Buffer.alloc(62);
  header.writeUInt16BE(0x0100, 0);
  header.writeUInt16BE(type, 4);
  header.writeUInt32BE(payload.length, 6);
  header.writeBigUInt64BE(ns, 10);
  return Buffer.concat([header, payload]);
}

test('a picture comes with its time, or with none', () => {
  const picture = Buffer.from('a picture');
  assert.deepEqual(readStamped(packet(1, 1_234_567_890n, picture)), { stampUs: 1_234_567, data: picture });
  assert.deepEqual(readStamped(packet(1, 2n ** 64n - 1n, picture)), { stampUs: null, data: picture });
});

test('formats and events are no pictures', () => {
  for (const type of [0, 2, 64 + 18]) assert.equal(readStamped(packet(type, 0n, Buffer.from('caps'))), null);
});

test('anything else is refused', () => {
  const whole = packet(1, 5n, Buffer.alloc(100));
  assert.throws(() => readStamped(whole.subarray(0, 161)), /without its time stamp/);
  assert.throws(() => readStamped(Buffer.concat([whole, Buffer.alloc(1)])), /without its time stamp/);
  assert.throws(() => readStamped(Buffer.alloc(0)), /without its time stamp/);
  const random = seeded(3);
  for (let i = 0; i < 500; i++) {
    const bytes = Buffer.from(Array.from({ length: Math.floor(random() * 200) }, () => random() * 256));
    assert.throws(() => readStamped(bytes), /without its time stamp/);
  }
});

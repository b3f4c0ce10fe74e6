/** The bytes of both protocols, against the tables in docs/ptz.md and frames written out by hand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  PelcoDecoder,
  pelco,
  pelcoDrive,
  pelcoPanCounts,
  pelcoTiltCounts,
  pelcoTiltDeg,
  pelcoValue,
} from '../../board/ptz/pelco-d.js';
import { fromViscaNibbles, signed16, ViscaDecoder, visca, viscaNibbles } from '../../board/ptz/visca.js';
import { eviD70Scale, magnificationScale } from '../../board/ptz/zoom-scale.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const of = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

test('Pelco-D orders have the bytes of the manual', () => {
  assert.equal(hex(pelcoDrive(1, { pan: 0, tilt: 0, zoom: 0 })), 'ff010000000001');
  assert.equal(hex(pelcoDrive(1, { pan: 1, tilt: 0, zoom: 0 })), 'ff0100023f0042');
  assert.equal(hex(pelcoDrive(2, { pan: -0.5, tilt: -0.5, zoom: 1 })), 'ff0200342020' + '76');
  assert.equal(hex(pelcoValue(1, pelco.callPreset, 5)), 'ff01000700050d');
  assert.equal(hex(pelcoValue(1, pelco.queryPan)), 'ff010051000052');
  assert.equal(hex(pelcoValue(1, pelco.setPan, pelcoPanCounts(45))), 'ff01004b1194f1');
});

test('Pelco-D angles: pan goes round, tilt counts downwards', () => {
  assert.deepEqual([0, -10, 350, 720.004, 359.999].map(pelcoPanCounts), [0, 35000, 35000, 0, 0]);
  assert.deepEqual([0, -90, 45, 90].map(pelcoTiltCounts), [0, 9000, 31500, 27000]);
  assert.deepEqual([0, 9000, 31500, 9001, 26999, 36000].map(pelcoTiltDeg), [0, -90, 45, null, null, null]);
});

test('a Pelco-D answer is found after garbage, in any pieces, and only when its sum is right', () => {
  const answer = of('ff 01 00 59 11 94 ff');
  // a short general answer, a wrong sum, another address, then the answer
  const stream = Buffer.concat([
    of('00 37 ff 01 00 53'),
    of('ff 01 00 59 11 94 fe'),
    of('ff 02 00 59 00 00 5b'),
    answer,
  ]);
  for (let piece = 1; piece <= stream.length; piece++) {
    const decoder = new PelcoDecoder(1, new Set([pelco.panIs]));
    const frames = [];
    for (let at = 0; at < stream.length; at += piece)
      frames.push(...decoder.push(stream.subarray(at, at + piece)));
    assert.deepEqual(
      frames.map(({ data1, data2 }) => data1 * 256 + data2),
      [4500],
    );
    assert.equal(decoder.skippedBytes, stream.length - 7);
  }
});

test('VISCA orders have the bytes of the command list', () => {
  assert.equal(hex(visca.drive(1, 0, 0)), '8101060101010303ff');
  assert.equal(hex(visca.drive(1, 1, -1)), '8101060118170202ff');
  assert.equal(hex(visca.absolute(1, 1200, -400)), '81010602181700040b000f0e0700ff');
  assert.equal(hex(visca.relative(2, 1, -1)), '8201060318170000' + '00010f0f0f0fff');
  assert.equal(hex(visca.zoomDirect(1, 0x4000)), '8101044704000000ff');
  assert.equal(hex(visca.zoomDrive(1, -1)), '8101040737ff');
  assert.equal(hex(visca.askPanTilt(1)), '81090612ff');
  assert.equal(hex(visca.askZoom(1)), '81090447ff');
  assert.equal(hex(visca.cancel(1, 2)), '8122ff');
  const corner = { upRight: true, pan: 0x08db, tilt: 0x04b0 };
  assert.equal(hex(visca.limit(1, corner)), '81010607000100080d0b00040b00ff');
});

test('VISCA nibbles: two counts below zero, and a byte that is none', () => {
  assert.equal(signed16(fromViscaNibbles(viscaNibbles(-2)) ?? 0), -2);
  assert.equal(fromViscaNibbles([0, 0, 16, 0]), null);
});

test('VISCA replies are told apart, in any pieces', () => {
  const stream = of('90 41 ff  90 51 ff  90 50 04 0b 00 0f ff  90 60 02 ff  90 38 ff  a0 41 ff  90 43 ff');
  for (let piece = 1; piece <= stream.length; piece++) {
    const decoder = new ViscaDecoder(1);
    const replies = [];
    for (let at = 0; at < stream.length; at += piece)
      replies.push(...decoder.push(stream.subarray(at, at + piece)));
    assert.deepEqual(replies, [
      { is: 'ack', socket: 1 },
      { is: 'done', socket: 1 },
      { is: 'answer', payload: of('040b000f') },
      { is: 'error', socket: 0, code: 2 },
      { is: 'network-change' },
    ]);
    assert.equal(decoder.skippedBytes, 6);
  }
});

test('a VISCA reply is found behind garbage without a terminator, and after too long a packet', () => {
  const decoder = new ViscaDecoder(1);
  assert.deepEqual(decoder.push(of('00 12 34 90 41 ff')), [{ is: 'ack', socket: 1 }]);
  assert.deepEqual(decoder.push(Buffer.concat([Buffer.alloc(40, 0x11), of('ff 90 42 ff')])), [
    { is: 'ack', socket: 2 },
  ]);
});

test('zoom counts and fields of view go over into each other, and end where the lens ends', () => {
  for (const scale of [eviD70Scale(), magnificationScale(60, 18)]) {
    for (const hfovDeg of [48, 30, 10, 5]) {
      const back = scale.hfovDeg(scale.counts(hfovDeg));
      assert.ok(back !== null && Math.abs(back / hfovDeg - 1) < 0.002, `${hfovDeg} came back as ${back}`);
    }
  }
  assert.equal(eviD70Scale().hfovDeg(0x4001), null);
  assert.equal(eviD70Scale().counts(120), 0);
  assert.equal(eviD70Scale().counts(1), 0x4000);
  assert.equal(magnificationScale(60, 18).hfovDeg(0), null);
});

/**
 * The parsers of both head protocols against streams that are cut, mixed and made up. They must never throw, never hold
 * more than one packet, find the same in whatever pieces the bytes come, and find a sound answer after any garbage.
 * `CASES=100000 node --test dist/test/fuzz/ptz-parsers.test.js` for more.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { PelcoDecoder, pelco, pelcoValue } from '../../board/ptz/pelco-d.js';
import type { LineOpener } from '../../board/ptz/serial-line.js';
import { ViscaDecoder, ViscaSplitter, viscaMostBytes } from '../../board/ptz/visca.js';
import { ManualClock } from '../../board/virtual/clock.js';
import { virtualHeadOptions } from '../../board/virtual/head.js';
import { VigieError } from '../../errors.js';
import { seeded } from '../random.js';
import { headFor, protocols } from '../unit/head-bench.js';

const cases = Number(process.env['CASES'] ?? 3000);
const folder = 'test/fuzz/corpus/ptz';
const corpus = readdirSync(folder).map((name) =>
  Buffer.from(readFileSync(join(folder, name), 'utf8').replaceAll(/\s/g, ''), 'hex'),
);
const believed = new Set<number>([pelco.panIs, pelco.tiltIs, pelco.zoomIs]);

/** Some of the corpus after one another, with a few bytes turned, left out, doubled or put in. */
function stream(random: () => number): Buffer {
  const below = (n: number): number => Math.floor(random() * n);
  const parts = Array.from({ length: 1 + below(4) }, () => corpus[below(corpus.length)] ?? Buffer.alloc(0));
  let bytes = Buffer.concat(parts);
  for (let changes = below(5); changes > 0; changes--) {
    const at = below(bytes.length);
    const put = Buffer.from(
      Array.from({ length: below(6) }, () => [below(256), 0xff, 0x90, 0x01][below(4)] ?? 0),
    );
    bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + below(4))]);
  }
  return bytes;
}

function inPieces<Packet>(
  decoder: { push(bytes: Uint8Array): Packet[] },
  bytes: Buffer,
  random: () => number,
): Packet[] {
  const found: Packet[] = [];
  for (let at = 0; at < bytes.length; ) {
    const step = 1 + Math.floor(random() * 9);
    found.push(...decoder.push(bytes.subarray(at, at + step)));
    at += step;
  }
  return found;
}

test(`${cases} streams: Pelco-D frames are the same in any pieces, sound, and none is held back`, () => {
  const random = seeded(11);
  let frames = 0;
  for (let i = 0; i < cases; i++) {
    const bytes = stream(random);
    const whole = new PelcoDecoder(1, believed);
    const found = whole.push(bytes);
    assert.deepEqual(inPieces(new PelcoDecoder(1, believed), bytes, random), found, bytes.toString('hex'));
    const held = bytes.length - whole.skippedBytes - found.length * 7;
    assert.ok(held >= 0 && held < 7, `${held} bytes held of ${bytes.toString('hex')}`);
    for (const { command2, data1, data2 } of found) {
      const sound = pelcoValue(1, command2, data1 * 256 + data2);
      assert.ok(believed.has(command2) && bytes.includes(sound), bytes.toString('hex'));
    }
    frames += found.length;
    // What follows garbage may lose one answer to it, never two.
    const last = whole.push(
      Buffer.concat([pelcoValue(1, pelco.panIs, i % 36000), pelcoValue(1, pelco.panIs, i % 36000)]),
    );
    const told = last.map(({ data1, data2 }) => data1 * 256 + data2);
    assert.ok(told.includes(i % 36000), `${bytes.toString('hex')} hides what follows`);
  }
  assert.ok(frames > cases / 2, `${frames} frames`);
});

test(`${cases} streams: VISCA replies are the same in any pieces, short, and what follows is found`, () => {
  const random = seeded(12);
  let replies = 0;
  for (let i = 0; i < cases; i++) {
    const bytes = stream(random);
    const whole = new ViscaDecoder(1);
    const found = whole.push(bytes);
    assert.deepEqual(inPieces(new ViscaDecoder(1), bytes, random), found, bytes.toString('hex'));
    for (const packet of new ViscaSplitter().push(bytes)) assert.ok(packet.length <= viscaMostBytes);
    replies += found.length;
    const last = whole.push(Buffer.from('9042ff9042ff', 'hex')).at(-1);
    assert.deepEqual(last, { is: 'ack', socket: 2 }, bytes.toString('hex'));
  }
  assert.ok(replies > cases / 2, `${replies} replies`);
});

for (const protocol of protocols) {
  test(`${protocol}: whatever a line answers, a position is one that the head can have, or an error of the head`, async () => {
    const random = seeded(13);
    const clock = new ManualClock();
    const open: LineOpener = (on) =>
      Promise.resolve({
        write: () => Promise.resolve(void clock.after(1, () => on.bytes(stream(random)))),
        close: () => Promise.resolve(),
      });
    const head = headFor(virtualHeadOptions(protocol), { clock, open, told: () => undefined });
    await head.start(new AbortController().signal);
    const { tiltDeg: tilts, panDeg: pans, panEndless } = head.limits;
    let positions = 0;
    let errors = 0;
    const check = async (): Promise<void> => {
      try {
        const { panDeg, tiltDeg, hfovDeg, monoUs, roundTripUs } = await head.position();
        assert.ok(
          panEndless ? panDeg >= 0 && panDeg < 360 : panDeg >= pans[0] - 0.5 && panDeg <= pans[1] + 0.5,
        );
        assert.ok(tiltDeg >= tilts[0] - 0.5 && tiltDeg <= tilts[1] + 0.5);
        assert.ok(hfovDeg === null || (hfovDeg > 0 && hfovDeg <= 60.01));
        assert.ok(monoUs > 0 && roundTripUs > 0);
        positions += 1;
      } catch (error) {
        assert.ok(error instanceof VigieError && error.kind === 'head', String(error));
        errors += 1;
      }
    };
    for (let i = 0; i < 300; i++) {
      let over = false;
      const asked = check().finally(() => {
        over = true;
      });
      while (!over) {
        await setImmediate();
        clock.advance(10);
      }
      await asked;
    }
    assert.ok(positions > 0 && errors > 0, `${positions} positions, ${errors} errors`);
    await head.stop();
  });
}

/** The street that the mask is measured on: what it shows where, and that its private colours are unmistakable. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMark, readMark, writeMark } from '../../board/virtual/frame-mark.js';
import {
  drawPanorama,
  firstPrivateColour,
  firstZoneColour,
  mapHeight,
  mapWidth,
  paletteOf,
  privateChroma,
  streetChroma,
} from '../../board/virtual/panorama.js';
import { PanoramaView } from '../../board/virtual/panorama-view.js';
import { i420Bytes } from '../../pipelines/frame.js';
import { maskTable } from '../../pipelines/messages.js';

const size = { width: 320, height: 184 };
const straight = { principal: [0.5, 0.5] as [number, number], k1: 0, k2: 0, rollDeg: 0 };

/** A map with one texel-high and one texel-wide mark at a direction, to see where it comes out. */
function spotAt(panDeg: number, tiltDeg: number): { colours: Uint8Array; zones: [] } {
  const colours = new Uint8Array(mapWidth * mapHeight);
  const [cx, cy] = [((panDeg + 180) / 360) * mapWidth, ((90 - tiltDeg) / 180) * mapHeight];
  for (let y = Math.floor(cy) - 4; y < cy + 4; y++) {
    for (let x = Math.floor(cx) - 4; x < cx + 4; x++) colours[y * mapWidth + (x & (mapWidth - 1))] = 255;
  }
  return { colours, zones: [] };
}

/** Middle of the spot in the picture, pixels; null when it does not show. */
function seenAt(view: PanoramaView, at: Parameters<PanoramaView['colours']>[0]): [number, number] | null {
  const seen = view.colours(at);
  let [n, x, y] = [0, 0, 0];
  seen.forEach((colour, i) => {
    if (colour !== 255) return;
    n++;
    x += (i % size.width) + 0.5;
    y += Math.floor(i / size.width) + 0.5;
  });
  return n === 0 ? null : [x / n, y / n];
}

function nearTo(found: [number, number] | null, x: number, y: number): void {
  assert.ok(found, 'the spot does not show');
  assert.ok(Math.hypot(found[0] - x, found[1] - y) < 1.5, `${found.join()} instead of ${x},${y}`);
}

test('a direction comes out where the lens says', () => {
  const focal = 160 / Math.tan((30 * Math.PI) / 180);
  const right = Math.tan((10 * Math.PI) / 180) * focal;
  const look = (pan: number, tilt: number, lens = straight) =>
    new PanoramaView(spotAt(pan, tilt), size, lens);
  const ahead = { panDeg: 0, tiltDeg: 0, hfovDeg: 60 };
  nearTo(seenAt(look(0, 0), ahead), 160, 92);
  nearTo(seenAt(look(10, 0), ahead), 160 + right, 92);
  nearTo(seenAt(look(0, 10), ahead), 160, 92 - right);
  nearTo(
    seenAt(look(-170, 25), { panDeg: 180, tiltDeg: 25, hfovDeg: 60 }),
    160 + (right * Math.cos((25 * Math.PI) / 180)) / 1.0,
    92 - 2,
  );
  nearTo(seenAt(look(40, 60), { panDeg: 40, tiltDeg: 60, hfovDeg: 60 }), 160, 92);
  // a quarter turn clockwise takes what is on the right to below
  nearTo(
    seenAt(look(5, 0, { ...straight, rollDeg: 90 }), ahead),
    160,
    92 + Math.tan((5 * Math.PI) / 180) * focal,
  );
  nearTo(seenAt(look(0, 0, { ...straight, principal: [0.4, 0.6] }), ahead), 128, 110.4);
  const tangent = Math.tan((20 * Math.PI) / 180);
  nearTo(
    seenAt(look(20, 0, { ...straight, k1: -0.1, k2: 0.02 }), ahead),
    160 + focal * tangent * (1 - 0.1 * tangent ** 2 + 0.02 * tangent ** 4),
    92,
  );
  assert.equal(seenAt(look(180, 0), ahead), null, 'what is behind shows');
});

test('no colour of the street is taken for a private one, and none for black', () => {
  const { luma, u, v } = paletteOf();
  for (let i = 0; i < 256; i++) {
    const chroma = Math.max(Math.abs(u[i] - 128), Math.abs(v[i] - 128));
    if (i >= firstPrivateColour) assert.ok(chroma >= privateChroma);
    else assert.ok(chroma <= streetChroma);
    assert.ok(luma[i] >= 60, `colour ${i} has luma ${luma[i]}`);
  }
});

test('private colours lie in zones only, and the zones fit the channel', () => {
  const { colours, zones } = drawPanorama();
  const table = maskTable.parse({ version: 1, zones });
  assert.equal(table.zones.length, 28);
  const inZones = colours.filter((colour) => colour >= firstZoneColour).length;
  const secret = colours.filter((colour) => colour >= firstPrivateColour).length;
  assert.ok(secret > 0 && inZones > secret);
  assert.ok(inZones < colours.length / 20, 'most of the street is no zone');
  assert.deepEqual(drawPanorama(1).colours, colours);
  assert.notDeepEqual(drawPanorama(2).colours, colours);
});

test('the number of a frame is read back, and none from a black or a grey picture', () => {
  const picture = new Uint8Array(i420Bytes(size)).fill(128);
  assert.equal(readMark(picture, size), null);
  for (const number of [0, 1, 255, 256, 40_000, 65_535]) {
    writeMark(picture, size, number);
    assert.equal(readMark(picture, size), number);
  }
  // one corner hidden, then both
  for (let y = 0; y < 8; y++) picture.fill(16, y * size.width, (y + 1) * size.width);
  assert.equal(readMark(picture, size), 65_535);
  assert.ok(isMark(size, 0, size.height - 1) && !isMark(size, 0, 0));
  picture.fill(16);
  assert.equal(readMark(picture, size), null);
});

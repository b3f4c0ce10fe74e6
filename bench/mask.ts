/**
 * `npm run bench -- mask`: what the mask of a head that moves costs, in the thread that every frame passes through: placing
 * the frame (positions and the picture as a witness) and laying the zones. Every frame has a view of its own.
 */
import { i420Bytes, type PictureSize, type RawFrame } from '../pipelines/frame.js';
import { Masker } from '../pipelines/mask/masker.js';
import { type FrameView, Placement } from '../pipelines/mask/placement.js';
import type { HeadOptions, MaskTable, MaskZone } from '../pipelines/messages.js';
import { atMost, type Row, row } from './report.js';

const SIZES: (PictureSize & { name: string; goalMs: number })[] = [
  { name: '720p', width: 1280, height: 720, goalMs: 0.3 },
  { name: '1080p', width: 1920, height: 1080, goalMs: 0.6 },
];
const ZONES = [3, 20, 100];
const GOAL_ZONES = 20;
const FRAMES = 400;
const WARM_UP = 100;
const FRAME_US = 40_000;
/** Slow enough for one picture to serve for all of them; the arithmetic is the same at any speed. */
const TURN_DEG = 0.01;
const HFOV_DEG = 60;
const head = (k1: number): HeadOptions => ({
  lens: { principal: [0.5, 0.5], k1, k2: 0, rollDeg: 1 },
  frameDelayMs: 0,
  holdMs: 100,
});

/** Windows of 3 by 4 degrees, all of them in sight. */
function windows(count: number): MaskTable {
  const across = Math.ceil(Math.sqrt(count * 2));
  const down = Math.ceil(count / across);
  const zones = Array.from({ length: count }, (_, n): MaskZone => {
    const pan = -24 + (48 * (n % across)) / Math.max(1, across - 1);
    const tilt = -12 + (24 * Math.floor(n / across)) / Math.max(1, down - 1);
    const corner = (x: number, y: number): [number, number] => [pan + x, tilt + y];
    return { name: `${n}`, directions: [corner(-1.5, -2), corner(1.5, -2), corner(1.5, 2), corner(-1.5, 2)] };
  });
  return { version: 1, zones };
}

/** Blocks of greys, so that the picture can be a witness. */
function street(size: PictureSize): Buffer {
  const data = Buffer.alloc(i420Bytes(size), 128);
  const block = size.width / 40;
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const [i, j] = [Math.floor(x / block), Math.floor(y / block)];
      data[y * size.width + x] = 40 + (Math.imul(i * 31 + j * 57 + i * j, 2654435761) >>> 25);
    }
  }
  return data;
}

interface Cost {
  place: number[];
  lay: number[];
  /** frames that were hidden as a whole: the measure is then of something else */
  hidden: number;
}

function measure(size: PictureSize, table: MaskTable, k1: number): Cost {
  const picture = street(size);
  const data = Buffer.alloc(picture.length);
  const placement = new Placement(size, head(k1));
  const masker = new Masker(size, head(k1).lens);
  masker.open(table.version, masker.load(table));
  const cost: Cost = { place: [], lay: [], hidden: 0 };
  const add = (n: number): void =>
    placement.add({
      t: 'pose',
      monoUs: n * FRAME_US,
      panDeg: n * TURN_DEG,
      tiltDeg: 0,
      hfovDeg: HFOV_DEG,
      uncertaintyDeg: 0.05,
      speedDegPerS: 1,
      zoomPerS: 0,
      hide: null,
    });
  add(0);
  for (let n = 0; n < WARM_UP + FRAMES; n++) {
    add(n + 1);
    picture.copy(data);
    const frame: RawFrame = {
      kind: 'raw',
      seq: n,
      monoUs: n * FRAME_US + FRAME_US / 2,
      timeErrorUs: 0,
      wallMs: 0,
      ...size,
      data,
    };
    const started = process.hrtime.bigint();
    const where: FrameView = placement.place(frame);
    const placed = process.hrtime.bigint();
    const masked = masker.mask(frame, where);
    const laid = process.hrtime.bigint();
    placement.remember(masked);
    const remembered = process.hrtime.bigint();
    if (n < WARM_UP) continue;
    cost.place.push(Number(placed - started + remembered - laid) / 1e6);
    cost.lay.push(Number(laid - placed) / 1e6);
    if (masked.mask.state === 'full') cost.hidden++;
  }
  return cost;
}

function quantile(values: number[], share: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * share)];
}

/** Milliseconds a frame for moving views, the median and the 99th percentile, and the share of 40 ms. */
export function benchMask(): Row[] {
  const rows: Row[] = [];
  for (const { name, goalMs, ...size } of SIZES) {
    for (const count of ZONES) {
      const { place, lay, hidden } = measure(size, windows(count), 0);
      const whole = place.map((ms, i) => ms + lay[i]);
      const p50 = quantile(whole, 0.5);
      const what = `${name}, ${count} zones`;
      rows.push(
        count === GOAL_ZONES ? atMost(`${what}, p50`, p50, 'ms', goalMs) : row(`${what}, p50`, p50, 'ms'),
      );
      rows.push(row(`${what}, p99`, quantile(whole, 0.99), 'ms'));
      rows.push(
        row(`${what}, of the p50 the position and the picture as a witness`, quantile(place, 0.5), 'ms'),
      );
      rows.push(row(`${what}, share of a frame's 40 ms`, (100 * p50) / 40, '%'));
      rows.push(atMost(`${what}, frames hidden whole`, hidden, 'frames', 0));
    }
    const { place, lay } = measure(size, windows(GOAL_ZONES), -0.12);
    rows.push(
      row(
        `${name}, ${GOAL_ZONES} zones, a lens that distorts, p50`,
        quantile(
          place.map((ms, i) => ms + lay[i]),
          0.5,
        ),
        'ms',
      ),
    );
  }
  return rows;
}

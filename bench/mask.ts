/**
 * `npm run bench -- mask`: what the mask costs in the thread that every frame passes through. Zones of a head that moves:
 * placing the frame (positions and the picture as a witness) and laying them, every frame with a view of its own. People:
 * covering 50 of them. The sides take turns within one run, frame by frame, so that they share whatever the machine does.
 */
import { Cover } from '../pipelines/anonymise/cover.js';
import { i420Bytes, type PictureSize, type RawFrame } from '../pipelines/frame.js';
import { Masker } from '../pipelines/mask/masker.js';
import { Placement } from '../pipelines/mask/placement.js';
import type { Box, HeadOptions, MaskTable, MaskZone } from '../pipelines/messages.js';
import { atMost, type Row, row } from './report.js';

const SIZES: (PictureSize & { name: string; goalMs: number; blocksGoalMs: number | null })[] = [
  { name: '720p', width: 1280, height: 720, goalMs: 0.3, blocksGoalMs: null },
  { name: '1080p', width: 1920, height: 1080, goalMs: 0.6, blocksGoalMs: 1 },
];
const ZONES = [3, 20, 100];
const GOAL_ZONES = 20;
const PEOPLE = 50;
const FRAMES = 400;
const WARM_UP = 100;
const FRAME_US = 40_000;
const FRAME_MS = FRAME_US / 1000;
/** Slow enough for one picture to serve for all of them; the arithmetic is the same at any speed. */
const TURN_DEG = 0.01;
const HFOV_DEG = 60;
const head = (k1: number): HeadOptions => ({
  lens: { principal: [0.5, 0.5], k1, k2: 0, rollDeg: 1 },
  frameDelayMs: 0,
  holdMs: 100,
});

/** One of those that take turns. */
interface Side {
  name: string;
  goalMs: number | null;
  /** does its work on one frame; the parts of its cost, and whether the frame was hidden whole */
  frame: (n: number, data: Buffer) => { ms: number; placeMs: number | null; hidden: boolean };
}

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

/** A street seen from a pole: people of a tenth to a quarter of the picture's height, here and there. */
export function people(count: number): Box[] {
  return Array.from({ length: count }, (_, i) => {
    const height = 0.1 + 0.15 * ((i * 7) % 50) * 0.02;
    return { x: ((i * 13) % 50) / 52, y: ((i * 29) % 50) / 66, width: height * 0.25, height };
  });
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

const sinceMs = (start: bigint): number => Number(process.hrtime.bigint() - start) / 1e6;

function zonesSide(
  name: string,
  size: PictureSize,
  table: MaskTable,
  k1: number,
  goalMs: number | null,
): Side {
  const placement = new Placement(size, head(k1));
  const masker = new Masker(size, head(k1).lens);
  masker.open(table.version, masker.load(table));
  const still = { tiltDeg: 0, hfovDeg: HFOV_DEG, uncertaintyDeg: 0.05, speedDegPerS: 1, zoomPerS: 0 };
  const add = (n: number): void =>
    placement.add({ t: 'pose', monoUs: n * FRAME_US, panDeg: n * TURN_DEG, ...still, hide: null });
  add(0);
  const frame: Side['frame'] = (n, data) => {
    add(n + 1);
    const times = { seq: n, monoUs: n * FRAME_US + FRAME_US / 2, timeErrorUs: 0, wallMs: 0 };
    const raw: RawFrame = { kind: 'raw', ...times, ...size, data };
    const started = process.hrtime.bigint();
    const where = placement.place(raw);
    const placeMs = sinceMs(started);
    const masked = masker.mask(raw, where);
    const laid = process.hrtime.bigint();
    placement.remember(masked);
    const hidden = masked.mask.state === 'full';
    return { ms: sinceMs(started), placeMs: placeMs + sinceMs(laid), hidden };
  };
  return { name, goalMs, frame };
}

function peopleSide(size: PictureSize, manner: 'solid' | 'blocks', goalMs: number | null): Side {
  const cover = new Cover(size, { manner, cover: 'bodies' });
  const boxes = people(PEOPLE);
  const frame: Side['frame'] = (_, data) => {
    const started = process.hrtime.bigint();
    cover.boxes(data, boxes);
    return { ms: sinceMs(started), placeMs: null, hidden: false };
  };
  return { name: `${PEOPLE} people, ${manner}`, goalMs, frame };
}

function sidesOf({ goalMs, blocksGoalMs, ...size }: (typeof SIZES)[number]): Side[] {
  const ofZones = ZONES.map((count) =>
    zonesSide(`${count} zones`, size, windows(count), 0, count === GOAL_ZONES ? goalMs : null),
  );
  const bowed = zonesSide(
    `${GOAL_ZONES} zones, a lens that distorts`,
    size,
    windows(GOAL_ZONES),
    -0.12,
    null,
  );
  return [...ofZones, bowed, peopleSide(size, 'solid', null), peopleSide(size, 'blocks', blocksGoalMs)];
}

interface Cost {
  whole: number[];
  place: number[];
  /** frames that were hidden as a whole: the measure is then of something else */
  hidden: number;
}

function measure(size: PictureSize, sides: readonly Side[]): Cost[] {
  const picture = street(size);
  const data = Buffer.alloc(picture.length);
  const costs = sides.map((): Cost => ({ whole: [], place: [], hidden: 0 }));
  for (let n = 0; n < WARM_UP + FRAMES; n++) {
    for (const [i, side] of sides.entries()) {
      picture.copy(data);
      const { ms, placeMs, hidden } = side.frame(n, data);
      if (n < WARM_UP) continue;
      costs[i].whole.push(ms);
      if (placeMs !== null) costs[i].place.push(placeMs);
      if (hidden) costs[i].hidden++;
    }
  }
  return costs;
}

function quantile(values: number[], share: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * share)];
}

function rowsOf(what: string, { goalMs }: Side, { whole, place, hidden }: Cost): Row[] {
  const p50 = quantile(whole, 0.5);
  const rows = [
    goalMs === null ? row(`${what}, p50`, p50, 'ms') : atMost(`${what}, p50`, p50, 'ms', goalMs),
    row(`${what}, p99`, quantile(whole, 0.99), 'ms'),
    row(`${what}, share of a frame's ${FRAME_MS} ms`, (100 * p50) / FRAME_MS, '%'),
  ];
  if (place.length === 0) return rows;
  const witness = `${what}, of the p50 the position and the picture as a witness`;
  return [
    ...rows,
    row(witness, quantile(place, 0.5), 'ms'),
    atMost(`${what}, frames hidden whole`, hidden, 'frames', 0),
  ];
}

/** Milliseconds a frame, the median and the 99th percentile, and the share of the 40 ms of a frame. */
export function benchMask(): Row[] {
  return SIZES.flatMap((size) => {
    const sides = sidesOf(size);
    const costs = measure(size, sides);
    return sides.flatMap((side, i) => rowsOf(`${size.name}, ${side.name}`, side, costs[i]));
  });
}

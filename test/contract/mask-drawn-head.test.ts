/**
 * A zone is drawn on a picture of a camera on a head: real pipeline process, real supervisor, real zones. It hides what was drawn
 * where it was drawn, and goes with it when the head turns.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../board/linux/clock.js';
import type { MaskZone, Point, Unit } from '../../pipelines/messages.js';
import { Supervisor } from '../../runtime/health/supervisor.js';
import { MaskZones } from '../../runtime/mask-zones/mask-zones.js';
import { decode, until } from '../camera-run.js';
import { countLeaks, privatePixels } from '../private-pixels.js';
import { testLog } from './control-camera.js';
import { smallPipeline, smallSize } from './small-pipeline.js';

const HFOV = 60;
const POSE_MS = 40;
const lens = { principal: [0.5, 0.5] as [number, number], k1: 0, k2: 0, rollDeg: 0 };
/** Without a zone by directions there is no view in the stamps. */
const behind: MaskZone = {
  name: 'Behind',
  directions: [
    [170, 0],
    [190, 0],
    [180, 10],
  ],
};
const drawn: Point[] = [
  [0.55, 0.4],
  [0.7, 0.4],
  [0.7, 0.6],
  [0.55, 0.6],
];

/** Where a share of the width goes when the head turns, by the tangents of the angles; the tilt is 0 and heights grow a little. */
function turned([x, y]: Point, panDeg: number): Point {
  const half = Math.tan((HFOV * Math.PI) / 360);
  const angle = Math.atan((2 * x - 1) * half);
  const after = angle - (panDeg * Math.PI) / 180;
  return [0.5 + Math.tan(after) / half / 2, 0.5 + ((y - 0.5) * Math.cos(angle)) / Math.cos(after)];
}

test('what is drawn on a head is hidden there, and where it goes when the head turns', async (t) => {
  const units: Unit[] = [];
  const nothing = (): void => undefined;
  const supervisor = new Supervisor(
    {
      clock: systemClock,
      log: testLog(),
      events: {
        unit: (unit) => void units.push(unit),
        tracks: nothing,
        interrupted: nothing,
        ended: nothing,
      },
    },
    {
      pipeline: smallPipeline({ head: { lens, frameDelayMs: 20, holdMs: 250 } }),
      heartbeatTimeoutMs: 2000,
      silentSourceMs: 3000,
      startTimeoutMs: 15_000,
      memoryCeilingBytes: 2 ** 31,
      gstRegistry: null,
    },
  );
  let panDeg = 0;
  const cancel = systemClock.every(POSE_MS, () => {
    const still = {
      tiltDeg: 0,
      hfovDeg: HFOV,
      uncertaintyDeg: 0.05,
      speedDegPerS: 0,
      zoomPerS: 0,
      hide: null,
    };
    supervisor.pose({ t: 'pose', monoUs: systemClock.monoUs(), panDeg, ...still });
  });
  t.after(async () => {
    cancel();
    await supervisor.stop();
  });
  const zones = new MaskZones(
    {
      log: testLog(),
      file: { load: async () => 'none', save: async () => undefined },
      tables: async () => [],
      keep: async () => undefined,
      tell: async () => undefined,
      setMask: (table) => supervisor.setMask(table),
    },
    { configured: { zones: [behind], noneBecause: null }, size: smallSize, lens },
  );
  await supervisor.start(await zones.start());
  const placed = (version: number, pan: number): boolean => {
    const where = ({ mask }: Unit): number => (mask.state === 'zones' && mask.view ? mask.view.panDeg : 999);
    const found = units.filter((unit) => unit.mask.version === version && Math.abs(where(unit) - pan) < 0.01);
    return found.length > 2;
  };
  await until('placed frames', () => placed(1, 0));
  const { mask } = await supervisor.picture(null);
  assert.ok(mask.view);
  const wanted = { version: 1, remove: [], add: [{ name: 'Door', points: drawn }], noneBecause: null };
  assert.ok('zones' in (await zones.change({ ...wanted, view: mask.view }, 'odile')));
  await until('frames with the zone', () => placed(2, 0));
  panDeg = 8;
  await until('frames after the turn', () => placed(2, 8));
  const pictures = decode(Buffer.concat(units.map(({ data }) => data)), smallSize);
  const seen = (points: Point[], picture: Buffer): number =>
    countLeaks(picture, smallSize, privatePixels([points], smallSize, 2));
  let [there, elsewhere] = [0, 0];
  for (const [i, unit] of units.entries()) {
    const { version, state, view } = unit.mask;
    if (state !== 'zones' || !view) continue;
    const at = drawn.map((point) => turned(point, view.panDeg));
    if (version === 1) assert.ok(seen(at, pictures[i]) > 0, 'negative control: before, it is seen');
    else {
      assert.equal(seen(at, pictures[i]), 0, `frame ${i}, pan ${view.panDeg}`);
      there++;
      const away = at.map(([x, y]): Point => [x, y + 0.3]);
      if (seen(away, pictures[i]) > 0) elsewhere++;
    }
  }
  assert.ok(there > 4);
  assert.equal(elsewhere, there, 'the rest is seen');
});

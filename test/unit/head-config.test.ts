/** The head in the configuration: zones by directions, places inside the limits, what is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { directionsFault } from '../../pipelines/mask/table.js';
import { checkConfig } from '../../runtime/config/checks.js';
import { type ConfigInput, config } from '../../runtime/config/schema.js';

const square: [number, number][] = [
  [10, 0],
  [20, 0],
  [20, 8],
  [10, 8],
];

function problems(change: Partial<ConfigInput>): string[] {
  const read = config.parse({
    camera: { id: 'c', name: 'C' },
    sensor: { kind: 'pattern' },
    mask: { zones: [{ name: 'House', directions: square }] },
    head: { protocol: 'visca', device: '/dev/ttyUSB0' },
    ...change,
  });
  return checkConfig(read).map(({ path }) => path.join('.'));
}

test('a camera with a head takes zones by directions, and no others', () => {
  assert.deepEqual(problems({}), []);
  const points: [number, number][] = [
    [0, 0],
    [1, 0],
    [1, 1],
  ];
  assert.deepEqual(problems({ mask: { zones: [{ name: 'House', points }] } }), ['mask.zones.0']);
  assert.deepEqual(problems({ mask: { zones: [{ name: 'House', points, directions: square }] } }), [
    'mask.zones.0',
  ]);
  assert.deepEqual(problems({ head: undefined }), ['mask.zones.0']);
  const twice = [1, 2].map(() => ({ name: 'House', directions: square }));
  assert.deepEqual(problems({ mask: { zones: twice } }), ['mask.zones.1.name']);
  const crossed = [square[0], square[2], square[1], square[3]] as typeof square;
  assert.deepEqual(problems({ mask: { zones: [{ name: 'House', directions: crossed }] } }), [
    'mask.zones.0.directions',
  ]);
  assert.deepEqual(problems({ head: undefined, mask: { zones: [{ name: 'House', points }] } }), []);
});

test('a camera with a head needs a sensor that tells the time of each picture', () => {
  const pipe = { kind: 'pipe' as const, file: '/run/picture' };
  assert.deepEqual(problems({ sensor: pipe }), ['sensor.kind']);
  assert.deepEqual(problems({ sensor: { ...pipe, stamped: true } }), []);
  assert.deepEqual(problems({ sensor: { kind: 'clip', file: '/a.avi' } }), ['sensor.kind']);
  assert.deepEqual(
    problems({
      sensor: pipe,
      head: undefined,
      mask: { zones: [], noneBecause: 'Nothing private is in sight' },
    }),
    [],
  );
});

test('presets lie inside the limits, and patrols go to presets', () => {
  const head = {
    protocol: 'visca' as const,
    device: '/dev/ttyUSB0',
    limits: { panDeg: [-20, 20] as [number, number] },
    presets: [{ name: 'gate', panDeg: 21, tiltDeg: 0, hfovDeg: 40 }],
    patrols: [{ name: 'night', stops: [{ preset: 'gat', seconds: 5 }] }],
  };
  assert.deepEqual(problems({ head }), ['head.presets.0.panDeg', 'head.patrols.0.stops.0.preset']);
});

test('an order of limits, an address and a lens that cannot be are refused', () => {
  const head = {
    protocol: 'visca' as const,
    device: '/dev/ttyUSB0',
    address: 8,
    travel: { tiltDeg: [10, -10] as [number, number] },
    lens: {
      zoom: [
        [0, 40],
        [100, 50],
      ] as [number, number][],
    },
  };
  assert.deepEqual(problems({ head }), ['head.travel.tiltDeg', 'head.address', 'head.lens.zoom.1']);
});

test('directions that make no zone: crossing sides, a side too long, no area; the pole and the back are no trouble', () => {
  assert.equal(directionsFault(square), null);
  assert.equal(directionsFault(square.map(([pan, tilt]) => [pan + 165, tilt])), null);
  assert.equal(
    directionsFault([
      [0, 80],
      [90, 80],
      [180, 80],
      [270, 80],
    ]),
    null,
  );
  const [a, b, c, d] = square as [[number, number], [number, number], [number, number], [number, number]];
  assert.match(directionsFault([a, c, b, d]) ?? '', /cross/);
  assert.match(
    directionsFault([
      [0, 0],
      [175, 0],
      [90, 40],
    ]) ?? '',
    /side of 170/,
  );
  assert.match(
    directionsFault([
      [0, 0],
      [10, 0],
      [20, 0.0001],
    ]) ?? '',
    /area/,
  );
});

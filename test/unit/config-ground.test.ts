/** What a configuration may say of the ground, of density, and of zones where nobody could be seen. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Point } from '../../pipelines/messages.js';
import { loadConfig } from '../../runtime/config/load.js';
import { lampPost, seenAt, share } from './scene-camera.js';

const at = (place: Point): Point => share(seenAt(lampPost, place));
const square: Point[] = [
  [-4, 12],
  [4, 12],
  [5, 25],
  [-5, 25],
];
const points = square.map((place) => ({ at: at(place), metres: place }));
const person = (place: Point) => ({ feet: at(place), head: share(seenAt(lampPost, place, 1.7)) });
/** 6 m by 5 m; its far side is 15 m from the camera. */
const near = (
  [
    [-3, 10],
    [3, 10],
    [3, 15],
    [-3, 15],
  ] as Point[]
).map(at);
const far = (
  [
    [-3, 60],
    [3, 60],
    [3, 80],
    [-3, 80],
  ] as Point[]
).map(at);

function camera(
  ground: unknown,
  zone: Record<string, unknown> = {},
  more: Record<string, unknown> = {},
): object {
  return {
    camera: { id: 'cam-1', name: 'Mairie' },
    sensor: { kind: 'pattern' },
    mask: { zones: [], noneBecause: 'A place without any window' },
    scene: ground === undefined ? {} : { ground },
    zones: [{ name: 'Place', points: near, presence: {}, ...zone }],
    ...more,
  };
}

const refused = (config: object, why: RegExp): void => assert.throws(() => loadConfig(config), why);

test('a ground from marks and one from people are taken', () => {
  loadConfig(camera({ points }));
  loadConfig(camera({ people: [person([-3, 9]), person([4, 16]), person([-2, 28])] }));
});

test('a ground has marks or people, and not both', () => {
  refused(camera({}), /scene\.ground: has neither points nor people/);
  refused(camera({ points, people: [person([-3, 9]), person([4, 16]), person([0, 20])] }), /has both/);
});

test('a field of view goes with people, and not with marks', () => {
  refused(camera({ points, hfovDeg: 65 }), /scene\.ground\.hfovDeg: is given with points/);
  loadConfig(camera({ people: [person([-3, 13]), person([0, 16]), person([3, 19])], hfovDeg: 65.2 }));
});

test('the marks on the page about the scene give a ground', () => {
  const [, json = ''] = /```json\n([\s\S]*?)```/.exec(readFileSync('docs/scene.md', 'utf8')) ?? [];
  const { scene: given } = JSON.parse(json) as { scene: { ground: unknown } };
  loadConfig(camera(given.ground, { points: square.map(at).map(([x, y]): Point => [x, 0.5 + y / 2]) }));
});

test('marks that give no ground are refused by name', () => {
  const inLine = (
    [
      [-4, 12],
      [0, 12],
      [4, 12],
      [0, 25],
    ] as Point[]
  ).map((p) => ({ at: at(p), metres: p }));
  refused(camera({ points: inLine }), /scene\.ground\.points: three of the marks are in a line/);
  const alike = [person([-3, 15]), person([0, 15]), person([3, 15])];
  refused(camera({ people: alike }), /scene\.ground\.people: they stand too much alike/);
});

test('a camera on a head has no ground', () => {
  const head = { protocol: 'visca', device: '/dev/ttyUSB0' };
  refused(camera({ points }, {}, { head }), /scene\.ground: is given, but the head moves the camera/);
  loadConfig(camera(undefined, {}, { head }));
});

test('density says how many are too many, and has square metres only on a ground', () => {
  refused(camera({ points }, { density: {} }), /zones\[0\]\.density: does not say how many/);
  refused(camera(undefined, { density: { perSquareMetre: 1 } }), /perSquareMetre: needs to know how large/);
  loadConfig(camera({ points }, { density: { perSquareMetre: 1 } }));
  loadConfig(camera(undefined, { density: { capacity: 20 } }));
});

test('a zone where the detector would be blind is refused with the figure', () => {
  refused(
    camera({ points }, { points: far }),
    /zones\[0\]\.points: a person is only \d\.\d pixels tall for the detector.*; 24 are needed/,
  );
  loadConfig(camera({ points }, { points: far }, { scene: { ground: { points }, leastPersonPixels: 8 } }));
  loadConfig(camera(undefined, { points: far }));
  const large = { inputWidth: 1920, inputHeight: 1088 };
  loadConfig(camera({ points }, { points: far, presence: {} }, { detect: large }));
});

test('a zone above the horizon is refused, unless the detector has nothing to do there', () => {
  const sky: Point[] = [
    [0.4, 0.001],
    [0.6, 0.001],
    [0.6, 0.5],
    [0.4, 0.5],
  ];
  refused(camera({ points }, { points: sky }), /part of it is above the horizon/);
  loadConfig(camera({ points }, { points: sky, presence: undefined, fire: {} }));
});

/** Runs `vigie scene` on a configuration. */
function scene(config: object, ...flags: string[]): { status: number | null; text: string } {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-scene-'));
  try {
    const file = join(directory, 'camera.json');
    writeFileSync(file, JSON.stringify(config));
    const args = ['setup/vigie.mjs', 'scene', '--config', file, ...flags];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    return { status, text: stdout + stderr };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test('vigie scene shows each zone, those that are refused too', () => {
  const zones = [
    { name: 'Place', points: near, density: { perSquareMetre: 1 } },
    { name: 'Rue', points: far, presence: {} },
  ];
  const config = camera({ points }, {}, { zones });
  const en = scene(config, '--language', 'en');
  assert.equal(en.status, 1);
  assert.match(en.text, /With four marks nothing is left to check them by/);
  assert.match(en.text, /Place +\d+\.\d … \d+\.\d +\d+\.\d … \d+\.\d px +30\.0 m² +good/);
  assert.match(en.text, /Rue .*BLIND/);
  const fr = scene(config, '--language', 'fr');
  assert.match(fr.text, /Rue .*AVEUGLE/);
  const { ground, zones: told } = JSON.parse(scene(config, '--json').text);
  assert.equal(ground.from, 'points');
  assert.ok(Math.abs(told[0].squareMetres - 30) < 1e-6);
  assert.deepEqual([told[0].verdict, told[1].verdict], ['good', 'blind']);
});

test('vigie scene says what it cannot tell without a calibration, and refuses what is otherwise wrong', () => {
  const { status, text } = scene(camera(undefined), '--language', 'en');
  assert.equal(status, 0);
  assert.match(text, /cannot be told/);
  const wrong = scene(camera({ points }, { density: {} }));
  assert.equal(wrong.status, 2);
  assert.match(wrong.text, /does not say how many/);
});

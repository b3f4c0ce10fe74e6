/** What is refused of a designated zone although its shape is right. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkWatchedZone } from '../../runtime/config/watched-zone.js';
import { watchedZone } from '../../runtime/config/zones.js';
import { zone } from './scene-script.js';

const wrong = (change: object): string[] =>
  checkWatchedZone(watchedZone.parse({ ...zone(), ...change }), []).map(
    ({ path, text }) => `${path.join('.')}: ${text}`,
  );

test('hours with two sensitivities are refused; hours that touch, and overlapping hours of watching, are not', () => {
  const at = (from: string, to: string) => ({ from, to, sensitivity: 2 });
  assert.match(
    wrong({ sensitivityAt: [at('08:00', '10:00'), at('09:59', '12:00')] })[0] ?? '',
    /^sensitivityAt\.1: overlaps range 0/,
  );
  assert.match(wrong({ sensitivityAt: [at('22:00', '06:00'), at('05:00', '07:00')] })[0] ?? '', /overlaps/);
  assert.deepEqual(wrong({ sensitivityAt: [at('08:00', '10:00'), at('10:00', '12:00')] }), []);
  const schedule = [
    { from: '08:00', to: '10:00' },
    { from: '09:00', to: '11:00' },
  ];
  assert.deepEqual(wrong({ schedule }), []);
});

test('a tripwire without length, outside its zone or without a forbidden side is refused', () => {
  const crossing = (line: [number, number][], towards?: [number, number]) =>
    wrong({ crossing: { line, ...(towards && { towards }) } });
  assert.match(
    crossing([
      [0.5, 0.5],
      [0.5, 0.5],
    ])[0] ?? '',
    /^crossing\.line: is too short/,
  );
  assert.match(
    crossing([
      [0.1, 0.1],
      [0.1, 0.9],
    ])[0] ?? '',
    /outside the zone/,
  );
  assert.match(
    crossing([
      [0.2, 0.6],
      [0.6, 0.2],
    ])[0] ?? '',
    /outside the zone/,
    'touches a corner',
  );
  assert.match(
    crossing(
      [
        [0.5, 0],
        [0.5, 1],
      ],
      [0.5, 0.2],
    )[0] ?? '',
    /^crossing\.towards: lies on the line/,
  );
  assert.deepEqual(
    crossing(
      [
        [0.5, 0],
        [0.5, 1],
      ],
      [0.7, 0.5],
    ),
    [],
  );
  assert.deepEqual(
    crossing([
      [0, 0.4],
      [1, 0.4],
    ]),
    [],
    'along the border of the zone',
  );
});

test('an arrow without length is refused', () => {
  assert.match(wrong({ direction: { from: [0.5, 0.5], to: [0.5, 0.5] } })[0] ?? '', /^direction\.to/);
  assert.deepEqual(wrong({ direction: { from: [0.5, 0.5], to: [0.5, 0.6] } }), []);
});

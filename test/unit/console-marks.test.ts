/** What the console draws over the live picture and says of an alert, as far as it needs no browser. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

type Point = [number, number];
interface Marks {
  forbiddenBands(zone: object, aspect: number): Point[][];
  directionArrow(zone: object, aspect: number): Point[][];
}
interface AlertWords {
  measureWords: Record<string, { fr: string; en: string }>;
  unitWords: Record<string, { fr: string; en: string }>;
}

// Compiled apart, for browsers: the types of this tree do not know them.
const page = new URL('../../runtime/control/console/', import.meta.url);
const marks = (await import(new URL('zone-marks.js', page).href)) as Marks;
const { measureWords, unitWords } = (await import(new URL('alert-words.js', page).href)) as AlertWords;

describe('the words for what is measured', () => {
  const behaviours = new URL('../../runtime/scene/behaviours/', import.meta.url);
  const sources = readdirSync(behaviours)
    .filter((file) => file.endsWith('.js'))
    .map((file) => readFileSync(new URL(file, behaviours), 'utf8'));
  const found = (pattern: RegExp): string[] => [
    ...new Set(sources.flatMap((text) => [...text.matchAll(pattern)].map(([, word]) => word as string))),
  ];

  it('are there in both languages, for everything that a behaviour measures', () => {
    const names = found(/name: '([a-z]+)', value/g);
    for (const known of ['dwell', 'beyond', 'rarity', 'people'])
      assert.ok(names.includes(known), `${known} is not found in the behaviours: the pattern is stale`);
    for (const name of names)
      assert.ok(measureWords[name]?.fr && measureWords[name].en, `no words for ${name}`);
    for (const name of Object.keys(measureWords))
      assert.ok(names.includes(name), `${name} is measured nowhere`);
  });

  it('are there for units that are not symbols', () => {
    const units = found(/unit: '([^']*)'/g);
    assert.ok(units.includes('of its size'), 'negative control: the pattern finds units');
    for (const unit of units)
      assert.ok(/^(|s|m|m\/s)$/.test(unit) || unitWords[unit], `no words for ${unit}`);
  });
});

describe('tripwires and directions', () => {
  const aspect = 2;
  const line = [
    [0.2, 0.5],
    [0.8, 0.5],
  ];
  const middle = (band: Point[]): number => band.reduce((sum, [, y]) => sum + y, 0) / band.length;

  it('have their band on the forbidden side, whichever way the line was drawn', () => {
    for (const ends of [line, [...line].reverse()]) {
      const [below, ...rest] = marks.forbiddenBands({ line: ends, towards: [0.4, 0.9] }, aspect);
      assert.equal(rest.length, 0);
      assert.ok(below && middle(below) > 50);
      const [above] = marks.forbiddenBands({ line: ends, towards: [0.4, 0.1] }, aspect);
      assert.ok(above && middle(above) < 50);
    }
  });

  it('have one on both sides when neither way is allowed, and none without a line', () => {
    const both = marks.forbiddenBands({ line }, aspect).map(middle);
    assert.deepEqual(both.map((y) => Math.sign(y - 50)).sort(), [-1, 1]);
    assert.deepEqual(marks.forbiddenBands({}, aspect), []);
  });

  it('end in the tip of an arrow where the direction leads', () => {
    const [shaft, head] = marks.directionArrow({ from: [0.5, 0.9], to: [0.5, 0.1] }, aspect);
    assert.deepEqual(shaft, [
      [100, 90],
      [100, 10],
    ]);
    assert.deepEqual(head?.[1], [100, 10]);
    assert.ok((head?.[0]?.[1] ?? 0) > 10 && (head?.[2]?.[1] ?? 0) > 10, 'the barbs lie behind the tip');
    assert.deepEqual(marks.directionArrow({}, aspect), []);
  });
});

/**
 * Measures of sight that are not what they say, as a damaged channel or a process gone wrong would send them: the schema
 * refuses them, or the watch over sight takes them without falling over, and what it keeps can be read again. Seeded.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fromPipeline, type Sight, sightGrid } from '../../pipelines/messages.js';
import { SightFile } from '../../runtime/health/sight-file.js';
import { SightWatch } from '../../runtime/health/sight-watch.js';
import { testLog } from '../contract/control-camera.js';
import { seeded } from '../random.js';

const cases = Number(process.env['CASES'] ?? 6000);
const directory = mkdtempSync(join(tmpdir(), 'vigie-sight-fuzz-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const random = seeded(17);
const among = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

/** Two tables, whose street is not the same. */
const streets = ['a', 'b'].map((table) => ({
  table: table.repeat(64),
  edges: Uint8Array.from({ length: 2 * sightGrid.columns * sightGrid.rows }, () =>
    Math.floor(random() * 256),
  ),
}));

function measure(n: number, street: (typeof streets)[number]): Sight {
  const shares = { open: 1, bright: 0.02, flat: 0.1, changed: 0.2 };
  const levels = { luma: 110, detail: 3, contrast: 12, noise: 1 };
  return { t: 'sight', seq: n, monoUs: n * 500_000, ...street, ...shares, ...levels };
}

const nasty: unknown[] = [
  ...[Number.NaN, Number.POSITIVE_INFINITY, -1, 0, 1, 255, 256, 1e308, 0.5],
  ...[
    null,
    undefined,
    'x',
    [],
    {},
    new Uint8Array(3),
    new Uint8Array(2 * sightGrid.columns * sightGrid.rows),
  ],
];

function damaged(sound: Sight): Record<string, unknown> {
  const fields: Record<string, unknown> = { ...sound };
  for (let change = 0; change < 3; change++) fields[among(Object.keys(sound))] = among(nasty);
  if (random() < 0.05) fields['more'] = 1;
  return fields;
}

test(`${cases} measures, half of them damaged: none stops the watch, and what is kept can be read`, async () => {
  const file = new SightFile(join(directory, 'reference.json'));
  let monoUs = 0;
  let saves = 0;
  const save = async (kept: Parameters<SightFile['save']>[0]): Promise<void> => {
    await file.save(kept);
    assert.deepEqual(await file.load(), kept, 'what is kept is of the form that is read');
    saves++;
  };
  const deps = { log: testLog(), clock: { monoUs: () => monoUs }, file: { load: () => file.load(), save } };
  const watch = new SightWatch(deps, { width: 1280, height: 720 });
  watch.take(measure(0, streets[0] as (typeof streets)[number]));
  await watch.settled();
  let [refused, taken] = [0, 0];
  for (let n = 1; n <= cases; n++) {
    monoUs = n * 500_000;
    const sound = measure(n, among(n % 2000 < 1900 ? streets.slice(0, 1) : streets));
    const parsed = fromPipeline.safeParse(random() < 0.5 ? damaged(sound) : sound);
    if (!parsed.success || parsed.data.t !== 'sight') refused++;
    else {
      taken++;
      watch.take(parsed.data);
    }
    for (const { code, fr, en } of watch.notices()) assert.ok(code.startsWith('sight-') && fr && en);
  }
  await watch.settled();
  assert.ok(
    refused > cases / 10 && taken > cases / 2 && saves > 0,
    `${refused} refused, ${taken} taken, ${saves}`,
  );
});

test('the watch itself takes no number that is none', async () => {
  const watch = new SightWatch(
    {
      log: testLog(),
      clock: { monoUs: () => 0 },
      file: { load: () => Promise.resolve(null), save: () => Promise.resolve() },
    },
    { width: 1280, height: 720 },
  );
  const street = streets[0] as (typeof streets)[number];
  watch.take(measure(0, street));
  await watch.settled();
  for (let n = 1; n < 500; n++) watch.take({ ...measure(n, street), luma: n % 2 ? Number.NaN : 110 });
  assert.deepEqual(watch.notices(), []);
});

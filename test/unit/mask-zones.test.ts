/** The private zones in force over changes, restarts, lost files and a register or storage that refuses. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { MaskTable, MaskZone } from '../../pipelines/messages.js';
import { bothOf, isSmaller, wholePicture } from '../../runtime/mask-zones/compare.js';
import {
  type Answer,
  type MaskChanged,
  MaskZones,
  type ZoneChange,
} from '../../runtime/mask-zones/mask-zones.js';
import { zoneNotices } from '../../runtime/mask-zones/notices.js';
import { ZoneFile } from '../../runtime/mask-zones/zone-file.js';
import { seeded } from '../random.js';
import { QuietLog } from './register-fake.js';

const box = (name: string, x: number): { name: string; points: [number, number][] } => ({
  name,
  points: [
    [x, 0.1],
    [x + 0.1, 0.1],
    [x + 0.1, 0.3],
    [x, 0.3],
  ],
});
const [house, garden, door] = [box('House', 0.1), box('Garden', 0.4), box('Door', 0.7)];
const size = { width: 640, height: 480 };

class Bench {
  readonly directory = mkdtempSync(join(tmpdir(), 'vigie-zones-'));
  readonly path = join(this.directory, 'mask', 'zones.json');
  readonly log = new QuietLog();
  /** what happened, in order */
  readonly steps: string[] = [];
  readonly told: MaskChanged[] = [];
  tables: { table: MaskTable; inForce: boolean }[] = [];
  registerFails = false;
  fileFails = false;

  constructor(t: TestContext) {
    t.after(() => rmSync(this.directory, { recursive: true, force: true }));
  }

  async start(configured: MaskZone[] = [house], noneBecause: string | null = null): Promise<MaskZones> {
    const file = new ZoneFile(this.path);
    const deps = {
      log: this.log,
      file: {
        load: () => file.load(),
        save: async (kept: Parameters<ZoneFile['save']>[0]) => {
          if (this.fileFails) throw new Error('no space');
          this.steps.push(`save ${kept.version} ${kept.lastVersion}`);
          await file.save(kept);
        },
      },
      tables: async () => this.tables,
      keep: async (table: MaskTable) => {
        this.steps.push(`keep ${table.version}`);
        this.tables = [...this.tables.map((one) => ({ ...one, inForce: false })), { table, inForce: true }];
      },
      tell: async (event: MaskChanged) => {
        if (this.registerFails) throw new Error('register away');
        this.steps.push(`tell ${event.version}`);
        this.told.push(event);
      },
      setMask: (table: MaskTable) => void this.steps.push(`set ${table.version}`),
    };
    const zones = new MaskZones(deps, { configured: { zones: configured, noneBecause }, size, lens: null });
    await zones.start();
    this.steps.splice(0);
    return zones;
  }
}

function change(zones: MaskZones, wanted: Partial<ZoneChange>, by = 'odile'): Promise<Answer> {
  const { version } = zones.inForce;
  return zones.change({ version, remove: [], add: [], view: null, noneBecause: null, ...wanted }, by);
}
const names = (zones: MaskZones): string[] => zones.inForce.zones.map(({ name }) => name);
const refusal = (answer: Answer): string | null => ('refused' in answer ? answer.refused : null);

test('a zone that is drawn is kept, logged and handed over, in that order, and stays over a restart', async (t) => {
  const bench = new Bench(t);
  const first = await bench.start();
  assert.equal(first.inForce.version, 1);
  assert.equal(refusal(await change(first, { add: [garden] })), null);
  assert.deepEqual(bench.steps, ['save 2 2', 'keep 2', 'set 2', 'tell 2']);
  assert.deepEqual(
    bench.told.map(({ by, smaller, version }) => [by, smaller, version]),
    [['odile', false, 2]],
  );
  assert.equal(statSync(bench.path).mode & 0o777, 0o600);
  const second = await bench.start();
  assert.deepEqual(names(second), ['House', 'Garden']);
  assert.equal(second.inForce.version, 2, 'the same zones have the same version and digest');
  assert.equal(second.inForce.digest, first.inForce.digest);
  assert.equal(second.source, 'drawn');
  assert.equal(bench.told.length, 1);
});

test('a smaller mask has its entry before it has any effect, and none comes without', async (t) => {
  const bench = new Bench(t);
  const zones = await bench.start([house, garden]);
  bench.registerFails = true;
  assert.equal(refusal(await change(zones, { remove: ['Garden'] })), 'not-told');
  assert.deepEqual(names(zones), ['House', 'Garden']);
  assert.ok(!bench.steps.some((step) => step.startsWith('set')));
  assert.equal(refusal(await change(zones, { add: [door] })), null, 'more is hidden all the same');
  assert.ok(bench.log.lines.some((line) => line.includes('register does not have')));
  bench.registerFails = false;
  bench.steps.splice(0);
  assert.equal(refusal(await change(zones, { remove: ['Garden'] })), null);
  assert.deepEqual(bench.steps, ['save 3 4', 'tell 4', 'save 4 4', 'keep 4', 'set 4']);
  assert.deepEqual(
    bench.told.map(({ smaller, version }) => [smaller, version]),
    [[true, 4]],
  );
});

test('a cut after the entry leaves the larger mask, and the version is not given again', async (t) => {
  const bench = new Bench(t);
  const zones = await bench.start([house, garden]);
  const file = new ZoneFile(bench.path);
  const before = await file.load();
  assert.ok(typeof before !== 'string');
  await file.save({ ...before, lastVersion: 2 });
  const again = await bench.start([house, garden]);
  assert.equal(again.inForce.digest, zones.inForce.digest);
  await change(again, { remove: ['Garden'] });
  assert.equal(again.inForce.version, 3);
});

test('what cannot be kept is refused, and a change on another version too', async (t) => {
  const bench = new Bench(t);
  const zones = await bench.start();
  bench.fileFails = true;
  assert.equal(refusal(await change(zones, { add: [garden] })), 'not-kept');
  assert.equal(refusal(await change(zones, { remove: ['House'], add: [garden] })), 'not-kept');
  assert.deepEqual(bench.told, []);
  bench.fileFails = false;
  const { version } = zones.inForce;
  const [one, other] = await Promise.all([
    change(zones, { version, add: [garden] }),
    change(zones, { version, add: [door] }),
  ]);
  assert.deepEqual([refusal(one), refusal(other)], [null, 'outdated']);
  assert.deepEqual(names(zones), ['House', 'Garden']);
});

test('what the configuration may not say may not be drawn either', async (t) => {
  const zones = await new Bench(t).start();
  const crossed = {
    name: 'X',
    points: [garden.points[0], garden.points[2], garden.points[1], garden.points[3]],
  };
  const thin = {
    name: 'Thin',
    points: [house.points[0], house.points[1], [0.15, 0.1]] as [number, number][],
  };
  const cases: [string, Partial<ZoneChange>][] = [
    ['crosses', { add: [crossed] }],
    ['crosses', { add: [thin] }],
    ['no-area', { add: [{ name: 'Dot', points: house.points.map(([x, y]) => [x / 100, y / 100]) }] }],
    ['same-name', { add: [{ ...garden, name: 'house' }] }],
    ['bad-name', { add: [{ ...garden, name: '<b>' }] }],
    ['bad-name', { add: [{ ...garden, name: '   ' }] }],
    ['unknown-zone', { remove: ['Nothing'] }],
    ['no-reason', { remove: ['House'] }],
    ['no-reason', { remove: ['House'], noneBecause: 'because' }],
  ];
  for (const [why, wanted] of cases) assert.equal(refusal(await change(zones, wanted)), why, why);
  assert.deepEqual(names(zones), ['House']);
  const reason = 'the houses were pulled down';
  assert.equal(refusal(await change(zones, { remove: ['House'], noneBecause: reason })), null);
  assert.equal(zones.inForce.noneBecause, reason);
  assert.equal(refusal(await change(zones, { add: [door], noneBecause: reason })), null);
  assert.equal(zones.inForce.noneBecause, null);
});

test('when the configuration has changed since, both hide until somebody chooses', async (t) => {
  const bench = new Bench(t);
  const first = await bench.start([house]);
  await change(first, { remove: ['House'], add: [garden] });
  const other = { ...door, name: 'Garden' };
  const second = await bench.start([other]);
  assert.deepEqual(names(second), ['Garden', 'Garden (2)']);
  assert.deepEqual([second.source, second.inForce.version], ['both', 3]);
  assert.deepEqual(
    zoneNotices(second).map(({ code }) => code),
    ['zones-both'],
  );
  assert.deepEqual(bench.told.at(-1)?.smaller, false);
  assert.equal(bench.told.at(-1)?.by, null);
  const third = await bench.start([other]);
  assert.deepEqual([third.source, third.inForce.version], ['both', 3]);
  assert.equal(refusal(await change(third, { remove: ['Garden'] })), null);
  assert.deepEqual([names(third), third.source, zoneNotices(third)], [['Garden (2)'], 'drawn', []]);
  const fourth = await bench.start([other]);
  assert.deepEqual([names(fourth), fourth.source], [['Garden (2)'], 'drawn']);
  assert.equal(refusal(await fourth.useConfigured(fourth.inForce.version, 'odile')), null);
  assert.deepEqual([names(fourth), fourth.source], [['Garden'], 'configuration']);
});

test('a configuration that hides less has its entry at the next start', async (t) => {
  const bench = new Bench(t);
  await bench.start([house, garden]);
  const after = await bench.start([house]);
  assert.deepEqual(
    bench.told.map(({ by, smaller, version }) => [by, smaller, version]),
    [[null, true, 2]],
  );
  assert.deepEqual([after.source, names(after)], ['configuration', ['House']]);
});

for (const how of ['damaged', 'gone'] as const) {
  test(`when the file is ${how}, what was in force last hides, with the configuration's zones`, async (t) => {
    const bench = new Bench(t);
    const first = await bench.start([house]);
    await change(first, { remove: ['House'], add: [garden] });
    if (how === 'gone') rmSync(bench.path);
    else writeFileSync(bench.path, readFileSync(bench.path, 'utf8').replace('0.4', '0.9'));
    const second = await bench.start([house]);
    assert.deepEqual(names(second).sort(), ['Garden', 'House']);
    assert.deepEqual([second.source, second.inForce.version], ['recovered', 3]);
    const third = await bench.start([house]);
    assert.deepEqual([names(third).sort(), third.source], [['Garden', 'House'], 'recovered']);
    assert.equal(refusal(await third.useConfigured(third.inForce.version, 'odile')), null);
    assert.equal(bench.told.at(-1)?.smaller, true);
  });
}

test('when nothing tells what was hidden, everything is, until somebody chooses', async (t) => {
  const bench = new Bench(t);
  await change(await bench.start([house]), { add: [garden] });
  writeFileSync(bench.path, '{');
  bench.tables = [];
  const zones = await bench.start([house]);
  assert.deepEqual(names(zones), [wholePicture.name, 'House']);
  assert.equal(zones.source, 'unknown');
  assert.deepEqual((await bench.start([house])).source, 'unknown', 'a restart does not forget it');
});

test('a first start, and one after an earlier version of the software, have nothing in doubt', async (t) => {
  const bench = new Bench(t);
  const first = await bench.start([house]);
  rmSync(bench.path);
  const again = await bench.start([garden]);
  assert.deepEqual([first.source, again.source], ['configuration', 'configuration']);
  assert.equal(again.inForce.version, 2, 'the kept table had version 1 and other zones');
  assert.deepEqual(bench.log.lines, []);
});

test('a change counts as smaller unless every zone before stays as it was', () => {
  const moved = { ...house, points: house.points.map(([x, y]): [number, number] => [x + 0.001, y]) };
  assert.equal(isSmaller([house], [garden, { ...house, name: 'Renamed' }]), false);
  assert.equal(isSmaller([house], [moved]), true);
  assert.equal(isSmaller([house, garden], [house]), true);
  assert.equal(isSmaller([], []), false);
  assert.equal(isSmaller([], [house]), false);
  assert.deepEqual(
    bothOf(
      Array.from({ length: 200 }, (_, n) => box(`a${n}`, n / 1000)),
      Array.from({ length: 200 }, (_, n) => box(`b${n}`, (n + 0.5) / 1000)),
    ),
    [wholePicture],
    'more than the channel takes hides everything',
  );
});

test('a changed byte in the file is found, or changes nothing', async (t) => {
  const bench = new Bench(t);
  await change(await bench.start([house]), { add: [garden] });
  const file = new ZoneFile(bench.path);
  const [whole, bytes] = [await file.load(), readFileSync(bench.path)];
  const random = seeded(99);
  let found = 0;
  for (let i = 0; i < 300; i++) {
    const changed = Buffer.from(bytes);
    changed[Math.floor(random() * changed.length)] = Math.floor(random() * 256);
    writeFileSync(
      bench.path,
      i % 10 === 0 ? changed.subarray(0, Math.floor(random() * changed.length)) : changed,
    );
    const loaded = await file.load();
    if (loaded === 'damaged') found++;
    else assert.deepEqual(loaded, whole);
  }
  assert.ok(found > 250, `${found} found`);
});

/**
 * `vigie mask log | check` as an integrator runs them: over what a real camera recorded, which must hold, and over recordings that
 * are not hidden as their stamps say, each of which must be found.
 */
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { decodeUnits } from '../../board/linux/h264-decoder.js';
import type { MaskStamp } from '../../pipelines/frame.js';
import { maskDigest } from '../../pipelines/mask/table.js';
import type { Lens, MaskTable, Point } from '../../pipelines/messages.js';
import type { Finding, PixelBox } from '../../runtime/mask-log/findings.js';
import type { MaskInterval } from '../../runtime/mask-log/intervals.js';
import { StoreCheck } from '../../runtime/mask-log/store-check.js';
import { MaskTables, readTables } from '../../runtime/mask-log/tables.js';
import { Store } from '../../runtime/record/store.js';
import { type CameraRun, clipConfig, clipSize, openStore, runCamera, until } from '../camera-run.js';
import { CommandRunner, type Ended, spawnCommand } from '../command-runner.js';
import { startMs, storeDeps } from '../unit/store-fake.js';
import { encodedPattern, clipSize as patternSize } from './store-clip.js';

const always = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER / 1000 };

const runner = new CommandRunner(() => ({ LC_ALL: 'C.UTF-8' }));
after(() => runner.stop());
const vigie = (...args: string[]): Promise<Ended> => runner.run(...args);

interface Checked {
  pictures: number;
  pixels: number;
  findings: Finding[];
}

async function checked(...args: string[]): Promise<Checked & { code: number | null }> {
  return parsed(await vigie('mask', 'check', ...args, '--json'));
}

function parsed({ status, out, error }: Ended): Checked & { code: number | null } {
  assert.ok(out !== '', error);
  return { code: status, ...(JSON.parse(out) as Checked) };
}

let run: CameraRun;

before(async () => {
  run = await runCamera(clipConfig());
  await until('enough frames', () => run.camera.health().frames.recorded >= 40);
  await run.stop();
});
after(() => run.clear());

test('what a camera recorded is hidden as its log says', async () => {
  const { code, findings, pictures, pixels } = parsed(
    spawnCommand(['mask', 'check', join(run.directory, 'store'), '--json']),
  );
  assert.deepEqual(findings, []);
  assert.equal(code, 0);
  assert.equal(pictures, run.camera.health().frames.recorded);
  assert.ok(pixels > pictures * 10_000);
  const tables = [...(await readTables(join(run.directory, 'mask'))).values()];
  assert.deepEqual(
    tables.map(({ table }) => table.version),
    [1],
  );
});

test('the log shows the table that was in force, in both languages', async () => {
  const span = ['--from', '-1h', '--to', 'now', '--directory', join(run.directory, 'store')];
  const { out } = await vigie('mask', 'log', ...span, '--json');
  const { intervals } = JSON.parse(out) as { intervals: MaskInterval[] };
  const zones = intervals.filter(({ state }) => state === 'zones');
  assert.ok(zones.length > 0);
  for (const { version, digest } of zones) assert.deepEqual([version, digest.length], [1, 64]);
  // A camera that starts on a busy machine records its first picture before its zones are acknowledged: all hidden, and logged so.
  const english = /pictures +mask.*\n(?:.*all hidden +no mask yet.*\n)?.*zones/;
  const french = /images +masque.*\n(?:.*tout masqué +pas encore de masque.*\n)?.*zones/;
  assert.match((await vigie('mask', 'log', ...span, '--language', 'en')).out, english);
  assert.match((await vigie('mask', 'log', ...span, '--language', 'fr')).out, french);
});

test('negative control: a table that is 8 pixels off what was hidden is found out', async () => {
  const tables = await readTables(join(run.directory, 'mask'));
  for (const kept of tables.values()) {
    for (const zone of kept.table.zones) {
      if ('points' in zone) zone.points = zone.points.map(([x, y]): Point => [x + 8 / clipSize.width, y]);
    }
  }
  const source = await openStore(run.directory);
  const { findings } = await new StoreCheck({ source, tables, decode: decodeUnits }).run(always);
  assert.deepEqual([...new Set(findings.all.map(({ kind }) => kind))], ['leak']);
  assert.deepEqual(new Set(findings.all.map(({ zone }) => zone)), new Set(['Fenêtres', 'Rue']));
});

test('a film that was exported is checked with the log beside it, and with no other', async () => {
  const film = join(run.directory, 'film.mp4');
  const store = ['--directory', join(run.directory, 'store')];
  const made = await vigie('store', 'export', ...store, '--from', '-1h', '--to', 'now', '--mask-log', film);
  assert.equal(made.status, 0, made.error);
  const { code, findings, pictures } = await checked(film);
  assert.deepEqual([code, findings, pictures], [0, [], run.camera.health().frames.recorded]);
  appendFileSync(film, 'x');
  const other = await vigie('mask', 'check', film);
  assert.equal(other.status, 9);
  assert.match(other.error, /log of another film/);
  rmSync(`${film}.mask.json`);
  assert.equal((await vigie('mask', 'check', film)).status, 9);
});

const unmasked = encodedPattern(75);
const blackPictures = encodedPattern(25, 'black');
const whole: Point[] = [
  [0.1, 0.1],
  [0.9, 0.1],
  [0.9, 0.9],
  [0.1, 0.9],
];
const fixed: MaskTable = { version: 1, zones: [{ name: 'Mur', points: whole }] };
const world: MaskTable = {
  version: 2,
  zones: [
    {
      name: 'Porte',
      directions: [
        [-10, -10],
        [10, -10],
        [10, 10],
        [-10, 10],
      ],
    },
  ],
};
const plain: Lens = { principal: [0.5, 0.5], k1: 0, k2: 0, rollDeg: 0 };

interface RecordedAs {
  stamp: MaskStamp;
  /** kept, and those of `others` too */
  table: MaskTable;
  others?: readonly MaskTable[];
  /** keeps no table */
  forget?: boolean;
  /** the GOP that is to be rubbish */
  spoil?: number;
  /** one GOP of black pictures in the place of three without any mask */
  black?: boolean;
}

/** A store of three GOPs of a picture without any mask, with these stamps. */
async function recordedAs(t: TestContext, options: RecordedAs): Promise<string> {
  const { stamp, table, others = [], forget, spoil, black } = options;
  const state = mkdtempSync(join(tmpdir(), 'vigie-mask-'));
  t.after(() => rmSync(state, { recursive: true, force: true }));
  const deps = await storeDeps(state);
  const known = { clockTrusted: () => true, oldestMs: () => null };
  for (const one of forget ? [] : [table, ...others]) {
    const ofLens = one === world ? plain : null;
    await new MaskTables({ ...deps, ...known }, { directory: join(state, 'mask') }).keep(one, ofLens);
  }
  const segmentBytes = 1024 * 1024;
  const directory = join(state, 'store');
  const shape = { segmentBytes, capacityBytes: 4 * segmentBytes, cameraId: 'cam-1' };
  const store = new Store(deps, { directory, keysDirectory: join(state, 'keys'), ...shape });
  await store.start(new AbortController().signal);
  const flags = { clockTrusted: true, interrupted: false, continues: false, class: 'communal' } as const;
  const recorded = black ? blackPictures : unmasked;
  for (let gop = 0; gop * 25 < recorded.length; gop++) {
    const units = recorded.slice(gop * 25, gop * 25 + 25).map((data, i) => {
      const seq = gop * 25 + i;
      const times = { seq, monoUs: 1_000_000 + seq * 40_000, wallMs: startMs + seq * 40 };
      const bytes = gop === spoil ? Buffer.alloc(data.length, 0xa5) : data;
      return { ...times, key: i === 0, mask: stamp, data: bytes };
    });
    await store.append({ units, ...patternSize, ...flags });
  }
  await store.stop();
  return directory;
}

/** Beside the keys, where the camera has it. */
function authorise(store: string, cameraId: string, personMask: 'bodies' | null): string {
  const file = join(store, '..', 'authorisation.json');
  const paper = {
    reference: 'test',
    authority: 'test',
    cameraId,
    validFrom: new Date(startMs - 3_600_000).toISOString(),
    validUntil: new Date(startMs + 400).toISOString(),
    retainDays: 30,
    ...(personMask && { personMask }),
    events: [],
  };
  writeFileSync(file, JSON.stringify(paper));
  return file;
}

const zonesOf = (table: MaskTable): MaskStamp => ({
  version: table.version,
  digest: maskDigest(table),
  state: 'zones',
});
/** 10 degrees to each side of the axis, at 60 degrees a picture of 320 pixels: 49 pixels, and as much up and down. */
const placedWell = ({ x, y, width, height }: PixelBox): boolean =>
  x >= 109 && x + width <= 211 && y >= 69 && y + height <= 171;
const view = { panDeg: 0, tiltDeg: 0, hfovDeg: 60, marginPixels: 4 };

test('private pixels are named with their zone, their time and their place', async (t) => {
  const store = await recordedAs(t, { stamp: zonesOf(fixed), table: fixed });
  const { code, findings, pictures } = await checked(store);
  assert.equal(code, 1);
  assert.equal(pictures, 75);
  const [finding] = findings;
  assert.ok(finding?.box);
  assert.equal(findings.length, 1);
  assert.deepEqual([finding.kind, finding.zone, finding.fromMs], ['leak', 'Mur', startMs]);
  const { x, y, width, height } = finding.box;
  assert.ok(x >= 32 && y >= 24 && x + width <= 288 && y + height <= 216);
});

test('a picture that says it is hidden as a whole, and is not', async (t) => {
  const stamp: MaskStamp = { ...zonesOf(fixed), state: 'full', why: 'homing' };
  const { code, findings } = await checked(await recordedAs(t, { stamp, table: fixed }));
  assert.deepEqual([code, findings.map(({ kind }) => kind)], [1, ['not-full']]);
});

test('zones that are fixed in the world are looked for where the camera looked', async (t) => {
  const seen = await recordedAs(t, { stamp: { ...zonesOf(world), view }, table: world });
  assert.deepEqual(
    (await checked(seen)).findings.map(({ kind, zone, box }) => [kind, zone, box && placedWell(box)]),
    [['leak', 'Porte', true]],
  );
  const turned = { ...zonesOf(world), view: { ...view, panDeg: 180 } };
  const { code, findings } = await checked(await recordedAs(t, { stamp: turned, table: world }));
  assert.deepEqual([code, findings], [0, []]);
});

test('what cannot be checked is found, and never passes', async (t) => {
  const cases: [string, string][] = [
    ['no-table', await recordedAs(t, { stamp: zonesOf(fixed), table: fixed, forget: true })],
    ['no-view', await recordedAs(t, { stamp: zonesOf(world), table: world })],
  ];
  for (const [kind, store] of cases) {
    const { code, findings } = await checked(store);
    assert.deepEqual([code, findings.map((finding) => finding.kind)], [1, [kind]]);
  }
});

test('during a change both tables are looked for; the one to come is named by the start of its digest', async (t) => {
  const corner = (from: number, to: number): MaskTable => ({
    version: from === 0.1 ? 1 : 2,
    zones: [
      {
        name: from === 0.1 ? 'Avant' : 'Après',
        points: [
          [from, 0.1],
          [to, 0.1],
          [to, 0.9],
          [from, 0.9],
        ],
      },
    ],
  });
  const [before, after] = [corner(0.1, 0.4), corner(0.6, 0.9)];
  const next = { version: 2, digest: maskDigest(after).slice(0, 24) };
  const stamp: MaskStamp = { ...zonesOf(before), state: 'both', next };
  const kept = await recordedAs(t, { stamp, table: before, others: [after] });
  // The ball of the picture is in the zone to come alone.
  const leaks = async (store: string): Promise<unknown[]> =>
    (await checked(store)).findings.map(({ kind, zone }) => [kind, zone]);
  assert.deepEqual(await leaks(kept), [['leak', 'Après']]);
  assert.deepEqual(await leaks(await recordedAs(t, { stamp: zonesOf(before), table: before })), []);
  const log = await vigie('mask', 'log', '--from', '2020-01-01T00:00', '--to', 'now', '--directory', kept);
  assert.match(
    log.out,
    new RegExp(`1 \\+ 2 +${maskDigest(before).slice(0, 12)} \\+ ${next.digest.slice(0, 12)}`),
  );
  const lost = await recordedAs(t, { stamp, table: before, black: true });
  assert.deepEqual(
    (await checked(lost)).findings.map(({ kind, digest }) => [kind, digest]),
    [['no-table', next.digest]],
  );
});

test('where people must be covered, a picture that does not say that they are is found, and no other', async (t) => {
  const people = (stamp: MaskStamp): Promise<string> => recordedAs(t, { stamp, table: fixed, black: true });
  const shown = await people(zonesOf(fixed));
  const found = async (store: string, ...more: string[]): Promise<unknown[]> =>
    (await checked(store, ...more)).findings.map(({ kind, pictures }) => [kind, pictures]);
  assert.deepEqual(await found(shown), [], 'no authorisation');
  authorise(shown, 'cam-1', null);
  assert.deepEqual(await found(shown), [], 'one that does not demand it');
  const other = authorise(shown, 'cam-2', 'bodies');
  assert.deepEqual(await found(shown), [], 'one of another camera');
  assert.equal((await vigie('mask', 'check', shown, '--authorisation', other)).status, 2);
  authorise(shown, 'cam-1', 'bodies');
  // It ends after ten pictures.
  assert.deepEqual(await found(shown), [['people-shown', 10]]);
  const hidden = await people({ ...zonesOf(fixed), state: 'full', why: 'late' });
  authorise(hidden, 'cam-1', 'bodies');
  assert.deepEqual(await found(hidden), []);
  for (const cover of ['covered', 'area'] as const) {
    const covered = await people({ ...zonesOf(fixed), people: cover });
    authorise(covered, 'cam-1', 'bodies');
    assert.deepEqual(await found(covered), []);
    const log = await vigie(
      'mask',
      'log',
      '--from',
      '2020-01-01T00:00',
      '--to',
      'now',
      '--directory',
      covered,
    );
    assert.match(log.out, cover === 'area' ? /area covered/ : / {2}covered/);
  }
});

test('an export takes along when people had to be covered', async (t) => {
  const store = await recordedAs(t, { stamp: zonesOf(fixed), table: fixed, black: true });
  const file = authorise(store, 'cam-1', 'bodies');
  const film = join(store, '..', 'film.mp4');
  const span = ['--from', '2020-01-01T00:00', '--to', 'now', '--mask-log'];
  const made = await vigie('store', 'export', '--directory', store, ...span, film);
  assert.equal(made.status, 0, made.error);
  rmSync(file);
  assert.deepEqual(
    (await checked(film)).findings.map(({ kind, pictures }) => [kind, pictures]),
    [['people-shown', 10]],
  );
});

test('a GOP that does not decode is named, and the others are checked', async (t) => {
  const behind = { ...zonesOf(world), view: { ...view, panDeg: 180 } };
  const { code, findings } = await checked(await recordedAs(t, { stamp: behind, table: world, spoil: 1 }));
  assert.deepEqual(
    [code, findings.map(({ kind, fromMs }) => [kind, fromMs])],
    [1, [['undecodable', startMs + 1000]]],
  );
});

test('without its keys a recording is not checked, and that is said', async (t) => {
  const store = await recordedAs(t, { stamp: zonesOf(fixed), table: fixed });
  const state = join(store, '..');
  for (const name of readdirSync(join(state, 'keys'))) rmSync(join(state, 'keys', name));
  assert.notEqual((await vigie('mask', 'check', store)).status, 0);
});

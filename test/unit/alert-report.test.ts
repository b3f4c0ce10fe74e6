/** Verdicts and false alarms: how long was watched, what was said, what the register and the report make of it. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import { type RegisterEvent, registerEvent } from '../../runtime/access/register/entry.js';
import { AlertRegister } from '../../runtime/control/alert-register.js';
import { reportOf } from '../../runtime/control/alert-report.js';
import { AlertQueue } from '../../runtime/control/alerts.js';
import { readWatched, WatchedTime } from '../../runtime/scene/watched-time.js';
import { testAlert, testLog } from '../contract/control-camera.js';

let directory = '';
let lines: string[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vigie-verdicts-'));
  lines = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const dayMs = 86_400_000;
const zone = 'Allée';
const path = (): string => join(directory, 'watched.json');

async function watched(clock = new ManualClock()): Promise<WatchedTime> {
  const time = new WatchedTime({ clock, log: testLog(lines) }, { file: path() });
  await time.start();
  return time;
}

test('seconds between looks are added up by day, event and zone; a pause is not watched', async () => {
  const time = await watched();
  const what = [{ event: 'presence' as const, zone }];
  for (const seconds of [0, 1, 2, 10, 11]) time.look({ monoUs: seconds * 1e6, wallMs: seconds * 1000 }, what);
  time.look({ monoUs: 12e6, wallMs: dayMs }, what);
  await time.stop();
  const [first, second] = await readWatched(path());
  assert.deepEqual(first, { day: 0, watched: [{ event: 'presence', zone, seconds: 3 }] });
  assert.deepEqual(second, { day: 1, watched: [{ event: 'presence', zone, seconds: 1 }] });
  assert.equal(statSync(path()).mode & 0o777, 0o600);
});

test('it goes on after a restart, and says when what was kept is damaged', async () => {
  const what = [{ event: 'fall' as const, zone }];
  for (let run = 0; run < 2; run++) {
    const time = await watched();
    for (const seconds of [0, 1, 2]) time.look({ monoUs: seconds * 1e6, wallMs: 0 }, what);
    await time.stop();
  }
  assert.equal((await readWatched(path()))[0]?.watched[0]?.seconds, 4);
  writeFileSync(path(), readFileSync(path(), 'utf8').slice(0, 20));
  await (await watched()).stop();
  assert.match(lines.join('\n'), /is lost/);
});

test('a clock that is wrong for a while takes no day away, and spoils nothing', async () => {
  const what = [{ event: 'fall' as const, zone }];
  const time = await watched();
  const days = [20_000, 20_001, 90_000, 20_001, -3, 9_000_000, Number.NaN];
  for (const [i, day] of days.entries())
    for (const second of [0, 1]) time.look({ monoUs: (10 * i + second) * 1e6, wallMs: day * dayMs }, what);
  await time.stop();
  const again = await watched();
  again.look({ monoUs: 0, wallMs: 20_001 * dayMs }, what);
  again.look({ monoUs: 1e6, wallMs: 20_001 * dayMs }, what);
  await again.stop();
  const kept = (await readWatched(path())).map(({ day, watched: [one] }) => [day, one?.seconds]);
  assert.deepEqual(
    kept.filter(([day]) => day === 20_000 || day === 20_001),
    [
      [20_000, 1],
      [20_001, 3],
    ],
  );
  assert.doesNotMatch(lines.join('\n'), /is lost/);
});

test('of more days than are kept the oldest go', async () => {
  const what = [{ event: 'fall' as const, zone }];
  const time = await watched();
  for (let day = 0; day < 420; day++)
    for (const second of [0, 1]) time.look({ monoUs: (10 * day + second) * 1e6, wallMs: day * dayMs }, what);
  await time.stop();
  const kept = await readWatched(path());
  assert.deepEqual([kept.length, kept[0]?.day, kept.at(-1)?.day], [400, 20, 419]);
});

test('it is written now and then while the camera runs', async () => {
  const clock = new ManualClock();
  const time = await watched(clock);
  for (const seconds of [0, 1]) time.look({ monoUs: seconds * 1e6, wallMs: 0 }, [{ event: 'fall', zone }]);
  clock.advance(10 * 60_000);
  await time.stop();
  assert.equal((await readWatched(path())).length, 1);
});

test('false alarms a day are counted against the days watched; what nobody judged is neither', () => {
  const alertAt = (atMs: number, verdict: 'true' | 'false' | 'unclear' | null) => ({
    alert: { ...testAlert(), atMs },
    acked: verdict === null ? null : { by: 'odile', verdict, atMs },
  });
  const entries = [
    alertAt(1000, 'false'),
    alertAt(2000, 'false'),
    alertAt(3000, 'true'),
    alertAt(4000, null),
    alertAt(9 * dayMs, 'false'),
  ];
  const days = [{ day: 0, watched: [{ event: 'presence' as const, zone, seconds: 43_200 }] }];
  const [line, ...others] = reportOf(entries, days, { fromMs: 0, toMs: dayMs - 1 });
  assert.deepEqual(others, []);
  assert.deepEqual(line, {
    event: 'presence',
    zone,
    days: 0.5,
    alerts: 4,
    true: 1,
    false: 2,
    unclear: 0,
    unjudged: 1,
    falsePerDay: 4,
  });
  const [unknown] = reportOf(entries, [], { fromMs: 0, toMs: dayMs - 1 });
  assert.equal(unknown?.falsePerDay, null, 'nobody knows for how long');
});

test('each alert and each verdict is told to the register, in order, and a refusal stops neither', async () => {
  const alerts = new AlertQueue({ clock: new ManualClock(), log: testLog(lines) }, { directory });
  await alerts.start();
  const told: RegisterEvent[] = [];
  const register = new AlertRegister({
    alerts,
    tell: async (event) => {
      if (event.kind === 'alert-raised' && event.number === 2) throw new Error('the register is not open');
      told.push(registerEvent.parse(event));
    },
  });
  register.start();
  const { id } = alerts.push(testAlert());
  alerts.attachPicture(id, Buffer.from('jpeg'));
  alerts.ack(id, 'odile', 'false');
  alerts.push(testAlert());
  alerts.ack(id, 'odile', 'true');
  await register.stop();
  await register.stop();
  alerts.push(testAlert());
  assert.deepEqual(
    told.map((event) => [event.kind, 'verdict' in event ? event.verdict : null]),
    [
      ['alert-raised', null],
      ['alert-judged', 'false'],
      ['alert-judged', 'true'],
    ],
  );
  await alerts.stop();
});

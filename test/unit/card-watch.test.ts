/** Each way in which a card falls ill is told within five seconds, and told no longer once it is well. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { test } from 'node:test';
import type { CardHealthPort, CardReading } from '../../board/ports.js';
import { ManualClock } from '../../board/virtual/clock.js';
import { VigieError } from '../../errors.js';
import { CardWatch } from '../../runtime/health/card-watch.js';
import { watched } from './card-fake.js';
import { fakeGop, MemoryLog, startMs } from './store-fake.js';

type Watched = Awaited<ReturnType<typeof watched>>;

interface Illness {
  name: string;
  code: string;
  falls(w: Watched): unknown;
  heals(w: Watched): unknown;
}

const illnesses: Illness[] = [
  {
    name: 'its mount turns read-only',
    code: 'card-read-only',
    falls: ({ machine }) => machine.mount({ own: 'ro,noatime' }),
    heals: ({ machine }) => machine.mount(),
  },
  {
    name: 'its file system turns read-only after an error',
    code: 'card-read-only',
    falls: ({ machine }) => machine.mount({ of: 'ro,errors=remount-ro' }),
    heals: ({ machine }) => machine.mount(),
  },
  {
    name: 'its file system stops writing but calls itself rw, as ext4 does since Linux 6.15',
    code: 'card-read-only',
    falls: ({ machine }) => machine.mount({ of: 'rw,errors=remount-ro,emergency_ro' }),
    heals: ({ machine }) => machine.mount(),
  },
  {
    name: 'its device turns read-only',
    code: 'card-read-only',
    falls: ({ machine }) => machine.sys(`${machine.device}/mmcblk0p2/ro`, '1'),
    heals: ({ machine }) => machine.sys(`${machine.device}/mmcblk0p2/ro`, '0'),
  },
  {
    name: 'it is pulled out, and put in again as another device',
    code: 'card-gone',
    falls: ({ machine }) => machine.pullOut(),
    async heals({ machine }) {
      machine.disk = 'mmcblk1';
      machine.number = '179:10';
      await machine.insert();
      await machine.mount();
    },
  },
  {
    name: 'it is unmounted',
    code: 'card-gone',
    falls: ({ machine }) => machine.mount(null),
    heals: ({ machine }) => machine.mount(),
  },
  {
    name: 'the file system has errors',
    code: 'card-file-system',
    falls: ({ machine }) => machine.sys('fs/ext4/mmcblk0p2/errors_count', '3'),
    heals: ({ machine }) => machine.sys('fs/ext4/mmcblk0p2/errors_count', '0'),
  },
  {
    name: 'hardly any room is left beside the store',
    code: 'card-no-room',
    falls: ({ machine }) => Object.assign(machine.space, { freeBytes: 4096 }),
    heals: ({ machine }) => Object.assign(machine.space, { freeBytes: 2 ** 21 }),
  },
  ...(
    [
      ['EIO', 'card-failed'],
      ['EROFS', 'card-read-only'],
      ['ENOSPC', 'card-full'],
      ['EDQUOT', 'card-full'],
      ['ENODEV', 'card-gone'],
      ['ENOENT', 'card-other'],
    ] as const
  ).map(([errno, code]) => ({
    name: `writes end with ${errno}`,
    code,
    falls: ({ store }: Watched) => store.fails(errno),
    heals: ({ store }: Watched) => store.fails(null),
  })),
  ...(
    [
      ['0x02 0x0a', '0x01', 'card-wearing'],
      ['0x0B 0x01', '0x01', 'card-worn'],
      ['0x01 0x01', '0x02', 'card-worn'],
      ['0x00 0x00', '0x03', 'card-worn'],
    ] as const
  ).map(([life, preEndOfLife, code]) => ({
    name: `it tells a wear of ${life} and ${preEndOfLife}`,
    code,
    falls: ({ machine }: Watched) => machine.tell({ life_time: life, pre_eol_info: preEndOfLife }),
    heals: ({ machine }: Watched) => machine.tell({ life_time: '0x09 0x01', pre_eol_info: '0x01' }),
  })),
];

for (const { name, code, falls, heals } of illnesses) {
  test(`${name}: ${code}, and no longer`, async (t) => {
    const w = await watched(t);
    await w.pass(10);
    assert.deepEqual(w.codes(), []);
    await falls(w);
    await w.pass(5);
    assert.deepEqual(w.codes(), [code]);
    await w.pass(60);
    await heals(w);
    await w.pass(5);
    assert.deepEqual(w.codes(), []);
    const lines = w.log.lines.filter((line) => line.includes(code));
    assert.deepEqual(
      lines.map((line) => line.split(' ')[0]),
      ['warn', 'info'],
      'said once each',
    );
  });
}

test('a slow card is told once it kept the recorder waiting, and no longer when it keeps up', async (t) => {
  const w = await watched(t);
  const ends: (() => void)[] = [];
  const timed = w.pace.timed({
    append: () => new Promise((resolve) => ends.push(() => resolve(1))),
    keep: async () => null,
    stats: () => assert.fail('not asked'),
    maxGopBytes: 1,
    failure: null,
    storeId: null,
  });
  const writes = async (ms: number): Promise<void> => {
    const done = timed.append(fakeGop(0), 0);
    w.clock.advance(ms);
    ends.shift()?.();
    await done;
    await w.watch.looked();
  };
  for (let n = 0; n < 10; n++) {
    await writes(400);
    w.clock.advance(600);
    await w.watch.looked();
  }
  assert.deepEqual(w.codes(), [], 'a card that needs 40 % of the time keeps up');
  for (let n = 0; n < 5; n++) await writes(1000);
  assert.deepEqual(w.codes(), ['card-slow']);
  assert.equal(w.watch.vitals().pace.slowestMs, 1000);
  await w.pass(5);
  assert.deepEqual(w.codes(), []);
  const stuck = timed.append(fakeGop(0), 0);
  await w.pass(5);
  assert.deepEqual(w.codes(), ['card-slow'], 'one write that does not come back');
  ends.shift()?.();
  await stuck;
});

test('a write that was refused and made elsewhere is told for an hour', async (t) => {
  const w = await watched(t);
  w.store.segmentsAbandoned = 1;
  await w.pass(5);
  assert.deepEqual(w.codes(), ['card-errors']);
  await w.pass(3600);
  assert.deepEqual(w.codes(), []);
});

test('what was given up while the card was out says nothing about the one that comes back', async (t) => {
  const w = await watched(t);
  await w.machine.mount(null);
  w.store.segmentsAbandoned = 3;
  w.store.fails('EIO');
  await w.pass(5);
  assert.deepEqual(w.codes(), ['card-gone']);
  await w.machine.mount();
  w.store.fails(null);
  await w.pass(5);
  assert.deepEqual(w.codes(), []);
});

test('a failure that is not the card’s is left to others to tell', async (t) => {
  const w = await watched(t);
  w.store.failure = new VigieError('store', 'Every segment is held', 'Release one');
  await w.pass(5);
  assert.deepEqual(w.codes(), []);
});

test('a card that holds whoever asks it is silent; it is asked once, and answers when it can', async (t) => {
  const { card } = await watched(t);
  const well = await card.read();
  let answer: (reading: CardReading) => void = () => {};
  let asked = 0;
  const hanging: CardHealthPort = {
    read: () => {
      asked += 1;
      if (asked === 1) return Promise.resolve(well);
      return new Promise((resolve) => {
        answer = resolve;
      });
    },
  };
  const clock = new ManualClock(startMs);
  const pace = { now: () => ({ busyShare: 0, slowestMs: 0 }) };
  const store = { failure: null, segmentsAbandoned: 0 };
  const watch = new CardWatch({ clock, log: new MemoryLog(), card: hanging, store, pace });
  watch.start(new AbortController().signal);
  await watch.looked();
  clock.advance(5000);
  assert.deepEqual(
    watch.notices().map(({ code }) => code),
    ['card-silent'],
  );
  assert.equal(asked, 2);
  answer(well);
  await watch.looked();
  assert.deepEqual(watch.notices(), []);
  watch.stop();
  watch.stop();
  clock.advance(5000);
  assert.equal(asked, 2, 'stopped');
});

test('a machine that tells nothing is said once, and is silence', async (t) => {
  const w = await watched(t);
  const { root } = w.machine;
  await rm(`${root}/proc`, { recursive: true });
  await w.pass(5);
  assert.deepEqual(w.codes(), ['card-silent']);
  assert.equal(w.log.lines.filter((line) => line.includes('cannot be watched')).length, 1);
});

test('how long the card lasts: what it took so far, its wear, and the rate of writing', async (t) => {
  const w = await watched(t);
  assert.equal(w.watch.vitals().lastsUntilMs, null);
  await w.machine.tell({ life_time: '0x02 0x01' });
  // 1 MB/s for ten minutes, after 1 TB in two tenths: at least 4 TB are left.
  await w.pass(599);
  await w.machine.written((600 * 1_024_000) / 512);
  await w.pass(2);
  const { lastsUntilMs, writeRate } = w.watch.vitals();
  const passed = 601;
  assert.equal(Math.round(writeRate ?? 0), Math.round((600 * 1_024_000) / passed));
  const days = ((lastsUntilMs ?? 0) - w.clock.wallMs()) / 86_400_000;
  assert.equal(Math.round(days), Math.round((4e9 * 1024) / (writeRate ?? 1) / 86_400));
});

test('negative control: a watch that looks only at free space misses the read-only card', async (t) => {
  const w = await watched(t);
  const onlySpace: CardHealthPort = {
    read: async () => ({ ...(await w.card.read()), place: 'writable' }),
  };
  const { clock, log, store, pace } = w;
  const blind = new CardWatch({ clock, log, card: onlySpace, store, pace });
  blind.start(new AbortController().signal);
  t.after(() => blind.stop());
  await w.machine.mount({ own: 'ro,noatime' });
  await w.pass(5);
  await blind.looked();
  assert.deepEqual(w.codes(), ['card-read-only']);
  assert.deepEqual(blind.notices(), []);
});

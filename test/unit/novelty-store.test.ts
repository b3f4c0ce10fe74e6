import assert from 'node:assert/strict';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import { fileName, parseKept, textOf } from '../../runtime/scene/novelty/file.js';
import { NoveltyStore } from '../../runtime/scene/novelty/store.js';
import { Scene } from '../../runtime/scene/scene.js';
import { ASPECT, feed, street, teach } from './novelty-script.js';

const made: string[] = [];
after(() => {
  for (const path of made) rmSync(path, { recursive: true, force: true });
});

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'vigie-novelty-'));
  made.push(path);
  return path;
}

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

function open(path: string, ground: unknown = null, clock = new ManualClock()): NoveltyStore {
  return new NoveltyStore(
    { clock, log: silent },
    { directory: path, aspect: ASPECT, ground, timeZone: 'Europe/Paris' },
  );
}

/** A store whose zone has learned from 150 walkers, on disk. */
async function taught(path: string): Promise<NoveltyStore> {
  const store = open(path);
  teach(new Scene({ novelty: store }, { cameraId: 'cam-1', zones: [street()], aspect: ASPECT }), 150);
  await store.save();
  return store;
}

const zone = street();
const bicycle = { id: 'b', class: 'bicycle' as const, speed: 1.2 };

describe('what was learned', () => {
  it('is there after a restart and after a new authorisation: numbers, mode 0600', async () => {
    const path = directory();
    const before = await taught(path);
    const again = new Scene({ novelty: before }, { cameraId: 'cam-1', zones: [zone], aspect: ASPECT });
    assert.ok(feed(again, 5000, [bicycle]).length > 0, 'the scene was made anew');
    const store = open(path);
    const scene = new Scene({ novelty: store }, { cameraId: 'cam-1', zones: [zone], aspect: ASPECT });
    assert.ok(feed(scene, 0, [bicycle]).length > 0, 'the program was started anew');
    assert.deepEqual(store.notices(), []);
    const [file = '', ...others] = readdirSync(path);
    assert.deepEqual(others, []);
    assert.equal(statSync(join(path, file)).mode & 0o777, 0o600);
  });

  it('takes no more room than is said, whatever is learned', async () => {
    const path = directory();
    await taught(path);
    assert.ok(statSync(join(path, fileName('Street'))).size < 200 * 1024);
  });

  it('holds no track, no id and no time finer than a day', async () => {
    const path = directory();
    await taught(path);
    const { content } = JSON.parse(readFileSync(join(path, fileName('Street')), 'utf8'));
    const keys = [
      'basis',
      'day',
      'days',
      'hours',
      'learned',
      'scores',
      'size',
      'speed',
      'tracks',
      'weight',
      'zone',
    ];
    assert.deepEqual(Object.keys(content).sort(), keys);
  });

  it('starts over, and says so, when the file is damaged at any place', async () => {
    const path = directory();
    await taught(path);
    const file = join(path, fileName('Street'));
    const whole = readFileSync(file);
    for (let k = 0; k < 40; k++) {
      const bytes = Buffer.from(whole);
      const at = Math.floor((k / 40) * (bytes.length - 1));
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      assert.equal(parseKept(bytes.toString()), null, `byte ${at}`);
    }
    truncateSync(file, whole.length / 2);
    const store = open(path);
    assert.equal(store.zone(zone.name, zone.points).statistics.counts.learned, 0);
    assert.deepEqual(
      store.notices().map(({ code }) => code),
      ['novelty-started-over'],
    );
    assert.ok(parseKept(whole.toString()), 'negative control: the file that was not touched is read');
  });

  it('starts over when the zone has other corners or the ground was calibrated', async () => {
    const path = directory();
    await taught(path);
    const moved = zone.points.map(([x, y]): [number, number] => [x, y + 0.05]);
    assert.equal(open(path).zone(zone.name, moved).statistics.counts.learned, 0);
    assert.equal(open(path, { points: [] }).zone(zone.name, zone.points).statistics.counts.learned, 0);
    assert.ok(open(path).zone(zone.name, zone.points).statistics.counts.learned >= 140);
  });

  it('is the old file or the new one after a cut: what lies beside it is not read', async () => {
    const path = directory();
    await taught(path);
    writeFileSync(join(path, `${fileName('Street')}.new`), 'half of');
    const store = open(path);
    const { counts } = store.zone(zone.name, zone.points).statistics;
    assert.ok(counts.learned >= 140);
    store.zone(zone.name, zone.points).changed = true;
    await store.save();
    assert.equal(readdirSync(path).length, 1);
  });

  it('is forgotten by a running camera when its file is taken away', async () => {
    const path = directory();
    const store = await taught(path);
    rmSync(join(path, fileName('Street')));
    await store.tick();
    assert.equal(store.zone(zone.name, zone.points).statistics.counts.learned, 0);
  });

  it('is forgotten too when its file is taken away while others are written', async () => {
    const path = directory();
    const store = await taught(path);
    store.zone('Quay', zone.points).changed = true;
    await store.save();
    // After a restart, Quay is written first.
    const first = open(path);
    first.zone('Quay', zone.points).changed = true;
    const street = first.zone(zone.name, zone.points);
    street.changed = true;
    assert.ok(street.statistics.counts.learned > 0);
    const saved = first.save();
    rmSync(join(path, fileName('Street')));
    await saved;
    await first.tick();
    assert.equal(street.statistics.counts.learned, 0);
  });

  it('goes on in memory when the storage refuses, and says so', async () => {
    const path = directory();
    writeFileSync(join(path, 'file'), '');
    const store = open(join(path, 'file'));
    teach(new Scene({ novelty: store }, { cameraId: 'cam-1', zones: [zone], aspect: ASPECT }), 10);
    await store.save();
    assert.ok(store.notices().some(({ code }) => code === 'novelty-not-kept'));
    assert.ok(store.zone(zone.name, zone.points).statistics.counts.learned > 0);
  });

  it('keeps counts to the bit', async () => {
    const store = await taught(directory());
    const { counts } = store.zone(zone.name, zone.points).statistics;
    const kept = parseKept(textOf({ zone: 'Street', basis: '0'.repeat(64), counts }));
    assert.deepEqual(kept?.counts, counts);
  });
});

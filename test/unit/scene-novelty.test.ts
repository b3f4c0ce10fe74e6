import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { alert } from '../../runtime/scene/alert.js';
import { Scene } from '../../runtime/scene/scene.js';
import { feed, pass, street, teach } from './novelty-script.js';

function taught(options: Parameters<typeof street>[0] = {}, count = 150): { scene: Scene; at: number } {
  const scene = new Scene({}, { cameraId: 'cam-1', zones: [street(options)] });
  return { scene, at: teach(scene, count) };
}

describe('novelty', () => {
  for (const rate of [1, 5, 10]) {
    it(`tells of a bicycle among walkers, at ${rate} looks a second`, () => {
      const { scene, at } = taught();
      const told = feed(scene, at, [{ id: 'b', class: 'bicycle', speed: 1.2 }], 4, rate);
      assert.ok(told.length > 0);
      const [first] = told;
      assert.equal(first?.event, 'novelty');
      assert.equal(first?.measured[0]?.name, 'rarity');
      assert.ok((first?.measured[0]?.value ?? 1) <= 0.02);
      assert.ok((first?.atMonoUs ?? 0) / 1e6 - at >= 1, 'not before it was so for a second');
      assert.match(first?.reason.en ?? '', /^A bicycle in zone “Street”: a kind of object that is rare/);
      alert.parse(first);
    });
  }

  it('tells of somebody much faster than all, with the speed, and not of a walker', () => {
    const { scene, at } = taught();
    assert.deepEqual(feed(scene, at, [{ id: 'w', speed: 1.3 }]), []);
    const told = feed(scene, at + 8, [{ id: 'r', speed: 5.15 }], 3);
    assert.ok(told.length > 0);
    assert.match(told[0]?.reason.en ?? '', /speed about 5\.1 m\/s, which about 0\.\d+ % reach/);
    assert.match(told[0]?.reason.fr ?? '', /vitesse environ 5,1\u00a0m\/s/);
    assert.equal(told[0]?.measured.find(({ name }) => name === 'speed')?.unit, 'm/s');
  });

  it('tells of something much larger than what comes here', () => {
    const { scene, at } = taught();
    const told = feed(scene, at, [{ id: 'v', class: 'car', speed: 0.8, size: 3 }]);
    assert.ok(told.length > 0);
  });

  it('almost: a fast walker, and a runner who is seen for less than a second', () => {
    const { scene, at } = taught();
    assert.deepEqual(feed(scene, at, [{ id: 'w', speed: 1.7 }]), []);
    assert.deepEqual(feed(scene, at + 8, [{ id: 'r', speed: 5 }], 0.8), []);
  });

  it('says nothing before it has learned enough', () => {
    const { scene, at } = taught({ learnTracks: 151 });
    assert.deepEqual(feed(scene, at, [{ id: 'b', class: 'bicycle', speed: 6 }]), []);
    feed(scene, at + 80, [], 0);
    assert.ok(feed(scene, at + 81, [{ id: 'c', class: 'bicycle', speed: 6 }]).length > 0);
  });

  it('holds across looks that do not see it, and across another track of the same', () => {
    const { scene, at } = taught({ seconds: 2 });
    const bicycle = { class: 'bicycle' as const, speed: 1.2 };
    const hidden = (t: number): boolean => t > 1 && t < 2;
    assert.ok(feed(scene, at, [{ id: 'b', ...bicycle, unseen: hidden }], 3).length > 0);
  });

  it('across a gap after which it has another id, it begins anew and is told', () => {
    const { scene, at } = taught({ seconds: 2 });
    const bicycle = { class: 'bicycle' as const, speed: 1.2 };
    assert.deepEqual(feed(scene, at, [{ id: 'c', ...bicycle }], 1.5), [], 'not yet');
    assert.ok(feed(scene, at + 2.5, [{ id: 'd', ...bicycle, from: 0.25 }], 3).length > 0);
  });

  it('asks for half the time with twice the sensitivity', () => {
    const told = [1, 2].map((sensitivity) => {
      const zone = { ...street({ seconds: 2 }), sensitivity };
      const scene = new Scene({}, { cameraId: 'cam-1', zones: [zone] });
      const at = teach(scene, 150);
      return feed(scene, at, [{ id: 'b', class: 'bicycle', speed: 1.2 }], 1.6).length > 0;
    });
    assert.deepEqual(told, [false, true]);
  });

  it('sees nothing outside the zone, and what is on its corner', () => {
    const { scene, at } = taught();
    assert.deepEqual(feed(scene, at, [{ id: 'b', class: 'bicycle', speed: 0, from: 0.09, y: 0.3 }]), []);
    const corner = { id: 'c', class: 'bicycle' as const, speed: 0, from: 0.1, y: 0.3 };
    assert.ok(feed(scene, at + 8, [corner]).length > 0);
  });

  it('says nothing of a place that is only predicted', () => {
    const { scene, at } = taught();
    assert.deepEqual(feed(scene, at, [{ id: 'b', class: 'bicycle', speed: 6, unseen: () => true }]), []);
  });

  it('the classic false alarm: one look with a box of twice the size and twice the speed', () => {
    const { scene, at } = taught();
    const alerts = [];
    for (let i = 0; i <= 20; i++) {
      const odd = i === 9;
      const passer = { id: 'w', speed: odd ? 6 : 1.3, size: odd ? 2 : 1, from: odd ? 0.05 : 0.15 };
      alerts.push(...scene.observe(pass(at + i / 5, [passer], i / 5)).alerts);
    }
    assert.deepEqual(alerts, []);
  });

  it('is not told in a street where it is usual', () => {
    const usual = taught();
    let { at } = usual;
    for (let n = 0; n < 40; n++, at += 8)
      feed(usual.scene, at, [{ id: `b${n}`, class: 'bicycle', speed: 3 }]);
    feed(usual.scene, at + 70, [], 0);
    at += 71;
    assert.deepEqual(feed(usual.scene, at, [{ id: 'b', class: 'bicycle', speed: 3 }]), []);
  });
});

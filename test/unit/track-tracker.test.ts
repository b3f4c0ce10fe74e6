/** The tracker on scripted detections: births, gaps, crossings, classes, time. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Detection,
  type ObjectClass,
  type Track,
  track as trackSchema,
} from '../../pipelines/messages.js';
import { Tracker, type TrackerOptions } from '../../pipelines/track/tracker.js';

const options: TrackerOptions = { lowThreshold: 0.15, highThreshold: 0.3 };

/** A person-sized detection whose centre is at x, y. */
function found(x: number, y = 0.5, score = 0.8, name: ObjectClass = 'person'): Detection {
  return { class: name, score, box: { x: x - 0.02, y: y - 0.08, width: 0.04, height: 0.16 } };
}

/** Looks `rate` times a second for `seconds`, starting at 1 s, and gives the tracks of each look. */
function run(tracker: Tracker, seconds: number, rate: number, at: (t: number) => Detection[]): Track[][] {
  return Array.from({ length: Math.round(seconds * rate) + 1 }, (_, i) =>
    tracker.update(at(i / rate), Math.round((1 + i / rate) * 1e6)),
  );
}

function ids(looks: Track[][]): string[] {
  return [...new Set(looks.flat().map((t) => t.id))];
}

function only(tracks: Track[] | undefined): Track {
  assert.equal(tracks?.length, 1);
  return (tracks as [Track])[0];
}

describe('birth', () => {
  it('reports an object from its second look on', () => {
    const looks = run(new Tracker(options), 0.4, 5, () => [found(0.5)]);
    assert.deepEqual(
      looks.map((l) => l.length),
      [0, 1, 1],
    );
    const t = only(looks[2]);
    assert.equal(t.hits, 3);
    assert.equal(t.bornUs, 1_000_000);
    assert.equal(t.seen, true);
    assert.match(t.id, /^[0-9a-f]{8}$/);
    assert.deepEqual(trackSchema.parse(t), t);
  });

  it('does not start from a score under the high threshold', () => {
    const tracker = new Tracker(options);
    assert.deepEqual(run(tracker, 2, 5, () => [found(0.5, 0.5, 0.29)]).flat(), []);
    assert.equal(tracker.born, 0);
    assert.equal(run(tracker, 2, 5, () => [found(0.5, 0.5, 0.3)]).at(-1)?.length, 1);
    assert.equal(tracker.born, 1);
  });

  it('drops what one look alone finds', () => {
    const tracker = new Tracker(options);
    const looks = run(tracker, 3, 5, (t) => (Math.round(t * 5) % 2 === 0 ? [found(0.5)] : []));
    assert.deepEqual(looks.flat(), []);
    assert.equal(tracker.born, 0);
  });

  it('does not start a second track from a second box of one object', () => {
    const van = (name: ObjectClass): Detection => ({ ...found(0.5, 0.5, 0.6, name) });
    assert.equal(run(new Tracker(options), 1, 5, () => [van('car'), van('truck')]).at(-1)?.length, 1);
  });

  it('gives every track an id of its own, new with each tracker', () => {
    const street = Array.from({ length: 40 }, (_, i) => found(0.02 + 0.024 * i, i % 2 === 0 ? 0.3 : 0.7));
    const first = ids(run(new Tracker(options), 1, 5, () => street));
    const second = ids(run(new Tracker(options), 1, 5, () => street));
    assert.equal(first.length, 40);
    assert.equal(new Set([...first, ...second]).size, 80);
  });
});

describe('following', () => {
  for (const rate of [2, 5, 10]) {
    it(`keeps the id of someone who walks, at ${rate} looks a second`, () => {
      const looks = run(new Tracker(options), 4, rate, (t) => [found(0.2 + 0.06 * t)]);
      assert.equal(ids(looks).length, 1);
      const { velocity } = only(looks.at(-1));
      assert.ok(Math.abs(velocity.x - 0.06) < 0.01, `velocity ${velocity.x}`);
      assert.ok(Math.abs(velocity.y) < 0.01);
    });
  }

  it('keeps the id of someone who leaves their own box between two looks', () => {
    // A box 0.04 wide that moves 0.045 from look to look: the boxes of two looks have nothing in common.
    const looks = run(new Tracker(options), 2, 5, (t) => [found(0.2 + 0.225 * t)]);
    assert.equal(ids(looks).length, 1);
    assert.equal(looks.at(-1)?.length, 1);
  });

  it('keeps the id when the time between looks changes', () => {
    const tracker = new Tracker(options);
    let t = 0;
    const looks = [0.1, 0.1, 0.4, 0.2, 0.9, 0.1, 0.3, 0.7, 0.1].map((dt) => {
      t += dt;
      return tracker.update([found(0.2 + 0.08 * t)], 1e6 + t * 1e6);
    });
    assert.equal(ids(looks).length, 1);
    assert.equal(only(looks.at(-1)).hits, 9);
  });

  it('goes on with a doubtful score, but not with one under the low threshold', () => {
    const fading = (score: number) =>
      run(new Tracker(options), 2, 5, (t) => [found(0.5, 0.5, t < 0.5 ? 0.8 : score)]);
    assert.equal(only(fading(0.2).at(-1)).seen, true);
    assert.equal(only(fading(0.2).at(-1)).score, 0.2);
    assert.equal(fading(0.1).at(-1)?.length, 0);
  });

  it('gives a confident detection to a track before a doubtful one', () => {
    const looks = run(new Tracker(options), 1, 5, (t) =>
      t < 0.5 ? [found(0.5)] : [found(0.5, 0.5, 0.2), found(0.505, 0.5, 0.9)],
    );
    assert.equal(only(looks.at(-1)).score, 0.9);
  });

  for (const [what, dy] of [
    ['at different depths', 0.04],
    ['at the same depth', 0],
  ] as const) {
    it(`keeps the ids of two people who cross ${what}`, () => {
      const left = (t: number): Detection => found(0.3 + 0.08 * t, 0.5);
      const right = (t: number): Detection => found(0.7 - 0.08 * t, 0.5 + dy);
      const looks = run(new Tracker(options), 5, 5, (t) => [left(t), right(t)]);
      const start = looks[3] as Track[];
      const end = looks.at(-1) as Track[];
      const idAt = (tracks: Track[], x: number): string | undefined =>
        tracks.find((t) => Math.abs(t.box.x + 0.02 - x) < 0.03)?.id;
      assert.equal(ids(looks).length, 2);
      assert.equal(idAt(end, 0.7), idAt(start, 0.3 + 0.08 * 0.6));
      assert.equal(idAt(end, 0.3), idAt(start, 0.7 - 0.08 * 0.6));
    });
  }

  it('keeps the id of someone hidden while another passes in front', () => {
    const hidden = (t: number): boolean => t > 2 && t < 3;
    const looks = run(new Tracker(options), 5, 5, (t) => {
      const front = found(0.8 - 0.12 * t, 0.52);
      return hidden(t) ? [front] : [found(0.5), front];
    });
    assert.equal(ids(looks).length, 2);
    const still = (looks[5] as Track[]).find((t) => Math.abs(t.velocity.x) < 0.05);
    assert.ok((looks.at(-1) as Track[]).some((t) => t.id === still?.id && Math.abs(t.box.x - 0.48) < 0.01));
  });
});

describe('gaps and ends', () => {
  it('keeps the id over a second without detections and says that the place is predicted', () => {
    const looks = run(new Tracker(options), 4, 5, (t) => (t > 1.5 && t < 2.5 ? [] : [found(0.2 + 0.05 * t)]));
    assert.equal(ids(looks).length, 1);
    const middle = only(looks[10]);
    assert.equal(middle.seen, false);
    assert.ok(Math.abs(middle.box.x + 0.02 - 0.3) < 0.02, 'predicted along its way');
    assert.equal(only(looks.at(-1)).seen, true);
  });

  for (const rate of [2, 5, 10]) {
    it(`ends a track by time, not by looks, at ${rate} looks a second`, () => {
      const looks = run(new Tracker(options), 4, rate, (t) => (t <= 1 ? [found(0.5)] : []));
      assert.equal(looks[Math.floor(2.5 * rate)]?.length, 1, 'kept for 1.5 s');
      assert.equal(looks[Math.floor(2.5 * rate) + 1]?.length, 0, 'and no longer');
    });
  }

  it('at 1 look a second, finds again what a single look missed', () => {
    const looks = run(new Tracker(options), 6, 1, (t) => (t === 3 ? [] : [found(0.5)]));
    assert.equal(ids(looks).length, 1);
    assert.equal(only(looks.at(-1)).hits, 6);
  });

  it('ends a lost track that has left the picture', () => {
    const looks = run(new Tracker(options), 1.6, 5, (t) => (t < 0.7 ? [found(0.85 + 0.2 * t)] : []));
    assert.equal(looks[4]?.length, 1);
    assert.equal(looks.at(-1)?.length, 0);
  });

  it('never gives an ended id again', () => {
    const looks = run(new Tracker(options), 8, 5, (t) => (t > 2 && t < 5 ? [] : [found(0.5)]));
    assert.equal(ids(looks).length, 2);
  });

  it('starts anew when looks are more than 3 s apart', () => {
    const tracker = new Tracker(options);
    const before = run(tracker, 1, 5, () => [found(0.5)]);
    assert.deepEqual(tracker.update([found(0.5)], 6_000_000), []);
    const after = tracker.update([found(0.5)], 6_200_000);
    assert.notEqual(only(after).id, only(before.at(-1)).id);
  });
});

describe('classes', () => {
  it('never continues a person as a car', () => {
    const looks = run(new Tracker(options), 2, 5, (t) => [found(0.5, 0.5, 0.8, t < 1 ? 'person' : 'car')]);
    assert.equal(ids(looks).length, 2);
    const classes = looks
      .flat()
      .reduce(
        (map, t) => map.set(t.id, (map.get(t.id) ?? new Set()).add(t.class)),
        new Map<string, Set<string>>(),
      );
    assert.ok([...classes.values()].every((names) => names.size === 1));
  });

  it('keeps one track and its class when a look takes the car for a truck', () => {
    const looks = run(new Tracker(options), 3, 5, (t) => [
      found(0.5, 0.5, 0.6, Math.round(t * 5) % 4 === 3 ? 'truck' : 'car'),
    ]);
    assert.equal(ids(looks).length, 1);
    assert.ok(looks.flat().every((t) => t.class === 'car'));
  });

  it('follows a person and a bicycle in the same place apart', () => {
    const looks = run(new Tracker(options), 1, 5, () => [found(0.5), found(0.5, 0.5, 0.7, 'bicycle')]);
    assert.deepEqual((looks.at(-1) as Track[]).map((t) => t.class).sort(), ['bicycle', 'person']);
  });
});

describe('input', () => {
  it('does with nothing to see', () => {
    const tracker = new Tracker(options);
    assert.deepEqual(run(tracker, 1, 5, () => []).flat(), []);
    assert.deepEqual(new Tracker(options).predict(1_000_000), []);
  });

  it('drops degenerate boxes and scores', () => {
    const { box } = found(0.5);
    const bad: Detection[] = [
      { ...found(0.5), box: { ...box, width: 0 } },
      { ...found(0.5), box: { ...box, height: -0.1 } },
      { ...found(0.5), box: { ...box, x: Number.NaN } },
      { ...found(0.5), box: { ...box, y: Number.POSITIVE_INFINITY } },
      { ...found(0.5), box: { ...box, x: 40 } },
      { ...found(0.5), box: { ...box, width: 1e9 } },
      { ...found(0.5), score: Number.NaN },
      { ...found(0.5), score: 7 },
    ];
    assert.deepEqual(run(new Tracker(options), 1, 5, () => bad).flat(), []);
    assert.equal(run(new Tracker(options), 1, 5, () => [...bad, found(0.5)]).at(-1)?.length, 1);
  });

  it('follows 200 objects at once', () => {
    const grid = (t: number): Detection[] =>
      Array.from({ length: 200 }, (_, i) => {
        const box = {
          x: 0.04 * (i % 25) + 0.02 * t,
          y: 0.12 * Math.floor(i / 25),
          width: 0.015,
          height: 0.06,
        };
        return { class: 'person', score: 0.5, box };
      });
    const tracker = new Tracker(options);
    assert.equal(ids(run(tracker, 2, 5, grid)).length, 200);
    assert.equal(tracker.born, 200);
  });

  it('takes time that stands still or goes back as no time', () => {
    const tracker = new Tracker(options);
    for (const monoUs of [9e6, 9.2e6, 9.2e6, 0.5e6, Number.NaN, 9.4e6]) tracker.update([found(0.5)], monoUs);
    const t = only(tracker.update([found(0.5)], 9.6e6));
    assert.equal(t.hits, 7);
    assert.ok(Math.abs(t.box.x - 0.48) < 1e-9);
  });
});

describe('predict', () => {
  it('says where tracks will be and leaves them as they are', () => {
    const tracker = new Tracker(options);
    const now = only(run(tracker, 2, 5, (t) => [found(0.2 + 0.1 * t)]).at(-1));
    const ahead = only(tracker.predict(3_200_000));
    assert.equal(ahead.id, now.id);
    assert.equal(ahead.seen, false);
    assert.ok(Math.abs(ahead.box.x - now.box.x - 0.02) < 0.005);
    assert.deepEqual(only(tracker.predict(3_200_000)), ahead);
    assert.deepEqual(only(tracker.predict(3_000_000)).box, now.box);
    assert.equal(only(tracker.update([found(0.42)], 3_200_000)).id, now.id);
  });

  it('looks no further ahead than a lost track lives, and not back', () => {
    const tracker = new Tracker(options);
    run(tracker, 2, 5, (t) => [found(0.2 + 0.1 * t)]);
    assert.deepEqual(tracker.predict(60_000_000), tracker.predict(4_500_000));
    assert.deepEqual(tracker.predict(0), tracker.predict(3_000_000));
  });
});

describe('a place where nothing moves', () => {
  const still = (): boolean => false;

  function watch(
    tracker: Tracker,
    scores: readonly number[],
    moves: (box: { x: number }) => boolean,
  ): Track[][] {
    return scores.map((score, i) => tracker.update([found(0.5, 0.5, score)], (i + 5) * 200_000, moves));
  }

  it('begins no track at a score that begins one where something moves', () => {
    assert.deepEqual(watch(new Tracker(options), Array(20).fill(0.45), still).flat(), []);
    assert.equal(watch(new Tracker(options), Array(20).fill(0.45), () => true).at(-1)?.length, 1);
  });

  it('shows who stands there since before the start, and keeps them through doubtful looks', () => {
    const looks = watch(new Tracker(options), [0.55, 0.6, ...Array(30).fill(0.2), 0.52, 0.2], still);
    assert.equal(ids(looks).length, 1);
    assert.ok(looks.slice(1).every((l) => only(l).seen));
  });

  it('lets go of a track that nothing but a doubtful place supports for long', () => {
    const looks = watch(new Tracker(options), [0.55, 0.6, ...Array(80).fill(0.45)], still);
    assert.equal(looks.at(-1)?.length, 0);
  });

  it('does not catch the track of somebody who walks past it', () => {
    const tracker = new Tracker(options);
    const looks = Array.from({ length: 40 }, (_, i) => {
      const x = 0.3 + i * 0.01;
      const passer = x < 0.55 ? [found(x, 0.5, 0.7)] : [];
      const fixed = found(0.52, 0.5, 0.35);
      const isLively = (box: { x: number }): boolean => x < 0.55 && Math.abs(box.x + 0.02 - x) < 0.02;
      return tracker.update([...passer, fixed], (i + 5) * 200_000, isLively);
    });
    assert.equal(looks.at(-1)?.length, 0);
    const atPlace = looks.slice(27).flat();
    assert.ok(
      atPlace.every((t) => !t.seen),
      'nothing supports a track there once the passer is gone',
    );
  });
});

describe('thresholds of a class', () => {
  it('begin a track where they differ, and only of that class', () => {
    const tracker = new Tracker({ ...options, classThresholds: { bag: 0.2, car: 0.6 } });
    const seen = run(tracker, 1, 5, () => [
      found(0.2, 0.5, 0.25, 'bag'),
      found(0.5, 0.5, 0.5, 'car'),
      found(0.8, 0.5, 0.35),
    ]);
    assert.deepEqual(
      seen
        .at(-1)
        ?.map((t) => t.class)
        .sort(),
      ['bag', 'person'],
    );
  });
});

describe('expected', () => {
  it('has those that one look alone has found; predict has not', () => {
    const tracker = new Tracker(options);
    tracker.update([found(0.5)], 1_000_000);
    assert.equal(tracker.expected(1_200_000).length, 1);
    assert.equal(tracker.predict(1_200_000).length, 0);
  });
});

/** Which offers a camera takes: pure judgement of a release whose signature was verified. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fetchLimits } from '../../ota/metadata/fetch.js';
import { mostEntries } from '../../ota/metadata/plausible.js';
import { judge, judgementWords, rolloutShare, type Self } from '../../ota/metadata/policy.js';
import { refusalReasons, refusalWords } from '../../ota/metadata/refusal.js';
import type { Release } from '../../ota/release.js';
import { place, testRelease } from '../ota-repository.js';

const self: Self = {
  ...place,
  version: '1.0.0',
  floor: '1.0.0',
  arch: 'arm64',
  takes: 'tree',
  cameraId: 'camera-7',
  groups: ['north'],
  failed: [],
};

function judged(version: string, changes: Partial<Release> = {}, of: Partial<Self> = {}, ordered = false) {
  const release = testRelease(version, changes);
  return judge({ release, identity: `identity of ${version}` }, { ...self, ...of }, { ordered });
}
const offer = { kind: 'offer' };
const nothing = (why: string) => ({ kind: 'nothing', why });
const refused = (why: string) => ({ kind: 'refused', why });

test('a newer version is taken, the running one is not, and nothing goes below the floor', () => {
  assert.deepEqual(judged('1.1.0'), offer);
  assert.deepEqual(judged('1.10.0', {}, { version: '1.9.0', floor: '1.9.0' }), offer);
  assert.deepEqual(judged('1.0.0'), nothing('running'));
  assert.deepEqual(judged('0.9.0'), refused('downgrade'));
  assert.deepEqual(judged('1.0.0-rc.1'), refused('downgrade'));
  assert.deepEqual(judged('1.1.0-rc.1'), offer);
  // on trial: the floor is still the version before
  assert.deepEqual(judged('1.1.0', {}, { version: '1.2.0' }), nothing('older'));
  // after a rollback that a person ordered: below the floor, the floor decides
  assert.deepEqual(judged('1.1.0', {}, { version: '1.0.0', floor: '1.2.0' }), refused('downgrade'));
  assert.deepEqual(judged('1.2.0', {}, { version: '1.0.0', floor: '1.2.0' }), offer);
  assert.deepEqual(judged('1.1.0', {}, { floor: null }), refused('no-floor'));
});

test('what is for others is refused, whoever orders it', () => {
  for (const ordered of [false, true]) {
    assert.deepEqual(judged('1.1.0', { customer: 'ville-autre' }, {}, ordered), refused('foreign'));
    assert.deepEqual(judged('1.1.0', { board: 'x86' }, {}, ordered), refused('foreign'));
    assert.deepEqual(judged('1.1.0', { channel: 'pilot' }, {}, ordered), refused('foreign'));
    assert.deepEqual(judged('1.1.0', { arch: 'x64' }, {}, ordered), refused('arch'));
    assert.deepEqual(judged('1.1.0', {}, { takes: 'rauc' }, ordered), refused('slots'));
    assert.deepEqual(judged('0.9.0', {}, {}, ordered), refused('downgrade'));
  }
});

test('what failed before is only tried again when a person orders it', () => {
  const failed = { failed: ['identity of 1.1.0'] };
  assert.deepEqual(judged('1.1.0', {}, failed), nothing('failed-before'));
  assert.deepEqual(judged('1.1.0', {}, failed, true), offer);
  assert.deepEqual(judged('1.2.0', {}, failed), offer);
});

test('groups: one in common is enough, none named means all', () => {
  const rollout = (groups: string[]) => ({ rollout: { percent: 100, groups } });
  assert.deepEqual(judged('1.1.0', rollout(['south', 'north'])), offer);
  assert.deepEqual(judged('1.1.0', rollout(['south'])), nothing('group'));
  assert.deepEqual(judged('1.1.0', rollout(['south']), { groups: [] }), nothing('group'));
  assert.deepEqual(judged('1.1.0', rollout([]), { groups: [] }), offer);
});

test('a roll-out is even, only grows, and draws its cameras anew for each version', () => {
  const cameras = Array.from({ length: 5000 }, (_, i) => `camera-${i}`);
  const takers = (version: string, percent: number): Set<string> =>
    new Set(
      cameras.filter((cameraId) => {
        const of = { cameraId };
        return judged(version, { rollout: { percent, groups: [] } }, of).kind === 'offer';
      }),
    );
  assert.equal(takers('1.1.0', 0).size, 0);
  assert.equal(takers('1.1.0', 100).size, cameras.length);
  let before = new Set<string>();
  for (const percent of [1, 10, 25, 50, 90]) {
    const now = takers('1.1.0', percent);
    assert.ok([...before].every((camera) => now.has(camera)));
    // four standard deviations of a fair draw
    const spread = 4 * Math.sqrt(cameras.length * (percent / 100) * (1 - percent / 100));
    assert.ok(Math.abs(now.size - (cameras.length * percent) / 100) < spread, `${percent}: ${now.size}`);
    before = now;
  }
  const [first, second] = [takers('1.1.0', 10), takers('1.2.0', 10)];
  const both = [...first].filter((camera) => second.has(camera)).length;
  assert.ok(both < first.size / 4, 'not the same cameras first each time');
  assert.equal(rolloutShare('1.1.0', 'camera-7'), rolloutShare('1.1.0', 'camera-7'));
});

test('every reason has its words, in both languages', () => {
  for (const words of [
    ...refusalReasons.map((reason) => refusalWords[reason]),
    ...Object.values(judgementWords),
  ]) {
    assert.ok(words.fr.length > 10 && words.en.length > 10 && words.fr !== words.en);
  }
});

test('the page lists the reasons, and the limits that are kept', () => {
  const text = readFileSync('docs/updates.md', 'utf8');
  const part = text.split('\n### Why a check is refused\n')[1]?.split('\n##')[0] ?? '';
  const rows = [...part.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, reason]) => reason);
  assert.deepEqual(rows, [...refusalReasons]);
  for (const why of Object.keys(judgementWords)) assert.ok(text.includes(`\`${why}\``), why);
  assert.ok(
    text.includes(`${fetchLimits.fileMs / 1000} seconds, ${fetchLimits.metadataBytes / 2 ** 20} MiB`),
  );
  assert.ok(text.includes(`more than ${mostEntries.toLocaleString('en')} entries`));
});

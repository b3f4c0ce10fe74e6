import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import { contentRange, judgeAnswer, strongTag } from '../../ota/download/answer.js';
import { downloadReasons, downloadWords, storageEnding } from '../../ota/download/ending.js';
import { Pace } from '../../ota/download/pace.js';

const whole = { bytes: 100, from: 0, etag: null };
const rest = { bytes: 100, from: 40, etag: '"a"' };

test('an answer is taken, taken from the beginning, asked for anew, put off or refused', () => {
  const cases: [number, Record<string, string>, typeof whole | typeof rest, string][] = [
    [200, {}, whole, 'take 0'],
    [200, { 'content-length': '100' }, rest, 'take 0'],
    [200, { 'content-length': '99' }, whole, 'refuse'],
    [200, { 'content-length': '1e2' }, whole, 'refuse'],
    [200, { 'content-encoding': 'gzip' }, whole, 'refuse'],
    [206, { 'content-range': 'bytes 40-99/100', 'content-length': '60' }, rest, 'take 40'],
    [206, { 'content-range': 'bytes 40-59/100' }, rest, 'take 40'],
    [206, { 'content-range': 'bytes 40-99/*', etag: '"a"' }, rest, 'take 40'],
    [206, { 'content-range': 'bytes 40-99/100', etag: '"b"' }, rest, 'restart'],
    [206, { 'content-range': 'bytes 40-99/100', 'content-length': '59' }, rest, 'restart'],
    [206, { 'content-range': 'bytes 39-99/100' }, rest, 'restart'],
    [206, { 'content-range': 'bytes 40-100/101' }, rest, 'restart'],
    [206, { 'content-range': 'bytes 40-99/100, 1-2/100' }, rest, 'restart'],
    [206, {}, rest, 'restart'],
    [206, { 'content-range': 'bytes 0-99/100' }, whole, 'refuse'],
    [416, {}, rest, 'restart'],
    [416, {}, whole, 'refuse'],
    [404, {}, whole, 'refuse'],
    [204, {}, whole, 'refuse'],
    [503, {}, whole, 'later'],
    [429, {}, whole, 'later'],
  ];
  for (const [status, headers, asked, expected] of cases) {
    const judged = judgeAnswer(status, headers, asked);
    const found = judged.kind === 'take' ? `take ${judged.from}` : judged.kind;
    assert.equal(found, expected, JSON.stringify({ status, headers, judged }));
  }
});

test('only strong tags and single ranges count', () => {
  assert.equal(strongTag('"a-1"'), '"a-1"');
  for (const text of [undefined, 'W/"a"', 'a', '"a"b"', '"a\n"', `"${'a'.repeat(300)}"`]) {
    assert.equal(strongTag(text), null);
  }
  assert.deepEqual(contentRange('bytes 1-2/3'), { first: 1, last: 2, of: 3 });
  for (const text of [
    'bytes 2-1/3',
    'bytes 1-3/3',
    'items 1-2/3',
    'bytes -1-2/3',
    'bytes 1-2/3 ',
    'bytes */3',
  ]) {
    assert.equal(contentRange(text), null);
  }
});

test('the limit tells how long to wait; the minimum is asked of waiting for the network only', () => {
  const clock = new ManualClock();
  const pace = new Pace(
    { clock },
    { minimumBytesPerSecond: 1000, overSeconds: 10, limitBytesPerSecond: 2000 },
  );
  assert.equal(pace.rate(), null);
  for (let second = 0; second < 60; second++) {
    assert.equal(pace.came(2000, 0), 1000, 'a pause that the limit asks for is not slowness');
    clock.advance(1000);
  }
  pace.came(2000, 0);
  assert.equal(pace.rate(), 2000);
  // Just enough, and then not.
  assert.doesNotThrow(() => pace.came(10_000, 10_000_000));
  assert.throws(() => pace.came(9_999, 10_000_000), /Less than 1000 bytes a second/);
});

test('each way to end has words in both languages, and a full disk is told from a broken one', () => {
  for (const reason of downloadReasons) {
    assert.notEqual(downloadWords[reason].fr, downloadWords[reason].en);
  }
  const reasonOf = (code: string): string => storageEnding(Object.assign(new Error('x'), { code })).reason;
  assert.deepEqual(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS'].map(reasonOf), [
    'space',
    'space',
    'storage',
    'storage',
  ]);
});

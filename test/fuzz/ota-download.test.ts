/**
 * Answers of servers and the record beside a partial file, changed in many ways: judged without a throw, and what is taken
 * begins where it was asked for and ends where the file ends. Seeded; `CASES` for more. Corpus: test/fuzz/corpus/ota-download.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { contentRange, judgeAnswer } from '../../ota/download/answer.js';
import { parseRecord } from '../../ota/download/partial.js';
import { seeded } from '../random.js';

const cases = Number(process.env['CASES'] ?? 20_000);
const corpus = join(import.meta.dirname, '../../../test/fuzz/corpus/ota-download');
const linesOf = (name: string): string[] => readFileSync(join(corpus, name), 'utf8').trimEnd().split('\n');
const pieces = [
  '0',
  '-',
  '/',
  '*',
  ' ',
  ',',
  '"',
  'bytes ',
  '40',
  '99',
  '100',
  '1e3',
  '٣',
  '\t',
  '9007199254740993',
];

function changed(text: string, random: () => number): string {
  const at = (length: number): number => Math.floor(random() * length);
  let now = text;
  for (let change = at(4); change > 0; change--) {
    const [from, to] = [at(now.length + 1), at(now.length + 1)].sort((a, b) => a - b) as [number, number];
    const piece = random() < 0.5 ? (pieces[at(pieces.length)] ?? '') : now.slice(from, to);
    now =
      random() < 0.5
        ? now.slice(0, from) + piece + now.slice(from)
        : now.slice(0, from) + piece + now.slice(to);
  }
  return now;
}

test('headers: what is taken fits what was asked for', () => {
  const random = seeded(1);
  const all = linesOf('answers.jsonl').map((line) => JSON.parse(line) as Record<string, string>);
  let taken = 0;
  for (let n = 0; n < cases; n++) {
    const base = all[n % all.length] ?? {};
    const headers = Object.fromEntries(
      Object.entries(base).map(([name, value]) => [name, n < all.length ? value : changed(value, random)]),
    );
    const asked = { bytes: 100, from: n % 3 === 0 ? 0 : 40, etag: n % 2 === 0 ? '"a"' : null };
    const status = [200, 206, 416, 503][Math.floor(random() * 4)] ?? 206;
    const judged = judgeAnswer(status, headers, asked);
    if (judged.kind !== 'take') continue;
    taken += 1;
    assert.equal(headers['content-encoding'] ?? 'identity', 'identity');
    if (judged.from === 0) continue;
    const range = contentRange(headers['content-range']);
    assert.ok(range && range.first === 40 && range.last < 100, JSON.stringify(headers));
    assert.ok(asked.etag === null || judged.etag === asked.etag);
  }
  assert.ok(taken > cases / 20, 'some must be taken, or nothing was shown');
});

test('the record: only one that is of this file counts', () => {
  const random = seeded(2);
  const wanted = { bytes: 100, sha256: 'ab'.repeat(32), file: 'x' };
  const all = linesOf('records.jsonl');
  let taken = 0;
  for (let n = 0; n < cases; n++) {
    const line = all[n % all.length] ?? '';
    const text = n < all.length ? line : changed(line, random);
    const found = parseRecord(text, wanted);
    if (!found) continue;
    taken += 1;
    const { bytes, sha256, etag } = JSON.parse(text) as Record<string, unknown>;
    assert.deepEqual([bytes, sha256, etag], [wanted.bytes, wanted.sha256, found.etag]);
  }
  assert.ok(taken > 100 && taken < cases);
});

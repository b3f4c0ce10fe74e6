/** The reader of JSON: as strict as JSON.parse, and one step more. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JsonError, readJson, shown } from '../../runtime/config/json.js';

function refusal(text: string): string {
  try {
    readJson(text);
  } catch (error) {
    assert.ok(error instanceof JsonError, String(error));
    return error.message;
  }
  return assert.fail(`accepted: ${text}`);
}

test('what JSON.parse takes is read the same', () => {
  const texts = [
    ...[
      'null',
      ' true ',
      '-0',
      '1.5e-3',
      '""',
      '"\\u00e9\\n\\"\\\\/"',
      '[]',
      '{}',
      '[1,[2,[3]],{"a":{"b":[]}}]',
    ],
    ...['{"a" : 1 ,\r\n\t"b":"\u2028é𝄞"}', '\t[ ]\n', '{"":0}', '12345678901234567890'],
  ];
  for (const text of texts) assert.deepEqual(readJson(text).value, JSON.parse(text), text);
});

test('what JSON.parse refuses is refused, with the place', () => {
  const places: [string, string][] = [
    ['', '1:1'],
    ['{', '1:2'],
    ['{"a":1,}', '1:8'],
    ['[1,]', '1:4'],
    ['[1 2]', '1:4'],
    ['01', '1:2'],
    ['{"a":\n  tru}', '2:3'],
    ["{'a':1}", '1:2'],
    ['{"a" 1}', '1:6'],
    ['"a\nb"', '1:1'],
    ['"\\x"', '1:1'],
    ['1 // one', '1:3'],
    ['nan', '1:1'],
  ];
  for (const [text, place] of places) {
    assert.throws(() => JSON.parse(text) as unknown, text);
    assert.ok(refusal(text).startsWith(`${place}: `), `${JSON.stringify(text)}: ${refusal(text)}`);
  }
});

test('what JSON.parse lets through and should not', () => {
  assert.match(refusal('{"a":1,"b":{"a":2,"a":3}}'), /^1:19: the key "a" appears twice/);
  assert.match(refusal('{"a":1,"\\u0061":3}'), /appears twice/);
  assert.match(refusal('{"__proto__":{}}'), /not allowed/);
  assert.match(refusal('['.repeat(100_000)), /nested deeper/);
});

test('a byte order mark is no mistake', () => {
  assert.deepEqual(readJson('\uFEFF{"a":1}').value, { a: 1 });
});

test('a long text is read', () => {
  const text = JSON.stringify('x'.repeat(1_000_000));
  assert.equal((readJson(text).value as string).length, 1_000_000);
});

test('every value has its place', () => {
  const { positionOf } = readJson('{\n "a": [1,\n  {"b": 2}]}');
  assert.deepEqual(positionOf([]), { line: 1, column: 1 });
  assert.deepEqual(positionOf(['a']), { line: 2, column: 2 });
  assert.deepEqual(positionOf(['a', 1]), { line: 3, column: 3 });
  assert.deepEqual(positionOf(['a', 1, 'b']), { line: 3, column: 4 });
  assert.equal(positionOf(['c']), undefined);
});

test('a key is printed without what could disturb a terminal', () => {
  assert.equal(shown('a\u001b[2J\u009b\u202e'), '"a\\u001b[2J??"');
  assert.equal(shown('k'.repeat(100)).length, 43);
});

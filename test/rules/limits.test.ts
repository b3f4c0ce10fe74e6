/** Files and functions that fit a head, no word that puts work off, no test that is skipped in silence. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forbiddenWords, longFiles, longFunctions, mostFileLines, silentSkips } from './limits.js';
import { allDirectories, product, type Source, sourcesIn } from './source.js';

const one = (text: string, path = 'runtime/a.ts'): Source[] => [{ path, text }];

test(`no file of the product is longer than ${mostFileLines} lines`, () => {
  assert.deepEqual(longFiles([...product(), ...sourcesIn(['setup', 'bench'])]), []);
  assert.equal(longFiles(one('a\n'.repeat(mostFileLines + 1))).length, 1);
});

test('no function of the product is too long', () => {
  assert.deepEqual(longFunctions([...product(), ...sourcesIn(['setup', 'bench'])]), []);
  assert.equal(longFunctions(one(`class A { b() {\n${'c();\n'.repeat(70)}} }`)).length, 1);
  assert.equal(longFunctions(one(`const a = () => {\n${'c();\n'.repeat(70)}};`)).length, 1);
});

test('no word puts work off, silences a checker or names a machine', () => {
  assert.deepEqual(forbiddenWords(sourcesIn(allDirectories)), []);
  const words = ['// TO' + 'DO later', '// @ts-' + 'ignore', "'/ro" + "ot/x'"];
  for (const text of words) assert.equal(forbiddenWords(one(text)).length, 1, text);
  assert.deepEqual(forbiddenWords(one("const done = 'todo'; // rooted here")), []);
});

test('a test that is skipped says why', () => {
  assert.deepEqual(silentSkips(sourcesIn(['test'])), []);
  const silent = [
    "test('a', { skip: true }, () => {});",
    "test('a', { skip: !hasRoot }, () => {});",
    "test('a', { skip: uid !== 0 }, () => {});",
    "test.skip('a', () => {});",
    "test.todo('a');",
    "test('a', (t) => { t.skip(); });",
  ];
  for (const text of silent) assert.equal(silentSkips(one(text)).length, 1, text);
  const spoken = [
    "test('a', { skip: uid === 0 ? false : 'needs root' }, () => {});",
    "test('a', (t) => { t.skip('no browser'); });",
    "test('a', { skip: reason }, () => {});",
  ];
  for (const text of spoken) assert.deepEqual(silentSkips(one(text)), [], text);
});

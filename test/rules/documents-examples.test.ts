/**
 * What a technician copies from the pages works: each JSON example is taken by the code that will read it. And
 * the README is honest: each of the eight promises names a command, or says that there is none yet.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { authorisation } from '../../runtime/access/authorisation.js';
import { loadConfig } from '../../runtime/config/load.js';
import { tableUnder } from './markdown.js';

const page = (path: string): string => readFileSync(path, 'utf8');

/** JSON blocks of a page, also those inside a list. A block without braces of its own is a part to add. */
function jsonIn(text: string): Record<string, unknown>[] {
  return [...text.matchAll(/^ *```json\n([\s\S]*?)^ *```/gm)].map(([, block]) => {
    const json = (block ?? '').trim();
    return JSON.parse(json.startsWith('{') ? json : `{${json}}`) as Record<string, unknown>;
  });
}

test('the configurations on the pages start a camera', () => {
  for (const path of ['docs/configuration.md', 'docs/installation.md']) {
    const [whole, ...parts] = jsonIn(page(path));
    assert.ok(whole, `${path} has no example`);
    const config = loadConfig(Object.assign({}, whole, ...parts));
    assert.ok(config.mask.zones.length > 0, path);
  }
});

test('negative control: an example with a misspelt key is refused', () => {
  assert.throws(() => loadConfig({ ...jsonIn(page('docs/installation.md'))[0], mash: {} }), /mash/);
});

test('the authorisation on its page is valid, and the page names its keys and every refusal', () => {
  const text = page('docs/authorisation.md');
  assert.equal(authorisation.safeParse(jsonIn(text)[0]).success, true);
  for (const key of Object.keys(authorisation.shape)) assert.ok(text.includes(`\`${key}\``), key);
  const source = page('runtime/access/authorisation.ts');
  const codes = new Set(source.match(/'authorisation-[a-z-]+'/g));
  assert.ok(codes.size >= 5, [...codes].join(' '));
  for (const code of codes) assert.ok(text.includes(code.replaceAll("'", '`')), code);
});

/** Rows of the promises that show nothing and do not say so. */
function vague(rows: string[][]): string[] {
  return rows
    .filter(([, , show = '']) => !/`[^`]+`/.test(show) && show !== 'no command yet')
    .map(([n = '']) => n);
}

test('the README has the eight promises, each with a command or without one in words', () => {
  const rows = tableUnder(page('README.md'), 'The eight promises');
  assert.deepEqual(
    rows.map(([number]) => number),
    ['1', '2', '3', '4', '5', '6', '7', '8'],
  );
  assert.deepEqual(vague(rows), []);
  for (const [number, , show, state] of rows) {
    if (show === 'no command yet') assert.match(state ?? '', /^later/, `promise ${number}`);
  }
  assert.deepEqual(vague([['9', 'it flies', 'see for yourself', 'shown']]), ['9']);
});

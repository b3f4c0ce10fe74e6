/** docs/configuration.md is what the schema says, and the schema says something about every key. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { configurationPage } from '../../runtime/config/document.js';
import { exampleConfig } from '../../runtime/config/example.js';
import { configShape, knownKeys, placesOf, type Shape } from '../../runtime/config/shape.js';

test('the page is current', () => {
  const page = readFileSync('docs/configuration.md', 'utf8');
  assert.equal(page, configurationPage(), 'run `npm run docs`');
});

test('every key says what it is for', () => {
  const silent: string[] = [];
  const visit = (shape: Shape, path: string): void => {
    const inner = [...Object.entries(shape.properties ?? {})];
    for (const [key, child] of inner) {
      const isKind = key === 'kind';
      if (child.description === undefined && !isKind) silent.push(`${path}.${key}`);
      visit(child, `${path}.${key}`);
    }
    if (shape.items) visit(shape.items, `${path}[]`);
    for (const choice of shape.oneOf ?? []) visit(choice, path);
  };
  visit(configShape(), '');
  assert.deepEqual(silent, []);
});

test('the example is shown as it is', () => {
  const block = /```json\n([\s\S]*?)```/.exec(configurationPage())?.[1] ?? '';
  assert.deepEqual(JSON.parse(block), exampleConfig);
});

test('the tree of keys can be walked', () => {
  assert.deepEqual(knownKeys(['mask']), ['zones', 'noneBecause']);
  assert.deepEqual(knownKeys(['mask', 'zones', 3]), ['name', 'points', 'directions']);
  assert.deepEqual(knownKeys(['sensor'], 'v4l2'), ['kind', 'device']);
  assert.ok(knownKeys(['sensor']).includes('latencyMs'));
  assert.deepEqual(knownKeys(['nowhere', 'constructor']), []);
  assert.deepEqual(placesOf('dwellSeconds'), ['zones[].presence.dwellSeconds']);
});

/** Where files go, as the XDG Base Directory Specification and our own variables say. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import {
  cacheDirectory,
  modelDirectory,
  openStateDirectory,
  stateDirectory,
} from '../../runtime/config/paths.js';

type Environment = Record<string, string | undefined>;

test('our own variable, then the XDG one, then the home directory', () => {
  assert.equal(cacheDirectory({ VIGIE_CACHE: '/a/b', XDG_CACHE_HOME: '/x' }), '/a/b');
  assert.equal(cacheDirectory({ VIGIE_CACHE: 'b' }), resolve('b'));
  assert.equal(cacheDirectory({ VIGIE_CACHE: '', XDG_CACHE_HOME: '/x' }), '/x/vigie');
  assert.equal(cacheDirectory({ XDG_CACHE_HOME: 'relative' }), join(homedir(), '.cache/vigie'));
  assert.equal(stateDirectory({ VIGIE_STATE: '/a/b' }), '/a/b');
  assert.equal(stateDirectory({ XDG_STATE_HOME: '/x' }), '/x/vigie');
  assert.equal(stateDirectory({}), join(homedir(), '.local/state/vigie'));
});

test('set-up finds the same cache directory as the camera', async () => {
  const url = pathToFileURL(resolve('setup/paths.mjs')).href;
  const setup = (await import(url)) as { cacheDirectory: (env: Environment) => string };
  const environments: Environment[] = [
    {},
    { VIGIE_CACHE: '/a' },
    { VIGIE_CACHE: '' },
    { VIGIE_CACHE: 'b' },
    { XDG_CACHE_HOME: '/x' },
    { XDG_CACHE_HOME: 'x' },
  ];
  for (const env of environments) assert.equal(setup.cacheDirectory(env), cacheDirectory(env));
});

test('a version in a slot uses the models that came with it, any other those of the cache', (t) => {
  const slot = mkdtempSync(join(tmpdir(), 'vigie-slot-'));
  t.after(() => rmSync(slot, { recursive: true }));
  assert.equal(modelDirectory({ VIGIE_CACHE: '/a' }, slot), '/a');
  writeFileSync(join(slot, 'bundle.json'), '{}');
  assert.equal(modelDirectory({ VIGIE_CACHE: '/a' }, slot), slot);
  assert.equal(modelDirectory({ VIGIE_CACHE: '/a' }), '/a', 'this clone is no slot');
});

test('the state directory is closed to others, or refused', (t) => {
  const base = mkdtempSync(join(tmpdir(), 'vigie-state-'));
  t.after(() => rmSync(base, { recursive: true }));
  const directory = openStateDirectory(join(base, 'a/b'));
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  assert.equal(openStateDirectory(directory), directory);
  chmodSync(directory, 0o750);
  assert.throws(() => openStateDirectory(directory), /Others may enter .* \(mode 0750\)/);
  writeFileSync(join(base, 'file'), '');
  assert.throws(() => openStateDirectory(join(base, 'file')), /cannot be made/);
});

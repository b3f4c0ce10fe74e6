/** The section `ota` of the configuration, and what the register takes of an update. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { VigieError } from '../../errors.js';
import { updateSteps } from '../../ota/updater/told.js';
import { registerEvent } from '../../runtime/access/register/entry.js';
import { updateWords } from '../../runtime/cli/register-words.js';
import { loadConfig } from '../../runtime/config/load.js';

const camera = {
  camera: { id: 'cam-1', name: 'Mairie' },
  sensor: { kind: 'pattern' },
  mask: { zones: [], noneBecause: 'A test pattern shows nobody' },
};
const repository = { url: 'https://updates.example/vigie', customer: 'ville-exemple' };

test('an address and a customer are enough; without the section nothing is asked', () => {
  assert.equal(loadConfig(camera).ota, undefined);
  const { ota } = loadConfig({ ...camera, ota: repository });
  assert.deepEqual(ota, {
    ...repository,
    channel: 'stable',
    groups: [],
    window: [],
    checkEveryMinutes: 60,
    install: 'window',
    confirmSeconds: 30,
    backend: 'dir',
  });
});

test('the file of the authorities is found from the configuration file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-config-'));
  try {
    const file = join(directory, 'camera.json');
    writeFileSync(file, JSON.stringify({ ...camera, ota: { ...repository, caFile: 'tls/city.pem' } }));
    assert.equal(loadConfig(file).ota?.caFile, join(directory, 'tls/city.pem'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test('what a repository cannot be is refused', () => {
  for (const wrong of [
    { url: 'ftp://updates.example/' },
    { url: 'updates.example' },
    { url: 'https://updates.example/vigie?key=1' },
    { customer: '../other' },
    { customer: 'Ville' },
    { channel: 'nightly' },
    { groups: ['a/b'] },
    { window: [{ from: '25:00', to: '04:00' }] },
    { timeZone: 'Paris' },
    { limitKbps: 1 },
    { confirmSeconds: 600 },
    { install: 'always' },
    { backend: 'swupdate' },
    { key: 'x' },
  ])
    assert.throws(
      () => loadConfig({ ...camera, ota: { ...repository, ...wrong } }),
      VigieError,
      JSON.stringify(wrong),
    );
});

test('the register takes every step, and says each in both languages', () => {
  const said = new Set<string>();
  for (const step of updateSteps) {
    const told = { kind: 'update', step, from: '1.0.0', to: '1.1.0', by: 'agent', reason: 'tries' } as const;
    assert.deepEqual(registerEvent.parse(told), told);
    const frame = { n: 1, at: 0, trusted: true, prev: '0'.repeat(64), signature: '' };
    for (const language of ['fr', 'en'] as const) {
      const words = updateWords({ ...told, ...frame }, language);
      assert.match(words, /1\.1\.0.*agent.*\[tries\]/);
      said.add(words);
    }
  }
  assert.equal(said.size, 2 * updateSteps.length);
});

test('the register takes no other step, no address and no long text', () => {
  const told = { kind: 'update', step: 'installed', from: '1.0.0', to: '1.1.0' };
  assert.ok(registerEvent.safeParse(told).success);
  assert.ok(registerEvent.safeParse({ ...told, from: null, to: null }).success);
  for (const wrong of [
    { step: 'exploded' },
    { reason: 'http://192.0.2.7/' },
    { reason: 'a'.repeat(41) },
    { to: 'x'.repeat(65) },
    { note: 'x' },
  ])
    assert.ok(!registerEvent.safeParse({ ...told, ...wrong }).success, JSON.stringify(wrong));
});

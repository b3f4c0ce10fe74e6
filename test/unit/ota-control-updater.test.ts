/** What the control plane asks of the updater itself: when its status is one to go by, and that it takes what was seen or nothing. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { foundOf, scripted, until } from './ota-scripted.js';

const root = mkdtempSync(join(tmpdir(), 'vigie-control-updater-'));
after(() => rmSync(root, { recursive: true, force: true }));

test('the status is known once the slots were read, and then says that it is a trial', async () => {
  const script = scripted(join(root, 'known'));
  script.slots.trial = { triesLeft: 2, verified: true, asked: ['frames'] };
  let known = '';
  const waiting = script.updater.known.then(() => {
    known = script.updater.status().state;
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(known, '', 'negative control: not before the start');
  await script.updater.start(new AbortController().signal);
  await waiting;
  assert.equal(known, 'trial');
  await script.updater.stop();
  const neverStarted = scripted(join(root, 'never'));
  await neverStarted.updater.stop();
  await neverStarted.updater.known;
});

test('what was published between the look and the order is not taken in its place', async () => {
  const script = scripted(join(root, 'republished'));
  await script.updater.start(new AbortController().signal);
  assert.equal((await script.updater.check()).offer?.version, '1.1.0');
  script.found = foundOf('1.2.0');
  await assert.rejects(script.updater.install('agent', '1.1.0'), /1\.2\.0 is offered by now/);
  assert.equal(script.updater.status().state, 'offered');
  assert.ok(!script.steps.some((step) => step.startsWith('fetch')));
  await script.updater.install('agent', '1.2.0');
  await until(script, 'restart');
  await script.updater.stop();
});

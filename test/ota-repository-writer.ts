/**
 * Publishes in a process that is killed at a step: `node ... DIRECTORY KEYS CHANGE STEP ORDER`. Started by the tests of the
 * repository; ORDER `timestamp-first` is what the product must never do.
 */
import { join } from 'node:path';
import { Keyring, keysIn, readKeyFile } from '../ota/repository/keys.js';
import { layDown, offer, targetPath } from '../ota/repository/offers.js';
import { prepare, writeAll } from '../ota/repository/publication.js';
import { Repository } from '../ota/repository/repository.js';
import { revoke, rotate } from '../ota/repository/rotation.js';
import { place, releaseOf } from './ota-publishing.js';

const [, , directory = '', keys = '', change = '', step = '', order = ''] = process.argv;
const nowMs = Date.now();
const keyring = new Keyring(await keysIn(keys), () => Promise.reject(new Error('no passphrase in a test')));
const repository = await Repository.open(directory);
const draft = repository.draft(nowMs);
if (change === 'publish') {
  const path = targetPath(place, 'vigie-1.1.0.tar.zst');
  const entry = await layDown(directory, path, join(keys, 'bundle'));
  await offer(directory, draft, { release: releaseOf('1.1.0', path), files: new Map([[path, entry]]) });
} else {
  const next = await readKeyFile(join(keys, 'timestamp-next.pem'));
  if (change === 'rotate') rotate(draft, 'timestamp', 'timestamp-1', next);
  else revoke(draft, 'timestamp-1', next);
}

let steps = 0;
const reached = (name: string): void => {
  process.stdout.write(`${name}\n`);
  if (String(++steps) === step) process.kill(process.pid, 'SIGKILL');
};
if (order === 'timestamp-first') {
  const { writes } = await prepare(draft, keyring, { nowMs });
  await writeAll(directory, [...writes].reverse(), reached);
} else {
  await repository.apply(draft, keyring, { nowMs, stage: false, reached });
}

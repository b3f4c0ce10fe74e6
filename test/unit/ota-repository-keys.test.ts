/** Keys of the integrator: what is written with which mode, what opens them, and what is refused. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { chmodSync, copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Keyring, keysIn, makeKey, publicPlace, readKeyFile } from '../../ota/repository/keys.js';
import { spawnCommand } from '../command-runner.js';
import { scratch } from '../small-bundle.js';

const nobody = (): Promise<string> => Promise.reject(new Error('nobody is asked'));

test('a key is private to its owner, encrypted when a passphrase is given, and signs what its public part verifies', async (t) => {
  const directory = scratch(t);
  const file = join(directory, 'root-1.pem');
  const made = await makeKey('root-1', file, 'four words of a phrase');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.match(readFileSync(file, 'utf8'), /ENCRYPTED/);
  assert.ok(!readFileSync(publicPlace(file), 'utf8').includes('PRIVATE'));
  const read = await readKeyFile(file);
  assert.deepEqual(read, made);
  assert.equal((await readKeyFile(publicPlace(file))).id, made.id);
  const sign = await new Keyring([read], () => Promise.resolve('four words of a phrase')).signer(made.id);
  const bytes = Buffer.from('bytes');
  const key = createPublicKey(readFileSync(publicPlace(file)));
  assert.ok(verify(null, bytes, key, Buffer.from(sign(bytes), 'hex')));
  await assert.rejects(
    new Keyring([read], () => Promise.resolve('another')).signer(made.id),
    /does not open/,
  );
  await assert.rejects(makeKey('root-1', file, null), /is there already/);
  await assert.rejects(makeKey('Root 1', join(directory, 'x.pem'), null), /no name for a key/);
});

test('refused: a key open to others, of another kind, of another pair, and what is none', async (t) => {
  const directory = scratch(t);
  const at = (name: string): string => join(directory, name);
  const one = await makeKey('one', at('one.pem'), null);
  chmodSync(at('one.pem'), 0o640);
  await assert.rejects(readKeyFile(at('one.pem')), /open to others.*|chmod 600/);
  chmodSync(at('one.pem'), 0o600);
  assert.equal((await readKeyFile(at('one.pem'))).id, one.id);
  await makeKey('two', at('two.pem'), 'phrase');
  copyFileSync(publicPlace(at('one.pem')), publicPlace(at('two.pem')));
  const two = await readKeyFile(at('two.pem'));
  await assert.rejects(
    new Keyring([two], () => Promise.resolve('phrase')).signer(two.id),
    /is not the public part/,
  );
  execFileSync('openssl', ['genpkey', '-algorithm', 'X25519', '-out', at('x.pem')], { stdio: 'ignore' });
  chmodSync(at('x.pem'), 0o600);
  await assert.rejects(readKeyFile(at('x.pem')), /is not Ed25519/);
  writeFileSync(at('text.pem'), 'text');
  await assert.rejects(readKeyFile(at('text.pem')), /is not a key in PEM/);
  await assert.rejects(readKeyFile(directory), /cannot be read|is not a key/);
});

test('a key that OpenSSL made with a stronger passphrase works too', async (t) => {
  const directory = scratch(t);
  const at = (name: string): string => join(directory, name);
  writeFileSync(at('phrase'), 'phrase\n', { mode: 0o600 });
  execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', at('plain')]);
  const scrypt = ['pkcs8', '-topk8', '-scrypt', '-in', at('plain'), '-passout', `file:${at('phrase')}`];
  execFileSync('openssl', [...scrypt, '-out', at('strong.pem')]);
  execFileSync('openssl', ['pkey', '-in', at('plain'), '-pubout', '-out', at('strong.pub.pem')]);
  chmodSync(at('strong.pem'), 0o600);
  const [key] = await keysIn(directory);
  assert.equal(key?.name, 'strong');
  assert.ok(key);
  assert.ok(await new Keyring([key], () => Promise.resolve('phrase')).signer(key.id));
});

test('the passphrase comes from a file that the environment names, never from the command line', async (t) => {
  const directory = scratch(t);
  const phrase = join(directory, 'phrase');
  writeFileSync(phrase, 'a long phrase\n', { mode: 0o600 });
  const file = join(directory, 'k.pem');
  const env = { VIGIE_OTA_PASSPHRASE_FILE: phrase, LC_ALL: 'C' };
  const made = spawnCommand(['ota', 'keys', 'new', 'k', '--out', file, '--json'], env);
  assert.equal(made.status, 0, made.error);
  assert.ok(!`${made.out}${made.error}`.includes('a long phrase'));
  const key = await readKeyFile(file);
  assert.equal(key.encrypted, true);
  await assert.rejects(new Keyring([key], nobody).signer(key.id), /nobody is asked/);
  chmodSync(phrase, 0o644);
  const refused = spawnCommand(['ota', 'keys', 'new', 'l', '--out', join(directory, 'l.pem')], env);
  assert.equal(refused.status, 11);
  assert.match(refused.error, /chmod 600/);
});

/**
 * The key that signs the register: Ed25519, PKCS 8 in a file of mode 0600, made at the first start. Used by register.ts
 * and the `vigie register` commands. Never leaves its file but to sign; never logged.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { VigieError } from '../../../errors.js';
import { replaceWhole } from '../../../whole-file.js';

const mostBytes = 4096;

export interface SigningKey {
  privateKey: KeyObject;
  publicKey: KeyObject;
}

/**
 * Reads the key, or makes it when there is none and `make` says so.
 * @throws VigieError `access` when there is none, when others may read it, or when it is no Ed25519 key
 */
export async function openSigningKey(file: string, { make }: { make: boolean }): Promise<SigningKey> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW;
  const handle = await open(file, flags).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return null;
    throw refused('The key of the register cannot be read', `Check the owner and the mode of ${file}`, cause);
  });
  if (handle) return keyOf(await readPrivate(handle, file), file);
  if (make) return makeKey(file);
  throw refused('There is no key of a register here', 'Name the state directory of the camera with --state');
}

/** SPKI DER, base64url: how the register and a proof carry it. */
export function encodePublicKey(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'der' }).toString('base64url');
}

/** @throws VigieError `access` when it is no Ed25519 public key */
export function decodePublicKey(text: string): KeyObject {
  try {
    const key = createPublicKey({ key: Buffer.from(text, 'base64url'), type: 'spki', format: 'der' });
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Told below, with any other key.
  }
  throw refused('The public key is not an Ed25519 key', 'Ask for the proof again, from the camera itself');
}

/** SHA-256 of the public key, in groups of four: what is written down at installation and compared later. */
export function fingerprintOf(key: KeyObject): string {
  const digest = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
  return (digest.match(/.{4}/g) ?? []).join(' ');
}

async function readPrivate(handle: FileHandle, file: string): Promise<string> {
  try {
    const { mode, size } = await handle.stat();
    if ((mode & 0o077) !== 0) throw refused('Others can read the key of the register', `chmod 600 ${file}`);
    if (size > mostBytes) throw refused('The key of the register is damaged', restore);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

const restore =
  'Restore it; without it no entry can be added to this register. Move the register away to begin another';

function keyOf(pem: string, file: string): SigningKey {
  try {
    const privateKey = createPrivateKey(pem);
    if (privateKey.asymmetricKeyType === 'ed25519') {
      return { privateKey, publicKey: createPublicKey(privateKey) };
    }
  } catch {
    // What the parser says about a damaged key is not for a log.
  }
  throw refused('The key of the register is damaged', `${restore} (${file})`);
}

/** A cut leaves no key, or a whole one. */
async function makeKey(file: string): Promise<SigningKey> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  try {
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    await replaceWhole(file, pem, { makeDirectory: true });
  } catch (cause) {
    throw refused('The key of the register cannot be made', `Check the space and mode of ${file}`, cause);
  }
  return { privateKey, publicKey };
}

function refused(message: string, hint: string, cause?: unknown): VigieError {
  return new VigieError('access', message, hint, cause === undefined ? undefined : { cause });
}

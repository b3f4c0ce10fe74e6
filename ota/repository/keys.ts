/**
 * The integrator's keys: Ed25519, the private one as PKCS#8 PEM with mode 0600, the public one beside it. Used by the commands
 * and by ota/repository/; nothing of a private key is ever printed, logged or written into a repository.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as signBytes,
} from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { VigieError } from '../../errors.js';
import { pathPart } from '../release.js';
import type { KeyJson } from './formats.js';

/** What is known of a key without its passphrase. */
export interface KeyFile {
  /** SHA-256 of the public key as the metadata writes it, hexadecimal */
  id: string;
  name: string;
  file: string;
  publicHex: string;
  /** this file can sign */
  private: boolean;
  encrypted: boolean;
}

/** Asks for the passphrase of a file; rejects when nobody can answer. */
export type AskPassphrase = (file: string) => Promise<string>;

const mostBytes = 16 * 1024;
const nameLine = /^vigie-key: ([a-z0-9][a-z0-9._-]{0,63})$/m;

/** `root-1.pem` has `root-1.pub.pem` beside it. */
export const publicPlace = (file: string): string => file.replace(/(\.pem)?$/, '.pub.pem');

const refused = (message: string, hint: string, cause?: unknown): VigieError =>
  new VigieError('update', message, hint, { cause });

/**
 * Makes a key and writes both files, and their directory closed to others where there is none; neither may be there yet. The passphrase, when there is one, encrypts the private file.
 * @throws VigieError `update`
 */
export async function makeKey(name: string, file: string, passphrase: string | null): Promise<KeyFile> {
  if (!pathPart.safeParse(name).success) {
    throw refused(`"${name}" is no name for a key`, 'Use lower-case letters, digits, and . _ - inside');
  }
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const secret =
    passphrase === null
      ? privateKey.export({ type: 'pkcs8', format: 'pem' })
      : privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase });
  const head = `vigie-key: ${name}\n`;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 }).catch(() => undefined);
  await writeNew(file, `${head}${secret.toString()}`, 0o600);
  const open = `${head}${publicKey.export({ type: 'spki', format: 'pem' }).toString()}`;
  await writeNew(publicPlace(file), open, 0o644);
  const publicHex = hexOf(publicKey);
  return { id: keyId(publicHex), name, file, publicHex, private: true, encrypted: passphrase !== null };
}

const isThere = (file: string, cause?: unknown): VigieError =>
  refused(`${file} is there already`, 'Name another file: a key is never written over', cause);

/** Before a passphrase is asked for. @throws VigieError `update` */
export async function keyPlaceFree(file: string): Promise<void> {
  for (const one of [file, publicPlace(file)]) {
    const found = await lstat(one).catch(() => null);
    if (found !== null) throw isThere(one);
  }
}

async function writeNew(file: string, text: string, mode: number): Promise<void> {
  try {
    const handle = await open(file, 'wx', mode);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') throw isThere(file, cause);
    throw refused(
      `${file} cannot be written`,
      'Look whether you may write there, or name another file',
      cause,
    );
  }
}

/** The key in the form that metadata lists it. */
export function keyJson({ name, publicHex }: Pick<KeyFile, 'name' | 'publicHex'>): KeyJson {
  return {
    keytype: 'ed25519',
    scheme: 'ed25519',
    keyval: { public: publicHex },
    'x-vigie-name': name,
  };
}

/** Over what the specification calls the canonical form, the name left out: the same key is never counted twice. */
export function keyId(publicHex: string): string {
  const canonical = `{"keytype":"ed25519","keyval":{"public":"${publicHex}"},"scheme":"ed25519"}`;
  return createHash('sha256').update(canonical).digest('hex');
}

function hexOf(key: KeyObject): string {
  const { x } = key.export({ format: 'jwk' });
  return Buffer.from(x ?? '', 'base64url').toString('hex');
}

/**
 * Reads a private or public key file. A private one must not be open to others; of an encrypted one the public part beside it
 * is read.
 * @throws VigieError `update`
 */
export async function readKeyFile(file: string): Promise<KeyFile> {
  const text = await readPem(file);
  const encrypted = text.includes('BEGIN ENCRYPTED PRIVATE KEY');
  const isPrivate = encrypted || text.includes('BEGIN PRIVATE KEY');
  if (isPrivate) await keptPrivate(file);
  const publicText = encrypted ? await readPem(publicPlace(file)) : text;
  const publicKey = ed25519(file, () => createPublicKey(publicText));
  const name = nameLine.exec(text)?.[1] ?? basename(file).replace(/(\.pub)?\.pem$/, '');
  const publicHex = hexOf(publicKey);
  return { id: keyId(publicHex), name, file, publicHex, private: isPrivate, encrypted };
}

async function readPem(file: string): Promise<string> {
  const hint = 'Make one with: vigie ota keys new NAME --out FILE';
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = await handle.stat();
      if (!stat.isFile() || stat.size > mostBytes) throw refused(`${file} is not a key`, hint);
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (cause instanceof VigieError) throw cause;
    throw refused(`The key ${file} cannot be read`, hint, cause);
  }
}

async function keptPrivate(file: string): Promise<void> {
  const { mode } = await lstat(file);
  if ((mode & 0o077) === 0) return;
  throw refused(`The private key ${file} is open to others`, `Close it: chmod 600 ${file}`);
}

function ed25519(file: string, read: () => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = read();
  } catch (cause) {
    throw refused(`${file} is not a key in PEM`, 'Make one with: vigie ota keys new NAME --out FILE', cause);
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw refused(`The key ${file} is not Ed25519`, 'Make one with: vigie ota keys new NAME --out FILE');
}

/** Every key file of a directory, by name; what is not a key is passed over. */
export async function keysIn(directory: string): Promise<KeyFile[]> {
  const names = await readdir(directory).catch((cause: unknown) => {
    throw refused(`${directory} cannot be read`, 'Name the directory of the keys', cause);
  });
  const pems = names.filter((name) => name.endsWith('.pem')).sort();
  const found: KeyFile[] = [];
  for (const name of pems) {
    const isPair = name.endsWith('.pub.pem') && pems.includes(`${name.slice(0, -'.pub.pem'.length)}.pem`);
    if (!isPair) found.push(await readKeyFile(join(directory, name)));
  }
  return found;
}

/** Signs bytes with one key. */
export type Signer = (bytes: Buffer) => string;

/** The private keys that one command may use; each is opened when it is first needed, and its passphrase asked for then. */
export class Keyring {
  readonly #files = new Map<string, KeyFile>();
  readonly #open = new Map<string, KeyObject>();

  constructor(
    files: readonly KeyFile[],
    private readonly ask: AskPassphrase,
  ) {
    for (const file of files) if (file.private) this.#files.set(file.id, file);
  }

  has(id: string): boolean {
    return this.#files.has(id);
  }

  get ids(): string[] {
    return [...this.#files.keys()];
  }

  /**
   * @returns what signs, in hexadecimal
   * @throws VigieError `update` when the passphrase does not open it, or the file beside it is of another key
   */
  async signer(id: string): Promise<Signer> {
    const key = this.#open.get(id) ?? (await this.#unlock(id));
    this.#open.set(id, key);
    return (bytes) => signBytes(null, bytes, key).toString('hex');
  }

  async #unlock(id: string): Promise<KeyObject> {
    const found = this.#files.get(id);
    if (found === undefined) throw refused(`There is no private key ${id.slice(0, 12)}`, 'Name its file');
    const key = await readPem(found.file);
    const passphrase = found.encrypted ? await this.ask(found.file) : undefined;
    let secret: KeyObject;
    try {
      secret = createPrivateKey({ key, ...(passphrase !== undefined && { passphrase }) });
    } catch (cause) {
      throw refused(`The passphrase does not open ${found.file}`, 'Type it again, or name its file', cause);
    }
    if (keyId(hexOf(createPublicKey(secret))) === id) return secret;
    throw refused(
      `${publicPlace(found.file)} is not the public part of ${found.file}`,
      'Put the right file beside it',
    );
  }
}

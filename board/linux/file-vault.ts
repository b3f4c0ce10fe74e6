/**
 * The device key as a file, for boards without a secure element. Asked by record/ through the KeyVault port: it
 * seals the keys of the segments. Never gives the device key out, and never uses one that others may read.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { link, mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { VigieError } from '../../errors.js';
import type { KeyVault } from '../ports.js';

const keyBytes = 32;
/** AES-256-GCM as in NIST SP 800-38D: random nonce of 96 bits, tag of 128. */
const nonceBytes = 12;
const tagBytes = 16;
const othersMask = 0o077;

function refused(message: string, hint: string, cause?: unknown): VigieError {
  return new VigieError('store', message, hint, { cause });
}

/** Wrapped keys are nonce, ciphertext, tag: 28 bytes more than the key. @implements KeyVault */
export class FileVault implements KeyVault {
  #key: Buffer | null = null;

  /** @param options.file absolute path of the device key */
  constructor(private readonly options: { file: string }) {}

  /**
   * Reads the device key; makes it, and its directory, at the first start. Without it, the first `wrap` or `unwrap` reads
   * the key and makes none: so do the commands.
   * @throws VigieError `store` when it cannot be made, or when others may read it
   */
  async start(): Promise<void> {
    const { file } = this.options;
    await mkdir(dirname(file), { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw refused(`Cannot make ${dirname(file)}`, 'Check the state directory', error);
    });
    const exists = await stat(file).then(
      () => true,
      () => false,
    );
    if (!exists) await makeKey(file);
    await this.#must();
  }

  /** Forgets the key. Idempotent. */
  async stop(): Promise<void> {
    this.#key?.fill(0);
    this.#key = null;
  }

  async wrap(key: Buffer, context: Buffer): Promise<Buffer> {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', await this.#must(), nonce);
    cipher.setAAD(context);
    return Buffer.concat([nonce, cipher.update(key), cipher.final(), cipher.getAuthTag()]);
  }

  async unwrap(wrapped: Buffer, context: Buffer): Promise<Buffer> {
    const device = await this.#must();
    const end = wrapped.length - tagBytes;
    try {
      const decipher = createDecipheriv('aes-256-gcm', device, wrapped.subarray(0, nonceBytes));
      decipher.setAAD(context);
      decipher.setAuthTag(wrapped.subarray(end));
      return Buffer.concat([decipher.update(wrapped.subarray(nonceBytes, end)), decipher.final()]);
    } catch (error) {
      throw refused(
        'A key of the store was not sealed by this device key',
        'Put back the device key that the recordings were made with',
        error,
      );
    }
  }

  async #must(): Promise<Buffer> {
    this.#key ??= await readKey(this.options.file);
    return this.#key;
  }
}

async function readKey(file: string): Promise<Buffer> {
  const absent = (error: unknown): never => {
    throw refused(
      `Cannot read the device key ${file}`,
      'Give the directory of the keys, or run as the user of the camera',
      error,
    );
  };
  const directory = await stat(dirname(file)).catch(absent);
  const handle = await open(file, 'r').catch(absent);
  try {
    const { mode } = await handle.stat();
    if ((mode & othersMask) !== 0 || (directory.mode & othersMask) !== 0) {
      throw refused(
        `Others may read the device key ${file}`,
        `Find out who did, then: chmod 700 ${dirname(file)}; chmod 600 ${file}`,
      );
    }
    const key = await handle.readFile();
    if (key.length === keyBytes) return key;
    throw refused(
      `The device key ${file} is damaged`,
      'Put back a copy of it; without it the recordings stay closed',
    );
  } finally {
    await handle.close();
  }
}

/** The key appears whole under its name or not at all, and is on the device before anything is sealed with it. */
async function makeKey(file: string): Promise<void> {
  const made = `${file}.new`;
  try {
    await rm(made, { force: true });
    const handle = await open(made, 'wx', 0o600);
    try {
      await handle.writeFile(randomBytes(keyBytes));
      await handle.sync();
    } finally {
      await handle.close();
    }
    // A link, because a rename would replace a key that another process has made in the meantime.
    await link(made, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await rm(made, { force: true });
    const directory = await open(dirname(file), 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  } catch (error) {
    throw refused(`Cannot make the device key ${file}`, 'Check the state directory and its space', error);
  }
}

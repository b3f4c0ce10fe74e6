/**
 * The head of the register: number and hash of the last entry, signed, in one small file that is written in place after
 * each entry. It lies beside the keys, apart from the register, and finds entries that were taken off the end, or a
 * register that was taken away. Written by register.ts, compared by chain.ts.
 */
import { type KeyObject, sign, verify } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { VigieError } from '../../../errors.js';

/** One sector, so that a device which writes whole sectors never leaves half of one. */
const headBytes = 512;
const headFile = 'register.head';
const pattern = /^(\d{1,15}) ([0-9a-f]{64}) ([A-Za-z0-9_-]{86}) *\n?$/;

export interface Head {
  n: number;
  /** SHA-256 of that entry's line */
  hash: string;
}

/** Null when there is none, or when it is not one that this key signed. */
export async function readHead(directory: string, key: KeyObject): Promise<Head | null> {
  const handle = await open(join(directory, headFile), 'r').catch(() => null);
  if (!handle) return null;
  try {
    const bytes = Buffer.alloc(headBytes);
    const { bytesRead } = await handle.read(bytes, 0, headBytes, 0);
    const match = pattern.exec(bytes.toString('latin1', 0, bytesRead));
    if (!match?.[1] || !match[2] || !match[3]) return null;
    const right = verify(null, signedBytes(match[1], match[2]), key, Buffer.from(match[3], 'base64url'));
    return right ? { n: Number(match[1]), hash: match[2] } : null;
  } catch {
    return null;
  } finally {
    await handle.close();
  }
}

/** Resolves when it is on the device. */
export async function writeHead(directory: string, { n, hash }: Head, key: KeyObject): Promise<void> {
  const signature = sign(null, signedBytes(String(n), hash), key).toString('base64url');
  const text = `${n} ${hash} ${signature}`.padEnd(headBytes - 1);
  const file = join(directory, headFile);
  try {
    const handle = await open(file, constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    try {
      await handle.write(Buffer.from(`${text}\n`), 0, headBytes, 0);
      await handle.datasync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw new VigieError('store', 'The head of the register cannot be written', `Check ${file}`, { cause });
  }
}

function signedBytes(n: string, hash: string): Buffer {
  return Buffer.from(`vigie register head ${n} ${hash}`);
}

/**
 * Makes and checks secrets. Used by users.ts and sessions.ts. Never logs, never compares byte by byte.
 */
import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** 16 MiB and about 5 x 30 ms on a small board (OWASP Password Storage, scrypt with N = 2^14). */
const defaultCost = { N: 16384, r: 8, p: 5 } as const;

export const secretHash = z.strictObject({
  algorithm: z.literal('scrypt'),
  N: z.int().min(1024).max(131072),
  r: z.int().min(1).max(16),
  p: z.int().min(1).max(16),
  /** base64url */
  salt: z.string().min(16).max(128),
  /** base64url */
  hash: z.string().min(16).max(128),
});
export type SecretHash = z.infer<typeof secretHash>;

/** 30 characters without look-alikes, in groups of five: 150 bits, easy to read out over the telephone. */
export function newSecret(): string {
  const letters = 'abcdefghijkmnpqrstuvwxyz23456789';
  const text = [...randomBytes(30)].map((byte) => letters[byte & 31]).join('');
  return (text.match(/.{5}/g) ?? []).join('-');
}

/** 256 random bits, base64url. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Tokens are kept only in this form, so that a memory dump or a heap snapshot opens no session. */
export function tokenDigest(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Constant time for two digests of the same length. */
export function sameDigest(a: string, b: string): boolean {
  const left = Buffer.from(a, 'hex');
  const right = Buffer.from(b, 'hex');
  return left.length === right.length && timingSafeEqual(left, right);
}

export async function hashSecret(secret: string): Promise<SecretHash> {
  const salt = randomBytes(16);
  const hash = await derive(secret, salt, 32, defaultCost);
  return {
    algorithm: 'scrypt',
    ...defaultCost,
    salt: salt.toString('base64url'),
    hash: hash.toString('base64url'),
  };
}

export async function checkSecret(secret: string, kept: SecretHash): Promise<boolean> {
  const expected = Buffer.from(kept.hash, 'base64url');
  const found = await derive(secret, Buffer.from(kept.salt, 'base64url'), expected.length, kept);
  return timingSafeEqual(found, expected);
}

/** Checked for a user that does not exist, so that the answer takes as long as for one that does. */
export function nobody(): SecretHash {
  return {
    algorithm: 'scrypt',
    ...defaultCost,
    salt: randomBytes(16).toString('base64url'),
    hash: randomBytes(32).toString('base64url'),
  };
}

function derive(
  secret: string,
  salt: Buffer,
  bytes: number,
  { N, r, p }: { N: number; r: number; p: number },
): Promise<Buffer> {
  const maxmem = 256 * N * r;
  return new Promise((resolve, reject) => {
    scrypt(secret.normalize('NFC'), salt, bytes, { N, r, p, maxmem }, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}

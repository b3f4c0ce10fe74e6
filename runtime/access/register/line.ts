/**
 * One entry as one line of text: JSON, its number first, its signature last. Made by register.ts, read by chain.ts and
 * proof.ts. What is signed is the line itself with the signature cut out, so that there is nothing to normalise.
 */
import { createHash, type KeyObject, sign, verify } from 'node:crypto';
import { type Entry, entry, laterEntry, type RegisterEvent } from './entry.js';

/** What stands where the hash of the line before would, in the first entry. */
export const beginning = '0'.repeat(64);
export const mostLineBytes = 65536;

const tail = /,"signature":"([A-Za-z0-9_-]{86})"\}$/;

export interface Frame {
  n: number;
  at: number;
  trusted: boolean;
  prev: string;
}

/** The line, without its line feed. */
export function encodeLine({ n, at, trusted, prev }: Frame, event: RegisterEvent, key: KeyObject): string {
  const body = JSON.stringify({ n, at, trusted, ...event, prev });
  const signature = sign(null, Buffer.from(body), key).toString('base64url');
  return `${body.slice(0, -1)},"signature":"${signature}"}`;
}

/** Null when the text is no entry, whatever it is. Says nothing about who signed it. */
export function decodeLine(text: string): Entry | null {
  if (text.length > mostLineBytes) return null;
  try {
    const found: unknown = JSON.parse(text);
    // A key that stands twice, or any other way to write the same, was not written here.
    if (JSON.stringify(found) !== text) return null;
    const parsed = entry.safeParse(found);
    return parsed.success ? parsed.data : laterEntry(found);
  } catch {
    return null;
  }
}

/** Whether the owner of this key signed this line. */
export function signedBy(text: string, key: KeyObject): boolean {
  const match = tail.exec(text);
  if (!match?.[1]) return false;
  const signature = Buffer.from(match[1], 'base64url');
  // The last character has bits to spare: one way to write a signature only.
  if (signature.toString('base64url') !== match[1]) return false;
  const body = `${text.slice(0, match.index)}}`;
  return verify(null, Buffer.from(body), key, signature);
}

export function hashOf(line: string | Buffer): string {
  return createHash('sha256').update(line).digest('hex');
}

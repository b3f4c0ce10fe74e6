/**
 * Slows down guessing at the login. Fed by control/ with each failure; asked before a secret is looked at. Counts
 * by address and by pair of address and name, never by name alone: who guesses from elsewhere locks nobody out.
 * Never keeps an address for more than 15 minutes, nor more than 2,000 of them.
 */
import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Clock } from '../../board/ports.js';

interface Failures {
  count: number;
  lastUs: number;
}

/** failures before the first wait; from there 1, 2, 4, ... seconds, at most a minute */
const freeForPair = 3;
const freeForAddress = 20;
const longestWaitMs = 60_000;
const forgetMs = 15 * 60_000;
const mostEntries = 2_000;

export class LoginThrottle {
  readonly #clock: Clock;
  readonly #failures = new Map<string, Failures>();

  constructor(deps: { clock: Clock }) {
    this.#clock = deps.clock;
  }

  /** Milliseconds until this address may try this name; 0 when it may now. */
  waitMs(address: string, name: string): number {
    return Math.max(
      this.#wait(pairKey(address, name), freeForPair),
      this.#wait(addressKey(address), freeForAddress),
    );
  }

  failed(address: string, name: string): void {
    this.#count(pairKey(address, name));
    this.#count(addressKey(address));
  }

  /**
   * A right secret clears the pair, and takes back what `failed` counted for the address before the answer was known.
   * The rest of the address's count stays: it may hold other people.
   */
  succeeded(address: string, name: string): void {
    this.#failures.delete(pairKey(address, name));
    const ofAddress = this.#failures.get(addressKey(address));
    if (ofAddress && ofAddress.count > 0) ofAddress.count -= 1;
  }

  get size(): number {
    return this.#failures.size;
  }

  #wait(key: string, free: number): number {
    const entry = this.#failures.get(key);
    if (!entry || entry.count < free) return 0;
    const sinceMs = (this.#clock.monoUs() - entry.lastUs) / 1000;
    if (sinceMs > forgetMs) return 0;
    const waitMs = Math.min(longestWaitMs, 1000 * 2 ** Math.min(10, entry.count - free));
    return Math.max(0, Math.ceil(waitMs - sinceMs));
  }

  #count(key: string): void {
    const nowUs = this.#clock.monoUs();
    const before = this.#failures.get(key);
    const fresh = before !== undefined && nowUs - before.lastUs <= forgetMs * 1000;
    this.#failures.delete(key);
    this.#failures.set(key, { count: fresh ? before.count + 1 : 1, lastUs: nowUs });
    for (const [oldest, { lastUs }] of this.#failures) {
      if (this.#failures.size <= mostEntries && nowUs - lastUs <= forgetMs * 1000) break;
      this.#failures.delete(oldest);
    }
  }
}

/** One IPv6 customer has a /64 at least: its addresses count as one. */
function addressKey(address: string): string {
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
  if (!isIPv6(plain)) return `a ${plain}`;
  const [head = ''] = plain.split('::');
  return `a ${head.split(':').slice(0, 4).join(':')}`;
}

/** The name is hashed: what somebody typed by mistake in the name field may be a secret. */
function pairKey(address: string, name: string): string {
  return `p ${addressKey(address)} ${createHash('sha256').update(name).digest('base64url')}`;
}

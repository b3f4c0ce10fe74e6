/**
 * Who is logged in. Sessions live in memory only: a restart logs everyone out. Fed by control/ after a right
 * secret or a one-time link, asked at each request. Keeps digests of tokens, never a token.
 */
import type { Clock } from '../../board/ports.js';
import type { Right } from './rights.js';
import { newToken, sameDigest, tokenDigest } from './secret.js';
import { LoginThrottle } from './throttle.js';
import type { User } from './users.js';

const idleMs = 12 * 3_600_000;
const absoluteMs = 24 * 3_600_000;
const linkMs = 10 * 60_000;
const mostSessions = 256;
const mostLinks = 16;

export interface Session {
  /** digest of the token; names the session inside the process */
  readonly key: string;
  /** name shown and recorded; that of a one-time link starts with `link-` and is no user's */
  readonly user: string;
  readonly rights: readonly Right[];
  readonly kind: 'user' | 'link';
}

interface Entry extends Session {
  bornUs: number;
  usedUs: number;
}

interface Link {
  digest: string;
  rights: readonly Right[];
  name: string;
  expiresUs: number;
}

export class Sessions {
  /** what slows down guessing; asked before a secret is looked at */
  readonly throttle: LoginThrottle;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<(key: string) => void>();
  #links: Link[] = [];
  #linksMade = 0;

  constructor(deps: { clock: Clock }) {
    this.#clock = deps.clock;
    this.throttle = new LoginThrottle(deps);
  }

  /** Opens a session and returns its token, 256 bits, base64url. The oldest session gives way above 256. */
  open(user: string, rights: readonly Right[], kind: Session['kind'] = 'user'): string {
    const token = newToken();
    const key = tokenDigest(token);
    const nowUs = this.#clock.monoUs();
    this.#entries.set(key, { key, user, rights: [...rights], kind, bornUs: nowUs, usedUs: nowUs });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= mostSessions) break;
      this.end(oldest);
    }
    return token;
  }

  /** The session of this token, marked as used now; null when there is none or its time is over. */
  find(token: string | undefined): Session | null {
    if (token === undefined || token.length !== 43) return null;
    return this.touch(tokenDigest(token));
  }

  /** Marks a session as used; null when it is over. For connections that outlive one request. */
  touch(key: string): Session | null {
    const entry = this.#alive(key);
    if (entry) entry.usedUs = this.#clock.monoUs();
    return entry;
  }

  /** True while the session lives; does not count as use. */
  alive(key: string): boolean {
    return this.#alive(key) !== null;
  }

  end(key: string): void {
    if (!this.#entries.delete(key)) return;
    for (const listener of this.#listeners) listener(key);
  }

  /** Calls back with the key of each session that ends; returns what cancels it. */
  onEnd(listener: (key: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends the sessions of users that are gone or whose rights are not the same any more. */
  follow(users: User[]): void {
    for (const entry of [...this.#entries.values()]) {
      if (entry.kind === 'link') continue;
      const user = users.find(({ name }) => name === entry.user);
      if (!user || user.rights.join() !== entry.rights.join()) this.end(entry.key);
    }
  }

  /** A token that opens one session with these rights, once, within 10 minutes. */
  oneTimeLink(rights: readonly Right[]): string {
    const token = newToken();
    this.#linksMade += 1;
    this.#links.push({
      digest: tokenDigest(token),
      rights: [...rights],
      name: `link-${this.#linksMade}`,
      expiresUs: this.#clock.monoUs() + linkMs * 1000,
    });
    if (this.#links.length > mostLinks) this.#links.shift();
    return token;
  }

  /** Spends a one-time link: the token of the new session, or null when it is unknown, spent or too old. */
  redeem(token: string): string | null {
    const digest = tokenDigest(token);
    const nowUs = this.#clock.monoUs();
    this.#links = this.#links.filter(({ expiresUs }) => expiresUs > nowUs);
    // Each link is compared, also after a match: the time says nothing about which one it was.
    let match: Link | null = null;
    for (const link of this.#links) if (sameDigest(link.digest, digest)) match = link;
    if (!match) return null;
    const spent = match;
    this.#links = this.#links.filter((link) => link !== spent);
    return this.open(spent.name, spent.rights, 'link');
  }

  #alive(key: string): Entry | null {
    const entry = this.#entries.get(key);
    if (!entry) return null;
    const nowUs = this.#clock.monoUs();
    const over = nowUs - entry.usedUs > idleMs * 1000 || nowUs - entry.bornUs > absoluteMs * 1000;
    if (!over) return entry;
    this.end(key);
    return null;
  }
}

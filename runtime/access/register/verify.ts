/**
 * Reads a register without writing into it, beside a running camera or without one: verifies every signature, hash and
 * number, or lists the entries. Called by the `vigie register` and `vigie store destroyed` commands.
 */
import type { KeyObject } from 'node:crypto';
import { ChainWalk, type Finding } from './chain.js';
import type { Told } from './entry.js';
import { registerPlaces } from './register.js';
import { openSigningKey } from './signing-key.js';
import { RegisterSnapshot } from './snapshot.js';

export interface Verified {
  findings: Finding[];
  entries: number;
  /** the oldest entry that is kept: of what was before, the register says nothing; null when there is none */
  since: { n: number; atMs: number } | null;
  /** number and hash of the last entry; write it down elsewhere, and nothing before it can be changed unseen */
  last: { n: number; hash: string } | null;
  publicKey: KeyObject;
}

/** What an entry tells and the line that says it; once for each thing that it tells. */
export type OnEntry = (entry: Told, line: string) => void;

/**
 * Verifies every signature.
 * @param onEntry told of each entry that is signed by this camera, in order
 * @throws VigieError `access` when there is no register or its key may not be read; `store` when it cannot be read
 */
export function verifyRegister(stateDirectory: string, onEntry?: OnEntry): Promise<Verified> {
  return onSnapshot(stateDirectory, (snapshot, key) => walked(snapshot, key, true, onEntry));
}

/**
 * Reads the entries. Where the chain is whole, the last signature vouches for all of them; where it is not, each is
 * verified, and those that are not signed are left out.
 * @throws as verifyRegister
 */
export function readRegister(stateDirectory: string, onEntry: OnEntry): Promise<Verified> {
  return onSnapshot(stateDirectory, async (snapshot, key) => {
    const { findings } = await walked(snapshot, key, false);
    return walked(snapshot, key, findings.length > 0, onEntry);
  });
}

async function onSnapshot<T>(
  stateDirectory: string,
  use: (snapshot: RegisterSnapshot, key: KeyObject) => Promise<T>,
): Promise<T> {
  const { directory, keys, keyFile } = registerPlaces(stateDirectory);
  const { publicKey } = await openSigningKey(keyFile, { make: false });
  const snapshot = await RegisterSnapshot.take(directory, keys, publicKey);
  return use(snapshot, publicKey).finally(() => snapshot.close());
}

async function walked(
  snapshot: RegisterSnapshot,
  publicKey: KeyObject,
  everySignature: boolean,
  onEntry?: OnEntry,
): Promise<Verified> {
  let since: Verified['since'] = null;
  const walk = new ChainWalk({
    key: publicKey,
    everySignature,
    onEntry: (entry, line) => {
      since ??= { n: entry.n, atMs: entry.at };
      onEntry?.(entry, line);
    },
  });
  const { head } = snapshot;
  let hashAtHead: string | null = null;
  for await (const { name, lines, rest } of snapshot.read()) {
    for (const line of lines) {
      walk.line(name, line);
      if (walk.next.n - 1 === head?.n) hashAtHead = walk.next.prev;
    }
    walk.rest(name, rest);
  }
  const { n, prev } = walk.next;
  const grewMeanwhile = head !== null && hashAtHead === head.hash && n - 1 > head.n;
  const findings = walk.end(grewMeanwhile ? { n: n - 1, hash: prev } : head);
  const last = n > 1 ? { n: n - 1, hash: prev } : null;
  return { findings, entries: walk.entries, since, last, publicKey };
}

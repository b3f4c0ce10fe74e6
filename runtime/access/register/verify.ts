/**
 * Reads a register without writing into it, beside a running camera or without one: verifies every signature, hash and
 * number, or lists the entries. Called by the `vigie register` and `vigie store destroyed` commands.
 */
import type { KeyObject } from 'node:crypto';
import { ChainWalk, type Finding } from './chain.js';
import type { Entry } from './entry.js';
import { readHead } from './head.js';
import { registerPlaces } from './register.js';
import { openSigningKey } from './signing-key.js';
import { listVolumes, readVolume } from './volumes.js';

export interface Verified {
  findings: Finding[];
  entries: number;
  /** number and hash of the last entry; write it down elsewhere, and nothing before it can be changed unseen */
  last: { n: number; hash: string } | null;
  publicKey: KeyObject;
}

/** An entry and the line that says it. */
export type OnEntry = (entry: Entry, line: string) => void;

/**
 * Verifies every signature.
 * @param onEntry told of each entry that is signed by this camera, in order
 * @throws VigieError `access` when there is no register or its key may not be read; `store` when it cannot be read
 */
export function verifyRegister(stateDirectory: string, onEntry?: OnEntry): Promise<Verified> {
  return walkRegister(stateDirectory, true, onEntry);
}

/**
 * Reads the entries. Where the chain is whole, the last signature vouches for all of them; where it is not, each is
 * verified, and those that are not signed are left out.
 * @throws as verifyRegister
 */
export async function readRegister(stateDirectory: string, onEntry: OnEntry): Promise<Verified> {
  const { findings } = await walkRegister(stateDirectory, false);
  return walkRegister(stateDirectory, findings.length > 0, onEntry);
}

async function walkRegister(
  stateDirectory: string,
  everySignature: boolean,
  onEntry?: OnEntry,
): Promise<Verified> {
  const { directory, keys, keyFile } = registerPlaces(stateDirectory);
  const { publicKey } = await openSigningKey(keyFile, { make: false });
  const walk = new ChainWalk({ key: publicKey, everySignature, ...(onEntry ? { onEntry } : {}) });
  // The head first: entries that a running camera adds meanwhile then lie behind it, which `end` is told.
  const head = await readHead(keys, publicKey);
  let hashAtHead: string | null = null;
  for (const volume of await listVolumes(directory)) {
    const raw = await readVolume(directory, volume);
    for (const line of raw.lines) {
      walk.line(volume.name, line);
      if (walk.next.n - 1 === head?.n) hashAtHead = walk.next.prev;
    }
    walk.rest(volume.name, raw.rest);
  }
  const { n, prev } = walk.next;
  const grewMeanwhile = head !== null && hashAtHead === head.hash && n - 1 > head.n;
  const findings = walk.end(grewMeanwhile ? { n: n - 1, hash: prev } : head);
  return { findings, entries: walk.entries, last: n > 1 ? { n: n - 1, hash: prev } : null, publicKey };
}

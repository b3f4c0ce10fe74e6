/**
 * Reads as much of a register as is needed to go on with it: from the volume that holds the oldest entry still needed.
 * Called by register.ts at each start. The hashes tie every line to the last, whose signature is verified, so that
 * nothing that is read here is believed unverified. Writes nothing.
 */
import type { KeyObject } from 'node:crypto';
import { ChainWalk, type Finding } from './chain.js';
import type { Entry, EntryOf, Told } from './entry.js';
import { type Head, readHead } from './head.js';
import { decodeLine, hashOf } from './line.js';
import { Standing } from './standing.js';
import { listVolumes, type RawVolume, readVolume, type Volume } from './volumes.js';

export interface Loaded {
  standing: Standing;
  findings: Finding[];
  /** number and `prev` of the next entry */
  next: { n: number; prev: string };
  /** there was none, and nothing says that there was */
  isNew: boolean;
  /** of the volume that grows: what stays, and what was never finished */
  keepBytes: number;
  cutBytes: number;
  /** the last entry is there, its head is not yet */
  headBehind: boolean;
}

export async function loadRegister(directory: string, keys: string, key: KeyObject): Promise<Loaded> {
  const head = await readHead(keys, key);
  const volumes = await neededVolumes(directory, await listVolumes(directory));
  const growing = volumes.find(({ first }) => first === null);
  const keep = growing ? cutUnfinished(growing, head) : { keepBytes: 0, cutBytes: 0 };
  const { standing, walk, findings } = followed(volumes, head, key);
  const isNew = head === null && volumes.every(({ lines }) => lines.length === 0);
  const headBehind = !isNew && (head === null || head.n < walk.next.n - 1);
  return { standing, findings, next: nextOf(walk, head), isNew, headBehind, ...keep };
}

/** Where the chain does not hold, the last signature vouches for nothing: then each entry has to be signed to count. */
function followed(
  volumes: readonly RawVolume[],
  head: Head | null,
  key: KeyObject,
): { standing: Standing; walk: ChainWalk; findings: Finding[] } {
  const follow = (everySignature: boolean) => {
    const standing = new Standing();
    const options = { key, everySignature, onEntry: (entry: Told) => standing.apply(entry) };
    const walk = new ChainWalk(options, firstNumber(volumes[0]));
    for (const volume of volumes) walk.feed(volume);
    return { standing, walk, findings: walk.end(head) };
  };
  const quick = follow(false);
  return quick.findings.length === 0 ? quick : follow(true);
}

/** After entries that were taken off the end, numbers and hashes go on from the head: the hole stays to be seen. */
function nextOf(walk: ChainWalk, head: Head | null): { n: number; prev: string } {
  const { next } = walk;
  return head && head.n >= next.n ? { n: head.n + 1, prev: head.hash } : next;
}

/** The last volumes, from the one that holds the oldest needed entry. */
async function neededVolumes(directory: string, volumes: Volume[]): Promise<RawVolume[]> {
  const read: RawVolume[] = [];
  let needs = Number.MAX_SAFE_INTEGER;
  for (const volume of [...volumes].reverse()) {
    const raw = await readVolume(directory, volume);
    read.unshift(raw);
    const opening = openingOf(raw);
    if (opening?.kind === 'register-created') break;
    // What the newest whole volume needs is enough: older ones need no later entries than it does.
    if (opening && needs === Number.MAX_SAFE_INTEGER) needs = opening.needs;
    if (opening && opening.n <= needs) break;
  }
  return read;
}

function openingOf({ lines }: RawVolume): EntryOf<'register-created'> | EntryOf<'volume-begun'> | null {
  const entry = lines[0] ? decodeLine(lines[0].toString('utf8')) : null;
  return entry?.kind === 'register-created' || entry?.kind === 'volume-begun' ? entry : null;
}

function firstNumber(volume: RawVolume | undefined): number {
  const opening: Entry | null = volume ? openingOf(volume) : null;
  return opening?.n ?? volume?.first ?? 1;
}

/**
 * Takes off the volume in memory what a cut left of an entry: bytes after the last line feed, or one last line that the
 * head does not know and that is no entry.
 */
function cutUnfinished(volume: RawVolume, head: Head | null): { keepBytes: number; cutBytes: number } {
  const all = volume.lines.reduce((sum, line) => sum + line.length + 1, 0) + volume.rest.length;
  let cutBytes = volume.rest.length;
  volume.rest = Buffer.alloc(0);
  const last = volume.lines.at(-1);
  if (last && !decodeLine(last.toString('utf8')) && isHead(volume.lines.at(-2), head)) {
    volume.lines.pop();
    cutBytes += last.length + 1;
  }
  return { keepBytes: all - cutBytes, cutBytes };
}

function isHead(line: Buffer | undefined, head: Head | null): boolean {
  return line === undefined ? head === null : head?.hash === hashOf(line);
}

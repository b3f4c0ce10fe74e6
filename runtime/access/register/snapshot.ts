/**
 * The register at one moment, read beside a camera that goes on writing it (docs/register.md, "Reading beside a writer").
 * Used by verify.ts. Every volume is opened before any is read, so that none can be renamed, packed or removed in
 * between; takes no lock and writes nothing.
 */
import type { KeyObject } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { VigieError } from '../../../errors.js';
import { type Head, readHead } from './head.js';
import { namesIn, type RawVolume, readOpenVolume, unreadable, type Volume, volumesIn } from './volumes.js';

/** How often, and after which time, what may be half written is looked at again. */
const looks = 25;
const betweenLooksMs = 20;
/** A camera turns a volume every few days: only what writes without rest needs more than two. */
const listings = 100;

interface OpenVolume extends Volume {
  handle: FileHandle;
}

export class RegisterSnapshot {
  private constructor(
    /** as it was before the volumes were opened: what a running camera adds then lies behind it */
    readonly head: Head | null,
    private readonly volumes: OpenVolume[],
    private readonly growing: RawVolume | null,
  ) {}

  /** @throws VigieError `store` when it cannot be read, or changes too fast to be */
  static async take(directory: string, keys: string, key: KeyObject): Promise<RegisterSnapshot> {
    const head = await settledHead(keys, key);
    const volumes = await openAll(directory);
    try {
      const last = volumes.at(-1);
      const growing = last?.first === null ? await settledVolume(last) : null;
      return new RegisterSnapshot(head, volumes, growing);
    } catch (error) {
      await closeAll(volumes);
      throw error;
    }
  }

  /** Oldest first; one at a time in memory. The same at each call. */
  async *read(): AsyncGenerator<RawVolume> {
    for (const volume of this.volumes) {
      if (volume.first === null && this.growing) yield this.growing;
      else yield await readOpenVolume(volume.handle, volume);
    }
  }

  async close(): Promise<void> {
    await closeAll(this.volumes);
  }
}

/** It is written in place: seen half old and half new, it is not signed. One that is gone stays gone. */
async function settledHead(keys: string, key: KeyObject): Promise<Head | null> {
  for (let look = 1; ; look++) {
    const head = await readHead(keys, key);
    if (head !== null || look === looks) return head;
    await wait(betweenLooksMs);
  }
}

/** Every volume of one listing: had one been renamed or removed meanwhile, the next listing would differ. */
async function openAll(directory: string): Promise<OpenVolume[]> {
  for (let listing = 1; listing <= listings; listing++) {
    const names = await namesIn(directory);
    const opened: OpenVolume[] = [];
    try {
      for (const volume of volumesIn(names)) {
        opened.push({ ...volume, handle: await open(join(directory, volume.name), 'r') });
      }
      if (sameNames(names, await namesIn(directory))) return opened;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') {
        await closeAll(opened);
        throw cause instanceof VigieError ? cause : unreadable(directory, cause);
      }
    }
    await closeAll(opened);
    await wait(betweenLooksMs * Math.random());
  }
  throw new VigieError('store', 'The register changes too fast to be read', 'Try again');
}

function sameNames(before: readonly string[], after: readonly string[]): boolean {
  const volumes = (names: readonly string[]): string =>
    volumesIn(names)
      .map(({ name }) => name)
      .join();
  return volumes(before) === volumes(after);
}

/** A last line without its end may be one that is being written: it then has its end at one of the next looks. */
async function settledVolume(volume: OpenVolume): Promise<RawVolume> {
  for (let look = 1; ; look++) {
    const raw = await readOpenVolume(volume.handle, volume);
    if (raw.rest.length === 0 || look === looks) return raw;
    await wait(betweenLooksMs);
  }
}

async function closeAll(volumes: readonly OpenVolume[]): Promise<void> {
  await Promise.all(volumes.map(({ handle }) => handle.close()));
}

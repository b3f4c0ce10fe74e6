/**
 * Makes the ring, once, at the first start (docs/store.md, P1). Called by store.ts with the lock held. Leaves either a
 * complete ring or nothing: it never touches a ring that exists.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import type { CardPort } from '../../board/ports.js';
import { VigieError } from '../../errors.js';
import {
  type Description,
  descriptionFile,
  descriptionText,
  newRingDirectory,
  ringDirectory,
  segmentPath,
} from './description.js';
import { formatVersion } from './layout.js';
import { onCard } from './segment-file.js';

/** Called after each segment that was made. */
export type OnProgress = (progress: { segments: number; of: number }) => void;

export interface RingShape {
  cameraId: string;
  segmentBytes: number;
  segmentCount: number;
}

/** @throws VigieError `store` when there is no room or the card fails; nothing is left then */
export async function createRing(
  card: CardPort,
  directory: string,
  shape: RingShape,
  signal: AbortSignal,
  onProgress: OnProgress,
): Promise<Description> {
  const made = newRingDirectory(directory);
  await removeCutCreation(directory);
  await checkRoom(card, directory, shape);
  const described: Description = {
    format: formatVersion,
    storeId: randomBytes(16).toString('hex'),
    ...shape,
  };
  try {
    await onCard(`Cannot make ${made}`, () => mkdir(made, { mode: 0o700 }));
    for (let slot = 0; slot < shape.segmentCount; slot++) {
      signal.throwIfAborted();
      await card.preallocate(segmentPath(made, slot), shape.segmentBytes);
      onProgress({ segments: slot + 1, of: shape.segmentCount });
    }
    await writeDescription(made, described);
    await onCard(`Cannot finish ${made}`, () => rename(made, ringDirectory(directory)));
    await syncDirectory(directory);
  } catch (error) {
    await rm(made, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
  return described;
}

/** P1.1, P4.1: a creation that was cut leaves `ring.new/`, which holds no recording. */
export async function removeCutCreation(directory: string): Promise<void> {
  await onCard('Cannot remove a cut creation', () =>
    rm(newRingDirectory(directory), { recursive: true, force: true }),
  );
}

async function checkRoom(card: CardPort, directory: string, shape: RingShape): Promise<void> {
  const { freeBytes } = await card.space(directory);
  const neededBytes = shape.segmentBytes * shape.segmentCount;
  if (freeBytes >= neededBytes) return;
  const mib = (bytes: number): number => Math.floor(bytes / 1024 / 1024);
  throw new VigieError(
    'store',
    `The store needs ${mib(neededBytes)} MiB and ${directory} has ${mib(freeBytes)} MiB free`,
    'Free space, use a larger card, or lower record.capacityMiB',
  );
}

/** Writes store.json so that a cut leaves the old one or the new one. */
export async function writeDescription(ring: string, described: Description): Promise<void> {
  await onCard('Cannot write the description of the store', async () => {
    const file = descriptionFile(ring);
    const handle = await open(`${file}.new`, 'w', 0o600);
    try {
      await handle.writeFile(descriptionText(described));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(`${file}.new`, file);
  });
  await syncDirectory(ring);
}

async function syncDirectory(path: string): Promise<void> {
  await onCard(`Cannot sync ${path}`, async () => {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
}

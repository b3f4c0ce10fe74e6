/**
 * The ring that the configuration asks for, and the refusal of a card that holds another. Used by store.ts. Pure.
 */
import { VigieError } from '../../errors.js';
import { otherStore, refusal } from './card-refusal.js';
import type { RingShape } from './create.js';
import type { Description } from './description.js';
import { maxCameraIdBytes } from './layout.js';

export interface WantedRing {
  capacityBytes: number;
  segmentBytes: number;
  cameraId: string;
}

/**
 * The ring that these options ask for.
 * @throws VigieError `config` below two segments, or for a camera id that the format cannot hold
 */
export function ringShape({ capacityBytes, segmentBytes, cameraId }: WantedRing): RingShape {
  const segmentCount = Math.floor(capacityBytes / segmentBytes);
  if (segmentCount < 2) {
    throw new VigieError(
      'config',
      'The store has room for less than two segments',
      'Raise record.capacityMiB, or lower record.segmentMiB',
    );
  }
  if (Buffer.byteLength(cameraId) > maxCameraIdBytes) {
    throw new VigieError('config', 'The camera id is longer than 32 bytes', 'Shorten camera.id');
  }
  return { cameraId, segmentBytes, segmentCount };
}

/** @throws VigieError `store` when the ring that was found is not the one that was asked for */
export function refuseOther(found: Description, wanted: RingShape, directory: string): void {
  const keep = 'or move the directory away to begin a new store';
  const mib = (bytes: number): number => bytes / 1024 / 1024;
  if (found.cameraId !== wanted.cameraId) {
    throw refusal(
      otherStore,
      `The store in ${directory} belongs to camera ${found.cameraId}, not ${wanted.cameraId}`,
      `Put the right card in, ${keep}`,
    );
  }
  if (found.segmentBytes !== wanted.segmentBytes) {
    throw refusal(
      otherStore,
      `The store in ${directory} has segments of ${mib(found.segmentBytes)} MiB, not ${mib(wanted.segmentBytes)}`,
      `Set record.segmentMiB to ${mib(found.segmentBytes)}, ${keep}`,
    );
  }
  if (found.segmentCount !== wanted.segmentCount) {
    const has = mib(found.segmentCount * found.segmentBytes);
    throw refusal(
      otherStore,
      `The store in ${directory} takes ${has} MiB, not ${mib(wanted.segmentCount * wanted.segmentBytes)}`,
      `Set record.capacityMiB to ${has}, ${keep}`,
    );
  }
}

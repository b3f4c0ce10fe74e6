/** The vitals of a card as the health of the camera shows them (docs/card.md, "Vitals"). Called by runtime/card-care.ts. Pure. */
import type { CardVitals } from './card-watch.js';
import type { StorageHealth } from './health.js';

const spares = [null, 'normal', 'warning', 'urgent'] as const;

/** @param vitals.pace null where nobody times what is written there */
export function storageHealthOf({
  reading,
  pace,
  writeRate,
  lastsUntilMs,
}: Omit<CardVitals, 'pace'> & { pace: CardVitals['pace'] | null }): StorageHealth {
  return {
    place: reading?.place ?? 'unknown',
    name: reading?.name ?? null,
    freeBytes: reading?.space?.freeBytes ?? null,
    totalBytes: reading?.space?.totalBytes ?? null,
    deviceBytesWritten: reading?.deviceBytesWritten ?? null,
    fileSystemBytesWritten: reading?.fileSystemBytesWritten ?? null,
    writeRate,
    lifeUsedTenths: reading?.wear?.lifeTime ?? null,
    spare: spares[reading?.wear?.preEndOfLife ?? 0] ?? null,
    lastsUntilMs,
    busyShare: pace?.busyShare ?? null,
  };
}

/** The store in numbers, for health and the report. Used by store.ts. Reads the index and the writer's counters. */
import type { Health } from '../health/health.js';
import type { RingShape } from './create.js';
import type { RingIndex } from './ring-index.js';
import type { WriterCounts } from './writer.js';

/** One store in numbers; what waits in memory and what a second store does is told beside it. */
export type StoreStats = Omit<Health['store'], 'buffer' | 'second'>;

/** @param index null when it was never read; the counters are of this run, the rest is what the ring holds */
export function statsOf(
  state: StoreStats['state'],
  shape: RingShape,
  index: RingIndex | null,
  counts: WriterCounts,
): StoreStats {
  const { segmentBytes, segmentCount } = shape;
  const held = index?.segments().filter((entries) => entries.length > 0) ?? [];
  const first = held[0]?.at(0);
  const newest = held.at(-1);
  const last = newest?.at(newest.length - 1);
  return {
    state,
    segments: segmentCount,
    segmentsUsed: held.length,
    capacityBytes: segmentCount * segmentBytes,
    usedBytes: held.reduce((sum, entries) => sum + entries.usedBytes, 0),
    bytesWritten: counts.bytesWritten,
    gops: counts.gops,
    gopsLost: counts.gopsLost,
    oldestMs: first ? first.wallFirstUs / 1000 : null,
    newestMs: last ? last.wallLastUs / 1000 : null,
  };
}

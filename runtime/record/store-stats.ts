/** The store in numbers, for health and the report. Used by store.ts. Reads the index and the writer's counters. */
import type { Health } from '../health/health.js';
import type { RingShape } from './create.js';
import type { RingIndex } from './ring-index.js';
import type { RingWriter } from './writer.js';

export type StoreStats = Health['store'];

/** @param writer null while the store is not running; its counters are of this run, the rest is what the ring holds */
export function statsOf(shape: RingShape, index: RingIndex | null, writer: RingWriter | null): StoreStats {
  const { segmentBytes, segmentCount } = shape;
  const held = index?.segments().filter((entries) => entries.length > 0) ?? [];
  const first = held[0]?.at(0);
  const newest = held.at(-1);
  const last = newest?.at(newest.length - 1);
  return {
    state: !writer ? 'off' : writer.failure ? 'failed' : 'recording',
    segments: segmentCount,
    segmentsUsed: held.length,
    capacityBytes: segmentCount * segmentBytes,
    usedBytes: held.reduce((sum, entries) => sum + entries.usedBytes, 0),
    bytesWritten: writer?.bytesWritten ?? 0,
    gops: writer?.gops ?? 0,
    gopsLost: writer?.gopsLost ?? 0,
    oldestMs: first ? first.wallFirstUs / 1000 : null,
    newestMs: last ? last.wallLastUs / 1000 : null,
  };
}

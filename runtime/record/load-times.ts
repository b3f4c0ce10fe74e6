/**
 * Believes the time corrections that lie in the ring (docs/store.md, P4.7). Used by store.ts and reader.ts when they open
 * it. Writes nothing, and believes nothing that the device key does not vouch for.
 */
import { segmentPath } from './description.js';
import { type RingAccess, recordBytesOf } from './read.js';
import { verifyRecord } from './record.js';
import { vouchedFor } from './record-time.js';
import type { SegmentFile } from './segment-file.js';
import type { TimeRow } from './time-corrections.js';

/**
 * Looks at each correction, oldest first.
 * @returns how many are not believed
 */
export async function believeTimes(ring: RingAccess): Promise<number> {
  let refused = 0;
  for (const { sequence, slot, times } of ring.index.segments()) {
    if (times.length === 0) continue;
    const file = await ring.open(segmentPath(ring.path, slot), 'read').catch(() => null);
    for (const row of times) {
      row.believed = file !== null && (await believed(file, row, sequence, ring));
      if (row.believed) ring.index.believe(row.run, row);
      else refused += 1;
    }
    await file?.close();
  }
  return refused;
}

/** Takes run and clocks from the record itself: the index beside it is vouched for by nobody. */
async function believed(
  file: SegmentFile,
  row: TimeRow,
  segment: number,
  { keys }: RingAccess,
): Promise<boolean> {
  const bytes = await recordBytesOf(file, row).catch(() => null);
  const header = bytes && verifyRecord(bytes, segment);
  if (!bytes || header?.record !== row.record || !(await vouchedFor(bytes, header, keys))) return false;
  row.run = header.run;
  row.wallUs = header.wallFirstUs;
  row.monoUs = header.monoFirstUs;
  return true;
}

/**
 * Verifies a whole store (docs/store.md, P5) and names what is wrong, where, and what it costs. Used by
 * `vigie store check` and by the tests. Writes nothing; works while the camera writes.
 */
import { VigieError } from '../../errors.js';
import {
  belongs,
  type Description,
  describeRing,
  readSegmentHeader,
  ringDirectory,
  segmentName,
  segmentPath,
} from './description.js';
import { type CheckedSegment, type CheckReport, damage, judge } from './judge.js';
import { headerBlockBytes, recordHeaderBytes, type SegmentHeader, segmentHeaderBytes } from './layout.js';
import { decodeRecord } from './record.js';
import { gopKind, recordBytes } from './record-header.js';
import { scanSegment } from './scan.js';
import type { OpenSegment, SegmentFile } from './segment-file.js';

export type { CheckReport, Damage, DamageKind, NoteKind } from './judge.js';

type OnProgress = (progress: { segments: number; of: number }) => void;

/** @throws VigieError `store` when there is no store */
export async function check(
  directory: string,
  open: OpenSegment,
  onProgress?: OnProgress,
): Promise<CheckReport> {
  const found = await describeRing(directory, open);
  if (!found) throw new VigieError('store', `There is no store in ${directory}`, 'Give it with --directory');
  const report: CheckReport = {
    segments: found.description.segmentCount,
    records: 0,
    bytes: 0,
    damages: [],
    notes: [],
  };
  if (found.rebuilt) report.damages.push(damage('description', 'store.json'));
  const segments: CheckedSegment[] = [];
  let blank = 0;
  for (let slot = 0; slot < found.description.segmentCount; slot++) {
    const segment = await checkSlot(ringDirectory(directory), slot, found.description, open, report);
    if (segment === 'blank') blank += 1;
    else if (segment) segments.push(segment);
    onProgress?.({ segments: slot + 1, of: found.description.segmentCount });
  }
  if (blank > 0) report.notes.push({ kind: 'blank-segments', file: '', count: blank });
  segments.sort((a, b) => a.sequence - b.sequence);
  judge(segments, found.description.segmentCount, report);
  return report;
}

/** One slot: file, header, then every record. What the whole ring must decide is left to `judge`. */
async function checkSlot(
  ring: string,
  slot: number,
  of: Description,
  open: OpenSegment,
  report: CheckReport,
): Promise<CheckedSegment | 'blank' | null> {
  const name = segmentName(slot);
  let file: SegmentFile;
  try {
    file = await open(segmentPath(ring, slot), 'read');
  } catch {
    report.damages.push(damage('segment-file', name));
    return null;
  }
  try {
    if ((await file.bytes()) !== of.segmentBytes) report.damages.push(damage('segment-file', name));
    const header = await readSegmentHeader(file);
    if (!header && (await isBlank(file))) return 'blank';
    if (!header || !belongs(header, slot, of)) {
      report.damages.push(damage('segment-header', name, { fromByte: 0, toByte: segmentHeaderBytes }));
      return null;
    }
    const checked = await checkRecords(file, header, name, report);
    const after = await readSegmentHeader(file);
    if (after?.sequence === header.sequence) return checked;
    report.notes.push({ kind: 'overwritten-meanwhile', file: name, count: 1 });
    return null;
  } catch {
    // The card refused a read in the middle: the rest of this segment cannot be vouched for.
    report.damages.push(damage('segment-file', name));
    return null;
  } finally {
    await file.close();
  }
}

async function isBlank(file: SegmentFile): Promise<boolean> {
  const block = Buffer.alloc(headerBlockBytes + recordHeaderBytes);
  const read = await file.read(block, 0);
  return block.subarray(0, read).every((byte) => byte === 0);
}

async function checkRecords(
  file: SegmentFile,
  header: SegmentHeader,
  name: string,
  report: CheckReport,
): Promise<CheckedSegment> {
  const scan = await scanSegment(file, header);
  const { damaged, endByte, endMarked } = scan;
  const checked: CheckedSegment = {
    sequence: header.sequence,
    file: name,
    records: [],
    bad: [],
    damaged,
    endByte,
    endMarked,
  };
  for (const scanned of scan.records) {
    const bytes = Buffer.allocUnsafe(recordBytes(scanned.header));
    await file.read(bytes, scanned.offset);
    if (scanned.header.kind === gopKind && !decodeRecord(bytes, header.sequence)) {
      checked.bad.push(scanned);
      continue;
    }
    report.records += 1;
    report.bytes += bytes.length;
    const { record, wallFirstUs, wallLastUs } = scanned.header;
    checked.records.push({ record, wallFirstMs: wallFirstUs / 1000, wallLastMs: wallLastUs / 1000 });
  }
  return checked;
}

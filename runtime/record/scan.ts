/**
 * Walks one segment from header to header (docs/store.md, P4.2). Used by ring.ts at start and by check.ts.
 * Reads bytes that may be anything; always ends, and never takes for a record what does not verify.
 */
import {
  endMarkBytes,
  headerBlockBytes,
  isEndMark,
  recordHeaderBytes,
  type SegmentHeader,
} from './layout.js';
import { decodeRecordHeader, type RecordHeader, recordBytes, recordMagic } from './record-header.js';
import type { SegmentFile } from './segment-file.js';

const searchChunkBytes = 256 * 1024;

export interface ScannedRecord {
  /** byte of its header in the file */
  offset: number;
  header: RecordHeader;
}

export interface SegmentScan {
  records: ScannedRecord[];
  /** where neither a valid header nor the end mark stood, up to the next valid header */
  damaged: { fromByte: number; toByte: number }[];
  /** where the next record would go */
  endByte: number;
  /** false: the end mark is missing; torn, or damaged, or nothing was written yet */
  endMarked: boolean;
}

/** @throws VigieError `store` when the file cannot be read */
export async function scanSegment(file: SegmentFile, segment: SegmentHeader): Promise<SegmentScan> {
  const { segmentBytes, sequence } = segment;
  const scan: SegmentScan = { records: [], damaged: [], endByte: headerBlockBytes, endMarked: false };
  const block = Buffer.alloc(recordHeaderBytes);
  let lastRecord = 0;
  while (scan.endByte + endMarkBytes <= segmentBytes) {
    const read = await file.read(
      block.subarray(0, Math.min(block.length, segmentBytes - scan.endByte)),
      scan.endByte,
    );
    const head = block.subarray(0, read);
    if (isEndMark(head, sequence)) {
      scan.endMarked = true;
      break;
    }
    const header = fitting(head, scan.endByte, segment, lastRecord);
    if (header) {
      scan.records.push({ offset: scan.endByte, header });
      scan.endByte += recordBytes(header);
      lastRecord = header.record;
      continue;
    }
    const next = await findRecord(file, scan.endByte + 8, segment, lastRecord);
    if (next === null) break;
    scan.damaged.push({ fromByte: scan.endByte, toByte: next });
    scan.endByte = next;
  }
  return scan;
}

/** The header at this place, when it is valid, of this segment, after the last record, and fits in the file. */
function fitting(
  head: Buffer,
  offset: number,
  segment: SegmentHeader,
  lastRecord: number,
): RecordHeader | null {
  const header = decodeRecordHeader(head, segment.sequence);
  if (!header || header.record <= lastRecord) return null;
  return offset + recordBytes(header) + endMarkBytes <= segment.segmentBytes ? header : null;
}

/** First byte from `from` on, a multiple of 8, where a valid record of this segment starts; null when there is none. */
async function findRecord(
  file: SegmentFile,
  from: number,
  segment: SegmentHeader,
  lastRecord: number,
): Promise<number | null> {
  const chunk = Buffer.alloc(searchChunkBytes + recordHeaderBytes);
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(recordMagic);
  for (let at = from; at + recordHeaderBytes < segment.segmentBytes; at += searchChunkBytes) {
    const read = await file.read(chunk.subarray(0, Math.min(chunk.length, segment.segmentBytes - at)), at);
    const bytes = chunk.subarray(0, read);
    for (let i = bytes.indexOf(magic); i >= 0 && i < searchChunkBytes; i = bytes.indexOf(magic, i + 4)) {
      if (i % 8 !== 0) continue;
      const head = bytes.subarray(i, i + recordHeaderBytes);
      if (fitting(head, at + i, segment, lastRecord)) return at + i;
    }
    if (read === 0) return null;
  }
  return null;
}

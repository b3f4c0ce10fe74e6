/**
 * Verifies a whole store (docs/store.md, P5) and names what is wrong, where, and what it costs. Used by
 * `vigie store check` and by the tests. Writes nothing; works while the camera writes.
 */
import { VigieError } from '../../errors.js';
import { CheckedTimes } from './check-times.js';
import {
  belongs,
  type Description,
  describeRing,
  readSegmentHeader,
  ringDirectory,
  segmentName,
  segmentPath,
} from './description.js';
import { indexAgrees } from './index-agreement.js';
import { type CheckedSegment, type CheckReport, damage, judge } from './judge.js';
import { type RecordClass, recordClasses } from './key-sector.js';
import type { RecordKeys } from './key-table.js';
import { headerBlockBytes, recordHeaderBytes, type SegmentHeader, segmentHeaderBytes } from './layout.js';
import { openRecord, verifyRecord } from './record.js';
import { gopKind, type RecordHeader, recordBytes, timeKind } from './record-header.js';
import { scanSegment } from './scan.js';
import type { OpenSegment, SegmentFile } from './segment-file.js';
import { readSealedIndex } from './segment-index.js';

export type { CheckReport, Damage, DamageKind, NoteKind } from './judge.js';

type OnProgress = (progress: { segments: number; of: number }) => void;

/**
 * @param keys null: checksums are verified, tags are not
 * @throws VigieError `store` when there is no store
 */
export async function check(
  directory: string,
  { open, list }: { open: OpenSegment; list?: (directory: string) => Promise<string[]> },
  keys: RecordKeys | null,
  onProgress?: OnProgress,
): Promise<CheckReport> {
  const found = await describeRing(directory, open, list);
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
  const times = new CheckedTimes(keys, report);
  let blank = 0;
  for (let slot = 0; slot < found.description.segmentCount; slot++) {
    const segment = await checkSlot(
      ringDirectory(directory),
      slot,
      found.description,
      { open, keys, times },
      report,
    );
    if (segment === 'blank') blank += 1;
    else if (segment) segments.push(segment);
    onProgress?.({ segments: slot + 1, of: found.description.segmentCount });
  }
  if (blank > 0) report.notes.push({ kind: 'blank-segments', file: '', count: blank });
  segments.sort((a, b) => a.sequence - b.sequence);
  times.judge();
  judge(segments, found.description.segmentCount, report);
  return report;
}

/** One slot: file, header, then every record. What the whole ring must decide is left to `judge`. */
async function checkSlot(
  ring: string,
  slot: number,
  of: Description,
  { open, keys, times }: { open: OpenSegment; keys: RecordKeys | null; times: CheckedTimes },
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
    const checked = await checkRecords(file, header, name, { keys, times }, report);
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
  { keys, times }: { keys: RecordKeys | null; times: CheckedTimes },
  report: CheckReport,
): Promise<CheckedSegment> {
  const scan = await scanSegment(file, header);
  const { damaged, endByte, endMarked } = scan;
  const index = await readSealedIndex(file, header);
  const checked: CheckedSegment = {
    sequence: header.sequence,
    file: name,
    records: [],
    bad: [],
    damaged,
    endByte,
    endMarked,
    index: index === null ? 'none' : indexAgrees(index, scan) ? 'agrees' : 'differs',
  };
  const opener = await Opener.of(header.sequence, keys);
  for (const scanned of scan.records) {
    const bytes = Buffer.allocUnsafe(recordBytes(scanned.header));
    await file.read(bytes, scanned.offset);
    const verified = verifyRecord(bytes, header.sequence);
    if (!verified) {
      checked.bad.push(scanned);
      continue;
    }
    const { record, wallFirstUs, wallLastUs } = scanned.header;
    checked.records.push({ record, wallFirstMs: wallFirstUs / 1000, wallLastMs: wallLastUs / 1000 });
    if (verified.kind !== gopKind) {
      if (verified.kind === timeKind) await times.take(bytes, verified, name, scanned.offset);
      continue;
    }
    if (!opener.opens(bytes, verified)) {
      const place = { fromByte: scanned.offset, toByte: scanned.offset + bytes.length, records: 1 };
      const when = { fromMs: verified.wallFirstUs / 1000, toMs: verified.wallLastUs / 1000 };
      report.damages.push(damage('record-tag', name, { ...place, ...when }));
    }
    report.records += 1;
    report.bytes += bytes.length;
  }
  opener.report(name, report);
  return checked;
}

/** Opens the records of one segment, and counts those that its keys no longer open. */
class Opener {
  #destroyed = 0;
  #closed = 0;
  readonly #missing = new Set<RecordClass>();

  private constructor(
    private readonly segment: number,
    private readonly keys: RecordKeys | null,
    private readonly open: Record<RecordClass, Buffer | null>,
  ) {}

  static async of(segment: number, keys: RecordKeys | null): Promise<Opener> {
    const open: Record<RecordClass, Buffer | null> = { communal: null, terminus: null };
    for (const of of recordClasses) open[of] = (await keys?.keyOf(segment, of).catch(() => null)) ?? null;
    return new Opener(segment, keys, open);
  }

  /** false only when there is a key and the tag does not hold */
  opens(bytes: Buffer, header: RecordHeader): boolean {
    const key = this.open[header.class];
    if (key) return openRecord(bytes, header, key) !== null;
    const state = this.keys?.stateOf(this.segment, header.class);
    if (state === undefined) this.#closed += 1;
    else if (state === 'destroyed') this.#destroyed += 1;
    else this.#missing.add(header.class);
    return true;
  }

  report(file: string, report: CheckReport): void {
    for (const key of Object.values(this.open)) key?.fill(0);
    if (this.#destroyed > 0) report.notes.push({ kind: 'destroyed', file, count: this.#destroyed });
    if (this.#closed > 0) report.notes.push({ kind: 'not-opened', file, count: this.#closed });
    if (this.#missing.size > 0) report.damages.push(damage('key-slot', file));
  }
}

/**
 * Verifies the time corrections of a store (docs/store.md, T4 and T5). Fed by check.ts with those whose checksums hold. Names
 * what is not vouched for, and what contradicts another; believes neither.
 */
import { type CheckReport, damage } from './judge.js';
import type { RecordKeys } from './key-table.js';
import { type RecordHeader, recordBytes } from './record-header.js';
import { vouchedFor } from './record-time.js';

/** Two corrections of one run further apart than this cannot both be right, microseconds. */
const apartUs = 1_000_000;

interface Told {
  run: string;
  offsetUs: number;
  record: number;
  file: string;
}

export class CheckedTimes {
  readonly #told: Told[] = [];

  /** @param keys null: none can be verified */
  constructor(
    private readonly keys: RecordKeys | null,
    private readonly report: CheckReport,
  ) {}

  /** @param bytes header and payload, whose checksums hold */
  async take(bytes: Buffer, header: RecordHeader, file: string, offset: number): Promise<void> {
    if (!this.keys) {
      this.report.notes.push({ kind: 'time-not-verified', file, count: 1 });
      return;
    }
    if (!(await vouchedFor(bytes, header, this.keys))) {
      const place = { fromByte: offset, toByte: offset + recordBytes(header) };
      this.report.damages.push(damage('time-correction', file, place));
      return;
    }
    const { run, record, wallFirstUs, monoFirstUs } = header;
    this.#told.push({ run, record, file, offsetUs: wallFirstUs - monoFirstUs });
  }

  /** The first of each run counts; whoever says something else is named. */
  judge(): void {
    const first = new Map<string, Told>();
    for (const told of this.#told.sort((a, b) => a.record - b.record)) {
      const before = first.get(told.run);
      if (!before) first.set(told.run, told);
      else if (Math.abs(before.offsetUs - told.offsetUs) > apartUs) {
        this.report.notes.push({ kind: 'time-contradicts', file: told.file, count: 1 });
      }
    }
  }
}

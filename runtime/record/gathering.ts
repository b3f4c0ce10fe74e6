/**
 * Gathers access units into GOPs, or into pieces of one when it is longer than a record may be. Fed by recorder.ts, which
 * decides what becomes of them. Begins with a keyframe; never holds more than one piece.
 */
import type { PictureSize } from '../../pipelines/frame.js';
import type { Unit } from '../../pipelines/messages.js';
import type { Gop, GopUnit } from './gop.js';

/** What a unit costs in the tables of its record, at most (docs/store.md, "Record"). */
const unitTableBytes = 96;
/** Wall and monotonic clock may part by this much inside a record (docs/store.md, "Times"). */
const wallJumpMs = 500;

/** A GOP, or a piece of one, that is whole; its class is not decided yet. */
export interface GatheredGop {
  gop: Omit<Gop, 'class'>;
  /** which GOP it is of, when a GOP is in several pieces; from 1 */
  of: number;
  bytes: number;
}

export interface GatheringOptions {
  picture: PictureSize;
  /** a piece is closed after this time even without a keyframe */
  maxRecordUs: number;
  /** and at this size, tables included */
  maxRecordBytes: number;
}

export class Gathering {
  #units: GopUnit[] = [];
  #unitBytes = 0;
  /** number of the GOP being gathered; 0 while waiting for a keyframe */
  #gop = 0;
  #gopsBegun = 0;
  /** whether a piece of the GOP being gathered was already handed over */
  #continues = false;
  /** the clock was known to be right when the first unit of the piece came */
  #trustedFirst = false;
  /** the unit before, of whichever piece */
  #before: { wallMs: number; monoUs: number } | null = null;

  /** @param deps.clockTrusted whether the wall clock is known to be right, asked when a piece begins and when it ends */
  constructor(
    private readonly deps: { clockTrusted: () => boolean },
    private readonly options: GatheringOptions,
  ) {}

  /**
   * Takes the next unit; its bytes are kept.
   * @returns `taken`: false for a unit that nothing can be made of, because no keyframe came yet; `closed`: the piece
   *   that this unit ends, without it
   */
  add(unit: Unit): { taken: boolean; closed: GatheredGop | null } {
    if (!unit.key && this.#gop === 0) return { taken: false, closed: null };
    let closed: GatheredGop | null = null;
    // What a jump ends was timed by the clock before it: a machine that vouches for the new time vouches for no other.
    if (this.#jumps(unit)) this.#trustedFirst = false;
    if (unit.key) {
      closed = this.close(false);
      this.#gopsBegun += 1;
      this.#gop = this.#gopsBegun;
      this.#continues = false;
    } else if (this.#mustSplit(unit)) {
      closed = this.close(false);
      this.#continues = true;
    }
    const { seq, monoUs, wallMs, key, mask, data } = unit;
    if (this.#units.length === 0) this.#trustedFirst = this.deps.clockTrusted();
    this.#before = { wallMs, monoUs };
    this.#units.push({ seq, monoUs, wallMs, key, mask, data });
    this.#unitBytes += data.byteLength + unitTableBytes;
    return { taken: true, closed };
  }

  /** What there is of the piece, or null; the GOP may go on. */
  close(interrupted: boolean): GatheredGop | null {
    const units = this.#units;
    const bytes = this.#unitBytes;
    if (units.length === 0) return null;
    this.#units = [];
    this.#unitBytes = 0;
    const { width, height } = this.options.picture;
    const clockTrusted = this.#trustedFirst && this.deps.clockTrusted();
    const gop = { units, width, height, clockTrusted, interrupted, continues: this.#continues };
    return { gop, of: this.#gop, bytes };
  }

  /** What there is of the piece, or null; nothing more until the next keyframe. */
  end(interrupted: boolean): GatheredGop | null {
    const closed = this.close(interrupted);
    this.#gop = 0;
    return closed;
  }

  #mustSplit(unit: Unit): boolean {
    const { maxRecordUs, maxRecordBytes } = this.options;
    const first = this.#units[0];
    const last = this.#units.at(-1);
    if (!first || !last) return false;
    if (unit.monoUs - first.monoUs >= maxRecordUs) return true;
    if (this.#unitBytes + unit.data.byteLength + unitTableBytes > maxRecordBytes) return true;
    // The format counts frames and time upwards within a record: what runs backwards begins another.
    if (unit.seq <= last.seq || unit.monoUs < first.monoUs) return true;
    return apart(first, unit);
  }

  #jumps(unit: Unit): boolean {
    return this.#before !== null && apart(this.#before, unit);
  }
}

/** Whether wall and monotonic clock parted between these two. */
function apart(from: { wallMs: number; monoUs: number }, to: { wallMs: number; monoUs: number }): boolean {
  return Math.abs(to.wallMs - from.wallMs - (to.monoUs - from.monoUs) / 1000) > wallJumpMs;
}

/**
 * What the store keeps and gives back: a GOP, or a piece of one, with the times and the mask stamp of every
 * picture in it. Made by recorder.ts, stored by store.ts, read by export.ts and by playback. Holds masked video only:
 * its units come from the encoder, which accepts nothing else.
 */
import type { MaskStamp } from '../../pipelines/frame.js';
import type { RecordClass } from './key-sector.js';

/** One H.264 access unit, as the pipeline process delivered it. */
export interface GopUnit {
  /** frame number of the pipeline process; rises within a GOP */
  seq: number;
  /** CLOCK_MONOTONIC at capture, integer microseconds */
  monoUs: number;
  /** wall clock at capture, milliseconds since 1970 */
  wallMs: number;
  /** an IDR picture that carries its SPS and PPS */
  key: boolean;
  mask: MaskStamp;
  /** H.264 access unit, Annex B */
  data: Uint8Array;
}

export interface Gop {
  /** at least one; the first is a key unit unless `continues` */
  units: readonly GopUnit[];
  /** pixels */
  width: number;
  height: number;
  /** the wall clock was known to be right */
  clockTrusted: boolean;
  /** the GOP was cut short: the pipeline process died or stalled */
  interrupted: boolean;
  /** a further piece of the GOP in the record before; cannot be decoded without it */
  continues: boolean;
  /** what is missing before it was not to be recorded (docs/recording.md, O7) */
  afterPause?: boolean;
  /** what it is kept as: its key, and so its term; an alert changes it while the GOP waits */
  class: RecordClass;
}

/** A GOP as read back, checksum and tag verified. */
export interface StoredGop extends Gop {
  /** sequence of its segment */
  segment: number;
  /** sequence of its record, rising over the whole store; of the first one when this is a copy */
  record: number;
  /** hex, of the boot in which its pictures were taken: monotonic times compare within a run */
  run: string;
  /** its wall clock was not known to be right, and was corrected since: `wallMs` says the corrected times */
  corrected?: boolean;
}

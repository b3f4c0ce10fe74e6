/** What segment-maker.ts is given by opening.ts, and what it gives to writer.ts. */
import type { CardPort, Clock, Log } from '../../board/ports.js';
import type { Description } from './description.js';
import type { KeySlots, SegmentKeys } from './key-slots.js';
import type { RingEnd } from './ring.js';
import type { RingIndex, SegmentEntries, SegmentSummary } from './ring-index.js';
import type { OnSegment } from './segment-events.js';
import type { OpenSegment, SegmentFile } from './segment-file.js';

/** A segment open for writing. */
export interface OpenedSegment {
  sequence: number;
  slot: number;
  file: SegmentFile;
  /** byte where the next record goes */
  offset: number;
  /** the end mark stands there; not so in a segment begun, or resumed over a torn tail, and not yet written into */
  endMarked: boolean;
  entries: SegmentEntries;
  keys: SegmentKeys;
}

export interface SegmentMakerDeps {
  card: CardPort;
  clock: Clock;
  log: Log;
  open: OpenSegment;
  keys: KeySlots;
  index: RingIndex;
  onSegment: OnSegment;
  /** whether a requisition holds this segment; it is then not overwritten */
  held: (segment: SegmentSummary) => boolean;
}

export interface SegmentMakerOptions {
  /** directory of the segment files */
  path: string;
  description: Description;
  end: RingEnd;
  /** pictures of one segment lie within this, milliseconds of wall clock */
  maxSpanMs: number;
  /** the card has failed lately, and must take a write before a key is destroyed for it (P3.2) */
  wary?: boolean;
}

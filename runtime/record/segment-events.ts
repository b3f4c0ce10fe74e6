/**
 * What happens to segments, for those who keep account of it (access/register through runtime/main.ts). Told by
 * segment-maker.ts; a listener that fails is logged and does not stop the recording.
 */
import type { RecordClass } from './key-sector.js';
import type { SegmentSummary } from './ring-index.js';

export type SegmentEvent =
  /** its keys and its header are on the device */
  | { kind: 'born'; segment: number; storeId: string; atMs: number; clockTrusted: boolean }
  /** nothing more goes into it; `index` is false when it was given up after a failed write */
  | { kind: 'sealed'; segment: number; storeId: string; summary: SegmentSummary; index: boolean }
  /**
   * A key was destroyed because its slot was needed: verified, and before anything new is written there. `summary` is
   * null when the ring no longer knew the segment.
   */
  | {
      kind: 'overwritten';
      segment: number;
      storeId: string;
      class: RecordClass;
      summary: SegmentSummary | null;
    }
  /** a held segment was passed over: the ring is that much shorter */
  | { kind: 'skipped'; segment: number; storeId: string; summary: SegmentSummary };

export type OnSegment = (event: SegmentEvent) => void | Promise<void>;

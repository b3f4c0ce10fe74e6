/** What a store is given: its parts, its places and sizes. Read by store.ts and opening.ts; filled by runtime/archive.ts and tools. */
import type { CardPort, Clock, KeyVault, Log } from '../../board/ports.js';
import type { OnProgress } from './create.js';
import type { SegmentSummary } from './ring-index.js';
import type { OnSegment } from './segment-events.js';
import type { OpenSegment } from './segment-file.js';

export interface StoreDeps {
  card: CardPort;
  clock: Clock;
  log: Log;
  /** seals the keys of the segments */
  vault: KeyVault;
  /** whether the wall clock is known to be right, noted with each key; default: it is */
  clockTrusted?: () => boolean;
  /** told of each segment begun, sealed and overwritten, in order; the writer waits for it */
  onSegment?: OnSegment;
  /** whether a requisition holds this segment: the writer then passes it over; default: none is held */
  held?: (segment: SegmentSummary, storeId: string) => boolean;
  /** told of the store that was found, before its keys are opened; waited for */
  onFound?: (storeId: string) => void | Promise<void>;
  /** its index is read and its keys are open, at the start or when its card came back; not waited for */
  onOpened?: () => void;
  /** hex, 8 bytes: this boot, in which monotonic times compare; default: random, of this start */
  run?: string;
  /** for tests that put a failing card behind the store */
  open?: OpenSegment;
  /** and a failing device behind the key slots */
  openKeys?: OpenSegment;
}

export interface StoreOptions {
  /** absolute path; made when missing, mode 0700 */
  directory: string;
  /** where its card is mounted; when nothing is mounted there, the card is gone; default: wherever the directory lies */
  mountPoint?: string;
  /** absolute path of the directory of the key slots, apart from the card; made when missing, mode 0700 */
  keysDirectory: string;
  /** space the ring takes; rounded down to whole segments */
  capacityBytes: number;
  segmentBytes: number;
  /** at most 32 bytes */
  cameraId: string;
  /** pictures of one segment lie within this; its key is destroyed when the first reaches its term; default 60 s */
  maxSpanMs?: number;
}

export interface StoreStart {
  onProgress?: OnProgress;
  /** a card that fails, or is not there, does not refuse the start: it is waited for */
  withoutCard?: boolean;
}

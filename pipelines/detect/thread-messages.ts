/**
 * What detector.ts and its thread (worker.ts) say to each other. Types only: both ends are in this folder and
 * in one process, nothing from outside travels here.
 */
import type { ErrorKind } from '../../errors.js';
import type { Place } from '../../models/engines/slot.js';
import type { SlotTask } from '../../models/signed-list.js';
import type { Detection, DetectOptions } from '../messages.js';

/** Given to the thread when it starts. */
export interface ThreadData {
  engine: DetectOptions['engine'];
  modelFile: string;
  modelSha256: string;
  threads: number;
  lowThreshold: number;
}

export type ToThread =
  | { t: 'look'; seq: number; width: number; height: number; rgb: Uint8Array<ArrayBuffer> }
  | { t: 'stop' };

export type FromThread =
  | { t: 'ready' }
  | { t: 'seen'; seq: number; detections: Detection[] }
  | { t: 'failed'; kind: ErrorKind; message: string; hint: string };

/** What slots.ts and its threads (slot-thread.ts) say to each other; a thread is given its SlotOptions at the start. */
export interface ToSlot {
  rgb: Uint8Array<ArrayBuffer>;
}

export type FromSlot =
  | { t: 'ready'; task: SlotTask; width: number; height: number; everySeconds: number }
  | { t: 'seen'; places: Place[] }
  | { t: 'failed'; message: string; hint: string };

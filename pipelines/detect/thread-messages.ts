/**
 * What detector.ts and its thread (worker.ts) say to each other. Types only: both ends are in this folder and
 * in one process, nothing from outside travels here.
 */
import type { ErrorKind } from '../../errors.js';
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

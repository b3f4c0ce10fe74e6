/**
 * When a picture is measured for how well the camera sees, and under which mask (docs/sight.md). Fed by frame-path.ts with
 * masked frames and mask tables; what it gives goes to the runtime process, which judges. It never keeps a frame.
 */
import type { MaskedFrame, PictureSize } from '../frame.js';
import type { MaskTable, Sight } from '../messages.js';
import { Cells } from './cells.js';
import { hiddenCells } from './hidden-cells.js';

/** Two measures a second: a fault of five seconds is seen ten times. */
const EVERY_US = 500_000;
/** Less of the picture than this says nothing of the whole. */
const LEAST_OPEN = 0.1;

export interface SightsOptions {
  /** the camera is on a head: its mask moves, and its view is no fault */
  moves: boolean;
}

export class Sights {
  readonly #size: PictureSize;
  readonly #moves: boolean;
  readonly #cells: Cells;
  /** of the tables that frames may bear */
  readonly #hidden = new Map<number, Uint8Array>();
  /** the mask of the measure before */
  #stamp = '';
  #nextDueUs = 0;

  constructor(size: PictureSize, { moves }: SightsOptions) {
    this.#size = size;
    this.#moves = moves;
    this.#cells = new Cells(size);
  }

  /** A table that frames will bear; the ones before the last are forgotten. */
  load(table: MaskTable): void {
    for (const version of [...this.#hidden.keys()].slice(0, -1)) this.#hidden.delete(version);
    this.#hidden.set(table.version, hiddenCells(table, this.#size));
  }

  /** Measures the frame when a measure is due; null when none is, or when nothing of the picture can be judged. */
  offer(frame: MaskedFrame): Sight | null {
    if (frame.monoUs < this.#nextDueUs) return null;
    this.#nextDueUs = Math.max(this.#nextDueUs + EVERY_US, frame.monoUs + EVERY_US / 2);
    const { version, digest, state } = frame.mask;
    const hidden = this.#hidden.get(version);
    const stamp = `${version} ${digest} ${state}`;
    if (stamp !== this.#stamp) this.#cells.forget();
    this.#stamp = stamp;
    if (state !== 'zones' || !hidden) return null;
    const measured = this.#cells.measure(frame.data, hidden, this.#moves);
    if (!measured || measured.open < LEAST_OPEN) return null;
    return { t: 'sight', seq: frame.seq, monoUs: frame.monoUs, table: digest, ...measured };
  }
}

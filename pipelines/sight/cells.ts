/**
 * How much there is to see in each cell of a masked picture: brightness, edges, noise. Used by sights.ts. It reads some
 * picture elements of each cell, keeps those until the next measure, and gives numbers only.
 */
import type { PictureSize } from '../frame.js';
import { edgeScale, type Sight, sightGrid } from '../messages.js';

type Measured = Omit<Sight, 't' | 'seq' | 'monoUs' | 'table'>;

const { columns: COLUMNS, rows: ROWS } = sightGrid;
const CELLS = COLUMNS * ROWS;
/** Samples of a cell, each way. */
const SIDE = 5;
const SAMPLES = SIDE * SIDE;
/** Pixels across for which edges are taken over one pixel: sharpness means the same at any size. */
const FINE_WIDTH = 1024;
/** What the mask leaves behind. */
const BLACK_LUMA = 16;
/** Mean luma from which a cell is nearly white. */
const NEARLY_WHITE = 222;
/** Least edge of a cell in which there is something to see, levels, and as a multiple of the noise. */
const LEAST_EDGE = 1.5;
const LEAST_EDGE_NOISE = 0.75;
/** Luma between which noise shows and equal samples mean something. */
const MIDTONES = [22, 225] as const;
/** Midtones without which neither is told: share of the open samples, and of the open cells. */
const LEAST_MIDTONES = 1 / 16;
/** Noise is that of the calm cells: neither what moves nor what trembles in the wind. */
const CALM = 0.1;
/** Cells whose detail counts, from the flattest to the richest: what is the richest of all may be one lorry. */
const DETAIL = [0.5, 0.9] as const;

export class Cells {
  readonly #width: number;
  /** pixel offsets of the samples of a cell */
  readonly #inside = new Int32Array(SAMPLES);
  /** of the first pixel of each cell */
  readonly #corner = new Int32Array(CELLS);
  readonly #reach: number;
  readonly #across = new Float32Array(CELLS);
  readonly #down = new Float32Array(CELLS);
  readonly #mean = new Float32Array(CELLS);
  /** NaN where none can be told */
  readonly #noise = new Float32Array(CELLS);
  /** samples of the measure before */
  readonly #samples = new Uint8Array(CELLS * SAMPLES);
  /** of the cell that is being read */
  readonly #changes = new Int16Array(SAMPLES);
  readonly #steps = new Float32Array(2 * CELLS);
  readonly #open = new Uint8Array(CELLS);
  #hasBefore = false;
  #midtones = 0;
  #different = 0;

  constructor({ width, height }: PictureSize) {
    this.#width = width;
    this.#reach = Math.max(1, Math.round(width / FINE_WIDTH));
    const [across, down] = [width / COLUMNS, height / ROWS];
    for (let i = 0; i < SAMPLES; i++) {
      const x = Math.floor(((i % SIDE) + 0.5) * (across / SIDE));
      const y = Math.floor((Math.floor(i / SIDE) + 0.5) * (down / SIDE));
      this.#inside[i] = y * width + x;
    }
    for (let i = 0; i < CELLS; i++) {
      // The last pixels are left out: edges reach beyond their sample.
      const x = Math.floor((i % COLUMNS) * ((width - this.#reach - 1) / COLUMNS));
      const y = Math.floor(Math.floor(i / COLUMNS) * ((height - this.#reach - 1) / ROWS));
      this.#corner[i] = y * width + x;
    }
  }

  /** The next measure has none before it. */
  forget(): void {
    this.#hasBefore = false;
  }

  /**
   * @param luma of a masked picture, row by row
   * @param hidden one byte a cell, 1 for what the mask touches
   * @param moves the mask may lie elsewhere too, so that a cell that is black to the last sample is taken for hidden
   * @returns null when nothing is open
   */
  measure(luma: Uint8Array, hidden: Uint8Array, moves: boolean): Measured | null {
    this.#midtones = 0;
    this.#different = 0;
    let open = 0;
    for (let cell = 0; cell < CELLS; cell++) {
      const black = this.#read(luma, cell);
      const isOpen = hidden[cell] === 0 && !(moves && black);
      this.#open[cell] = isOpen ? 1 : 0;
      if (isOpen) open++;
    }
    const hadBefore = this.#hasBefore;
    this.#hasBefore = true;
    if (open === 0) return null;
    const enough = hadBefore && this.#midtones >= LEAST_MIDTONES * open * SAMPLES;
    const noise = enough ? this.#calmNoise(open) : null;
    this.#withoutNoise(noise ?? 0);
    return {
      open: open / CELLS,
      ...this.#light(open, noise ?? 0),
      detail: this.#detail(open),
      contrast: this.#contrast(),
      noise,
      changed: enough ? this.#different / this.#midtones : null,
      edges: moves ? null : this.#edges(),
    };
  }

  /** Reads one cell into the grids. Returns whether it is black to the last sample. */
  #read(luma: Uint8Array, cell: number): boolean {
    const corner = this.#corner[cell] as number;
    const reach = this.#reach;
    const below = reach * this.#width;
    const inside = this.#inside;
    const samples = this.#samples;
    const changes = this.#changes;
    const first = cell * SAMPLES;
    const [dark, white] = MIDTONES;
    let [sum, across, down, drift, black, midtones, different] = [0, 0, 0, 0, true, 0, 0];
    for (let i = 0; i < SAMPLES; i++) {
      const at = corner + (inside[i] as number);
      const here = luma[at] as number;
      const change = here - (samples[first + i] as number);
      samples[first + i] = here;
      changes[i] = change;
      sum += here;
      drift += change;
      if (here !== BLACK_LUMA) black = false;
      across += Math.abs((luma[at + reach] as number) - here);
      down += Math.abs((luma[at + below] as number) - here);
      if (here <= dark || here >= white) continue;
      midtones++;
      if (change !== 0) different++;
    }
    this.#midtones += midtones;
    this.#different += different;
    const mean = sum / SAMPLES;
    this.#across[cell] = across / SAMPLES;
    this.#down[cell] = down / SAMPLES;
    this.#mean[cell] = mean;
    drift /= SAMPLES;
    let off = 0;
    for (let i = 0; i < SAMPLES; i++) off += Math.abs((changes[i] as number) - drift);
    this.#noise[cell] = mean > dark && mean < white ? off / SAMPLES : Number.NaN;
    return black;
  }

  #calmNoise(open: number): number | null {
    const known = this.#noise.filter((noise, cell) => this.#open[cell] === 1 && !Number.isNaN(noise)).sort();
    return known.length < LEAST_MIDTONES * open ? null : (known[Math.floor(CALM * known.length)] as number);
  }

  /** Noise of a sample is noise of its edges too: two samples differ by it as a sample does from the one before. */
  #withoutNoise(noise: number): void {
    if (noise === 0) return;
    for (const edges of [this.#across, this.#down]) {
      for (let i = 0; i < CELLS; i++)
        edges[i] = Math.sqrt(Math.max(0, (edges[i] as number) ** 2 - noise ** 2));
    }
  }

  #light(open: number, noise: number): Pick<Measured, 'luma' | 'bright' | 'flat'> {
    const least = Math.max(LEAST_EDGE, LEAST_EDGE_NOISE * noise);
    let [sum, bright, flat] = [0, 0, 0];
    for (let i = 0; i < CELLS; i++) {
      if (this.#open[i] === 0) continue;
      sum += this.#mean[i] as number;
      if ((this.#mean[i] as number) >= NEARLY_WHITE) bright++;
      if (Math.max(this.#across[i] as number, this.#down[i] as number) < least) flat++;
    }
    return { luma: sum / open, bright: bright / open, flat: flat / open };
  }

  #detail(open: number): number {
    const edges = this.#across.map((across, i) => across + (this.#down[i] as number));
    const sorted = edges.filter((_, i) => this.#open[i] === 1).sort();
    const counted = sorted.subarray(Math.floor(DETAIL[0] * open), Math.max(1, Math.ceil(DETAIL[1] * open)));
    return Math.min(255, counted.reduce((sum, edge) => sum + edge, 0) / Math.max(1, counted.length));
  }

  /** How much an open cell differs from the open ones to its right and below, the same share of them as of the detail. */
  #contrast(): number {
    const [steps, mean, open] = [this.#steps, this.#mean, this.#open];
    let count = 0;
    for (const [other, lastColumn] of [[1, COLUMNS - 1] as const, [COLUMNS, COLUMNS] as const]) {
      for (let i = 0; i + other < CELLS; i++) {
        if (open[i] === 0 || open[i + other] === 0 || i % COLUMNS === lastColumn) continue;
        steps[count++] = Math.abs((mean[i + other] as number) - (mean[i] as number));
      }
    }
    const sorted = steps.subarray(0, count).sort();
    const counted = sorted.subarray(
      Math.floor(DETAIL[0] * sorted.length),
      Math.ceil(DETAIL[1] * sorted.length),
    );
    return counted.reduce((sum, step) => sum + step, 0) / Math.max(1, counted.length);
  }

  #edges(): Uint8Array {
    const { perLevel, most, hidden } = edgeScale;
    const edges = new Uint8Array(2 * CELLS).fill(hidden);
    for (let i = 0; i < CELLS; i++) {
      if (this.#open[i] === 0) continue;
      edges[i] = Math.min(most, Math.round((this.#across[i] as number) * perLevel));
      edges[CELLS + i] = Math.min(most, Math.round((this.#down[i] as number) * perLevel));
    }
    return edges;
  }
}

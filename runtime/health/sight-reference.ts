/**
 * Where the edges of the street usually are, and how sharp the picture usually is (docs/sight.md). Filled and asked
 * by sight-watch.ts. It holds means over minutes of coarse numbers: whoever passes leaves nothing in it.
 */
import { edgeScale, type Sight, sightGrid } from '../../pipelines/messages.js';

const { columns: COLUMNS, rows: ROWS } = sightGrid;
const CELLS = COLUMNS * ROWS;
/** Measures before anything is compared: 20 s. */
const LEAST_MEASURES = 40;
/** Measures over which it follows: 10 minutes. */
const FOLLOWS = 1200;
/** Likeness from which a picture teaches. */
const TEACHES = 0.5;
/** Edge of a cell whose absence is missed, levels, and the share of it that must be left. */
const LEAST_EDGE = 3;
const LEFT = 0.35;
/** Such cells, and cells that can be compared, without which nothing is said. */
const LEAST_EDGES = 30;
const LEAST_CELLS = CELLS / 20;
/** How far a moved view is searched for, cells. */
const FAR = [12, 8] as const;
/** Below this likeness it is searched for. */
const SEARCH = 0.75;

/** What is kept over a restart. Edges as in `Sight`, but square roots, in sixteenths of the largest; -1 for hidden. */
export interface KeptReference {
  measures: number;
  luma: number;
  sharpness: number;
  contrast: number;
  edges: number[];
}

export interface Comparison {
  /** likeness of the edges where they are, -1 to 1 */
  fit: number;
  /** likeness where they fit best, and how far that is, shares of the picture */
  best: { fit: number; x: number; y: number };
  /** where they lie beside the usual, cells, when that is less than one */
  drift: { x: number; y: number };
  /** share of the usual edges that are gone; null when there are too few */
  lost: number | null;
  /** against the usual: fine detail in a given contrast, contrast, luma */
  sharpness: number;
  contrast: number;
  luma: number;
}

const LARGEST = Math.sqrt(edgeScale.most);
const STEPS = 15;

export class SightReference {
  #measures = 0;
  /** square roots of the edges: a window must not outweigh a street. NaN for hidden */
  readonly #edges = new Float32Array(2 * CELLS);
  readonly #now = new Float32Array(2 * CELLS);
  #usual = { luma: 0, sharpness: 0, contrast: 0 };

  /** @param kept of an earlier run */
  constructor(kept: KeptReference | null = null) {
    if (!kept) return;
    const { measures, edges, ...usual } = kept;
    this.#measures = measures;
    this.#usual = usual;
    for (const [i, edge] of edges.entries())
      this.#edges[i] = edge < 0 ? Number.NaN : (edge / STEPS) * LARGEST;
  }

  /** Whether it has seen enough to compare with. */
  get known(): boolean {
    return this.#measures >= LEAST_MEASURES;
  }

  /** Compares; null while it is not known, or without edges. */
  compare(sight: Sight): Comparison | null {
    if (!this.known || !sight.edges) return null;
    this.#read(sight.edges);
    const fit = this.#fit(0, 0);
    if (fit === null) return null;
    const usual = this.#usual;
    return {
      fit,
      best: fit < SEARCH ? this.#search(fit) : { fit, x: 0, y: 0 },
      drift: { x: this.#drift(fit, 1, 0), y: this.#drift(fit, 0, 1) },
      lost: this.#lost(),
      sharpness: sharpness(sight) / Math.max(0.01, usual.sharpness),
      contrast: sight.contrast / Math.max(0.1, usual.contrast),
      luma: sight.luma / Math.max(1, usual.luma),
    };
  }

  /** Learns from a picture in which nothing is wrong, and which is of this view. */
  learn(sight: Sight, compared: Comparison | null): void {
    if (!sight.edges || (compared && compared.fit < TEACHES)) return;
    this.#read(sight.edges);
    const share = 1 / Math.min(FOLLOWS, this.#measures + 1);
    const first = this.#measures === 0;
    for (let i = 0; i < 2 * CELLS; i++) {
      const before = this.#edges[i] as number;
      this.#edges[i] = first
        ? (this.#now[i] as number)
        : before + ((this.#now[i] as number) - before) * share;
    }
    const now = {
      luma: sight.luma,
      sharpness: sharpness(sight),
      contrast: sight.contrast,
    };
    for (const key of ['luma', 'sharpness', 'contrast'] as const)
      this.#usual[key] += (now[key] - this.#usual[key]) * share;
    this.#measures = Math.min(FOLLOWS, this.#measures + 1);
  }

  /** Numbers to keep; null while it is not known. */
  kept(): KeptReference | null {
    if (!this.known) return null;
    const rounded = (value: number): number => Math.round(value * 1000) / 1000;
    const { luma, sharpness: sharp, contrast } = this.#usual;
    return {
      measures: this.#measures,
      luma: rounded(luma),
      sharpness: rounded(sharp),
      contrast: rounded(contrast),
      edges: Array.from(this.#edges, (edge) =>
        Number.isNaN(edge) ? -1 : Math.round((edge / LARGEST) * STEPS),
      ),
    };
  }

  #read(edges: Uint8Array): void {
    for (let i = 0; i < 2 * CELLS; i++) {
      const edge = edges[i] as number;
      this.#now[i] = edge === edgeScale.hidden ? Number.NaN : Math.sqrt(edge);
    }
  }

  /** Correlation with the reference moved by so many cells; null when too little of both is seen. */
  #fit(x: number, y: number): number | null {
    let [both, count] = [0, 0];
    for (const part of [0, CELLS]) {
      let [n, sumA, sumB, sumAA, sumBB, sumAB] = [0, 0, 0, 0, 0, 0];
      for (let row = Math.max(0, y); row < Math.min(ROWS, ROWS + y); row++) {
        const line = part + row * COLUMNS;
        for (let column = Math.max(0, x); column < Math.min(COLUMNS, COLUMNS + x); column++) {
          const a = this.#now[line + column] as number;
          const b = this.#edges[line - y * COLUMNS + column - x] as number;
          // Hidden in either: NaN equals nothing.
          if (!(a + b >= 0)) continue;
          n++;
          sumA += a;
          sumB += b;
          sumAA += a * a;
          sumBB += b * b;
          sumAB += a * b;
        }
      }
      if (n < LEAST_CELLS) continue;
      const spread = Math.sqrt((sumAA - (sumA * sumA) / n) * (sumBB - (sumB * sumB) / n));
      both += spread > 1e-6 ? (sumAB - (sumA * sumB) / n) / spread : 0;
      count++;
    }
    return count === 0 ? null : both / count;
  }

  /** The top of a parabola through the likeness here and one cell to each side: a view is as like itself on both. */
  #drift(here: number, x: number, y: number): number {
    const [before, after] = [this.#fit(-x, -y) ?? here, this.#fit(x, y) ?? here];
    const bend = before - 2 * here + after;
    return bend < -0.05 ? Math.max(-1, Math.min(1, (before - after) / (2 * bend))) : 0;
  }

  #search(here: number): Comparison['best'] {
    let best = { fit: here, x: 0, y: 0 };
    const look = (atX: number, atY: number, far: readonly [number, number], step: number): void => {
      for (let y = atY - far[1]; y <= atY + far[1]; y += step) {
        for (let x = atX - far[0]; x <= atX + far[0]; x += step) {
          const fit = this.#fit(x, y) ?? -1;
          if (fit > best.fit) best = { fit, x, y };
        }
      }
    };
    // Streets are likened over two cells too: every second place first, then those beside the best.
    look(0, 0, FAR, 2);
    look(best.x, best.y, [1, 1], 1);
    return { fit: best.fit, x: best.x / COLUMNS, y: best.y / ROWS };
  }

  #lost(): number | null {
    const least = Math.sqrt(LEAST_EDGE * edgeScale.perLevel);
    let [edges, lost] = [0, 0];
    for (let i = 0; i < 2 * CELLS; i++) {
      const usual = this.#edges[i] as number;
      const now = this.#now[i] as number;
      if (!(usual >= least) || Number.isNaN(now)) continue;
      edges++;
      if (now * now < LEFT * usual * usual) lost++;
    }
    return edges < LEAST_EDGES ? null : lost / edges;
  }
}

/** Fine detail in a given contrast: neither light nor fog changes it, a lens out of focus does. */
function sharpness({ detail, contrast }: Sight): number {
  return detail / Math.max(0.5, contrast);
}

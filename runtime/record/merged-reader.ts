/**
 * Several stores of one camera read as one: every GOP once, in the order in which they were recorded (docs/store.md, I17).
 * Used by runtime/cli/store.ts for export. Writes nothing.
 */
import { coverage, gaps, type Listing, type Span } from './coverage.js';
import type { ExportSource } from './export.js';
import type { StoredGop } from './gop.js';
import type { RangeOptions } from './read.js';
import type { RecordEntry } from './ring-index.js';
import { unknownRun } from './time-corrections.js';

/** Where the next of two stores lies in time. */
interface Place {
  run: string | null;
  monoUs: number;
  wallMs: number;
}

export class MergedReader implements ExportSource {
  /** @param readers at least one; of two that have the same GOP, the first gives it */
  constructor(private readonly readers: readonly ExportSource[]) {}

  select(fromMs: number, toMs: number): RecordEntry[] {
    const chosen = this.readers.map((reader) => reader.select(fromMs, toMs));
    return [...mergedEntries(chosen)];
  }

  async *range(fromMs: number, toMs: number, options: RangeOptions = {}): AsyncGenerator<StoredGop> {
    const lanes = this.readers.map((reader) => reader.range(fromMs, toMs, options)[Symbol.asyncIterator]());
    try {
      const heads = await Promise.all(lanes.map((lane) => next(lane)));
      for (;;) {
        const lane = earliest(heads.map((gop) => gop && placeOf(gop)));
        const gop = heads[lane];
        if (!gop) return;
        for (const [i, head] of heads.entries()) {
          const own = lanes[i];
          if (own && head && (i === lane || alike(placeOf(head), placeOf(gop)))) heads[i] = await next(own);
        }
        yield gop;
      }
    } finally {
      for (const lane of lanes) await lane.return?.();
    }
  }

  /** The shape of the first; spans of all, in order of time. */
  list(): Listing {
    const lists = this.readers.map((reader) => reader.list());
    const [first] = lists;
    if (!first) throw new Error('no store to list');
    const chosen = this.readers.map((reader) => reader.select(0, Number.MAX_SAFE_INTEGER / 1000));
    const spans = coverage(mergedEntries(chosen));
    const destroyed = lists.flatMap((list): Span[] => list.destroyed);
    return { ...first, coverage: spans, gaps: gaps(spans, () => null, destroyed), destroyed };
  }
}

function* mergedEntries(chosen: readonly (readonly RecordEntry[])[]): Generator<RecordEntry> {
  const at = chosen.map(() => 0);
  for (;;) {
    const heads = chosen.map((entries, i) => entries[at[i] ?? 0] ?? null);
    const lane = earliest(heads.map((entry) => entry && placeOfEntry(entry)));
    const entry = heads[lane];
    if (!entry) return;
    for (const [i, head] of heads.entries()) {
      if (head && (i === lane || alike(placeOfEntry(head), placeOfEntry(entry)))) at[i] = (at[i] ?? 0) + 1;
    }
    yield entry;
  }
}

async function next(lane: AsyncIterator<StoredGop>): Promise<StoredGop | null> {
  const { value, done } = await lane.next();
  return done === true ? null : value;
}

function placeOf({ run, units }: StoredGop): Place {
  return { run, monoUs: units[0]?.monoUs ?? 0, wallMs: units[0]?.wallMs ?? 0 };
}

function placeOfEntry({ run, monoFirstUs, wallFirstUs }: RecordEntry): Place {
  return { run: run === unknownRun ? null : run, monoUs: monoFirstUs, wallMs: wallFirstUs / 1000 };
}

/** No two GOPs of a camera share both clocks. */
function alike(a: Place, b: Place): boolean {
  return Math.abs(a.monoUs - b.monoUs) < 1 && Math.abs(a.wallMs - b.wallMs) < 0.001;
}

/** Which lane goes on: within a run the monotonic clock says it, otherwise the wall clock. The first of equals. */
function earliest(heads: readonly (Place | null)[]): number {
  let best = -1;
  for (const [i, head] of heads.entries()) {
    const leader = heads[best];
    if (!head) continue;
    if (!leader || before(head, leader)) best = i;
  }
  return best;
}

function before(a: Place, b: Place): boolean {
  const comparable = a.run !== null && a.run === b.run;
  return comparable ? a.monoUs < b.monoUs : a.wallMs < b.wallMs;
}

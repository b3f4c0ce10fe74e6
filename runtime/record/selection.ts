/**
 * Which records of the index answer a question: each GOP once, whether the record or its copy is left, and what has
 * been destroyed said apart. Used by read.ts and coverage.ts. Reads the index and the key states only.
 */
import type { RecordKeys } from './key-table.js';
import type { RecordEntry, RingIndex, SegmentEntries } from './ring-index.js';

/** Missing numbers are counted up to here: a damaged one must not make anybody count for ever. */
const mostMissing = 1_000_000;

export interface Shown {
  /** records that can be read, in order of their number */
  readable: RecordEntry[];
  /** records whose key was destroyed, and that have no readable copy */
  destroyed: RecordEntry[];
  /** whether there is no record to be shown between these two numbers: only copies and time corrections have them */
  adjoin: (before: number, after: number) => boolean;
  /** how many numbers between these two no record has, readable, destroyed or of another kind */
  missing: (before: number, after: number) => number;
}

/** Segments whose records overlap this interval, and before each the one that a GOP may have begun in. */
function segmentsAround(index: RingIndex, fromMs: number, toMs: number): SegmentEntries[] {
  const all = index.segments();
  const overlaps = (entries: SegmentEntries | undefined): boolean => {
    if (!entries) return false;
    return Object.values(entries.spans()).some(
      ({ firstMs, lastMs }) => firstMs !== null && lastMs !== null && firstMs <= toMs && lastMs >= fromMs,
    );
  };
  return all.filter((entries, i) => overlaps(entries) || overlaps(all[i + 1]));
}

/** Every GOP of these segments once: the record itself while its key is there, else its copy. */
function shown(segments: readonly SegmentEntries[], keys: RecordKeys): Shown {
  const originals: RecordEntry[] = [];
  const copies = new Map<number, RecordEntry>();
  const destroyed = new Map<number, RecordEntry>();
  const between = new Set<number>();
  for (const entries of segments) {
    const gone = {
      communal: keys.stateOf(entries.sequence, 'communal') === 'destroyed',
      terminus: keys.stateOf(entries.sequence, 'terminus') === 'destroyed',
    };
    for (const { record } of entries.times) between.add(record);
    for (let i = 0; i < entries.length; i++) {
      const entry = entries.at(i);
      if (entry.copyOf > 0) between.add(entry.record);
      if (gone[entry.class]) destroyed.set(entry.number, entry);
      else if (entry.copyOf > 0) copies.set(entry.number, entry);
      else originals.push(entry);
    }
  }
  for (const { number } of originals) {
    copies.delete(number);
    destroyed.delete(number);
  }
  for (const number of copies.keys()) destroyed.delete(number);
  const others = (numbers: { has: (n: number) => boolean }[], before: number, after: number): number => {
    let count = 0;
    for (let n = before + 1; n < after && count < mostMissing; n++) {
      if (!numbers.some((known) => known.has(n))) count += 1;
    }
    return count;
  };
  return {
    readable: merged(originals, copies),
    destroyed: [...destroyed.values()].sort(byNumber),
    adjoin: (before, after) => before < after && others([between], before, after) === 0,
    missing: (before, after) => others([between, destroyed], before, after),
  };
}

const byNumber = (a: RecordEntry, b: RecordEntry): number => a.number - b.number;

function merged(originals: RecordEntry[], copies: Map<number, RecordEntry>): RecordEntry[] {
  return copies.size === 0 ? originals : [...originals, ...copies.values()].sort(byNumber);
}

/** The whole ring. */
export function showAll(index: RingIndex, keys: RecordKeys): Shown {
  return shown(index.segments(), keys);
}

/**
 * The records that overlap [fromMs, toMs] by wall clock, and before them those that they cannot be decoded
 * without. In order of their number.
 */
export function selectRecords(index: RingIndex, keys: RecordKeys, fromMs: number, toMs: number): Shown {
  const { readable, destroyed, adjoin, missing } = shown(segmentsAround(index, fromMs, toMs), keys);
  const overlaps = ({ wallFirstUs, wallLastUs }: RecordEntry): boolean =>
    wallLastUs >= fromMs * 1000 && wallFirstUs <= toMs * 1000;
  const selected: RecordEntry[] = [];
  /** the pieces of one GOP seen so far and not selected; null: a piece is missing, the rest cannot be decoded */
  let chain: RecordEntry[] | null = null;
  let before = 0;
  for (const entry of readable) {
    if (!entry.continues) chain = [];
    else if (chain && !adjoin(before, entry.number)) chain = null;
    before = entry.number;
    if (!chain) continue;
    chain.push(entry);
    if (!overlaps(entry)) continue;
    selected.push(...chain);
    chain = [];
  }
  return { readable: selected, destroyed: destroyed.filter(overlaps), adjoin, missing };
}

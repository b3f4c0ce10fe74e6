/**
 * Which records of the index answer a question: each GOP once, whether the record or its copy is left, and what has
 * been destroyed said apart. Used by read.ts and coverage.ts. Reads the index and the key states only.
 */
import type { RecordKeys } from './key-table.js';
import type { RecordEntry, RingIndex, SegmentEntries } from './ring-index.js';

export interface Shown {
  /** records that can be read, in order of their number */
  readable: RecordEntry[];
  /** records whose key was destroyed, and that have no readable copy */
  destroyed: RecordEntry[];
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
  for (const entries of segments) {
    const gone = {
      communal: keys.stateOf(entries.sequence, 'communal') === 'destroyed',
      terminus: keys.stateOf(entries.sequence, 'terminus') === 'destroyed',
    };
    for (let i = 0; i < entries.length; i++) {
      const entry = entries.at(i);
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
  return { readable: merged(originals, copies), destroyed: [...destroyed.values()].sort(byNumber) };
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
  const { readable, destroyed } = shown(segmentsAround(index, fromMs, toMs), keys);
  const overlaps = ({ wallFirstUs, wallLastUs }: RecordEntry): boolean =>
    wallLastUs >= fromMs * 1000 && wallFirstUs <= toMs * 1000;
  const selected: RecordEntry[] = [];
  /** the pieces of one GOP seen so far and not selected; null: a piece is missing, the rest cannot be decoded */
  let chain: RecordEntry[] | null = null;
  let before = 0;
  for (const entry of readable) {
    if (!entry.continues) chain = [];
    else if (chain && before !== entry.number - 1) chain = null;
    before = entry.number;
    if (!chain) continue;
    chain.push(entry);
    if (!overlaps(entry)) continue;
    selected.push(...chain);
    chain = [];
  }
  return { readable: selected, destroyed: destroyed.filter(overlaps) };
}

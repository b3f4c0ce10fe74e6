/**
 * What readers beside the camera see of a simulated month, compared with what is true of it, GOP by GOP: content, times,
 * order, coverage, gaps. Called by month.ts at checkpoints.
 */
import { join } from 'node:path';
import type { StoredGop } from '../../runtime/record/gop.js';
import { MergedReader } from '../../runtime/record/merged-reader.js';
import { StoreReader } from '../../runtime/record/reader.js';
import { keysIn } from '../unit/store-fake.js';
import { gopMs, storeNames, unitsOf, unitsPerGop } from './month-camera.js';
import type { Moment, Truth } from './month-truth.js';

const ever = Number.MAX_SAFE_INTEGER / 1000;
/** What a time may be off: it is rounded to whole microseconds on the way. */
const roundedMs = 0.01;

interface Span {
  fromMs: number;
  toMs: number;
}

export async function openStores(directory: string): Promise<StoreReader[]> {
  return Promise.all(
    storeNames.map((name) => StoreReader.open(join(directory, name), { keys: keysIn(directory) })),
  );
}

/** Returns how many GOPs can be read. */
export async function compareReaders(truth: Truth, directory: string, moment: Moment): Promise<number> {
  const merged = new MergedReader(await openStores(directory));
  const read = new Set<number>();
  /** first and last picture of each, as they are to be listed */
  const spans: Span[] = [];
  let before = Number.NEGATIVE_INFINITY;
  const damaged: number[] = [];
  const onDamage = ({ wallFirstUs }: { wallFirstUs: number }): void => {
    damaged.push(wallFirstUs / 1000);
  };
  for await (const gop of merged.range(0, ever, { onDamage })) {
    const n = (gop.units[0]?.seq ?? -1) / unitsPerGop;
    if (read.has(n)) truth.wrong(`GOP ${n} is shown twice`);
    read.add(n);
    const trueMs = truth.gops[n]?.trueMs ?? Number.NaN;
    if (!sameContent(gop, n)) truth.wrong(`GOP ${n} has another content`);
    const offMs = Math.abs((gop.units[0]?.wallMs ?? 0) - trueMs);
    if (!(offMs <= roundedMs))
      truth.wrong(`GOP ${n} is shown ${Math.round(offMs / 1000)} s off its true time`);
    if (trueMs <= before) truth.wrong(`GOP ${n} is out of order`);
    before = trueMs;
    spans.push({ fromMs: trueMs, toMs: trueMs + gopMs });
  }
  for (const gop of truth.gops) {
    const duty = truth.duty(gop, moment);
    if (duty === 'readable' && !read.has(gop.n)) truth.wrong(`GOP ${gop.n} is not there`);
    if (duty === 'gone' && read.has(gop.n)) truth.wrong(`GOP ${gop.n} can still be read`);
    const keyed = gop.places.some(({ gone }) => gone === null);
    if (gop.places.length > 0 && keyed !== read.has(gop.n))
      truth.wrong(`GOP ${gop.n} ${keyed ? 'has a key and is not read' : 'is read without a key'}`);
  }
  compareLists(truth, merged, [...spans, ...tornSpans(truth, damaged, read)]);
  return read.size;
}

/**
 * What was being written when the card refused it, and was never acknowledged, may lie there torn: readers list it, and say
 * that it is damaged when they read it.
 */
function tornSpans(truth: Truth, damaged: readonly number[], read: ReadonlySet<number>): Span[] {
  return damaged.flatMap((wallMs) => {
    const gop = truth.gops.find(({ trueMs }) => Math.abs(trueMs - wallMs) <= roundedMs);
    if (gop && read.has(gop.n)) return [];
    if (gop?.lost && gop.places.length === 0) return [{ fromMs: gop.trueMs, toMs: gop.trueMs + gopMs }];
    truth.wrong(`GOP ${gop?.n ?? `of ${wallMs}`} is damaged`);
    return [];
  });
}

/** Coverage and gaps are those of what was read, to the picture. */
function compareLists(truth: Truth, merged: MergedReader, expected: readonly Span[]): void {
  const spans = [...expected].sort((a, b) => a.fromMs - b.fromMs);
  const { coverage, gaps } = merged.list();
  const listed = (list: readonly Span[]): string =>
    list.map(({ fromMs, toMs }) => `${Math.round(fromMs)}-${Math.round(toMs)}`).join(' ');
  const between = spans.slice(1).map(({ fromMs }, i) => ({ fromMs: spans[i]?.toMs ?? 0, toMs: fromMs }));
  if (listed(coverage) !== listed(spans)) truth.wrong('coverage is not what can be read');
  if (listed(gaps) !== listed(between)) truth.wrong('gaps are not where nothing can be read');
}

function sameContent({ units, run }: StoredGop, n: number): boolean {
  if (!Number.isInteger(n) || units.length !== unitsPerGop || run.length !== 16) return false;
  const expected = unitsOf(n, { monoUs: units[0]?.monoUs ?? 0, wallMs: units[0]?.wallMs ?? 0 });
  return units.every((unit, i) => {
    const of = expected[i];
    return of !== undefined && of.monoUs === unit.monoUs && Buffer.compare(of.data, unit.data) === 0;
  });
}

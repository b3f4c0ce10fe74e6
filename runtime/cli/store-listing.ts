/**
 * What `vigie store list` prints: day by day, stretch by stretch, and one row a segment when asked. Called by store.ts. Fits
 * in 80 columns, in French and English.
 */
import type { Listing, Span } from '../record/coverage.js';
import { type CellState, type DayLine, dayLines, midnight } from '../record/day-lines.js';
import { showTime } from './store-times.js';
import type { StoreWords } from './store-words.js';
import { type ListingWords, listingWords } from './store-words-listing.js';

const mib = (bytes: number): number => Math.round((bytes / 1024 / 1024) * 10) / 10;
const print = (text: string): void => void process.stdout.write(`${text}\n`);
const signs: Record<CellState, string> = {
  full: '#',
  part: '+',
  corrected: '~',
  untrusted: '?',
  destroyed: 'x',
  none: '.',
  outside: ' ',
};
const recorded: ReadonlySet<CellState> = new Set(['full', 'part', 'corrected', 'destroyed']);
/** Characters of a time without its offset from UTC. */
const timeLength = 19;

export function printTable(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of rows)
    print(
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

export function printListing(listing: Listing, words: StoreWords, segments: boolean): void {
  const used = listing.segments.filter(({ records }) => records > 0).length;
  const own = listingWords(words.language);
  print(`${words.store} ${listing.cameraId}`);
  print(words.segments(used, listing.segmentCount, mib(listing.segmentBytes)));
  if (listing.coverage.length === 0 && listing.destroyed.length === 0) {
    print(words.empty);
    return;
  }
  const zone = showTime(Math.max(...listing.coverage.map(({ toMs }) => toMs), 0)).slice(timeLength + 1);
  print(own.zone(zone));
  if (listing.correctionsIgnored > 0) print(own.ignored(listing.correctionsIgnored));
  printDays(dayLines(listing), own);
  printSpans(listing, words, own, zone);
  if (segments) printSegments(listing, words, zone);
}

function printDays(days: readonly DayLine[], own: ListingWords): void {
  const hours = Array.from({ length: 8 }, (_, i) =>
    String(i * 3)
      .padStart(2, '0')
      .padEnd(6),
  ).join('');
  print('');
  print(`${''.padEnd(10)} ${hours.trimEnd()}`);
  for (const [i, day] of days.entries()) {
    const before = days[i - 1];
    // Between a day that nobody vouches for and another one lie no days that anybody could count.
    const empty = before && !unsure(before) && !unsure(day) ? daysBetween(before.dayMs, day.dayMs) : 0;
    if (empty > 0) print(`${''.padEnd(10)} ${own.daysWithout(empty)}`);
    const share = day.ofMs > 0 ? `${Math.min(100, Math.floor((100 * day.recordedMs) / day.ofMs))} %` : '';
    const cells = day.cells.map((cell) => signs[cell]).join('');
    print(
      `${showTime(day.dayMs).slice(0, 10)} ${cells}  ${length(day.recordedMs)} ${share.padStart(5)}`.trimEnd(),
    );
  }
  const seen = new Set(days.flatMap(({ cells }) => cells));
  const legend = own.legend
    .filter(([cell]) => seen.has(cell))
    .map(([cell, what]) => `${signs[cell]} ${what}`);
  for (const line of wrapped(legend, 80)) print(line);
}

/** A day on which nothing lies but what was recorded under a clock that was not right. */
function unsure({ cells }: DayLine): boolean {
  return cells.includes('untrusted') && cells.every((cell) => !recorded.has(cell));
}

/** Days of the calendar that lie between these two. */
function daysBetween(fromMs: number, toMs: number): number {
  return Math.round((toMs - midnight(fromMs, 1)) / 86_400_000);
}

function wrapped(parts: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const joined = lines.length > 0 ? `${lines.at(-1)}   ${part}` : part;
    if (lines.length > 0 && joined.length <= columns) lines[lines.length - 1] = joined;
    else lines.push(part);
  }
  return lines;
}

function printSpans(listing: Listing, words: StoreWords, own: ListingWords, zone: string): void {
  const { from, to, length: duration, pictures } = words.columns;
  const row = (
    { fromMs, toMs }: { fromMs: number; toMs: number },
    count: string,
    remark: string,
  ): string[] => [shortTime(fromMs, zone), shortTime(toMs, zone), length(toMs - fromMs), count, remark];
  const rows = [[from, to, duration, pictures, '']];
  const gaps = [...listing.gaps];
  const remark: Record<Span['clock'], string> = {
    trusted: '',
    corrected: own.corrected,
    untrusted: own.untrusted,
  };
  const destroyed = [...listing.destroyed].sort((a, b) => a.fromMs - b.fromMs);
  const tellDestroyed = (beforeMs: number): void => {
    for (let next = destroyed[0]; next && next.fromMs < beforeMs; next = destroyed[0]) {
      rows.push(row(next, String(next.pictures), words.destroyed));
      destroyed.shift();
    }
  };
  for (const span of listing.coverage) {
    if (span.clock !== 'untrusted') tellDestroyed(span.fromMs);
    rows.push(row(span, String(span.pictures), remark[span.clock]));
    const gap = gaps[0]?.fromMs === span.toMs ? gaps.shift() : undefined;
    if (gap) rows.push(row(gap, '', gap.intended ? words.pause : own.gap(gap.lost)));
  }
  tellDestroyed(Number.POSITIVE_INFINITY);
  print('');
  printTable(rows);
}

function printSegments(listing: Listing, words: StoreWords, zone: string): void {
  const { sequence, slot, gops, mib: size, from, to, communal, terminus } = words.segmentColumns;
  print('');
  const rows = listing.segments.map((segment) => [
    String(segment.sequence),
    String(segment.slot).padStart(6, '0'),
    String(segment.records),
    String(mib(segment.usedBytes)),
    segment.fromMs === null ? '-' : shortTime(segment.fromMs, zone),
    segment.toMs === null ? '-' : shortTime(segment.toMs, zone).slice('2026-03-01 '.length),
    words.key[segment.keys.communal],
    words.key[segment.keys.terminus],
  ]);
  printTable([[sequence, slot, gops, size, from, to, communal, terminus], ...rows]);
}

/** Without its offset from UTC where that is the usual one. */
function shortTime(ms: number, zone: string): string {
  const text = showTime(ms);
  return text.endsWith(zone) ? text.slice(0, timeLength) : text;
}

function length(ms: number): string {
  const two = (n: number): string => String(Math.floor(n)).padStart(2, '0');
  const seconds = Math.round(ms / 1000);
  return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
}

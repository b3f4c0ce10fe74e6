/**
 * What a store is put through before it is cut: GOPs, copies and destructions, and what was told of each. Used by
 * store-kill.ts in its own process and by store-writer.ts in the one that is killed, which says it line by line.
 */
import { isDeepStrictEqual } from 'node:util';
import { keySlotsFile } from '../../runtime/record/description.js';
import type { Gop, StoredGop } from '../../runtime/record/gop.js';
import type { RecordClass } from '../../runtime/record/key-sector.js';
import { KeyReader } from '../../runtime/record/key-table.js';
import type { StoreReader } from '../../runtime/record/reader.js';
import type { SegmentEvent } from '../../runtime/record/segment-events.js';
import { openSegment } from '../../runtime/record/segment-file.js';
import type { Store } from '../../runtime/record/store.js';
import { fakeGop, keysIn, openReader, plain, startMs } from '../unit/store-fake.js';

export const segments = 4;

/**
 * A line: `stored RECORD SEGMENT CLASS NUMBER CONTENT`, `corrected RUN`, `destroying SEGMENT CLASS` or
 * `destroyed SEGMENT CLASS`.
 */
export type Tell = (line: string) => void;

/** What the camera's clock shows too little while it is not right. */
const wrongMs = startMs - 60_000;
/** From this content on it was recorded under such a clock. */
export const unsureFrom = 1000;
/** Both clocks at one moment of the tests' GOPs. */
export const rightClock = { wallUs: startMs * 1000, monoUs: 5_000_000 };

/** The GOP of this content, as the camera recorded it. */
export function gopOf(content: number, of: RecordClass): Gop {
  if (content < unsureFrom) return fakeGop(content, { class: of });
  const gop = fakeGop(content - unsureFrom, { class: of, clockTrusted: false });
  return { ...gop, units: gop.units.map((unit) => ({ ...unit, wallMs: unit.wallMs - wrongMs })) };
}

/** The same with its times corrected. */
function correctedGop(content: number, of: RecordClass): Gop {
  return fakeGop(content - unsureFrom, { class: of, clockTrusted: false });
}

/** Records, corrects, copies and destroys until something throws. */
export async function work(store: Store, run: string, random: () => number, tell: Tell): Promise<never> {
  const below = (n: number): number => Math.floor(random() * n);
  const segmentNow = (): number => store.segments().at(-1)?.sequence ?? 0;
  const recent: { record: number; content: number }[] = [];
  for (;;) {
    const content = below(unsureFrom) + (random() < 0.1 ? unsureFrom : 0);
    const kept = random() < 0.2 ? 'terminus' : 'communal';
    const corrects = random() < 0.05;
    if (corrects) await store.correctTimes(rightClock);
    // Before what is recorded next: what is not sure in it waits for the next correction.
    const corrected = corrects && store.corrected().some((found) => found.run === run);
    const record = await store.append(gopOf(content, kept));
    tell(`stored ${record} ${segmentNow()} ${kept} ${record} ${content}`);
    // The card took something after it: so it took the correction too, if there was anything to correct.
    if (corrected) tell(`corrected ${run}`);
    recent.push({ record, content });
    const source = random() < 0.2 ? recent[recent.length - 1 - below(Math.min(recent.length, 6))] : undefined;
    const copy = source && (await store.keep(source.record));
    if (copy) tell(`stored ${copy} ${segmentNow()} terminus ${source.record} ${source.content}`);
    if (random() < 0.85) continue;
    const held = store.segments();
    const { sequence } = held[below(held.length)] ?? { sequence: 0 };
    const of = random() < 0.5 ? 'communal' : 'terminus';
    tell(`destroying ${sequence} ${of}`);
    if (await store.destroy(sequence, of)) tell(`destroyed ${sequence} ${of}`);
  }
}

interface Told {
  segment: number;
  class: RecordClass;
  /** record that it is, or repeats */
  number: number;
  content: number;
}

/** What may be expected of the store, by what it told. */
export class Account {
  /** highest record that was acknowledged, or found: what a kill left behind unacknowledged is there for the next run */
  last = 0;
  /** records acknowledged */
  count = 0;
  /** keys said to be destroyed */
  destructions = 0;
  /** by boot, the last record for which a correction is on the card */
  readonly #corrected = new Map<string, number>();
  readonly #stored = new Map<number, Told>();
  readonly #destroyed = new Set<string>();
  /** a destruction that was begun may have happened, told or not */
  readonly #doubtful = new Set<string>();

  /** @param ahead how far behind the newest the segment may be that is being begun: 2 where a held one is passed over */
  constructor(private readonly ahead = 1) {}

  take(line: string): void {
    const [what, ...rest] = line.split(' ');
    if (what === 'stored') {
      const [record = 0, segment = 0, , number = 0, content = 0] = rest.map(Number);
      this.#stored.set(record, { segment, class: rest[2] as RecordClass, number, content });
      this.last = Math.max(this.last, record);
      this.count += 1;
    } else if (what === 'corrected') this.#corrected.set(rest[0] ?? '', this.last);
    else if (what === 'destroying') this.#doubtful.add(rest.join(' '));
    else if (what === 'destroyed') {
      this.#destroyed.add(rest.join(' '));
      this.destructions += 1;
    }
  }

  /** Keys destroyed because their slot was needed are told by the store. */
  takeEvent(event: SegmentEvent): void {
    if (event.kind === 'overwritten') this.take(`destroyed ${event.segment} ${event.class}`);
  }

  /** Opens the store as any reader does and compares it with what was told. */
  async examine(directory: string): Promise<string[]> {
    const wrong: string[] = [];
    const reader = await openReader(directory);
    const read = new Map<number, StoredGop>();
    const onDamage = ({ record }: { record: number }): void =>
      void wrong.push(`record ${record} does not verify`);
    let before = 0;
    for await (const gop of reader.range(0, Number.MAX_SAFE_INTEGER / 1000, { onDamage })) {
      if (gop.record <= before) wrong.push(`record ${gop.record} comes after ${before}`);
      before = gop.record;
      read.set(gop.record, gop);
    }
    const unknown = [...read.keys()].filter((number) => number > this.last);
    if (unknown.length > 1) wrong.push(`records ${unknown.join(', ')} were never acknowledged`);
    for (const [number, gop] of read) wrong.push(...this.#compare(number, gop));
    this.last = Math.max(this.last, before);
    wrong.push(...this.#missing(reader, read), ...(await this.#cameBack(reader, directory)));
    const { damages } = await reader.check();
    for (const damage of damages) wrong.push(`check: ${damage.kind} in ${damage.file}`);
    return wrong;
  }

  #compare(number: number, gop: StoredGop): string[] {
    const found = (gop.units[0]?.seq ?? 0) / 25 + (gop.clockTrusted ? 0 : unsureFrom);
    const content = this.#stored.get(number)?.content ?? found;
    const stored = gop.corrected ? correctedGop(content, gop.class) : gopOf(content, gop.class);
    const wrong = isDeepStrictEqual(plain(gop), plain(stored))
      ? []
      : [`record ${number} is not what was stored`];
    const due = !gop.clockTrusted && number <= (this.#corrected.get(gop.run) ?? 0);
    if (due && !gop.corrected) wrong.push(`the time of record ${number} is not corrected any more`);
    return wrong;
  }

  /** What was acknowledged, is in a segment that the ring has not begun to overwrite, and was not destroyed. */
  #missing(reader: StoreReader, read: ReadonlyMap<number, unknown>): string[] {
    const newest = Math.max(reader.list().segments.at(-1)?.sequence ?? 0, this.#newestTold());
    const due = [...this.#stored].filter(([, { segment, class: of }]) => {
      const key = `${segment} ${of}`;
      return (
        segment > newest + this.ahead - segments && !this.#destroyed.has(key) && !this.#doubtful.has(key)
      );
    });
    return due
      .filter(([, { number }]) => !read.has(number))
      .map(([record, { number }]) => `record ${record} (of ${number}) was acknowledged and is not there`);
  }

  #newestTold(): number {
    return Math.max(0, ...[...this.#stored.values()].map(({ segment }) => segment));
  }

  async #cameBack({ description }: StoreReader, directory: string): Promise<string[]> {
    const { storeId, segmentCount: slots } = description;
    const { vault, directory: keys } = keysIn(directory);
    const table = await KeyReader.load(keySlotsFile(keys, storeId), openSegment, vault, { storeId, slots });
    const back: string[] = [];
    for (const key of this.#destroyed) {
      const [segment, of] = key.split(' ') as [string, RecordClass];
      if ((await table.keyOf(Number(segment), of)) !== null) back.push(`destroyed key ${key} came back`);
    }
    return back;
  }
}

/**
 * What a store is put through before it is cut: GOPs, copies and destructions, and what was told of each. Used by
 * store-kill.ts in its own process and by store-writer.ts in the one that is killed, which says it line by line.
 */
import { isDeepStrictEqual } from 'node:util';
import { keySlotsFile } from '../../runtime/record/description.js';
import type { StoredGop } from '../../runtime/record/gop.js';
import type { RecordClass } from '../../runtime/record/key-sector.js';
import { KeyReader } from '../../runtime/record/key-table.js';
import type { StoreReader } from '../../runtime/record/reader.js';
import type { SegmentEvent } from '../../runtime/record/segment-events.js';
import { openSegment } from '../../runtime/record/segment-file.js';
import type { Store } from '../../runtime/record/store.js';
import { fakeGop, keysIn, openReader, plain } from '../unit/store-fake.js';

export const segments = 4;

/** A line: `stored RECORD SEGMENT CLASS NUMBER CONTENT`, `destroying SEGMENT CLASS` or `destroyed SEGMENT CLASS`. */
export type Tell = (line: string) => void;

/** Records, copies and destroys until something throws. */
export async function work(store: Store, random: () => number, tell: Tell): Promise<never> {
  const below = (n: number): number => Math.floor(random() * n);
  const segmentNow = (): number => store.segments().at(-1)?.sequence ?? 0;
  const recent: { record: number; content: number }[] = [];
  for (;;) {
    const content = below(1000);
    const kept = random() < 0.2 ? 'terminus' : 'communal';
    const record = await store.append(fakeGop(content, { class: kept }));
    tell(`stored ${record} ${segmentNow()} ${kept} ${record} ${content}`);
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
    } else if (what === 'destroying') this.#doubtful.add(rest.join(' '));
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
    for (const [number, gop] of read) wrong.push(...this.#compare(number, gop));
    this.last = Math.max(this.last, before);
    wrong.push(...this.#missing(reader, read), ...(await this.#cameBack(reader, directory)));
    const { damages } = await reader.check();
    for (const damage of damages) wrong.push(`check: ${damage.kind} in ${damage.file}`);
    return wrong;
  }

  #compare(number: number, gop: StoredGop): string[] {
    if (number > this.last + 1) return [`record ${number} was never acknowledged, nor the one before`];
    const content = this.#stored.get(number)?.content ?? (gop.units[0]?.seq ?? 0) / 25;
    const same = isDeepStrictEqual(plain(gop), plain(fakeGop(content, { class: gop.class })));
    return same ? [] : [`record ${number} is not what was stored`];
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

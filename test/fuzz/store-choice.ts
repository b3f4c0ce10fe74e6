/**
 * Chooses what is done to a small store: where it hurts (headers, lengths, counts, the index, the key slots), often with
 * checksums that hold, so that what lies behind them is reached too. Used by store-fuzz.ts. Pure: the same random
 * numbers give the same recipe.
 */
import { type Change, type Files, type Recipe, sectorBytes } from './store-recipes.js';

const magics = ['VGOP', 'VEND', 'VIGIESEG', 'VIGIEIDX', 'VIGIEKEY'] as const;
/** Bytes behind each magic where a length, a count, a sequence, a size or a code lies (docs/store.md). */
const fields: Record<(typeof magics)[number], readonly { at: number; wide: boolean }[]> = {
  VGOP: [
    // 192: in a time correction, the length of what is wrapped
    ...[4, 6, 24, 28, 64, 68, 76, 116, 192].map((at) => ({ at, wide: false })),
    ...[8, 16, 32, 40, 48, 148, 156].map((at) => ({ at, wide: true })),
  ],
  VEND: [8, 16].map((at) => ({ at, wide: true })),
  VIGIESEG: [
    ...[8, 10, 12, 24, 28, 96].map((at) => ({ at, wide: false })),
    ...[16, 80, 88].map((at) => ({ at, wide: true })),
  ],
  VIGIEIDX: [
    ...[8, 12, 24, 28].map((at) => ({ at, wide: false })),
    { at: 16, wide: true },
    // the entries stand before it
    ...[-64, -16, -40, -32].map((at) => ({ at, wide: true })),
    ...[-56, -52, -48, -44, -120, -116].map((at) => ({ at, wide: false })),
  ],
  VIGIEKEY: [
    ...[8, 10, 12, 48, 52].map((at) => ({ at, wide: false })),
    ...[16, 24, 40].map((at) => ({ at, wide: true })),
  ],
};
const small = [0, 1, 2, 7, 8, 63, 64, 191, 192, 193, 511, 4095, 4096, 16_383, 16_384, 16_385, 65_536];
const large = [0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff];
const wideValues = ['9007199254740991', '9007199254740992', '9223372036854775808', '18446744073709551615'];

/** A time correction with its header. */
const timeBytes = 192 + 456;
const timesOf = new WeakMap<Buffer, number[]>();

/** Where the time corrections of a file begin. */
export function timesIn(bytes: Buffer): number[] {
  const known = timesOf.get(bytes);
  if (known) return known;
  const found: number[] = [];
  for (let at = bytes.indexOf('VGOP'); at >= 0; at = bytes.indexOf('VGOP', at + 1)) {
    if (at + timeBytes <= bytes.length && bytes.readUInt16LE(at + 6) === 2) found.push(at);
  }
  timesOf.set(bytes, found);
  return found;
}

export class Chooser {
  constructor(
    private readonly generations: readonly Files[],
    private readonly random: () => number,
  ) {}

  /** Changes to one file, or to two. @param grown a recipe that more is added to */
  recipe(grown?: Recipe): Recipe {
    const recipe: Recipe = grown ? structuredClone(grown) : [];
    for (let count = this.random() < 0.85 ? 1 : 2; count > 0; count--) {
      const file = this.#file();
      const known = recipe.find((one) => one.file === file);
      const changes = this.#changes(file);
      if (!known) recipe.push({ file, changes });
      else if (known.changes.length < 12) known.changes.push(...changes);
    }
    return recipe;
  }

  #below(count: number): number {
    return Math.floor(this.random() * count);
  }

  #one<T>(of: readonly T[]): T {
    return of[this.#below(of.length)] as T;
  }

  #now(): Files {
    return this.generations.at(-1) ?? new Map();
  }

  /** Segments two times in three, then key slots, then the description. */
  #file(): string {
    const names = [...this.#now().keys()].sort();
    const of = this.#one(['seg', 'seg', 'seg', 'seg', 'seg', 'seg', 'slots', 'slots', 'json']);
    return this.#one(names.filter((name) => name.endsWith(of)));
  }

  #changes(file: string): Change[] {
    const bytes = this.#now().get(file) ?? Buffer.alloc(0);
    const changes: Change[] = [];
    for (let count = 1 + this.#below(3); count > 0; count--) {
      changes.push(file === 'store.json' && this.random() < 0.7 ? this.#field() : this.#change(file, bytes));
    }
    if (this.random() < 0.6) changes.push({ do: 'forge' });
    return changes;
  }

  #field(): Change {
    const name = this.#one([
      'format',
      'segmentBytes',
      'segmentCount',
      'storeId',
      'cameraId',
      'crc32c',
      'more',
    ]);
    const value = this.random() < 0.8 ? this.#one([...small, ...large, 1e6, 3, 5]) : 'cd'.repeat(16);
    return { do: 'field', name, value };
  }

  #change(file: string, bytes: Buffer): Change {
    const kind = this.random();
    if (kind < 0.3) return this.#number(bytes);
    if (kind < 0.45) return { do: 'bit', at: this.#place(bytes), bit: this.#below(8) };
    if (kind < 0.52) return this.#splice(file, bytes);
    if (kind < 0.6) return this.#time(bytes) ?? this.#splice(file, bytes);
    if (kind < 0.7) return { do: 'swap', at: this.#sector(bytes), with: this.#sector(bytes) };
    const at = this.#place(bytes);
    const count = 1 + this.#below(this.random() < 0.7 ? 16 : 3000);
    if (kind < 0.8) return { do: 'fill', at, count, value: this.#one([0, 255, 0x55]) };
    if (kind < 0.9) {
      const hex = Array.from({ length: 1 + this.#below(12) }, () =>
        this.#below(256).toString(16).padStart(2, '0'),
      );
      return { do: 'bytes', at, hex: hex.join('') };
    }
    if (kind < 0.94) return { do: 'cut', at };
    if (kind < 0.96) return { do: 'insert', at, count };
    return { do: 'bytes', at: at - (at % 8), hex: Buffer.from(this.#one(magics)).toString('hex') };
  }

  /** A field of the format is given a value at its edge. */
  #number(bytes: Buffer): Change {
    const magic = this.#one(magics);
    const found = this.#magic(bytes, magic);
    const { at, wide } = this.#one(fields[magic]);
    const place = found === null ? this.#place(bytes) : Math.max(0, found + at);
    if (!wide) return { do: 'u32', at: place, value: this.#one(this.random() < 0.7 ? small : large) };
    const value = this.random() < 0.7 ? String(this.#below(40)) : this.#one(wideValues);
    return { do: 'u64', at: place, value };
  }

  /**
   * Bytes of an earlier generation, of the same place or of another. Key slots are only mixed with themselves as they are:
   * slots and segment put back together are an earlier store, which the store alone cannot tell from a later one.
   */
  #splice(file: string, bytes: Buffer): Change {
    const newest = this.generations.length - 1;
    const slots = file === 'slots';
    const generation = slots ? newest : this.#below(this.generations.length);
    const from = slots || this.random() < 0.6 ? file : this.#file();
    const source = this.generations[from === 'slots' ? newest : generation]?.get(from) ?? Buffer.alloc(0);
    const at = this.random() < 0.5 ? this.#sector(bytes) : this.#place(bytes);
    const fromAt =
      this.random() < 0.5 ? at : this.random() < 0.5 ? this.#sector(source) : this.#place(source);
    const count = sectorBytes * (1 + this.#below(this.random() < 0.7 ? 8 : 32));
    return { do: 'copy', at, count, from, generation: from === 'slots' ? newest : generation, fromAt };
  }

  /** Something happens to a time correction: another one, of any boot, comes over it, or over a GOP; or a field of it changes. */
  #time(bytes: Buffer): Change | null {
    const generation = this.#below(this.generations.length);
    const source = this.generations[generation] ?? new Map<string, Buffer>();
    const places = [...source].flatMap(([from, content]) =>
      timesIn(content).map((fromAt) => ({ from, fromAt })),
    );
    const own = timesIn(bytes);
    const at = own.length > 0 && this.random() < 0.7 ? this.#one(own) : this.#magic(bytes, 'VGOP');
    if (at === null || places.length === 0) return null;
    if (this.random() < 0.6) return { do: 'copy', at, count: timeBytes, generation, ...this.#one(places) };
    const field = at + this.#one([16, 28, 32, 48, 64, 120, 148, 156, 192, 196 + this.#below(448)]);
    return { do: 'u32', at: field, value: this.#one([...small, ...large, 0xbbbbbbbb]) };
  }

  #sector(bytes: Buffer): number {
    return sectorBytes * this.#below(Math.max(1, Math.floor(bytes.length / sectorBytes)));
  }

  #magic(bytes: Buffer, magic: string): number | null {
    const from = this.#below(bytes.length + 1);
    const found = bytes.indexOf(magic, from);
    const first = found < 0 ? bytes.indexOf(magic) : found;
    return first < 0 ? null : first;
  }

  /** Three in four lie in or near a block of the format. */
  #place(bytes: Buffer): number {
    const kind = this.#below(4);
    if (kind === 0) return this.#below(bytes.length + 1);
    if (kind === 1) return this.#below(Math.min(512, bytes.length + 1));
    const found = this.#magic(bytes, this.#one(magics));
    return found === null ? this.#below(bytes.length + 1) : Math.min(bytes.length, found + this.#below(200));
  }
}

/**
 * The changes that the fuzzing of the store makes to its files, as data: a recipe can be kept, printed and made again on
 * another store of the same shape. Chosen by store-choice.ts, applied by store-fuzz.ts. Pure: touches no file.
 */
import { crc32c } from '@node-rs/crc32';
import { z } from 'zod';

/** The files of a small store by name: `store.json`, `000000.seg` ..., `slots`. */
export type Files = ReadonlyMap<string, Buffer>;

const at = z.int().min(0);
const change = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('bit'), at, bit: z.int().min(0).max(7) }),
  z.strictObject({ do: z.literal('bytes'), at, hex: z.string().regex(/^([0-9a-f]{2})*$/) }),
  z.strictObject({ do: z.literal('fill'), at, count: at, value: z.int().min(0).max(255) }),
  /** bytes of a file of an earlier generation, or of this one; `generation` 0 is the oldest */
  z.strictObject({ do: z.literal('copy'), at, count: at, from: z.string(), generation: at, fromAt: at }),
  /** two sectors change places */
  z.strictObject({ do: z.literal('swap'), at, with: at }),
  z.strictObject({ do: z.literal('cut'), at }),
  z.strictObject({ do: z.literal('insert'), at, count: at }),
  z.strictObject({ do: z.literal('u32'), at, value: z.int().min(0).max(0xffffffff) }),
  z.strictObject({ do: z.literal('u64'), at, value: z.string().regex(/^\d{1,20}$/) }),
  /** a number of store.json */
  z.strictObject({ do: z.literal('field'), name: z.string(), value: z.union([z.number(), z.string()]) }),
  /** every checksum is made to hold again, as somebody would who knows the format and has no key */
  z.strictObject({ do: z.literal('forge') }),
]);
export type Change = z.infer<typeof change>;
export const recipeShape = z.array(z.strictObject({ file: z.string(), changes: z.array(change) }));
export type Recipe = z.infer<typeof recipeShape>;

export const sectorBytes = 512;

/**
 * The files as the recipe leaves them.
 * @param generations what the store held at several times, oldest first; the last one is changed
 */
export function applyRecipe(generations: readonly Files[], recipe: Recipe): Map<string, Buffer> {
  const files = new Map(generations.at(-1));
  for (const { file, changes } of recipe) {
    let bytes: Buffer = Buffer.from(files.get(file) ?? []);
    for (const one of changes) bytes = applied(bytes, one, generations);
    files.set(file, bytes);
  }
  return files;
}

function applied(bytes: Buffer, one: Change, generations: readonly Files[]): Buffer {
  switch (one.do) {
    case 'bit':
      if (one.at < bytes.length) bytes[one.at] = (bytes[one.at] ?? 0) ^ (1 << one.bit);
      return bytes;
    case 'bytes':
      Buffer.from(one.hex, 'hex').copy(bytes, Math.min(one.at, bytes.length));
      return bytes;
    case 'fill':
      bytes.fill(one.value, Math.min(one.at, bytes.length), Math.min(one.at + one.count, bytes.length));
      return bytes;
    case 'copy': {
      const other = generations[one.generation]?.get(one.from) ?? Buffer.alloc(0);
      const part = other.subarray(one.fromAt, one.fromAt + one.count);
      // A copy of itself takes what the file held, not what it holds now.
      part.copy(bytes, Math.min(one.at, bytes.length));
      return bytes;
    }
    case 'swap':
      return swapped(bytes, one.at, one.with);
    case 'cut':
      return Buffer.from(bytes.subarray(0, one.at));
    case 'insert': {
      const split = Math.min(one.at, bytes.length);
      return Buffer.concat([bytes.subarray(0, split), Buffer.alloc(one.count, 0x5a), bytes.subarray(split)]);
    }
    case 'u32':
      if (one.at + 4 <= bytes.length) bytes.writeUInt32LE(one.value, one.at);
      return bytes;
    case 'u64':
      if (one.at + 8 <= bytes.length) bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(one.value)), one.at);
      return bytes;
    case 'field':
      return withField(bytes, one.name, one.value);
    case 'forge':
      return forged(bytes);
  }
}

function swapped(bytes: Buffer, a: number, b: number): Buffer {
  if (Math.max(a, b) + sectorBytes > bytes.length) return bytes;
  const held = Buffer.from(bytes.subarray(a, a + sectorBytes));
  bytes.copy(bytes, a, b, b + sectorBytes);
  held.copy(bytes, b);
  return bytes;
}

function withField(bytes: Buffer, name: string, value: number | string): Buffer {
  try {
    const described = JSON.parse(bytes.toString()) as Record<string, unknown>;
    return Buffer.from(JSON.stringify({ ...described, [name]: value }));
  } catch {
    return bytes;
  }
}

/** Right checksums over whatever looks like a block of the format. */
function forged(bytes: Buffer): Buffer {
  const mend = (from: number, length: number): void => {
    if (from + length + 4 <= bytes.length)
      bytes.writeUInt32LE(crc32c(bytes.subarray(from, from + length)), from + length);
  };
  const each = (magic: string, one: (from: number) => void): void => {
    for (let from = bytes.indexOf(magic); from >= 0; from = bytes.indexOf(magic, from + 1)) one(from);
  };
  if (bytes[0] === 0x7b) return forgedDescription(bytes);
  if (bytes.subarray(0, 8).toString('latin1') === 'VIGIESEG') mend(0, 508);
  each('VIGIEKEY', (from) => mend(from, 508));
  each('VGOP', (from) => {
    if (from + 192 > bytes.length) return;
    const payload = bytes.subarray(from + 192, from + 192 + bytes.readUInt32LE(from + 24));
    bytes.writeUInt32LE(crc32c(payload), from + 112);
    mend(from, 188);
  });
  each('VEND', (from) => {
    if (from + 24 <= bytes.length) bytes.writeUInt32LE(crc32c(bytes.subarray(from + 8, from + 24)), from + 4);
  });
  each('VIGIEIDX', (from) => {
    if (from + 64 > bytes.length) return;
    const table = Math.max(0, from - 64 * bytes.readUInt32LE(from + 12));
    bytes.writeUInt32LE(crc32c(bytes.subarray(table, from)), from + 28);
    mend(from, 60);
  });
  return bytes;
}

function forgedDescription(bytes: Buffer): Buffer {
  try {
    const of = JSON.parse(bytes.toString()) as Record<string, string | number>;
    const fields = [of.format, of.storeId, of.cameraId, of.segmentBytes, of.segmentCount];
    return Buffer.from(JSON.stringify({ ...of, crc32c: crc32c(fields.join('\n')) }));
  } catch {
    return bytes;
  }
}

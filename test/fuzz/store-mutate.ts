/**
 * Mutates the files of a small store on a disk and opens it: it must answer, and give out nothing but what was stored. Used
 * by store-mutate.test.ts, for the writer; what readers make of many more cases is looked at in memory by store-fuzz.ts.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32c } from '@node-rs/crc32';
import { VigieError } from '../../errors.js';
import type { Gop } from '../../runtime/record/gop.js';
import { openReader } from '../unit/store-fake.js';

const magics = ['VGOP', 'VEND', 'VIGIESEG', 'VIGIEIDX', 'VIGIEKEY'];

export type Files = Map<string, Buffer>;

/** What a stored GOP must be equal to, or it was invented. */
export function fingerprint(gop: Gop): string {
  const hash = createHash('sha256').update(`${gop.width}x${gop.height} ${gop.interrupted} ${gop.continues}`);
  for (const { seq, monoUs, wallMs, key, mask, data } of gop.units) {
    hash
      .update(`${seq} ${monoUs} ${wallMs} ${key} ${mask.version} ${mask.state} ${mask.digest}`)
      .update(data);
  }
  return hash.digest('hex');
}

/** The files of the ring, or of another folder beside it, whose names match. */
export async function readFiles(directory: string, folder = 'ring', name = /./): Promise<Files> {
  const names = (await readdir(join(directory, folder))).filter((found) => name.test(found));
  return new Map(
    await Promise.all(
      names.map(async (found) => [found, await readFile(join(directory, folder, found))] as const),
    ),
  );
}

/** One to four changes to one of the files, chosen by `random`. Returns its name and its new content. */
export function mutate(files: Files, random: () => number): [string, Buffer] {
  const below = (n: number): number => Math.floor(random() * n);
  const names = [...files.keys()].sort();
  const name = names[below(names.length)] ?? '';
  const other = files.get(names[below(names.length)] ?? '') ?? Buffer.alloc(0);
  let bytes = Buffer.from(files.get(name) ?? []);
  for (let changes = 1 + below(4); changes > 0; changes--) {
    const at = place(bytes, below);
    const count = 1 + below(random() < 0.8 ? 8 : 5000);
    const part = bytes.subarray(at, at + count);
    switch (below(7)) {
      case 0:
        if (part.length > 0) part[0] = (part[0] ?? 0) ^ (1 << below(8));
        break;
      case 1:
        part.fill(below(2) * 255);
        break;
      case 2:
        for (let i = 0; i < part.length; i++) part[i] = below(256);
        break;
      case 3:
        bytes.copy(part, 0, place(bytes, below));
        break;
      case 4:
        other.copy(part, 0, Math.min(at, other.length));
        break;
      case 5:
        if (random() < 0.1) bytes = Buffer.from(bytes.subarray(0, at));
        else if (at + 4 <= bytes.length)
          bytes.writeUInt32LE([0, 1, 7, 0xffffffff, 0x7fffffff][below(5)] ?? 0, at);
        break;
      default:
        if (random() < 0.1) bytes = Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(at)]);
        else part.fill(Buffer.from(magics[below(magics.length)] ?? 'VGOP'));
    }
  }
  if (random() < 0.4) mendChecksums(bytes);
  return [name, bytes];
}

/** Writes right checksums over what was changed, as somebody would who knows the format and has no key. */
function mendChecksums(bytes: Buffer): void {
  const mend = (at: number, length: number): void => {
    if (at + length + 4 <= bytes.length)
      bytes.writeUInt32LE(crc32c(bytes.subarray(at, at + length)), at + length);
  };
  const each = (magic: string, mendOne: (at: number) => void): void => {
    for (let at = bytes.indexOf(magic); at >= 0; at = bytes.indexOf(magic, at + 1)) mendOne(at);
  };
  if (bytes.subarray(0, 8).toString('latin1') === 'VIGIESEG') mend(0, 508);
  each('VIGIEKEY', (at) => mend(at, 508));
  each('VGOP', (at) => {
    if (at + 192 > bytes.length) return;
    const payload = bytes.subarray(at + 192, at + 192 + bytes.readUInt32LE(at + 24));
    bytes.writeUInt32LE(crc32c(payload), at + 112);
    mend(at, 188);
  });
  each('VIGIEIDX', (at) => {
    if (at + 64 > bytes.length) return;
    const table = Math.max(0, at - 64 * bytes.readUInt32LE(at + 12));
    bytes.writeUInt32LE(crc32c(bytes.subarray(table, at)), at + 28);
    mend(at, 60);
  });
}

/** Headers are where it hurts: three changes in four go there. */
function place(bytes: Buffer, below: (n: number) => number): number {
  const kind = below(4);
  if (kind === 0) return below(bytes.length + 1);
  if (kind === 1) return below(Math.min(512, bytes.length + 1));
  const found = bytes.indexOf(magics[below(magics.length)] ?? 'VGOP', below(bytes.length + 1));
  return found < 0 ? below(bytes.length + 1) : Math.min(bytes.length, found + below(200));
}

/**
 * Opens, lists, reads and checks the store. The only thing it may throw is a VigieError of kind `store`.
 * @returns what is wrong; empty when it behaved
 */
export async function examine(directory: string, known: ReadonlySet<string>): Promise<string[]> {
  const wrong: string[] = [];
  try {
    const reader = await openReader(directory);
    reader.list();
    for await (const gop of reader.range(0, Number.MAX_SAFE_INTEGER / 1000)) {
      if (!known.has(fingerprint(gop)))
        wrong.push(`record ${gop.record} of segment ${gop.segment} was never stored`);
    }
    await reader.check();
  } catch (error) {
    if (!(error instanceof VigieError) || error.kind !== 'store') wrong.push(`threw ${String(error)}`);
  }
  return wrong;
}

export async function writeRing(
  directory: string,
  name: string,
  bytes: Buffer,
  folder = 'ring',
): Promise<void> {
  await writeFile(join(directory, folder, name), bytes);
}

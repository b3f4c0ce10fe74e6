/**
 * The tar of a bundle, byte for byte: POSIX.1-1988 ustar, regular files in the order of bundle.json, nothing of the machine in
 * it. Written by pack.ts and, of the slot that runs, by delta.ts; read by read.ts, which compares headers with these instead of
 * believing them. `tar --format=ustar --mtime=@0 --owner=0 --group=0 --numeric-owner` makes the same bytes of the same files.
 */
import { VigieError } from '../../errors.js';

export const blockBytes = 512;
/** GNU tar ends an archive on twenty blocks */
const recordBytes = 20 * blockBytes;
const nameBytes = 100;
const prefixBytes = 155;

export interface TarEntry {
  path: string;
  bytes: number;
  executable?: true | undefined;
}

/** @throws VigieError `update` for a path or size that ustar cannot hold */
export function headerOf({ path, bytes, executable }: TarEntry): Buffer {
  const { name, prefix } = splitPath(path);
  const header = Buffer.alloc(blockBytes);
  name.copy(header, 0);
  header.write(executable ? '0000755' : '0000644', 100, 'latin1');
  header.write('0000000', 108, 'latin1');
  header.write('0000000', 116, 'latin1');
  header.write(octal(bytes, 11), 124, 'latin1');
  header.write('00000000000', 136, 'latin1');
  header.write('0', 156, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  header.write('0000000', 329, 'latin1');
  header.write('0000000', 337, 'latin1');
  prefix.copy(header, 345);
  header.write('        ', 148, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\x00 `, 148, 'latin1');
  return header;
}

/** Zeros that follow this much content. */
export function paddingOf(bytes: number): number {
  return (blockBytes - (bytes % blockBytes)) % blockBytes;
}

/** Zeros at the end of an archive that holds this much before them. */
export function endingOf(bytes: number): number {
  const least = bytes + 2 * blockBytes;
  return Math.ceil(least / recordBytes) * recordBytes - bytes;
}

/** All of it, headers and ending included. */
export function tarBytesOf(entries: readonly TarEntry[]): number {
  const content = entries.reduce((sum, { bytes }) => sum + blockBytes + bytes + paddingOf(bytes), 0);
  return content + endingOf(content);
}

function octal(value: number, digits: number): string {
  const text = value.toString(8).padStart(digits, '0');
  if (text.length > digits) throw unfit(`a file of ${value} bytes`);
  return text;
}

/** As GNU tar splits: the longest prefix that leaves a name. */
function splitPath(path: string): { name: Buffer; prefix: Buffer } {
  const whole = Buffer.from(path, 'utf8');
  if (whole.length <= nameBytes) return { name: whole, prefix: Buffer.alloc(0) };
  const slash = whole.subarray(0, Math.min(whole.length - 1, prefixBytes + 1)).lastIndexOf(0x2f);
  if (slash <= 0 || whole.length - slash - 1 > nameBytes) throw unfit(`the path ${path}`);
  return { name: whole.subarray(slash + 1), prefix: whole.subarray(0, slash) };
}

function unfit(what: string): VigieError {
  return new VigieError('update', `A bundle cannot hold ${what}`, 'Leave it out, or give it a shorter name');
}

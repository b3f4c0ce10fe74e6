/**
 * Whether a register is whole: every line an entry, numbered without a hole, each naming the hash of the one before, signed
 * by the key of this camera. Asked by register.ts at each start and by `vigie register verify`. Changes nothing.
 */
import type { KeyObject } from 'node:crypto';
import { type Entry, partsOf, type Told } from './entry.js';
import type { Head } from './head.js';
import { beginning, decodeLine, hashOf, signedBy } from './line.js';
import type { RawVolume } from './volumes.js';

/**
 * `unreadable` no entry; `signature` not signed by this key; `missing` numbers are missing before it; `order` its number
 * was given already; `chain` the entry before it is not the one it was written after; `torn` the last line has no end;
 * `tail` entries were taken off the end; `head` the head is gone, not signed, or of another entry.
 */
export type FindingKind =
  | 'unreadable'
  | 'signature'
  | 'missing'
  | 'order'
  | 'chain'
  | 'torn'
  | 'tail'
  | 'head';

export interface Finding {
  kind: FindingKind;
  file: string;
  /** line of that file, from 1; 0 for the file */
  line: number;
  /** number of the entry, where it is known */
  n: number | null;
}

/** One name for one finding, the same at each start. */
export function nameOf({ kind, file, line, n }: Finding): string {
  return `${kind} ${file}:${line}${n === null ? '' : ` (${n})`}`;
}

export interface ChainOptions {
  key: KeyObject;
  /** every signature; without it only the last, which vouches for all before it through the hashes */
  everySignature: boolean;
  /** told of all that each entry tells which could be read, in order */
  onEntry?: (entry: Told, line: string) => void;
}

/** Walks the volumes in order; feed it one after another, then ask `end`. */
export class ChainWalk {
  readonly findings: Finding[] = [];
  /** entries read so far */
  entries = 0;
  #file = '';
  #lineNumber = 0;
  #nextN: number;
  #prev: string | null;
  /** the first entry fed, when it is not the first of the register: a later one must say that those before were removed */
  #opening: { file: string; line: number; n: number; prev: string; accounted: boolean } | null = null;
  #last: { file: string; line: number; text: string; entry: Entry | null } | null = null;

  /** @param from number of the first entry that is fed; its `prev` is then taken on trust unless it is 1 */
  constructor(
    private readonly options: ChainOptions,
    from = 1,
  ) {
    this.#nextN = from;
    this.#prev = from === 1 ? beginning : null;
  }

  /** Number that the next entry must have, and the hash that it must name. */
  get next(): { n: number; prev: string } {
    return { n: this.#nextN, prev: this.#prev ?? beginning };
  }

  feed({ name, lines, rest }: RawVolume): void {
    for (const bytes of lines) this.line(name, bytes);
    this.rest(name, rest);
  }

  /** The next line of this file. */
  line(file: string, bytes: Buffer): void {
    if (file !== this.#file) [this.#file, this.#lineNumber] = [file, 0];
    this.#lineNumber += 1;
    this.#line(file, this.#lineNumber, bytes);
  }

  /** What follows the last line feed of this file. */
  rest(file: string, bytes: Buffer): void {
    if (bytes.length > 0) this.#found('torn', file, file === this.#file ? this.#lineNumber + 1 : 1, null);
  }

  /** After the last volume. `head` as it was read, null when it could not be. */
  end(head: Head | null): Finding[] {
    const last = this.#last;
    const opening = this.#opening;
    if (opening && !opening.accounted) {
      this.findings.unshift({ kind: 'missing', file: opening.file, line: opening.line, n: 1 });
    }
    if (!last) {
      if (head) this.#found('tail', '', 0, head.n);
      return this.findings;
    }
    const { key, everySignature } = this.options;
    if (!everySignature && last.entry && !signedBy(last.text, key)) {
      this.#found('signature', last.file, last.line, last.entry.n);
    }
    const n = this.#nextN - 1;
    // A cut between an entry and its head leaves the head one entry behind.
    const behindByOne = head?.n === n - 1 && last.entry?.prev === head.hash;
    if (head && head.n > n) this.#found('tail', last.file, last.line, head.n);
    else if (!behindByOne && (head?.n !== n || head.hash !== this.#prev)) {
      // The very first entry may have been cut off from its head.
      if (head || n > 1) this.#found('head', last.file, last.line, n);
    }
    return this.findings;
  }

  #line(file: string, line: number, bytes: Buffer): void {
    const text = bytes.toString('utf8');
    const entry = decodeLine(text);
    this.#last = { file, line, text, entry };
    if (!entry) {
      this.#found('unreadable', file, line, null);
      this.#nextN += 1;
      this.#prev = hashOf(bytes);
      return;
    }
    const signed = !this.options.everySignature || signedBy(text, this.options.key);
    if (!signed) this.#found('signature', file, line, entry.n);
    if (this.entries === 0 && this.#nextN === 1 && entry.n > 1) {
      this.#opening = { file, line, n: entry.n, prev: entry.prev, accounted: false };
    } else if (entry.n > this.#nextN) this.#found('missing', file, line, this.#nextN);
    else if (entry.n < this.#nextN) this.#found('order', file, line, entry.n);
    else if (this.#prev !== null && entry.prev !== this.#prev) this.#found('chain', file, line, entry.n);
    this.entries += 1;
    this.#nextN = entry.n + 1;
    this.#prev = hashOf(bytes);
    if (!signed) return;
    if (entry.kind === 'volumes-removed') this.#account(entry);
    for (const part of partsOf(entry)) this.options.onEntry?.(part, text);
  }

  /** A cut may have left some of what was to be removed: it then begins before the end of that. */
  #account({ first, last, lastHash }: Extract<Entry, { kind: 'volumes-removed' }>): void {
    const opening = this.#opening;
    if (!opening || opening.n < first || opening.n > last + 1) return;
    opening.accounted ||= opening.n <= last || opening.prev === lastHash;
  }

  #found(kind: FindingKind, file: string, line: number, n: number | null): void {
    // A register of noise would otherwise fill the memory with its findings.
    if (this.findings.length < 1000) this.findings.push({ kind, file, line, n });
  }
}

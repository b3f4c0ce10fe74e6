/**
 * The file that is being fetched: `<file>.part`, and beside it what it is to become. Used by download.ts alone; survives the
 * end of the process and the power. Every call rejects with a DownloadError.
 */
import { createHash, type Hash } from 'node:crypto';
import { constants, type FileHandle, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { replaceWhole } from '../../whole-file.js';
import { strongTag } from './answer.js';
import { storageEnding } from './ending.js';

const record = z.strictObject({
  format: z.literal(1),
  bytes: z.int().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** of the server that gave it */
  etag: z
    .string()
    .refine((text) => strongTag(text) !== null)
    .nullable(),
});
const mostRecordBytes = 2048;

export interface Wanted {
  /** as signed */
  bytes: number;
  /** as signed, hexadecimal */
  sha256: string;
  /** where it is to be, in a directory that is there */
  file: string;
}

/** What a record says; null when it is none, or of another file. */
export function parseRecord(text: string, { bytes, sha256 }: Wanted): { etag: string | null } | null {
  try {
    const read = record.safeParse(JSON.parse(text));
    if (!read.success || read.data.bytes !== bytes || read.data.sha256 !== sha256) return null;
    return { etag: read.data.etag };
  } catch {
    return null;
  }
}

export class PartialFile {
  #handle: FileHandle | null = null;
  #hash: Hash = createHash('sha256');
  #bytes = 0;
  #etag: string | null = null;
  #noted = false;

  constructor(private readonly wanted: Wanted) {}

  /** how much of the file is there */
  get bytes(): number {
    return this.#bytes;
  }

  /** strong tag of what is there; null: none was given */
  get etag(): string | null {
    return this.#etag;
  }

  get #path(): string {
    return `${this.wanted.file}.part`;
  }

  get #recordPath(): string {
    return `${this.#path}.json`;
  }

  /** Takes up what an earlier call left, hashing it again; anything that does not fit is removed. */
  async start(): Promise<void> {
    await storing(async () => {
      const kept = await this.#readRecord();
      if (!kept) await this.#remove();
      this.#handle = await open(this.#path, constants.O_RDWR | constants.O_CREAT, 0o600);
      if (!kept) return;
      this.#noted = true;
      this.#etag = kept.etag;
      const { size } = await this.#handle.stat();
      if (size > this.wanted.bytes) return this.#empty();
      for await (const chunk of this.#handle.createReadStream({ start: 0, autoClose: false })) {
        this.#hash.update(chunk as Buffer);
        this.#bytes += (chunk as Buffer).length;
      }
    });
  }

  /** Forgets what is there, before all of it comes again or the rest of it with this tag. */
  async begin(from: number, etag: string | null): Promise<void> {
    await storing(async () => {
      if (from === 0 && this.#bytes > 0) await this.#empty();
      if (this.#noted && etag === this.#etag) return;
      const { bytes, sha256 } = this.wanted;
      await replaceWhole(this.#recordPath, `${JSON.stringify({ format: 1, bytes, sha256, etag })}\n`);
      this.#etag = etag;
      this.#noted = true;
    });
  }

  /** Puts it at the end. The caller sees to it that it is not longer than signed. */
  async append(chunk: Uint8Array): Promise<void> {
    await storing(async () => {
      for (let done = 0; done < chunk.length; ) {
        const { bytesWritten } = await this.#open.write(chunk, done, chunk.length - done, this.#bytes);
        this.#hash.update(chunk.subarray(done, done + bytesWritten));
        this.#bytes += bytesWritten;
        done += bytesWritten;
      }
    });
  }

  async sync(): Promise<void> {
    await storing(() => this.#open.datasync());
  }

  /** Whether it is whole and what was signed. */
  get isRight(): boolean {
    return this.#bytes === this.wanted.bytes && this.#hash.copy().digest('hex') === this.wanted.sha256;
  }

  /** Gives it its name, for good. To be called when it is right. */
  async finish(): Promise<void> {
    await storing(async () => {
      await this.#open.sync();
      await rename(this.#path, this.wanted.file);
      const directory = await open(dirname(this.wanted.file), 'r');
      await directory.sync().finally(() => directory.close());
      await rm(this.#recordPath, { force: true });
    });
  }

  /** Nothing of it stays. */
  async discard(): Promise<void> {
    await this.stop();
    await storing(() => this.#remove());
  }

  /** Idempotent. What is there stays. */
  async stop(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await storing(async () => handle?.close());
  }

  get #open(): FileHandle {
    if (!this.#handle) throw new Error('A partial file that was not started');
    return this.#handle;
  }

  async #readRecord(): Promise<{ etag: string | null } | null> {
    const { size } = await stat(this.#recordPath).catch(() => ({ size: Number.POSITIVE_INFINITY }));
    if (size > mostRecordBytes) return null;
    return parseRecord(await readFile(this.#recordPath, 'utf8').catch(() => ''), this.wanted);
  }

  async #empty(): Promise<void> {
    await this.#open.truncate(0);
    this.#hash = createHash('sha256');
    this.#bytes = 0;
  }

  async #remove(): Promise<void> {
    for (const path of [this.#path, this.#recordPath]) await rm(path, { force: true, recursive: true });
  }
}

async function storing<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw storageEnding(error);
  }
}

/** Whether the finished file is there already; one that is not the right one is removed. */
export async function isThere({ bytes, sha256, file }: Wanted): Promise<boolean> {
  return storing(async () => {
    const found = await stat(file).catch(() => null);
    if (!found) return false;
    if (found.isFile() && found.size === bytes) {
      const hash = createHash('sha256');
      const handle = await open(file, 'r');
      for await (const chunk of handle.createReadStream()) hash.update(chunk as Buffer);
      if (hash.digest('hex') === sha256) return true;
    }
    await rm(file, { force: true, recursive: true });
    return false;
  });
}

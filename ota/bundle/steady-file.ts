/**
 * A new file that is written in portions the disk has taken before the next ones come. Used by unpack.ts and delta.ts, beside a
 * camera that records: tens of MiB that a file system owes to a card would hold up its next second.
 */
import { type FileHandle, open } from 'node:fs/promises';

/** About what a slow card writes in half a second. */
const mostOwedBytes = 4 * 2 ** 20;

/** What is owed over all the files of a tree: one for each tree. */
export class Owed {
  bytes = 0;
}

export class SteadyFile {
  private constructor(
    private readonly handle: FileHandle,
    private readonly owed: Owed,
  ) {}

  /** @throws when it is there already, or the file system refuses */
  static async create(path: string, mode: number, owed = new Owed()): Promise<SteadyFile> {
    return new SteadyFile(await open(path, 'wx', mode), owed);
  }

  async write(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      at += (await this.handle.write(chunk, at, chunk.length - at)).bytesWritten;
    }
    this.owed.bytes += chunk.length;
    if (this.owed.bytes < mostOwedBytes) return;
    await this.handle.datasync();
    this.owed.bytes = 0;
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

/**
 * One open segment file: the only door through which the store's bytes pass, so that tests can put a failing or a
 * dying card behind it. Used by scan, read and writer. Never creates or resizes a file.
 */
import { open } from 'node:fs/promises';
import { VigieError } from '../../errors.js';

export interface SegmentFile {
  /** fills `into` from `position`; returns the bytes read, less than asked at the end of the file */
  read(into: Buffer, position: number): Promise<number>;
  /** writes all of `data` at `position` */
  write(data: Buffer, position: number): Promise<void>;
  /** returns when what was written is on the device */
  datasync(): Promise<void>;
  /** size of the file, bytes */
  bytes(): Promise<number>;
  close(): Promise<void>;
}

/** Rejects with a VigieError of kind `store`. */
export type OpenSegment = (path: string, mode: 'read' | 'write') => Promise<SegmentFile>;

/** What a card says, in words that help on a ladder. */
export function cardError(what: string, cause: unknown): VigieError {
  if (cause instanceof VigieError) return cause;
  const code = (cause as NodeJS.ErrnoException | null)?.code ?? '';
  const hints: Record<string, string> = {
    EIO: 'The card fails: replace it',
    EROFS: 'The card is read-only: it is worn or was remounted after an error; replace it',
    ENOSPC: 'The file system is full: free space, or lower record.capacityMiB for a new store',
    ENOENT: 'Check that the card is mounted and holds the store',
    ENODEV: 'The card is gone: check that it is in place',
    EACCES: 'Run as the user that owns the store',
    EPERM: 'Run as the user that owns the store',
  };
  const reason = code || (cause instanceof Error ? cause.message : String(cause));
  return new VigieError('store', `${what}: ${reason}`, hints[code] ?? 'Check the card and its file system', {
    cause,
  });
}

/** Runs a card operation; whatever it throws becomes a VigieError of kind `store`. */
export async function onCard<T>(what: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw cardError(what, error);
  }
}

export const openSegment: OpenSegment = async (path, mode) => {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const handle = await onCard(`Cannot open segment ${name}`, () => open(path, mode === 'write' ? 'r+' : 'r'));
  return {
    read: (into, position) =>
      onCard(`Cannot read segment ${name}`, async () => {
        let done = 0;
        while (done < into.length) {
          const { bytesRead } = await handle.read(into, done, into.length - done, position + done);
          if (bytesRead === 0) break;
          done += bytesRead;
        }
        return done;
      }),
    write: (data, position) =>
      onCard(`Cannot write segment ${name}`, async () => {
        let done = 0;
        while (done < data.length) {
          const { bytesWritten } = await handle.write(data, done, data.length - done, position + done);
          done += bytesWritten;
        }
      }),
    datasync: () => onCard(`Cannot sync segment ${name}`, () => handle.datasync()),
    bytes: () => onCard(`Cannot read segment ${name}`, async () => (await handle.stat()).size),
    close: () => onCard(`Cannot close segment ${name}`, () => handle.close()),
  };
};

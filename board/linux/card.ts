/**
 * The card's file system on Linux: room, preallocation, and the lock that keeps a second writer out. Asked by the store
 * through board/ports.ts. Preallocation and lock are util-linux's, which every Debian has: Node has neither call.
 */
import { execFile, spawn } from 'node:child_process';
import { open, readFile, realpath, rm, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';
import { VigieError } from '../../errors.js';
import type { CardPort } from '../ports.js';
import { mountOf } from './mount-table.js';

const run = promisify(execFile);
const zeroBytes = 1024 * 1024;
const mountTable = '/proc/self/mountinfo';

/** Exit code of flock(1) when somebody else holds the lock. */
const lockHeld = 1;

function failed(what: string, cause: unknown, hint = 'Check the card and its file system'): VigieError {
  const code = (cause as NodeJS.ErrnoException | null)?.code;
  const reason =
    typeof code === 'string' ? code : cause instanceof Error ? cause.message.trim() : String(cause);
  return new VigieError('store', `${what}: ${reason}`, hint, { cause });
}

function noRoom(path: string, bytes: number, cause: unknown): VigieError {
  return new VigieError(
    'store',
    `No room for ${path} (${bytes} bytes)`,
    'Free space on the card, or lower record.capacityMiB',
    { cause },
  );
}

/** @implements CardPort */
export class LinuxCard implements CardPort {
  /** The file is created with mode 0600; on any error it is removed again. */
  async preallocate(path: string, bytes: number): Promise<void> {
    const handle = await open(path, 'wx', 0o600).catch((error: unknown) => {
      throw failed(`Cannot make ${path}`, error);
    });
    try {
      if (!(await this.#fallocate(path, bytes))) await writeZeros(handle, bytes);
      await handle.sync();
      await handle.close();
    } catch (error) {
      await handle.close().catch(() => {});
      await rm(path, { force: true }).catch(() => {});
      if (error instanceof VigieError) throw error;
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'ENOSPC' || code === 'EDQUOT') throw noRoom(path, bytes, error);
      throw failed(`Cannot reserve ${path}`, error);
    }
  }

  async space(path: string): Promise<{ freeBytes: number; totalBytes: number }> {
    try {
      const fs = await statfs(path);
      return { freeBytes: fs.bavail * fs.bsize, totalBytes: fs.blocks * fs.bsize };
    } catch (error) {
      throw failed(`Cannot read the space of ${path}`, error);
    }
  }

  async mounted(path: string): Promise<boolean> {
    try {
      const [table, place] = await Promise.all([readFile(mountTable, 'utf8'), realpath(path)]);
      return mountOf(table, place)?.point === place;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw failed(`Cannot see what is mounted at ${path}`, error, 'Mount /proc');
    }
  }

  /**
   * Takes an exclusive lock on this file, made when missing. The kernel drops it when the process ends, however it ends.
   * @returns what releases it
   * @throws VigieError `store` when another process, or another store of this one, holds it
   */
  async lock(path: string): Promise<() => Promise<void>> {
    const handle = await open(path, 'a', 0o600).catch((error: unknown) => {
      throw failed(`Cannot make ${path}`, error);
    });
    // flock(1) locks the open file it inherits as descriptor 3. That lock belongs to the open file, not to the
    // child, so it stays with our handle when the child has gone.
    const code = await new Promise<number | null>((resolve, reject) => {
      const child = spawn('flock', ['--nonblock', '--exclusive', '3'], {
        stdio: ['ignore', 'ignore', 'ignore', handle.fd],
      });
      child.once('error', reject);
      child.once('close', resolve);
    }).catch(async (error: unknown) => {
      await handle.close();
      throw failed(`Cannot lock ${path}`, error, 'Install util-linux, which has flock');
    });
    if (code === 0) return () => handle.close();
    await handle.close();
    if (code === lockHeld) {
      throw new VigieError(
        'store',
        'Another process writes this store',
        'Stop the other camera process, or give this one its own record.directory',
      );
    }
    throw failed(`Cannot lock ${path}`, new Error(`flock ended with ${code}`));
  }

  /** @returns false where the file system (or the machine) has no fallocate */
  async #fallocate(path: string, bytes: number): Promise<boolean> {
    try {
      await run('fallocate', ['--length', String(bytes), '--', path], {
        env: { ...process.env, LC_ALL: 'C' },
      });
      return true;
    } catch (error) {
      const { code, stderr = '' } = error as { code?: unknown; stderr?: string };
      if (/No space left|quota exceeded/i.test(stderr)) throw noRoom(path, bytes, error);
      if (code === 'ENOENT' || /not supported/i.test(stderr)) return false;
      throw failed(`Cannot reserve ${path}`, new Error(stderr || String(code)));
    }
  }
}

async function writeZeros(handle: Awaited<ReturnType<typeof open>>, bytes: number): Promise<void> {
  const zeros = Buffer.alloc(Math.min(zeroBytes, bytes));
  for (let at = 0; at < bytes; ) {
    const { bytesWritten } = await handle.write(zeros, 0, Math.min(zeros.length, bytes - at), at);
    at += bytesWritten;
  }
}

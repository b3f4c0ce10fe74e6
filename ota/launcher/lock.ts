/**
 * A lock that goes with the process, however it ends: flock(2), taken by flock(1) on a descriptor that it inherits, since
 * Node has no call for it. Used by the launcher and by ota/slots/. What flock(2) does not do over some network file systems
 * does not matter here: slots lie on the board.
 */
import { spawn } from 'node:child_process';
import { type FileHandle, open } from 'node:fs/promises';

export type Lock =
  | { held: true; handle: FileHandle; release: () => Promise<void> }
  | { held: false; why: 'other' | 'no-flock' };

/** Exit code of flock(1) when somebody else holds it. */
const heldByOther = 1;

/** @param waitSeconds how long to wait for another to let go. Rejects when the file cannot be made. */
export async function takeLock(path: string, waitSeconds = 0): Promise<Lock> {
  const handle = await open(path, 'a', 0o600);
  const wait = waitSeconds > 0 ? ['--wait', String(waitSeconds)] : ['--nonblock'];
  const code = await new Promise<number | null>((resolve) => {
    // The lock is that of the open file, not of the child, so it stays with our handle when the child has gone.
    const child = spawn('flock', [...wait, '--exclusive', '3'], {
      stdio: ['ignore', 'ignore', 'ignore', handle.fd],
    });
    child.once('error', () => resolve(null));
    child.once('close', resolve);
  });
  if (code === 0) return { held: true, handle, release: () => handle.close() };
  await handle.close();
  return { held: false, why: code === heldByOther ? 'other' : 'no-flock' };
}

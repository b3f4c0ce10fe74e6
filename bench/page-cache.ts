/** Forgets what Linux keeps of files in memory, so that the next read comes from the device. Used by the store's measures. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Everything, names and inodes too. @returns why it could not, in words; null when it is done */
export function forgetEverything(): string | null {
  try {
    execFileSync('sync');
    writeFileSync('/proc/sys/vm/drop_caches', '3');
    return null;
  } catch (error) {
    return `the page cache cannot be dropped: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** The content of the files in this directory. dd(1): with `nocache` and no block, it drops the cache of the whole file. */
export async function forgetFiles(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    execFileSync('dd', [`if=${join(directory, name)}`, 'iflag=nocache', 'count=0', 'status=none']);
  }
}

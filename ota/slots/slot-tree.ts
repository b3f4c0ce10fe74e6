/** The directory of one slot as a tree of files: how much it takes, emptying it, bringing it to the disk. Used by dir.ts. */
import { lstat, mkdir, open, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncDirectory } from '../launcher/durable-file.js';

/** Node does file work in four threads: half of them stay for what records. */
const syncsAtOnce = 2;

interface Tree {
  files: string[];
  /** the top first, every directory before those in it */
  directories: string[];
}

/** Rejects when something in it is neither a file nor a directory. */
async function walk(top: string): Promise<Tree> {
  const tree: Tree = { files: [], directories: [top] };
  for (const directory of tree.directories) {
    for (const entry of await readdir(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) tree.directories.push(path);
      else if (entry.isFile()) tree.files.push(path);
      else throw new Error('A slot holds something that is neither a file nor a directory');
    }
  }
  return tree;
}

/** Bytes that emptying it gives back. */
export async function bytesIn(top: string): Promise<number> {
  let sum = 0;
  // With types: without them Node asks for each entry at once, and everything else waits.
  const entries = await readdir(top, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const { parentPath, name } of entries) {
    const { blocks } = await lstat(join(parentPath, name)).catch(() => ({ blocks: 0 }));
    sum += blocks * 512;
  }
  return sum;
}

/** An empty directory is there afterwards, and on the disk. */
export async function emptyTree(top: string): Promise<void> {
  await rm(top, { recursive: true, force: true });
  await mkdir(top, { mode: 0o755 });
  await syncDirectory(dirname(top));
}

/** Every file and every directory of it is on the disk afterwards. Rejects when one cannot be synced, or is a link. */
export async function syncTree(top: string, signal: AbortSignal): Promise<void> {
  const { files, directories } = await walk(top);
  await inTurn(files, signal, async (path) => {
    const handle = await open(path, 'r');
    await handle.sync().finally(() => handle.close());
  });
  for (const directory of directories.reverse()) await syncDirectory(directory);
  await syncDirectory(dirname(top));
}

async function inTurn(
  list: readonly string[],
  signal: AbortSignal,
  work: (item: string) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let item = list[next++]; item !== undefined; item = list[next++]) {
      signal.throwIfAborted();
      await work(item);
    }
  };
  const done = await Promise.allSettled(Array.from({ length: syncsAtOnce }, worker));
  for (const one of done) if (one.status === 'rejected') throw one.reason;
}

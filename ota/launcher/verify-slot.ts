/**
 * Whether a slot holds what was installed: every file that its `bundle.json` lists, with its length and hash, and no other.
 * Used by the launcher on the first start of a slot, and by ota/slots/ after writing one. Imports nothing but Node and this
 * directory; it changes nothing.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readManifest, type SlotManifest, shown } from './slot-manifest.js';

export interface Verification {
  intact: boolean;
  /** the first thing that is wrong, for the log; null when nothing is */
  wrong: string | null;
  /** false: some of it came from the memory of the kernel, as the file system reads no other way */
  fromDisk: boolean;
}

export interface VerifyOptions {
  /** read past the memory of the kernel, where the file system can */
  fromDisk?: boolean;
  /** 0 to 1, of the bytes */
  onShare?: (share: number) => void;
  signal?: AbortSignal;
}

const blockBytes = 1024 * 1024;
/** What direct reading is aligned to; no Linux file system asks for more. */
const alignedTo = 4096;
const wasmPageBytes = 65_536;
interface Pages {
  WebAssembly?: { Memory: new (size: { initial: number }) => { buffer: ArrayBuffer } };
}

/** @param manifestSha256 of its `bundle.json`. Rejects only when the signal is aborted. */
export async function verifySlot(
  slot: string,
  manifestSha256: string,
  { fromDisk = false, onShare = () => undefined, signal }: VerifyOptions = {},
): Promise<Verification> {
  const reader = new HashReader(fromDisk);
  const verdict = (wrong: string | null): Verification => ({
    intact: wrong === null,
    wrong,
    fromDisk: reader.direct,
  });
  try {
    const { manifest, sha256 } = await readManifest(slot);
    if (sha256 !== manifestSha256) return verdict('bundle.json is not the one that was installed');
    const stray = await strayOf(slot, manifest);
    if (stray !== null) return verdict(stray);
    const all = [...manifest.files.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    let done = 0;
    for (const [path, listed] of manifest.files) {
      signal?.throwIfAborted();
      if ((await reader.sha256(join(slot, path), listed.bytes)) !== listed.sha256) {
        return verdict(`${shown(path)} is not what was installed`);
      }
      done += listed.bytes;
      onShare(all === 0 ? 1 : done / all);
    }
    return verdict(null);
  } catch (error) {
    signal?.throwIfAborted();
    return verdict((error as Error).message);
  }
}

/** The first entry of the slot that the manifest does not allow, or that is missing, in words. */
async function strayOf(slot: string, manifest: SlotManifest): Promise<string | null> {
  const left = new Map(manifest.files);
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(join(slot, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        folders.push(path);
        continue;
      }
      if (path === 'bundle.json' && entry.isFile()) continue;
      const listed = left.get(path);
      if (listed === undefined || !entry.isFile()) return `${shown(path)} does not belong to the bundle`;
      const { size, mode } = await lstat(join(slot, path));
      if (size !== listed.bytes) return `${shown(path)} has another length`;
      if (listed.executable && (mode & 0o100) === 0) return `${shown(path)} is not executable`;
      left.delete(path);
    }
  }
  const [missing] = left.keys();
  return missing === undefined ? null : `${shown(missing)} is missing`;
}

/** Hashes files through one buffer. */
class HashReader {
  /** every byte so far came past the memory of the kernel */
  direct: boolean;
  readonly #block: Buffer;

  constructor(fromDisk: boolean) {
    // The memory of a module begins on a page, which direct reading needs and a Buffer does not promise.
    const { WebAssembly } = globalThis as Pages;
    this.direct = fromDisk && WebAssembly !== undefined;
    const pages = { initial: blockBytes / wasmPageBytes };
    this.#block =
      fromDisk && WebAssembly ? Buffer.from(new WebAssembly.Memory(pages).buffer) : Buffer.alloc(blockBytes);
  }

  /** Rejects when the file cannot be read, or is longer. */
  async sha256(path: string, bytes: number): Promise<string> {
    if (this.direct) {
      try {
        return await this.#read(path, bytes, constants.O_DIRECT);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
        this.direct = false;
      }
    }
    return this.#read(path, bytes, 0);
  }

  async #read(path: string, bytes: number, flag: number): Promise<string> {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | flag);
    try {
      return await this.#hash(handle, bytes);
    } finally {
      await handle.close();
    }
  }

  async #hash(handle: FileHandle, bytes: number): Promise<string> {
    const hash = createHash('sha256');
    for (let at = 0; at < bytes; ) {
      const { bytesRead } = await handle.read(this.#block, 0, this.#block.length, at);
      if (bytesRead === 0) throw new Error('a file ended early');
      hash.update(this.#block.subarray(0, bytesRead));
      at += bytesRead;
      if (at < bytes && bytesRead % alignedTo !== 0) throw new Error('a file was read in pieces');
    }
    return hash.digest('hex');
  }
}

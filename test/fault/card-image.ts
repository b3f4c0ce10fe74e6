/**
 * A card in memory that sees every sector it is given and every flush it is asked for. The kernel reaches it as a file
 * (FUSE), puts a loop device over it and ext4 over that: the store writes as it does on a board. Used by
 * power-cut-run.ts, in a mount namespace of its own. Needs root; never touches a mount that it did not make.
 */
import { spawn } from 'node:child_process';
import { writevSync } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  attributesBody,
  initBody,
  openBody,
  type Request,
  reply,
  requestBytes,
  requestOf,
  writtenBody,
} from './card-image-fuse.js';
import type { CardEvent } from './power-cut-history.js';

const EIO = 5;
const ENOSYS = 38;

/** Runs a program of the system. `inherited` becomes its descriptor 3. @throws Error with what it said */
export async function runTool(program: string, args: string[], inherited?: number): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe', inherited ?? 'ignore'] });
  let said = '';
  let complained = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    complained += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${(complained || said).trim()}`);
  return said;
}

/** An empty ext4 of this size, as a board's set-up makes it, with nothing left to be done in the background. */
export async function emptyCard(directory: string, bytes: number): Promise<Buffer> {
  const file = join(directory, 'empty.img');
  await writeFile(file, '');
  const handle = await open(file, 'r+');
  await handle.truncate(bytes);
  await handle.close();
  const lazy = 'lazy_itable_init=0,lazy_journal_init=0';
  await runTool('mkfs.ext4', ['-q', '-F', '-b', '4096', '-E', lazy, file]);
  const image = await readFile(file);
  await rm(file);
  return image;
}

export class CardImage {
  /** where the card is mounted while it is */
  readonly path: string;
  readonly #file: string;
  #bytes: Buffer = Buffer.alloc(0);
  #tell: ((event: CardEvent) => void) | null = null;
  #device: FileHandle | null = null;
  #serving: Promise<void> = Promise.resolve();
  #mounted = false;

  /** @param options.bytes size of the card, fixed */
  constructor(private readonly options: { directory: string; bytes: number }) {
    this.path = join(options.directory, 'card');
    this.#file = join(options.directory, 'card.img');
  }

  async start(): Promise<void> {
    await mkdir(this.path);
    await writeFile(this.#file, '');
    this.#device = await open('/dev/fuse', 'r+');
    const how = 'fd=3,rootmode=100600,user_id=0,group_id=0';
    await runTool('mount', ['-i', '-t', 'fuse', '-o', how, 'vigie-card', this.#file], this.#device.fd);
    this.#serving = this.#serve(this.#device.fd);
  }

  /** Mounts a card with this content; the kernel replays the journal. @throws Error when it cannot be mounted */
  async insert(bytes: Buffer): Promise<void> {
    if (bytes.length !== this.options.bytes) throw new Error(`A card of ${bytes.length} bytes`);
    this.#bytes = bytes;
    // Not `mount -o loop`: it takes an attached device of this file again when another program still has that open,
    // and with it what the kernel remembers of the card before.
    const loop = (await runTool('losetup', ['--find', '--show', this.#file])).trim();
    try {
      await runTool('mount', ['-t', 'ext4', '-o', 'noatime', loop, this.path]);
      this.#mounted = true;
    } finally {
      // While it is mounted this only marks it to go with the mount.
      await runTool('losetup', ['--detach', loop]);
    }
  }

  /** Unmounts it. @returns what it holds then */
  async remove(): Promise<Buffer> {
    if (this.#mounted) await runTool('umount', [this.path]);
    this.#mounted = false;
    return this.#bytes;
  }

  /** Looks at the file system of a card that is not mounted. @throws Error when it is not in order */
  async checkFileSystem(): Promise<void> {
    await runTool('e2fsck', ['-f', '-n', this.#file]);
  }

  /** From now on, tells what the card is given; null: no more. @returns a copy of what it holds now */
  record(tell: ((event: CardEvent) => void) | null): Buffer {
    this.#tell = tell;
    return Buffer.from(this.#bytes);
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    const device = this.#device;
    this.#device = null;
    if (!device) return;
    await this.remove().catch(() => runTool('umount', ['--lazy', this.path]));
    await runTool('umount', ['--lazy', this.#file]);
    await this.#serving;
    await device.close();
  }

  /** Until the kernel takes the file away. */
  async #serve(fd: number): Promise<void> {
    const message = Buffer.alloc(requestBytes);
    for (;;) {
      try {
        const device = this.#device;
        if (!device) return;
        const { bytesRead } = await device.read(message, 0, message.length, null);
        this.#answer(fd, requestOf(message.subarray(0, bytesRead)));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'ENODEV') return;
        // EINTR, EAGAIN; ENOENT: the request was taken back.
        if (code !== 'EINTR' && code !== 'EAGAIN' && code !== 'ENOENT') throw error;
      }
    }
  }

  #answer(fd: number, request: Request): void {
    if (request.what === 'quiet') return;
    const body = this.#act(request);
    const message = typeof body === 'number' ? reply(request.unique, body) : reply(request.unique, 0, body);
    writevSync(fd, [message]);
  }

  /** @returns the body of the reply, or what went wrong */
  #act(request: Request): Buffer | number {
    switch (request.what) {
      case 'init':
        return initBody();
      case 'attributes':
        return attributesBody(this.options.bytes);
      case 'open':
        return openBody();
      case 'read':
        return this.#bytes.subarray(request.at, request.at + request.bytes);
      case 'write':
        return this.#write(request.at, request.data);
      case 'flush':
        this.#tell?.({ kind: 'flush' });
        return Buffer.alloc(0);
      case 'done':
        return Buffer.alloc(0);
      default:
        return ENOSYS;
    }
  }

  #write(at: number, data: Buffer): Buffer | number {
    if (at + data.length > this.#bytes.length) return EIO;
    this.#tell?.({ kind: 'write', at, data });
    data.copy(this.#bytes, at);
    return writtenBody(data.length);
  }
}

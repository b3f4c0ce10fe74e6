/**
 * The other end of a sensor that is a named pipe: delivers raw I420 pictures at a rate, and can go silent
 * between two of them without closing, as a camera does whose firmware hangs.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { i420Bytes, type PictureSize } from '../../pipelines/frame.js';

const RETRY_MS = 20;

export class StarvingSensor {
  readonly #file: string;
  readonly #frame: Buffer;
  readonly #everyMs: number;
  #running = false;
  #starving = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(file: string, options: PictureSize & { framesPerSecond: number }) {
    this.#file = file;
    // Bright and colourful all over: whatever shows of it in a private zone is found.
    this.#frame = Buffer.alloc(i420Bytes(options), 180);
    this.#everyMs = 1000 / options.framesPerSecond;
  }

  start(): void {
    this.#running = true;
    this.#loop = this.#deliver();
  }

  /** No picture more until `feed`. */
  starve(): void {
    this.#starving = true;
  }

  feed(): void {
    this.#starving = false;
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#loop;
  }

  async #deliver(): Promise<void> {
    while (this.#running) {
      const pipe = await this.#reader();
      if (!pipe) continue;
      await this.#feed(pipe).catch(() => undefined);
      await pipe.close();
    }
  }

  /** Opens only when somebody reads, so that `stop` never hangs in it. */
  async #reader(): Promise<FileHandle | null> {
    try {
      return await open(this.#file, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch {
      await wait(RETRY_MS);
      return null;
    }
  }

  /** Until the reader is gone (EPIPE). */
  async #feed(pipe: FileHandle): Promise<void> {
    for (let due = Date.now(); this.#running; due += this.#everyMs) {
      await wait(Math.max(0, due - Date.now()));
      if (!this.#starving) await this.#write(pipe);
    }
  }

  async #write(pipe: FileHandle): Promise<void> {
    for (let at = 0; at < this.#frame.length && this.#running; ) {
      try {
        at += (await pipe.write(this.#frame, at)).bytesWritten;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        await wait(1);
      }
    }
  }
}

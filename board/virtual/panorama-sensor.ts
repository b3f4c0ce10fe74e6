/**
 * A sensor on the simulated head: draws what the head truly looks at, frame after frame, and writes it to a named pipe
 * that the pipeline process reads (`sensor.kind: pipe`, `stamped: true`), each with the time of its exposure. Fed by the simulated head; used by the demo and by tests. It
 * holds clear pictures, as a sensor does: nothing of the product may run in it.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { i420Bytes, type PictureSize } from '../../pipelines/frame.js';
import type { Lens } from '../../pipelines/messages.js';
import type { Clock } from '../ports.js';
import { writeMark } from './frame-mark.js';
import { frameHeader, streamStart } from './gdp-stream.js';
import { drawPanorama, type Panorama } from './panorama.js';
import { PanoramaView } from './panorama-view.js';
import type { TrueViews } from './true-view.js';

const RETRY_MS = 20;
/** A frame that would be written later than this is left out. */
const SLACK_MS = 8;

export interface PanoramaSensorOptions extends PictureSize {
  /** the named pipe; it exists */
  file: string;
  framesPerSecond: number;
  lens: Lens;
  /** from the exposure to the moment the frame is given to the pipe, milliseconds: a real sensor reads out and converts */
  delayMs: number;
}

/** One exposure. */
export interface Exposure {
  /** drawn into the picture (frame-mark.ts) */
  mark: number;
  monoUs: number;
}

export class PanoramaSensor {
  readonly #clock: Clock;
  readonly #views: TrueViews;
  readonly #onExposure: (exposure: Exposure) => void;
  readonly #options: PanoramaSensorOptions;
  readonly #view: PanoramaView;
  readonly #picture: Buffer;
  #running = false;
  #loop: Promise<void> = Promise.resolve();
  #mark = 0;

  constructor(
    deps: {
      clock: Clock;
      views: TrueViews;
      panorama?: Panorama;
      onExposure?: (exposure: Exposure) => void;
    },
    options: PanoramaSensorOptions,
  ) {
    this.#clock = deps.clock;
    this.#views = deps.views;
    this.#onExposure = deps.onExposure ?? (() => undefined);
    this.#options = options;
    this.#view = new PanoramaView(deps.panorama ?? drawPanorama(), options, options.lens);
    this.#picture = Buffer.alloc(i420Bytes(options));
  }

  start(signal?: AbortSignal): void {
    this.#running = true;
    this.#loop = this.#deliver();
    signal?.addEventListener('abort', () => void this.stop(), { once: true });
  }

  /** Resolves when nothing is written any more. What the pipe still holds is thrown away. Idempotent. */
  async stop(): Promise<void> {
    this.#running = false;
    let over = false;
    const ended = this.#loop.then(() => {
      over = true;
    });
    // A write may wait for a reader that has stopped reading.
    const drain = await open(this.#options.file, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => null);
    const waste = Buffer.alloc(1 << 16);
    while (drain && !over) {
      const read = await drain.read(waste, 0, waste.length).catch(() => null);
      if (!read?.bytesRead) await this.#wait(1);
    }
    await ended;
    await drain?.close();
  }

  async #deliver(): Promise<void> {
    while (this.#running) {
      const pipe = await this.#reader();
      if (!pipe) {
        await this.#wait(RETRY_MS);
        continue;
      }
      await this.#feed(pipe).catch(() => undefined);
      await pipe.close();
    }
  }

  /** Opens without waiting, and only when somebody reads; the handle that writes then waits in the thread pool. */
  async #reader(): Promise<FileHandle | null> {
    try {
      const probe = await open(this.#options.file, constants.O_WRONLY | constants.O_NONBLOCK);
      try {
        return await open(this.#options.file, constants.O_WRONLY);
      } finally {
        await probe.close();
      }
    } catch {
      return null;
    }
  }

  /** Until the reader is gone (EPIPE). A frame that is late is left out, as a sensor does. */
  async #feed(pipe: FileHandle): Promise<void> {
    const { framesPerSecond, delayMs } = this.#options;
    const everyUs = 1_000_000 / framesPerSecond;
    await writeAll(pipe, streamStart(this.#options, framesPerSecond));
    for (let due = this.#clock.monoUs() + everyUs; this.#running; due += everyUs) {
      await this.#until(due);
      due = Math.max(due, this.#clock.monoUs() - everyUs);
      const monoUs = Math.round(due);
      this.#expose(monoUs);
      await this.#until(monoUs + delayMs * 1000);
      // A real sensor's delay does not depend on how busy this machine is.
      if (this.#clock.monoUs() > monoUs + (delayMs + SLACK_MS) * 1000) continue;
      await writeAll(pipe, frameHeader(this.#options, monoUs));
      await writeAll(pipe, this.#picture);
    }
  }

  #expose(monoUs: number): void {
    this.#mark = (this.#mark + 1) & 0xffff;
    this.#view.render(this.#views.trueView(monoUs), this.#picture);
    writeMark(this.#picture, this.#options, this.#mark);
    this.#onExposure({ mark: this.#mark, monoUs });
  }

  async #until(monoUs: number): Promise<void> {
    const leftMs = (monoUs - this.#clock.monoUs()) / 1000;
    if (leftMs > 0) await this.#wait(leftMs);
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(ms, resolve));
  }
}

async function writeAll(pipe: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await pipe.write(bytes, at)).bytesWritten;
}

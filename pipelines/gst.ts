/**
 * GStreamer, as far as the stages need it. The only file that touches the binding, so that its traps
 * (docs/gstreamer.md) are met once: elements are looked up once and kept, nothing is set per frame, types
 * are checked before they reach native code, and an end is never silent.
 */
import { createRequire } from 'node:module';
import type { Binding, Element, Pipeline } from 'gstreamer-superficial';
import { VigieError } from '../errors.js';

// The package's main file is the native addon itself, which `import` cannot load.
const binding = createRequire(import.meta.url)('gstreamer-superficial') as Binding;

const SEEK_FLUSH = 1;

/** Takes buffers out of an appsink, one at a time. */
export interface GstSink {
  /** the next buffer; null at the end of the stream or on an error */
  pull(): Promise<Buffer | null>;
}

/** Puts buffers into an appsrc. It has no back-pressure: the caller bounds what is in flight. */
export interface GstSource {
  /** @param ptsNs presentation time, nanoseconds since the pipeline started */
  push(data: Buffer, ptsNs: bigint): void;
}

export class GstPipeline {
  readonly #pipeline: Pipeline;
  readonly #elements = new Map<string, Element>();
  #busError: string | null = null;

  /** @throws VigieError `source` when GStreamer cannot build it (no such element or property, bad link) */
  constructor(readonly launch: string) {
    try {
      this.#pipeline = new binding.Pipeline(launch);
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause);
      throw new VigieError('source', `GStreamer refused the pipeline: ${text}`, launchHint(text), { cause });
    }
  }

  /** The last error the bus told, or null. The binding can miss one: silence proves nothing. */
  get busError(): string | null {
    return this.#busError;
  }

  /**
   * Starts. Blocks this thread while a device does not answer: the parent's watch over the heartbeat ends that.
   * @param onError told each error of the bus; a pull may never return after one
   */
  play(onError: (message: string) => void): void {
    this.#pipeline.pollBus((message) => {
      if (message.type !== 'error') return;
      this.#busError = message.message ?? 'unknown error';
      onError(this.#busError);
    });
    this.#pipeline.play();
  }

  stop(): void {
    this.#pipeline.stop();
  }

  /** Back to the first frame. False when the stream cannot seek. */
  rewind(): boolean {
    return this.#pipeline.seek(0, SEEK_FLUSH);
  }

  sink(name: string): GstSink {
    const element = this.#element(name);
    if (typeof element.pull !== 'function') throw notA(name, 'appsink');
    const pull = element.pull.bind(element);
    return { pull: () => new Promise((resolve) => pull((data) => resolve(data))) };
  }

  source(name: string): GstSource {
    const element = this.#element(name);
    if (typeof element.push !== 'function') throw notA(name, 'appsrc');
    const push = element.push.bind(element);
    const ptsBytes = Buffer.alloc(8);
    return {
      push(data, ptsNs) {
        // A wrong type aborts the process in native code.
        if (!Buffer.isBuffer(data)) throw new TypeError('push takes a Buffer');
        ptsBytes.writeBigUInt64BE(ptsNs);
        push(data, ptsBytes);
      },
    };
  }

  /** Each look-up leaks a reference in the binding, so it happens once for each name. */
  #element(name: string): Element {
    const known = this.#elements.get(name);
    if (known) return known;
    const found = this.#pipeline.findChild(name);
    if (!found)
      throw new VigieError('internal', `No element named ${name} in the pipeline`, 'Report this defect');
    this.#elements.set(name, found);
    return found;
  }
}

function notA(name: string, kind: string): VigieError {
  return new VigieError('internal', `Element ${name} is not an ${kind}`, 'Report this defect');
}

function launchHint(text: string): string {
  const element = /no element "([^"]+)"/.exec(text)?.[1];
  if (element) return `Install the GStreamer plug-in that has ${element}, or choose another board profile`;
  return 'Check the board profile and the sensor in the configuration';
}

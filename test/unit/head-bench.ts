/** A simulated head on a clock moved by hand, with the product's head in front of it. */
import { setImmediate } from 'node:timers/promises';
import type { Clock, HeadPort, HeadPosition } from '../../board/ports.js';
import { headOn } from '../../board/ptz/open-head.js';
import type { HeadEvent } from '../../board/ptz/serial-head.js';
import type { LineOpener } from '../../board/ptz/serial-line.js';
import { ManualClock } from '../../board/virtual/clock.js';
import {
  SimulatedHead,
  type SimulatedHeadOptions,
  virtualHeadLimits,
  virtualHeadOptions,
  virtualZoomScale,
} from '../../board/virtual/head.js';
import { VigieError } from '../../errors.js';

export type Protocol = 'pelco-d' | 'visca';
export const protocols: Protocol[] = ['pelco-d', 'visca'];

export const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** The product's head for a simulated one, on this line. */
export function headFor(
  options: SimulatedHeadOptions,
  deps: { clock: Clock; open: LineOpener; told: (event: HeadEvent) => void },
): HeadPort {
  const { protocol, address } = options;
  const limits = virtualHeadLimits(options);
  return headOn({ ...deps, log: quiet }, { protocol, address, limits, zoom: virtualZoomScale(options) });
}

export class HeadBench {
  readonly clock = new ManualClock();
  readonly events: HeadEvent[] = [];
  readonly simulated: SimulatedHead;
  readonly head: HeadPort;
  /** what went over the line to the head */
  readonly sent: Buffer[] = [];
  readonly unplug: () => void;
  /** while true, the line cannot be opened */
  absent = false;

  constructor(protocol: Protocol, seed = 1) {
    const options = virtualHeadOptions(protocol, seed);
    this.simulated = new SimulatedHead({ clock: this.clock }, options);
    const line = this.simulated.memoryLine();
    this.unplug = line.gone;
    const open: LineOpener = async (on) => {
      if (this.absent) throw new Error('no such device');
      const opened = await line.open(on);
      return {
        ...opened,
        write: (bytes) => {
          this.sent.push(Buffer.from(bytes));
          return opened.write(bytes);
        },
      };
    };
    this.head = headFor(options, { clock: this.clock, open, told: (event) => this.events.push(event) });
  }

  async start(): Promise<void> {
    await this.head.start(new AbortController().signal);
    await this.pass(100);
    this.sent.length = 0;
  }

  /** Lets time pass, and everything that waits on it happen. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 5) {
      await setImmediate();
      this.clock.advance(5);
    }
    await setImmediate();
  }

  /** The outcome, when enough time passed for it. */
  async after<T>(call: Promise<T>, ms = 1500): Promise<T> {
    let over = false;
    const ended = call.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    void ended.then(() => {
      over = true;
    });
    for (let passed = 0; passed < ms && !over; passed += 5) await this.pass(5);
    if (!over) throw new Error(`nothing came of it in ${ms} ms`);
    const end = await ended;
    if ('error' in end) throw end.error;
    return end.value;
  }

  position(): Promise<HeadPosition> {
    return this.after(this.head.position());
  }
}

/** For assert.rejects: an error of the head with these words. */
export const headError =
  (words: RegExp) =>
  (error: unknown): boolean =>
    error instanceof VigieError && error.kind === 'head' && words.test(error.message);

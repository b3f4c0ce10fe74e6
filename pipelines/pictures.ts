/**
 * Still pictures that the runtime asks for. Made by frame-path.ts, which says which frame is to be had. Sends no frame under a mask
 * that was changed meanwhile, and none before the person mask was laid on it.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { asVigieError, VigieError } from '../errors.js';
import type { StillEncoder } from './encode/still.js';
import type { MaskedFrame } from './frame.js';
import type { FromPipeline, ToPipeline } from './messages.js';

const WAIT_MS = 1;

export interface PicturesDeps {
  still: StillEncoder;
  /** the frame of this number if it is still held, else the newest; null before the first */
  frame: (seq: number | null) => MaskedFrame | null;
  /** counts up with every mask table */
  tablesLoaded: () => number;
  /** people are covered before a frame is shown */
  coversPeople: boolean;
  send: (message: FromPipeline) => void;
}

export class Pictures {
  /** once for each that was asked */
  readonly #inHand: MaskedFrame[] = [];

  constructor(private readonly deps: PicturesDeps) {}

  /** Whether a picture is being made of this frame: it is not to be given back. */
  needs(frame: MaskedFrame): boolean {
    return this.#inHand.includes(frame);
  }

  async answer({ id, seq }: Extract<ToPipeline, { t: 'picture' }>): Promise<void> {
    const { send, tablesLoaded } = this.deps;
    try {
      const frame = this.deps.frame(seq);
      if (!frame) throw new VigieError('source', 'No picture has come yet', 'Wait for the camera to start');
      const tables = tablesLoaded();
      const jpeg = await this.#jpeg(frame);
      if (tables !== tablesLoaded()) throw new VigieError('mask', 'The mask is changing', 'Ask again');
      send({ t: 'picture', id, seq: frame.seq, wallMs: frame.wallMs, mask: frame.mask, jpeg });
    } catch (error) {
      send({ t: 'no-picture', id, message: asVigieError(error).message });
    }
  }

  async #jpeg(frame: MaskedFrame): Promise<Buffer> {
    this.#inHand.push(frame);
    try {
      // One that waits to have its people covered is not shown before.
      while (this.deps.coversPeople && frame.mask.people === undefined) await wait(WAIT_MS);
      return await this.deps.still.encode(frame);
    } finally {
      this.#inHand.splice(this.#inHand.indexOf(frame), 1);
    }
  }
}

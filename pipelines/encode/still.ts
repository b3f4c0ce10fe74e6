/**
 * A masked frame as a JPEG, for snapshots and alerts. Fed by frame-path.ts on request. Goes through RGB because
 * JPEG is full range and the recording is not: black must stay black.
 */
import { VigieError } from '../../errors.js';
import type { MaskedFrame, PictureSize } from '../frame.js';
import { GstPipeline } from '../gst.js';

/** At 85 the ringing of an 8x8 block reaches 3 pixels into the black; at 95 it stays within the margin of docs/mask.md. */
const QUALITY_PERCENT = 95;

export class StillEncoder {
  readonly #size: PictureSize;
  #pipeline: GstPipeline | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #count = 0n;

  constructor(size: PictureSize) {
    this.#size = size;
  }

  start(): void {
    const caps = `video/x-raw,format=I420,width=${this.#size.width},height=${this.#size.height},framerate=0/1,colorimetry=bt601`;
    this.#pipeline = new GstPipeline(
      `appsrc name=masked format=time max-bytes=0 caps=${caps} ! videoconvert ! video/x-raw,format=RGB ` +
        `! jpegenc quality=${QUALITY_PERCENT} ! appsink name=still sync=false`,
    );
    // An error shows as a pull that gives nothing, or as a request that times out.
    this.#pipeline.play(() => undefined);
  }

  stop(): void {
    this.#pipeline?.stop();
    this.#pipeline = null;
  }

  /** One picture at a time, in the order asked. */
  encode(frame: MaskedFrame): Promise<Buffer> {
    const result = this.#turn.then(() => this.#one(frame));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #one(frame: MaskedFrame): Promise<Buffer> {
    if (!this.#pipeline) throw new VigieError('source', 'The camera is stopping', 'Ask again');
    if (frame.data.length === 0) throw new VigieError('internal', 'The frame was given back', 'Ask again');
    this.#pipeline.source('masked').push(frame.data, this.#count++ * 1_000_000n);
    const jpeg = await this.#pipeline.sink('still').pull();
    if (!jpeg) throw new VigieError('source', 'No still picture could be made', 'Check the jpegenc element');
    return jpeg;
  }
}

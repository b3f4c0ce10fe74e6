/**
 * A masked frame at the size the model looks at. Fed by main.ts at the detection rate, read by detector.ts.
 * GStreamer scales and then converts (in that order it is cheapest, docs/gstreamer.md), off the frame path.
 */
import { VigieError } from '../../errors.js';
import type { MaskedFrame, PictureSize } from '../frame.js';
import { GstPipeline } from '../gst.js';
import { type SmallPicture, smallPictureOf } from './small-picture.js';

export class Shrink {
  readonly #from: PictureSize;
  readonly #to: PictureSize;
  #pipeline: GstPipeline | null = null;
  #count = 0n;

  /** @param to width must be a multiple of 4: GStreamer pads RGB rows otherwise */
  constructor(from: PictureSize, to: PictureSize) {
    this.#from = from;
    this.#to = to;
  }

  start(): void {
    const caps = `video/x-raw,format=I420,width=${this.#from.width},height=${this.#from.height},framerate=0/1,colorimetry=bt601`;
    this.#pipeline = new GstPipeline(
      `appsrc name=masked format=time max-bytes=0 caps=${caps} ! videoscale method=bilinear add-borders=false ` +
        `! video/x-raw,width=${this.#to.width},height=${this.#to.height} ! videoconvert ! video/x-raw,format=RGB ` +
        '! appsink name=small sync=false',
    );
    // An error shows as a pull that gives nothing, or as a request that times out.
    this.#pipeline.play(() => undefined);
  }

  stop(): void {
    this.#pipeline?.stop();
    this.#pipeline = null;
  }

  /** One at a time: the caller waits for the answer before it asks again. */
  async shrink(frame: MaskedFrame): Promise<SmallPicture> {
    if (!this.#pipeline) throw new VigieError('source', 'The camera is stopping', 'Ask again');
    this.#pipeline.source('masked').push(frame.data, this.#count++ * 1_000_000n);
    const rgb = await this.#pipeline.sink('small').pull();
    if (!rgb)
      throw new VigieError('source', 'No small picture could be made', 'Check the videoscale element');
    return smallPictureOf(frame, this.#to.width, this.#to.height, rgb);
  }
}

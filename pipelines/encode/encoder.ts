/**
 * From masked frames to H.264 access units, one for one and in order. Fed by frame-path.ts, read by the runtime
 * through it. The binding gives no time stamps back, so the record of each frame waits here for its unit:
 * the encoder must not reorder (no B-frames) and must not drop.
 */
import { VigieError } from '../../errors.js';
import type { MaskedFrame, MaskStamp, PictureSize } from '../frame.js';
import { GstPipeline, type GstSource } from '../gst.js';

export interface EncoderOptions extends PictureSize {
  /** launch text from raw I420 to an H.264 byte stream, one access unit a buffer */
  encoderLaunch: string;
  rate: { numerator: number; denominator: number };
}

/** An access unit and the frame it shows. */
export interface EncodedUnit {
  seq: number;
  monoUs: number;
  wallMs: number;
  mask: MaskStamp;
  key: boolean;
  data: Buffer;
}

export class Encoder {
  readonly #options: EncoderOptions;
  readonly #onUnit: (unit: EncodedUnit) => void;
  readonly #onFault: (error: VigieError) => void;
  readonly #waiting: Omit<EncodedUnit, 'key' | 'data'>[] = [];
  #pipeline: GstPipeline | null = null;
  #source: GstSource | null = null;
  #firstMonoUs: number | null = null;

  constructor(
    deps: { onUnit: (unit: EncodedUnit) => void; onFault: (error: VigieError) => void },
    options: EncoderOptions,
  ) {
    this.#onUnit = deps.onUnit;
    this.#onFault = deps.onFault;
    this.#options = options;
  }

  /** Frames given and not yet come out. */
  get inFlight(): number {
    return this.#waiting.length;
  }

  /** @throws VigieError `source` when GStreamer lacks the encoder */
  start(): void {
    this.#pipeline = new GstPipeline(encodeLaunch(this.#options));
    this.#source = this.#pipeline.source('masked');
    this.#pipeline.play((message) => this.#onFault(stopped(message)));
    void this.#read(this.#pipeline);
  }

  stop(): void {
    this.#source = null;
    this.#pipeline?.stop();
    this.#pipeline = null;
  }

  /** Hands a frame to the encoder. The caller keeps `inFlight` within bounds. */
  push(frame: MaskedFrame): void {
    if (!this.#source) return;
    this.#firstMonoUs ??= frame.monoUs;
    const { seq, monoUs, wallMs, mask } = frame;
    this.#waiting.push({ seq, monoUs, wallMs, mask });
    this.#source.push(frame.data, BigInt(frame.monoUs - this.#firstMonoUs) * 1000n);
  }

  async #read(pipeline: GstPipeline): Promise<void> {
    const sink = pipeline.sink('units');
    for (;;) {
      const data = await sink.pull();
      if (this.#pipeline !== pipeline) return;
      const frame = this.#waiting.shift();
      if (!data || !frame) {
        const why = data
          ? 'more access units than frames came out'
          : (pipeline.busError ?? 'no access unit came');
        this.#onFault(stopped(why));
        return;
      }
      this.#onUnit({ ...frame, key: isKey(data), data });
    }
  }
}

function stopped(why: string): VigieError {
  return new VigieError('source', `The encoder stopped: ${why}`, 'Check the encoder of the board profile');
}

function encodeLaunch({ width, height, rate, encoderLaunch }: EncoderOptions): string {
  const caps =
    `video/x-raw,format=I420,width=${width},height=${height},pixel-aspect-ratio=1/1,` +
    `framerate=${rate.numerator}/${rate.denominator},colorimetry=bt601`;
  return (
    `appsrc name=masked is-live=true format=time block=false max-bytes=0 caps=${caps} ` +
    `! ${encoderLaunch} ` +
    '! h264parse config-interval=-1 ! video/x-h264,stream-format=byte-stream,alignment=au ' +
    '! appsink name=units sync=false max-buffers=32'
  );
}

const NAL_SLICE = 1;
const NAL_IDR = 5;

/** Whether an Annex B access unit is an IDR picture: the type of its first slice (ITU-T H.264, table 7-1). */
export function isKey(data: Uint8Array): boolean {
  for (let i = 0; i + 3 < data.length; i++) {
    if (data[i] !== 0 || data[i + 1] !== 0 || data[i + 2] !== 1) continue;
    const type = data[i + 3] & 0x1f;
    if (type === NAL_IDR) return true;
    if (type === NAL_SLICE) return false;
    i += 3;
  }
  return false;
}

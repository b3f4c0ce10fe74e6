/**
 * From the sensor to raw frames with their times. Fed by GStreamer, read by frame-path.ts, which hands every frame
 * to the mask at once. It holds no frame back and shows none to anything else.
 */

import type { Clock } from '../../board/ports.js';
import { asVigieError, VigieError } from '../../errors.js';
import { i420Bytes, type PictureSize, type RawFrame } from '../frame.js';
import { GstPipeline, type GstSink } from '../gst.js';
import type { PipelineOptions } from '../messages.js';
import { FrameTime, type Timed } from './frame-time.js';
import { readStamped } from './stamped.js';

/**
 * Of the options of the process: launch text of the sensor up to raw video, what comes at its end, whether the time stamps of a
 * file are followed (live sources are paced by themselves), the most frames a second. A camera on a head needs the
 * sensor's own time for each frame, which costs a copy of it.
 */
export type CaptureOptions = PictureSize &
  Pick<PipelineOptions, 'sensorLaunch' | 'atEnd' | 'paced' | 'rate' | 'head'>;

export interface CaptureEvents {
  /** one frame; when it returns a promise the next one is not asked for before it is settled */
  frame(frame: RawFrame): void | Promise<void>;
  /** a clip that plays once is over */
  ended(): void;
  fault(error: VigieError): void;
}

export class Capture {
  readonly #clock: Clock;
  readonly #events: CaptureEvents;
  readonly #options: CaptureOptions;
  #pipeline: GstPipeline | null = null;
  #running = false;
  readonly #time: FrameTime | null;
  #seq = 0;

  constructor(deps: { clock: Clock; events: CaptureEvents }, options: CaptureOptions) {
    this.#clock = deps.clock;
    this.#events = deps.events;
    this.#options = options;
    this.#time = options.head ? new FrameTime() : null;
  }

  /** @throws VigieError `source` when GStreamer cannot build the pipeline */
  start(): void {
    const pipeline = new GstPipeline(captureLaunch(this.#options));
    const sink = pipeline.sink('raw');
    this.#pipeline = pipeline;
    this.#running = true;
    pipeline.play(() => {
      if (this.#running) this.#over(pipeline, 0);
    });
    void this.#read(pipeline, sink);
  }

  stop(): void {
    this.#running = false;
    this.#pipeline?.stop();
    this.#pipeline = null;
  }

  async #read(pipeline: GstPipeline, sink: GstSink): Promise<void> {
    // A source that cannot wait is pulled from again while a frame is worked on; a file is not.
    const ahead = this.#options.paced || this.#options.atEnd === 'live';
    let framesThisRound = 0;
    let next = sink.pull();
    while (this.#running) {
      const data = await next;
      if (!this.#running) return;
      if (!data) {
        if (!this.#rewound(pipeline, framesThisRound)) return this.#over(pipeline, framesThisRound);
        framesThisRound = 0;
        next = sink.pull();
        continue;
      }
      framesThisRound++;
      if (ahead) next = sink.pull();
      await this.#packet(data);
      if (!ahead) next = sink.pull();
    }
  }

  #rewound(pipeline: GstPipeline, framesThisRound: number): boolean {
    return this.#options.atEnd === 'loop' && framesThisRound > 0 && !pipeline.busError && pipeline.rewind();
  }

  #packet(data: Buffer): void | Promise<void> {
    const takenUs = this.#clock.monoUs();
    if (!this.#time) return this.#frame(data, { monoUs: takenUs, errorUs: null }, takenUs);
    try {
      const stamped = readStamped(data);
      if (stamped) return this.#frame(stamped.data, this.#time.of(stamped.stampUs, takenUs), takenUs);
    } catch (error) {
      this.#fail(asVigieError(error));
    }
  }

  #frame(data: Buffer, { monoUs, errorUs }: Timed, takenUs: number): void | Promise<void> {
    const { width, height } = this.#options;
    if (data.length !== i420Bytes(this.#options)) {
      const message = `The sensor gave ${data.length} bytes for ${width}x${height}`;
      return this.#fail(new VigieError('source', message, 'Check picture.width and picture.height'));
    }
    return this.#events.frame({
      kind: 'raw',
      seq: this.#seq++,
      monoUs,
      ...(errorUs !== null && { timeErrorUs: errorUs }),
      wallMs: this.#clock.wallMs() - Math.round((takenUs - monoUs) / 1000),
      width,
      height,
      data,
    });
  }

  #fail(error: VigieError): void {
    this.#running = false;
    this.#events.fault(error);
  }

  /** The binding says no more than "no sample": what it means follows from what the source is. */
  #over(pipeline: GstPipeline, frames: number): void {
    this.#running = false;
    if (this.#options.atEnd !== 'live' && frames > 0 && !pipeline.busError) {
      this.#events.ended();
      return;
    }
    const cause = pipeline.busError ?? 'no picture came';
    this.#events.fault(
      new VigieError(
        'source',
        `The sensor stopped: ${cause}`,
        'Check the sensor, its cable and its configuration',
      ),
    );
  }
}

/** Launch text of the whole stage: sensor, rate limit, I420 at the recorded size. */
export function captureLaunch(options: CaptureOptions): string {
  const { rate } = options;
  const caps = `video/x-raw,format=I420,width=${options.width},height=${options.height},pixel-aspect-ratio=1/1`;
  // A live source is never held back: what is not read in time is replaced by what is newer. Waiting for the first frame
  // would leave it, and those that are read with it, without a time.
  const sink =
    options.atEnd === 'live'
      ? 'max-buffers=4 drop=true sync=false async=false'
      : `max-buffers=2 drop=false sync=${options.paced}`;
  return (
    `${options.sensorLaunch} ! videorate drop-only=true max-rate=${Math.ceil(rate.numerator / rate.denominator)} ` +
    `! videoscale ! videoconvert ! ${caps} ${options.head ? '! gdppay ' : ''}! appsink name=raw ${sink}`
  );
}

/**
 * Footage before the product's own stages: mask without a zone, background, gate, model in its thread, things that stay, how
 * full zones are, tracker, scenes; with the configuration's defaults. Read by the benches of quality/ that count alerts. A
 * clock moved by hand: time is that of the footage.
 */
import { systemClock } from '../../board/linux/clock.js';
import { findModel, modelPaths } from '../../models/manifest.js';
import { Look, type Seen } from '../../pipelines/detect/look.js';
import type { PictureSize } from '../../pipelines/frame.js';
import { Masker } from '../../pipelines/mask/masker.js';
import type { DetectOptions, Tracks } from '../../pipelines/messages.js';
import { Tracker } from '../../pipelines/track/tracker.js';
import { inputSize } from '../../runtime/config/detect.js';
import { cacheDirectory } from '../../runtime/config/paths.js';
import { config, type WatchedZone } from '../../runtime/config/schema.js';
import type { Alert } from '../../runtime/scene/alert.js';
import { Scene } from '../../runtime/scene/scene.js';
import { clipPictures } from './clip.js';

/** A picture and its time, seconds from the first. */
export interface Picture {
  data: Buffer;
  seconds: number;
}

/** What the look stage is told by a camera with nothing about looking in its configuration. */
export function productOptions(size: PictureSize, zones: readonly WatchedZone[] = []): DetectOptions {
  const {
    enabled: _,
    model: name,
    onlyWhereItMoves,
    fullLookSeconds,
    ...rest
  } = config.shape.detect.parse({});
  const model = findModel(name);
  return {
    ...rest,
    ...inputSize(size, rest),
    modelFile: modelPaths(model, cacheDirectory()).onnxFile,
    modelSha256: model.onnx.sha256,
    fullLookSeconds: onlyWhereItMoves ? fullLookSeconds : null,
    occupancyZones: zones.filter(({ density }) => density).map(({ name, points }) => ({ name, points })),
    stills: zones.some(({ abandoned }) => abandoned),
  };
}

/** The pictures of a clip that are due for a look, in order. @param rate pictures a second of the clip */
export async function* duePictures(
  file: string,
  { width, height }: PictureSize,
  rate: number,
): AsyncGenerator<Picture> {
  const least = 1 / config.shape.detect.parse({}).ratePerSecond - 0.001;
  let last = Number.NEGATIVE_INFINITY;
  let index = -1;
  for await (const bytes of clipPictures(file, width, height, 0, 'I420')) {
    const seconds = ++index / rate;
    if (seconds - last < least) continue;
    last = seconds;
    yield { data: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), seconds };
  }
}

/** One camera. Its scenes are apart, so that what one tells holds nothing of another back. */
export class WatchedFootage {
  readonly #masker: Masker;
  readonly #tracker: Tracker;
  readonly #look: Look;
  readonly #scenes: Scene[];
  #answer: { resolve(seen: Seen): void; reject(error: unknown): void } | null = null;
  #seq = 0;

  /** @param scenes the zones of each; zones that bear the same name have the same points */
  constructor(
    readonly size: PictureSize,
    scenes: readonly (readonly WatchedZone[])[],
  ) {
    const aspect = size.width / size.height;
    const zones = new Map(scenes.flat().map((zone) => [zone.name, zone]));
    const options = productOptions(size, [...zones.values()]);
    this.#masker = new Masker(size);
    this.#masker.open(1, this.#masker.load({ version: 1, zones: [] }));
    this.#tracker = new Tracker({ ...options, aspect });
    this.#look = new Look(
      {
        clock: systemClock,
        log: { info: () => undefined, warn: () => undefined, error: () => undefined },
        onSeen: (seen) => this.#answer?.resolve(seen),
        onFault: (error) => this.#answer?.reject(error),
        expected: (monoUs) => this.#tracker.expected(monoUs),
        dropped: () => undefined,
      },
      options,
      size,
    );
    this.#scenes = scenes.map((own) => new Scene({}, { cameraId: 'footage', zones: own, aspect }));
  }

  /** @throws VigieError `model` when set-up has not run */
  async start(): Promise<void> {
    await this.#look.start();
  }

  /** @returns what was seen, and what each scene told */
  async take({ data, seconds }: Picture): Promise<{ look: Tracks; told: Alert[][] }> {
    const monoUs = Math.round(1e6 * (1 + seconds));
    const time = { seq: this.#seq++, monoUs, wallMs: monoUs / 1000 };
    const frame = this.#masker.mask({ kind: 'raw', ...time, ...this.size, data });
    const { detections, lookMs, looked, stills, occupied, isLively } = await new Promise<Seen>(
      (resolve, reject) => {
        this.#answer = { resolve, reject };
        this.#look.offer(frame);
      },
    );
    const tracks = this.#tracker.update(detections, monoUs, isLively);
    const found = { detections: detections.length, tracks, looked, stills, occupied, signals: [] };
    const look: Tracks = { t: 'tracks', ...time, lookMs, ...found };
    const told = this.#scenes.map((scene) => scene.observe(look).alerts);
    // The look is over a moment after it told what it saw; a frame offered before that is passed by.
    await new Promise((resolve) => setImmediate(resolve));
    return { look, told };
  }

  async stop(): Promise<void> {
    await this.#look.stop();
  }
}

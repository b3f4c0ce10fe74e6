/** The sample clip before the stage that measures sight and the watch that judges it, on a clock moved by hand. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Overlay } from '../bench/quality/weather.js';
import { i420Bytes, type PictureSize } from '../pipelines/frame.js';
import { Masker } from '../pipelines/mask/masker.js';
import type { Point, Sight } from '../pipelines/messages.js';
import { Sights } from '../pipelines/sight/sights.js';
import { cacheDirectory } from '../runtime/config/paths.js';
import type { KeptSight } from '../runtime/health/sight-file.js';
import { SightWatch } from '../runtime/health/sight-watch.js';

const clip = join(cacheDirectory(), 'sample', 'vtest.avi');
export const withoutClip = existsSync(clip) ? false : `${clip} is not there: run npm test, which fetches it`;

/** Half the size of the clip: overlays cost less. */
export const sightSize: PictureSize = { width: 384, height: 288 };
/** The clip has ten pictures a second, and a measure is due twice a second. */
const PERIOD_US = 500_000;

let decoded: Buffer | null = null;

/** Every fifth picture of the clip, over and over. */
function clipPicture(n: number): Buffer {
  const { width, height } = sightSize;
  const args = ['-v', 'error', '-i', clip, '-vf', `fps=2,scale=${width}:${height}`];
  decoded ??= execFileSync('ffmpeg', [...args, '-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-'], {
    maxBuffer: 2 ** 30,
  });
  const bytes = i420Bytes(sightSize);
  const at = (n % (decoded.length / bytes)) * bytes;
  return Buffer.from(decoded.subarray(at, at + bytes));
}

export interface SightSceneOptions {
  kept?: KeptSight | null;
  zones?: { name: string; points: Point[] }[];
  moves?: boolean;
  /** instead of the clip: the same picture always is one that stands still */
  picture?: (n: number) => Buffer;
}

/** A camera that looks at the clip. What it told: `+code` when it began, `-code` when it had ended, in order. */
export class SightScene {
  readonly said: string[] = [];
  readonly sent: Sight[] = [];
  readonly watch: SightWatch;
  saved: KeptSight | null = null;
  readonly #masker = new Masker(sightSize);
  readonly #sights: Sights;
  readonly #picture: (n: number) => Buffer;
  #monoUs = 0;
  #seq = 0;
  #version = 0;

  constructor({ kept = null, zones = [], moves = false, picture = clipPicture }: SightSceneOptions = {}) {
    const told = (line: string, sign: string): void => {
      if (line.startsWith('sight-')) this.said.push(`${sign}${line.split(':')[0]?.slice(6)}`);
    };
    const log = {
      info: (line: string) => told(line, '-'),
      warn: (line: string) => told(line, '+'),
      error: told,
    };
    const file = {
      load: () => Promise.resolve(kept),
      save: (what: KeptSight) => {
        this.saved = what;
        return Promise.resolve();
      },
    };
    this.#picture = picture;
    this.#sights = new Sights(sightSize, { moves });
    this.watch = new SightWatch(
      { log: { ...log, error: () => undefined }, clock: { monoUs: () => this.#monoUs }, file },
      sightSize,
    );
    this.mask(zones);
  }

  get seconds(): number {
    return this.#monoUs / 1e6;
  }

  mask(zones: { name: string; points: Point[] }[]): void {
    const table = { version: ++this.#version, zones };
    this.#sights.load(table);
    this.#masker.open(table.version, this.#masker.load(table));
  }

  /** Time in which nothing comes. */
  pause(seconds: number): void {
    this.#monoUs += seconds * 1e6;
  }

  /** Runs so many seconds; `over` changes each picture, its time counted from here. */
  async run(seconds: number, over: Overlay = () => undefined): Promise<this> {
    for (let i = 0; i < seconds * 2; i++) {
      this.#monoUs += PERIOD_US;
      const data = this.#picture(this.#seq);
      over(data, sightSize, i / 2);
      const time = { seq: this.#seq++, monoUs: this.#monoUs, wallMs: 0 };
      const sight = this.#sights.offer(this.#masker.mask({ kind: 'raw', ...time, ...sightSize, data }));
      if (!sight) continue;
      this.sent.push(sight);
      this.watch.take(sight);
      await this.watch.settled();
    }
    return this;
  }

  get notices(): string[] {
    return this.watch.notices().map(({ code }) => code);
  }
}

let usual: KeptSight | null = null;

/** A camera that has seen enough of the clip to know what is usual. */
export async function settledScene(options: SightSceneOptions = {}): Promise<SightScene> {
  if (!usual) {
    const first = await new SightScene().run(40);
    usual = first.saved;
  }
  return new SightScene({ ...options, kept: options.kept ?? usual }).run(2);
}

/**
 * A real pipeline process on the panorama sensor, while the head turns and everything goes wrong that may
 * (docs/faults.md, "The mask"). Plays sensor, head and runtime, and keeps every access unit and still picture that came out,
 * with what was true. Used by mask.ts; the search is in mask-search.ts.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '../../board/linux/clock.js';
import { loadProfile } from '../../board/profile.js';
import { encoderPart, sensorPart } from '../../board/sensor.js';
import { drawPanorama } from '../../board/virtual/panorama.js';
import { PanoramaSensor } from '../../board/virtual/panorama-sensor.js';
import type { TrueView } from '../../board/virtual/true-view.js';
import { maskDigest } from '../../pipelines/mask/table.js';
import type {
  FromPipeline,
  Lens,
  MaskTable,
  MaskZone,
  Picture,
  PipelineOptions,
  Unit,
} from '../../pipelines/messages.js';
import { PipelineProcess } from '../../runtime/health/pipeline-process.js';
import { seeded } from '../random.js';
import { type HeadSpeed, quick, TurningHead } from './mask-head.js';
import { PoseTeller } from './mask-poses.js';
import { type Act, type Phase, phaseAt, phases } from './mask-scenario.js';

export const streetSize = { width: 640, height: 360 };
export const streetLens: Lens = { principal: [0.51, 0.49], k1: -0.06, k2: 0.01, rollDeg: 1.5 };
const framesPerSecond = 25;
/** From the exposure to the frame's arrival in the pipe, and the soonest from there to capture. */
const usualReadOutMs = 40;
const arrivalMs = 2;
const pictureEveryMs = 1000;
const noFrameLimitMs = 20_000;

export interface MaskRunOptions {
  /** access units to collect */
  frames: number;
  seed: number;
  /** the table that the pipeline process gets; what is private stays what it is */
  zones?: MaskZone[];
  /** false: the time from exposure to capture is taken for nothing */
  compensated?: boolean;
  readOutMs?: number;
  head?: HeadSpeed;
  /** only these; otherwise all in turn */
  phases?: readonly Phase[];
}

/** What was true when a frame was exposed. */
export interface Truth {
  monoUs: number;
  view: TrueView;
  phase: Phase;
}

export interface MaskRunFound {
  /** access units of each life of the process, in order */
  lives: Unit[][];
  pictures: Picture[];
  /** by the number that is drawn into the frame */
  truth: Map<number, Truth>;
  /** replacements of the process that were not asked for */
  failures: string[];
  frameDelayMs: number;
}

/** Runs until so many access units came. */
export async function runMask(options: MaskRunOptions): Promise<MaskRunFound> {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-mask-'));
  const file = join(directory, 'sensor');
  execFileSync('mkfifo', [file]);
  const run = new MaskRun(file, options);
  try {
    return await run.run();
  } finally {
    await run.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

class MaskRun {
  readonly #options: MaskRunOptions;
  readonly #file: string;
  readonly #random: () => number;
  readonly #panorama = drawPanorama();
  readonly #head: TurningHead;
  readonly #teller: PoseTeller;
  readonly #sensor: PanoramaSensor;
  readonly #found: MaskRunFound;
  #process: PipelineProcess | null = null;
  #pipeline: PipelineOptions | null = null;
  #table: MaskTable;
  #units = 0;
  #phase: Phase = 'patrol';

  constructor(file: string, options: MaskRunOptions) {
    this.#options = options;
    this.#file = file;
    this.#random = seeded(options.seed);
    this.#table = { version: 1, zones: options.zones ?? this.#panorama.zones };
    this.#head = new TurningHead(systemClock.monoUs() - 1_000_000, options.head ?? quick);
    const { readOutMs = usualReadOutMs } = options;
    const frameDelayMs = options.compensated === false ? 0 : readOutMs + arrivalMs;
    this.#found = { lives: [], pictures: [], truth: new Map(), failures: [], frameDelayMs };
    const [clock, head] = [systemClock, this.#head];
    this.#teller = new PoseTeller({
      clock,
      head,
      random: this.#random,
      tell: (pose) => this.#process?.send(pose),
    });
    this.#sensor = new PanoramaSensor(
      {
        clock,
        views: head,
        panorama: this.#panorama,
        onExposure: ({ mark, monoUs }) =>
          this.#found.truth.set(mark, { monoUs, view: head.trueView(monoUs), phase: this.#phase }),
      },
      { ...streetSize, file, framesPerSecond, lens: streetLens, delayMs: readOutMs },
    );
  }

  async run(): Promise<MaskRunFound> {
    const profile = loadProfile('virtual');
    const picture = { ...streetSize, framesPerSecond };
    this.#pipeline = {
      ...(await sensorPart({ kind: 'pipe', file: this.#file, stamped: true }, picture, profile)),
      ...encoderPart(2000, picture, profile),
      ...streetSize,
      rate: { numerator: framesPerSecond, denominator: 1 },
      head: { lens: streetLens, frameDelayMs: this.#found.frameDelayMs, holdMs: 150 },
      detect: null,
      personMask: null,
      motion: null,
    };
    this.#sensor.start();
    this.#spawn();
    this.#teller.start();
    await this.#act();
    return this.#found;
  }

  async stop(): Promise<void> {
    this.#teller.stop();
    this.#process?.kill();
    await this.#sensor.stop();
  }

  /** Goes through the phases until there are enough frames, and through each once at least. */
  async #act(): Promise<void> {
    let [pictureMs, heardMs, heard] = [0, Date.now(), 0];
    const round = (this.#options.phases ?? phases).length;
    for (let i = 0; this.#units < this.#options.frames || i < round; i++) {
      const { phase, acts, ms } = phaseAt(
        i,
        this.#options.frames / framesPerSecond,
        this.#options.phases,
        this.#random,
      );
      this.#phase = phase;
      const endMs = Date.now() + ms;
      for (const { afterMs, act } of acts) {
        await wait(Math.max(0, endMs - ms + afterMs - Date.now()));
        this.#do(act);
        if (Date.now() - pictureMs > pictureEveryMs) {
          pictureMs = Date.now();
          this.#process?.send({ t: 'picture', id: i, seq: null });
        }
      }
      await wait(Math.max(0, endMs - Date.now()));
      if (this.#units > heard) [heard, heardMs] = [this.#units, Date.now()];
      if (Date.now() - heardMs > noFrameLimitMs)
        throw new Error(`no frame comes: ${this.#found.failures.at(-1)}`);
    }
  }

  #do(act: Act): void {
    if ('goTo' in act) this.#head.goTo(act.goTo, systemClock.monoUs());
    if ('replies' in act) this.#teller.fault = act.replies;
    if ('hide' in act) this.#teller.hide = act.hide;
    if ('edit' in act) this.#edit();
    if ('restart' in act) this.#spawn();
  }

  /** A new table that hides the same and sometimes a piece of road too. */
  #edit(): void {
    const road: MaskZone = {
      name: 'road',
      directions: [
        [-20, -20],
        [20, -20],
        [20, -25],
        [-20, -25],
      ],
    };
    const version = this.#table.version + 1;
    const zones = this.#options.zones ?? this.#panorama.zones;
    this.#table = { version, zones: version % 2 && zones.length > 0 ? zones : [...zones, road] };
    this.#process?.send({ t: 'mask-table', table: this.#table });
  }

  #spawn(): void {
    if (!this.#pipeline) return;
    this.#process?.kill();
    const life: Unit[] = [];
    this.#found.lives.push(life);
    const failed = (why: string): void => {
      this.#found.failures.push(why);
      this.#spawn();
    };
    this.#process = new PipelineProcess(
      { message: (message) => this.#hear(message, life, failed), violation: failed, exit: failed },
      null,
    );
    this.#process.send({ t: 'start', options: this.#pipeline });
    this.#process.send({ t: 'mask-table', table: this.#table });
  }

  #hear(message: FromPipeline, life: Unit[], failed: (why: string) => void): void {
    if (message.t === 'unit') {
      this.#units++;
      life.push(message);
    } else if (message.t === 'picture') this.#found.pictures.push(message);
    else if (message.t === 'fault') failed(message.message);
    else if (message.t === 'mask-ready' && message.version === this.#table.version) {
      const { version, digest } = message;
      if (digest === maskDigest(this.#table)) this.#process?.send({ t: 'mask-open', version, digest });
      else failed('the pipeline process answered with another mask');
    }
  }
}

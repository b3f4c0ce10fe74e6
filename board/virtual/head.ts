/**
 * The simulated head: mechanics, a voice, and everything that goes wrong with real ones. Fed with the bytes of the line
 * (head-pty.ts, or the line in memory of a test); its true view is read by the panorama sensor. With the same seed, clock
 * and orders it does the same. It must never tell the product anything but bytes.
 */
import type { Clock, HeadLimits } from '../ports.js';
import type { LineOpener } from '../ptz/serial-line.js';
import { eviD70Scale, magnificationScale, type ZoomScale } from '../ptz/zoom-scale.js';
import { HeadMotion, type MotionOptions } from './head-motion.js';
import { type Body, PelcoVoice, ViscaVoice, type Voice, type Wanted } from './head-voice.js';
import type { TrueView, TrueViews } from './true-view.js';

/** What goes wrong with the answers, from now on. Chances are shares of the answers, 0 to 1. */
export interface HeadFaults {
  dropped: number;
  /** a bit of the answer is turned */
  corrupted: number;
  late: { chance: number; byMs: number };
  /** added to the position that is told */
  lie: { panDeg: number; tiltDeg: number } | null;
  /** tells for ever where it was when this was set */
  stuck: boolean;
  /** understands nothing and says nothing, but goes on moving: the line is cut */
  cut: boolean;
}

export const noFaults: HeadFaults = {
  dropped: 0,
  corrupted: 0,
  late: { chance: 0, byMs: 0 },
  lie: null,
  stuck: false,
  cut: false,
};

export interface SimulatedHeadOptions {
  protocol: 'pelco-d' | 'visca';
  address: number;
  seed: number;
  motion: MotionOptions;
  /** the position that is told is this old */
  positionAgeMs: number;
  /** from an order or question to its effect and its answer */
  answerMs: number;
}

/** A dome of ordinary speed: wide 60 degrees, 18 times zoom; VISCA has ends, as the EVI-D70, Pelco-D none. */
export function virtualHeadOptions(protocol: 'pelco-d' | 'visca', seed = 1): SimulatedHeadOptions {
  return {
    protocol,
    address: 1,
    seed,
    motion: {
      pan: { least: -170, most: 170, endless: protocol === 'pelco-d', fastest: 100, acceleration: 300 },
      tilt: {
        least: -90,
        most: protocol === 'visca' ? 30 : 20,
        endless: false,
        fastest: 80,
        acceleration: 250,
      },
      zoom: { least: 0, most: Math.log2(18), endless: false, fastest: 1.5, acceleration: 6 },
      wideDeg: 60,
      startAt: { panDeg: 0, tiltDeg: 0, zoomStops: 0 },
    },
    positionAgeMs: 20,
    answerMs: 15,
  };
}

/** The scale of its zoom counts: what the product must be configured with. */
export function virtualZoomScale({ protocol, motion }: SimulatedHeadOptions): ZoomScale {
  return protocol === 'visca' ? eviD70Scale(motion.wideDeg) : magnificationScale(motion.wideDeg, 18);
}

/** What the product must be told that this head can do. */
export function virtualHeadLimits({ motion }: SimulatedHeadOptions): HeadLimits {
  const { pan, tilt, zoom, wideDeg } = motion;
  const teleDeg = (Math.atan(Math.tan((wideDeg * Math.PI) / 360) / 2 ** zoom.most) * 360) / Math.PI;
  return {
    panDeg: pan.endless ? [0, 360] : [pan.least, pan.most],
    panEndless: pan.endless,
    tiltDeg: [tilt.least, tilt.most],
    hfovDeg: [teleDeg, wideDeg],
    panDegPerS: pan.fastest,
    tiltDegPerS: tilt.fastest,
    zoomPerS: zoom.fastest * Math.LN2,
    degPerS2: Math.max(pan.acceleration, tilt.acceleration),
    zoomPerS2: zoom.acceleration * Math.LN2,
  };
}

/** Uniform in [0, 1), the same for the same seed (Mulberry32). */
function chances(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export class SimulatedHead implements TrueViews, Body {
  readonly #motion: HeadMotion;
  readonly #voice: Voice;
  readonly #chance: () => number;
  readonly #presets = new Map<number, Wanted>();
  #faults: HeadFaults = noFaults;
  #stuckAt: { panDeg: number; tiltDeg: number; hfovDeg: number } | null = null;
  #powered = true;
  /** counts power cycles: what was under way before one never comes */
  #life = 0;
  #say: (bytes: Buffer) => void = () => undefined;
  #watch: (() => void) | null = null;

  constructor(
    private readonly deps: { clock: Clock },
    private readonly options: SimulatedHeadOptions,
  ) {
    this.#motion = new HeadMotion(deps, options.motion);
    const zoom = virtualZoomScale(options);
    const SpokenBy = options.protocol === 'visca' ? ViscaVoice : PelcoVoice;
    this.#voice = new SpokenBy(this, zoom, options.address);
    this.#chance = chances(options.seed);
  }

  /** The line that ends at this head. @param say takes what the head sends */
  connect(say: (bytes: Buffer) => void): void {
    this.#say = say;
    this.#watch ??= this.deps.clock.every(10, () => this.#utter(this.#powered ? this.#voice.later() : []));
  }

  disconnect(): void {
    this.#watch?.();
    this.#watch = null;
    this.#say = () => undefined;
  }

  /** Bytes that arrive at the head. */
  hear(bytes: Uint8Array): void {
    const life = this.#life;
    const kept = Buffer.from(bytes);
    this.deps.clock.after(this.options.answerMs, () => {
      if (!this.#powered || life !== this.#life || this.#faults.cut) return;
      this.#motion.advance();
      this.#utter(this.#voice.hear(kept));
    });
  }

  /** A line in memory, for tests on a clock moved by hand. `gone` ends it, as an unplugged adapter does. */
  memoryLine(): { open: LineOpener; gone(): void } {
    let ended = (): void => undefined;
    const open: LineOpener = (on) => {
      ended = on.gone;
      this.connect(on.bytes);
      return Promise.resolve({
        write: (bytes: Uint8Array) => Promise.resolve(this.hear(bytes)),
        close: () => Promise.resolve(this.disconnect()),
      });
    };
    return { open, gone: () => ended() };
  }

  /** Changes what goes wrong; what is not named stays. */
  setFaults(faults: Partial<HeadFaults>): void {
    this.#faults = { ...this.#faults, ...faults };
    if (!this.#faults.stuck) this.#stuckAt = null;
    else this.#stuckAt ??= this.#counted();
  }

  powerOff(): void {
    this.#powered = false;
    this.#life += 1;
    this.#motion.powerOff();
    this.#voice.forget();
  }

  /** It counts from zero wherever it stands, and homes. */
  powerOn(): void {
    this.#powered = true;
    this.#motion.powerOn();
    this.#utter(this.#voice.greeting());
  }

  get homing(): boolean {
    this.#motion.advance();
    return this.#motion.homing;
  }

  trueView(monoUs: number): TrueView {
    return this.#motion.trueView(monoUs);
  }

  told(): { panDeg: number; tiltDeg: number; hfovDeg: number } {
    const { panDeg, tiltDeg, hfovDeg } = this.#stuckAt ?? this.#counted();
    const { lie } = this.#faults;
    return { panDeg: panDeg + (lie?.panDeg ?? 0), tiltDeg: tiltDeg + (lie?.tiltDeg ?? 0), hfovDeg };
  }

  drive(at: { pan?: number; tilt?: number; zoom?: number }): void {
    if (this.#motion.homing) return;
    if (at.pan !== undefined) this.#motion.pan.drive(at.pan);
    if (at.tilt !== undefined) this.#motion.tilt.drive(at.tilt);
    if (at.zoom !== undefined) this.#motion.zoom.drive(at.zoom);
  }

  moveTo({ panDeg, tiltDeg, hfovDeg }: Wanted): void {
    if (this.#motion.homing) return;
    if (panDeg !== undefined) this.#motion.pan.moveTo(panDeg);
    if (tiltDeg !== undefined) this.#motion.tilt.moveTo(tiltDeg);
    if (hfovDeg === undefined) return;
    const wide = Math.tan((this.options.motion.wideDeg * Math.PI) / 360);
    this.#motion.zoom.moveTo(Math.log2(wide / Math.tan((hfovDeg * Math.PI) / 360)));
  }

  save(preset: number): void {
    this.#presets.set(preset, this.#counted());
  }

  recall(preset: number): boolean {
    const place = this.#presets.get(preset);
    if (place) this.moveTo(place);
    return place !== undefined;
  }

  reset(): void {
    this.#motion.powerOn();
  }

  resting(what: 'pan-tilt' | 'zoom'): boolean {
    this.#motion.advance();
    const { pan, tilt, zoom } = this.#motion;
    return what === 'zoom' ? zoom.resting : pan.resting && tilt.resting;
  }

  #counted(): { panDeg: number; tiltDeg: number; hfovDeg: number } {
    const { panDeg, tiltDeg, zoomStops } = this.#motion.counted(
      this.deps.clock.monoUs() - this.options.positionAgeMs * 1000,
    );
    return { panDeg, tiltDeg, hfovDeg: this.#motion.hfovDeg(zoomStops) };
  }

  #utter(packets: Buffer[]): void {
    const { dropped, corrupted, late, cut } = this.#faults;
    for (const packet of packets) {
      // Every chance is drawn every time, so that changing one fault does not move the others.
      const [drop, corrupt, at, delay] = [this.#chance(), this.#chance(), this.#chance(), this.#chance()];
      if (cut || drop < dropped) continue;
      const bytes = Buffer.from(packet);
      const bit = Math.floor(at * bytes.length * 8);
      if (corrupt < corrupted) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const life = this.#life;
      if (delay >= late.chance) this.#say(bytes);
      else this.deps.clock.after(late.byMs, () => life === this.#life && this.#say(bytes));
    }
  }
}

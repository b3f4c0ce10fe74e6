/**
 * The place where the camera of mask-camera-run.ts hangs: starts the process with head and sensor (mask-camera-world.ts),
 * hands it what is to break, and keeps what was true at every exposure, for the search.
 */
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type SimulatedHeadOptions, virtualHeadOptions } from '../../board/virtual/head.js';
import type { FromWorld, ToWorld } from './mask-camera-world.js';
import { streetLens, streetSize, type Truth } from './mask-run.js';
import type { Phase } from './mask-scenario.js';

const ENTRY = fileURLToPath(new URL('./mask-camera-world.js', import.meta.url));
export const framesPerSecond = 25;
/** From the middle of the exposure to the moment that the frame is given to the pipe. */
export const usualReadOutMs = 40;

export interface SiteOptions {
  protocol: 'pelco-d' | 'visca';
  seed: number;
  readOutMs: number;
  /** a head that turns so slowly that one picture hardly differs from the one before */
  gentle: boolean;
}

export class Site {
  /** by the number that is drawn into the frame */
  readonly truth = new Map<number, Truth>();
  /** what happens now: exposures belong to it */
  phase: Phase = 'homing';
  readonly head: SimulatedHeadOptions;
  readonly device: string;
  readonly pipe: string;
  readonly #options: SiteOptions;
  #world: ChildProcess | null = null;
  #ready = (): void => undefined;

  constructor(directory: string, options: SiteOptions) {
    this.#options = options;
    this.device = join(directory, 'head');
    this.pipe = join(directory, 'sensor');
    const usual = virtualHeadOptions(options.protocol, options.seed);
    this.head = options.gentle ? gently(usual) : usual;
  }

  /** Resolves when the device node is there and the sensor waits for a reader. */
  async start(): Promise<void> {
    execFileSync('mkfifo', [this.pipe]);
    const world = fork(ENTRY, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#world = world;
    world.on('message', (message: FromWorld) => this.#hear(message));
    const ready = new Promise<void>((resolve, reject) => {
      this.#ready = resolve;
      world.once('exit', (code) => reject(new Error(`the world ended (${code})`)));
    });
    const { readOutMs } = this.#options;
    const sensor = {
      ...streetSize,
      file: this.pipe,
      framesPerSecond,
      lens: streetLens,
      delayMs: readOutMs,
    };
    this.tell({ t: 'start', options: { head: this.head, device: this.device, sensor } });
    await ready;
  }

  tell(order: ToWorld): void {
    if (this.#world?.connected) this.#world.send(order);
  }

  /** Resolves when the process is gone. Idempotent. */
  async stop(): Promise<void> {
    const world = this.#world;
    this.#world = null;
    if (!world || world.exitCode !== null || world.signalCode !== null) return;
    const gone = new Promise((resolve) => world.once('exit', resolve));
    if (world.connected) world.send({ t: 'stop' } satisfies ToWorld);
    await gone;
  }

  #hear(message: FromWorld): void {
    if (message.t === 'ready') return this.#ready();
    const { mark, monoUs, view } = message;
    this.truth.set(mark, { monoUs, view, phase: this.phase });
  }
}

function gently(options: SimulatedHeadOptions): SimulatedHeadOptions {
  const { motion } = options;
  const slow = { fastest: 25, acceleration: 20 };
  return {
    ...options,
    motion: {
      ...motion,
      pan: { ...motion.pan, ...slow },
      tilt: { ...motion.tilt, ...slow },
      zoom: { ...motion.zoom, fastest: 0.2, acceleration: 0.3 },
    },
  };
}

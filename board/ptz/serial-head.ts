/**
 * A head behind a serial line, whatever it speaks. Ordered about by the runtime process, which also polls its position;
 * the bytes are the dialect's, their order on the line is head-wire.ts's. It must never send an order that the head was
 * not given, except a stop: that goes out whenever the line or the head comes back.
 */
import { VigieError } from '../../errors.js';
import type { Clock, HeadLimits, HeadPort, HeadPosition, Log } from '../ports.js';
import type { Dialect } from './dialect.js';
import { HeadWire, type WireOptions, wireDefaults } from './head-wire.js';
import type { LineOpener } from './serial-line.js';

/**
 * What happened to the head without being asked: the line or the head is `lost`, is `back` (a stop was sent), or it was
 * `powered`, so that it homes and its position cannot be believed.
 */
export type HeadEvent = 'lost' | 'back' | 'powered';

const bad = (message: string, hint: string): VigieError => new VigieError('head', message, hint);

export class SerialHead<Packet> implements HeadPort {
  readonly limits: HeadLimits;
  readonly #wire: HeadWire<Packet>;
  #lost = false;
  #quietening = false;
  #unlisten: (() => void) | null = null;

  constructor(
    private readonly deps: {
      clock: Clock;
      log: Log;
      open: LineOpener;
      dialect: Dialect<Packet>;
      /** told at once, before any question that follows is answered */
      told: (event: HeadEvent) => void;
    },
    options: Partial<WireOptions> = {},
  ) {
    const { clock, log, open, dialect } = deps;
    this.limits = dialect.limits;
    this.#wire = new HeadWire(
      {
        clock,
        log,
        open,
        decoder: dialect.decoder(),
        other: (packet) => this.#unasked(packet),
        lost: () => this.#isLost(),
        back: () => this.#isBack(),
      },
      { ...wireDefaults, ...options },
    );
  }

  /** Resolves when the line was tried once: a head that is not there yet is no reason for a camera not to start. */
  async start(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const stop = (): void => void this.stop();
    signal.addEventListener('abort', stop, { once: true });
    this.#unlisten = () => signal.removeEventListener('abort', stop);
    await this.#wire.start();
  }

  position(): Promise<HeadPosition> {
    return this.deps.dialect.position(this.#wire);
  }

  async moveTo(to: { panDeg: number; tiltDeg: number; hfovDeg?: number }): Promise<void> {
    this.#mustReach(to);
    await this.deps.dialect.moveTo(this.#wire, to);
  }

  async drive(at: { pan: number; tilt: number; zoom: number }): Promise<void> {
    const shares = [at.pan, at.tilt, at.zoom];
    if (!shares.every((share) => Math.abs(share) <= 1)) {
      throw bad('A speed is no share of the fastest', 'Give each speed as a number from -1 to 1');
    }
    await this.deps.dialect.drive(this.#wire, at);
  }

  halt(): Promise<void> {
    return this.deps.dialect.halt(this.#wire);
  }

  async savePreset(preset: number): Promise<void> {
    this.#mustKnow(preset);
    await this.deps.dialect.savePreset(this.#wire, preset);
  }

  async recallPreset(preset: number): Promise<void> {
    this.#mustKnow(preset);
    await this.deps.dialect.recallPreset(this.#wire, preset);
  }

  home(): Promise<void> {
    return this.deps.dialect.home(this.#wire);
  }

  async stop(): Promise<void> {
    this.#unlisten?.();
    this.#unlisten = null;
    await this.#wire.stop();
  }

  #mustReach(to: { panDeg: number; tiltDeg: number; hfovDeg?: number }): void {
    const { panDeg, panEndless, tiltDeg, hfovDeg } = this.limits;
    const inside = (value: number, [least, most]: readonly [number, number]): boolean =>
      value >= least && value <= most;
    // Written so that a NaN is outside.
    const pan = panEndless ? inside(to.panDeg, [-360, 360]) : inside(to.panDeg, panDeg);
    const zoom = to.hfovDeg === undefined || inside(to.hfovDeg, hfovDeg);
    if (pan && inside(to.tiltDeg, tiltDeg) && zoom) return;
    throw bad(
      'The head cannot look there',
      `Stay in pan ${panEndless ? 'any' : panDeg.join(' to ')}, tilt ${tiltDeg.join(' to ')}, field of view ${hfovDeg.join(' to ')} degrees`,
    );
  }

  #mustKnow(preset: number): void {
    const { presets } = this.deps.dialect;
    if (Number.isInteger(preset) && preset >= 1 && preset <= presets) return;
    throw bad(`This head has no preset ${preset}`, `Use a preset from 1 to ${presets}`);
  }

  #isLost(): void {
    if (this.#lost) return;
    this.#lost = true;
    this.deps.log.warn('The head is lost: no line to it, or no answer');
    this.deps.told('lost');
  }

  #isBack(): void {
    if (this.#lost) this.deps.log.info('The head is back; it was told to stop');
    const wasLost = this.#lost;
    this.#lost = false;
    this.#quieten();
    if (wasLost) this.deps.told('back');
  }

  #unasked(packet: Packet): void {
    if (this.deps.dialect.unasked(packet) !== 'powered') return;
    this.deps.log.warn('The head was without power and homes');
    this.deps.told('powered');
    this.#quieten();
  }

  /**
   * A stop, and what the protocol wants at the beginning. That it fails is seen by the next question. One at a time: a line
   * of noise that looks like power coming back, again and again, must not keep all questions waiting behind stops.
   */
  #quieten(): void {
    if (this.#quietening) return;
    this.#quietening = true;
    const both = [this.deps.dialect.halt(this.#wire), this.deps.dialect.greet(this.#wire)];
    void Promise.allSettled(both).then(() => {
      this.#quietening = false;
    });
  }
}

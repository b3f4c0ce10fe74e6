/**
 * A head that speaks VISCA. Used by serial-head.ts. An order is taken when the head acknowledged it; that it is done comes
 * later and unasked, and frees the socket. What the head refuses is told in words.
 */
import { VigieError } from '../../errors.js';
import type { HeadLimits, HeadPosition } from '../ports.js';
import { type Dialect, spanOf, within, wrongAnswer } from './dialect.js';
import type { Answered, HeadWire, Judged } from './head-wire.js';
import {
  fromViscaNibbles,
  signed16,
  ViscaDecoder,
  type ViscaReply,
  visca,
  viscaCountsPerDeg,
  viscaError,
} from './visca.js';
import type { ZoomScale } from './zoom-scale.js';

export interface ViscaOptions {
  /** 1 to 7, as set on the head */
  address: number;
  limits: HeadLimits;
  zoom: ZoomScale;
}

type Wire = HeadWire<ViscaReply>;

const refusal = (code: number): VigieError => {
  const notNow = code === viscaError.notNow;
  return new VigieError(
    'head',
    notNow ? 'The head cannot do this now' : `The head refuses the order (VISCA error ${code})`,
    notNow
      ? 'Wait until it has homed, then try again'
      : 'Check that the head speaks the VISCA of the EVI-D70',
  );
};

const judgeError = (reply: ViscaReply): Judged<never> => {
  if (reply.is !== 'error') return { is: 'other' };
  if (reply.code === viscaError.full) return { is: 'again' };
  // Answers to a stop that was meant for an order before this one.
  if (reply.code === viscaError.cancelled || reply.code === viscaError.noSocket) return { is: 'other' };
  return { is: 'refused', because: refusal(reply.code) };
};

export class ViscaDialect implements Dialect<ViscaReply> {
  readonly limits: HeadLimits;
  readonly presets = 6;

  constructor(private readonly options: ViscaOptions) {
    this.limits = options.limits;
  }

  decoder(): ViscaDecoder {
    return new ViscaDecoder(this.options.address);
  }

  unasked(reply: ViscaReply): 'powered' | null {
    return reply.is === 'network-change' ? 'powered' : null;
  }

  /** IF_Clear: both sockets are free afterwards. */
  async greet(wire: Wire): Promise<void> {
    await this.#inquire(wire, visca.clear(this.options.address), 0);
  }

  async position(wire: Wire): Promise<HeadPosition> {
    const panTilt = await this.#inquire(wire, visca.askPanTilt(this.options.address), 8);
    const zoom = await this.#inquire(wire, visca.askZoom(this.options.address), 4);
    const pan = fromViscaNibbles(panTilt.answer.subarray(0, 4));
    const tilt = fromViscaNibbles(panTilt.answer.subarray(4));
    const counts = fromViscaNibbles(zoom.answer);
    if (pan === null || tilt === null || counts === null) throw wrongAnswer('number');
    const panDeg = signed16(pan) / viscaCountsPerDeg;
    const tiltDeg = signed16(tilt) / viscaCountsPerDeg;
    if (!within({ panDeg, tiltDeg }, this.limits)) throw wrongAnswer('position');
    const hfovDeg = this.options.zoom.hfovDeg(counts);
    return { ...spanOf([panTilt]), panDeg, tiltDeg, hfovDeg, zoomTold: spanOf([zoom]) };
  }

  async moveTo(wire: Wire, to: { panDeg: number; tiltDeg: number; hfovDeg?: number }): Promise<void> {
    const { address } = this.options;
    const pan = Math.round(to.panDeg * viscaCountsPerDeg);
    const tilt = Math.round(to.tiltDeg * viscaCountsPerDeg);
    await this.#order(wire, visca.absolute(address, pan, tilt));
    if (to.hfovDeg === undefined) return;
    await this.#order(wire, visca.zoomDirect(address, this.options.zoom.counts(to.hfovDeg)));
  }

  async drive(wire: Wire, at: { pan: number; tilt: number; zoom: number }): Promise<void> {
    await this.#order(wire, visca.drive(this.options.address, at.pan, at.tilt));
    await this.#order(wire, visca.zoomDrive(this.options.address, at.zoom));
  }

  /** Both are sent even when the first is not answered: half a stop is better than none. */
  async halt(wire: Wire): Promise<void> {
    const { address } = this.options;
    const both = await Promise.allSettled([
      this.#order(wire, visca.drive(address, 0, 0), true),
      this.#order(wire, visca.zoomDrive(address, 0), true),
    ]);
    for (const one of both) if (one.status === 'rejected') throw one.reason;
  }

  async savePreset(wire: Wire, preset: number): Promise<void> {
    await this.#order(wire, visca.savePreset(this.options.address, preset - 1));
  }

  async recallPreset(wire: Wire, preset: number): Promise<void> {
    await this.#order(wire, visca.recallPreset(this.options.address, preset - 1));
  }

  async home(wire: Wire): Promise<void> {
    await this.#order(wire, visca.home(this.options.address));
  }

  async #order(wire: Wire, bytes: Buffer, urgent = false): Promise<void> {
    const judge = (reply: ViscaReply): Judged<undefined> =>
      reply.is === 'ack' ? { is: 'answer', answer: undefined } : judgeError(reply);
    await wire.ask({ bytes, judge, urgent });
  }

  /** Answers carry no name: one is told from another by the number of its bytes. */
  async #inquire(wire: Wire, bytes: Buffer, payloadBytes: number): Promise<Answered<Buffer>> {
    const judge = (reply: ViscaReply): Judged<Buffer> =>
      reply.is === 'answer' && reply.payload.length === payloadBytes
        ? { is: 'answer', answer: reply.payload }
        : judgeError(reply);
    return await wire.ask({ bytes, judge });
  }
}

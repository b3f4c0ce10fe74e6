/**
 * A head that speaks Pelco-D with position queries. Used by serial-head.ts. Orders are not acknowledged in a way that can
 * be checked: an order is taken when it was sent, and whether the head follows it is seen in its positions.
 */
import type { HeadLimits, HeadPosition } from '../ports.js';
import { type Dialect, spanOf, within, wrongAnswer } from './dialect.js';
import type { Answered, HeadWire, Judged } from './head-wire.js';
import {
  PelcoDecoder,
  type PelcoFrame,
  pelco,
  pelcoDrive,
  pelcoPanCounts,
  pelcoPanDeg,
  pelcoTiltCounts,
  pelcoTiltDeg,
  pelcoValue,
} from './pelco-d.js';
import type { ZoomScale } from './zoom-scale.js';

export interface PelcoOptions {
  /** 1 to 255, as set on the head */
  address: number;
  limits: HeadLimits;
  zoom: ZoomScale;
}

type Wire = HeadWire<PelcoFrame>;

const answers = new Set<number>([pelco.panIs, pelco.tiltIs, pelco.zoomIs]);

export class PelcoDialect implements Dialect<PelcoFrame> {
  readonly limits: HeadLimits;
  /** above 32 heads keep numbers for other things (33 flips, 34 goes to zero, 95 opens a menu) */
  readonly presets = 32;

  constructor(private readonly options: PelcoOptions) {
    this.limits = options.limits;
  }

  decoder(): PelcoDecoder {
    return new PelcoDecoder(this.options.address, answers);
  }

  unasked(): null {
    return null;
  }

  async greet(): Promise<void> {
    // Nothing to set up.
  }

  async position(wire: Wire): Promise<HeadPosition> {
    const pan = await this.#query(wire, pelco.queryPan, pelco.panIs);
    const tilt = await this.#query(wire, pelco.queryTilt, pelco.tiltIs);
    const zoom = await this.#query(wire, pelco.queryZoom, pelco.zoomIs);
    const told = pelcoPanDeg(pan.answer);
    const tiltDeg = pelcoTiltDeg(tilt.answer);
    if (told === null) throw wrongAnswer('pan');
    // Heads with ends count 350 for 10 degrees left of zero.
    const panDeg = !this.limits.panEndless && told > 180 ? told - 360 : told;
    if (tiltDeg === null || !within({ panDeg, tiltDeg }, this.limits)) throw wrongAnswer('position');
    const hfovDeg = this.options.zoom.hfovDeg(zoom.answer);
    return { ...spanOf([pan, tilt]), panDeg, tiltDeg, hfovDeg, zoomTold: spanOf([zoom]) };
  }

  async moveTo(wire: Wire, to: { panDeg: number; tiltDeg: number; hfovDeg?: number }): Promise<void> {
    await this.#order(wire, pelcoValue(this.options.address, pelco.setPan, pelcoPanCounts(to.panDeg)));
    await this.#order(wire, pelcoValue(this.options.address, pelco.setTilt, pelcoTiltCounts(to.tiltDeg)));
    if (to.hfovDeg === undefined) return;
    const counts = this.options.zoom.counts(to.hfovDeg);
    await this.#order(wire, pelcoValue(this.options.address, pelco.setZoom, counts));
  }

  async drive(wire: Wire, at: { pan: number; tilt: number; zoom: number }): Promise<void> {
    await this.#order(wire, pelcoDrive(this.options.address, at));
  }

  async halt(wire: Wire): Promise<void> {
    const bytes = pelcoDrive(this.options.address, { pan: 0, tilt: 0, zoom: 0 });
    await wire.ask({ bytes, urgent: true });
  }

  async savePreset(wire: Wire, preset: number): Promise<void> {
    await this.#order(wire, pelcoValue(this.options.address, pelco.setPreset, preset));
  }

  async recallPreset(wire: Wire, preset: number): Promise<void> {
    await this.#order(wire, pelcoValue(this.options.address, pelco.callPreset, preset));
  }

  async home(wire: Wire): Promise<void> {
    await this.moveTo(wire, { panDeg: 0, tiltDeg: 0 });
  }

  async #order(wire: Wire, bytes: Buffer): Promise<void> {
    await wire.ask({ bytes });
  }

  async #query(wire: Wire, query: number, answer: number): Promise<Answered<number>> {
    const judge = (frame: PelcoFrame): Judged<number> =>
      frame.command2 === answer ? { is: 'answer', answer: frame.data1 * 256 + frame.data2 } : { is: 'other' };
    return await wire.ask({ bytes: pelcoValue(this.options.address, query), judge });
  }
}

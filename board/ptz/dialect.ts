/**
 * What a protocol must be able to say, so that serial-head.ts can be one head for all of them. Spoken by pelco-head.ts
 * and visca-head.ts. A dialect turns degrees into counts and bytes; it keeps no order of things and no time.
 */
import { VigieError } from '../../errors.js';
import type { HeadLimits, HeadPosition } from '../ports.js';
import type { HeadWire, PacketDecoder } from './head-wire.js';

export interface Dialect<Packet> {
  readonly limits: HeadLimits;
  /** presets are numbered 1 to this */
  readonly presets: number;
  decoder(): PacketDecoder<Packet>;
  /** a packet that answers nothing; `powered` when it tells that power came back */
  unasked(packet: Packet): 'powered' | null;
  /** once after the line opened and after power came; may be nothing */
  greet(wire: HeadWire<Packet>): Promise<void>;
  position(wire: HeadWire<Packet>): Promise<HeadPosition>;
  moveTo(wire: HeadWire<Packet>, to: { panDeg: number; tiltDeg: number; hfovDeg?: number }): Promise<void>;
  drive(wire: HeadWire<Packet>, at: { pan: number; tilt: number; zoom: number }): Promise<void>;
  halt(wire: HeadWire<Packet>): Promise<void>;
  savePreset(wire: HeadWire<Packet>, preset: number): Promise<void>;
  recallPreset(wire: HeadWire<Packet>, preset: number): Promise<void>;
  home(wire: HeadWire<Packet>): Promise<void>;
}

/** An answer that fits the form but not the head. */
export const wrongAnswer = (what: string): VigieError =>
  new VigieError(
    'head',
    `The head tells a ${what} that it cannot have`,
    'Check that protocol, address and lens in the configuration are those of this head',
  );

/** The time of several answers: the middle, and the whole as what it may be off by. */
export function spanOf(parts: readonly { askedUs: number; answeredUs: number }[]): {
  monoUs: number;
  roundTripUs: number;
} {
  const first = Math.min(...parts.map(({ askedUs }) => askedUs));
  const last = Math.max(...parts.map(({ answeredUs }) => answeredUs));
  return { monoUs: Math.round((first + last) / 2), roundTripUs: last - first };
}

/** Whether a direction is one that the head can have; half a degree is left for its own rounding. */
export function within(
  { panDeg, tiltDeg }: { panDeg: number; tiltDeg: number },
  limits: HeadLimits,
): boolean {
  const slack = 0.5;
  const inside = (value: number, [least, most]: readonly [number, number]): boolean =>
    value >= least - slack && value <= most + slack;
  return inside(tiltDeg, limits.tiltDeg) && (limits.panEndless || inside(panDeg, limits.panDeg));
}

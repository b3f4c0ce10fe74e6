/**
 * The bytes of VISCA on a serial line: what is sent to a head and what comes back. Read by visca-head.ts and by the
 * simulated head. Knows no line and no time; VISCA has no checksum, so every packet must fit its form to the nibble.
 * After the command list of the Sony EVI-D70 Technical Manual; docs/ptz.md has the tables.
 */

/** The longest packet, header and terminator counted. */
export const viscaMostBytes = 16;

/** Counts of pan and tilt in a degree: 0.075 degrees each (EVI-D70, "Pan/Tilt Position"). */
export const viscaCountsPerDeg = 1 / 0.075;
export const viscaFastestPan = 0x18;
export const viscaFastestTilt = 0x17;

/** What a head says. `socket` is 1 or 2 for an order, 0 for an inquiry. */
export type ViscaReply =
  | { is: 'ack'; socket: number }
  /** an order is done */
  | { is: 'done'; socket: number }
  | { is: 'answer'; payload: Buffer }
  | { is: 'error'; socket: number; code: number }
  /** power came, or another device on the line */
  | { is: 'network-change' };

export const viscaError = {
  syntax: 0x02,
  full: 0x03,
  cancelled: 0x04,
  noSocket: 0x05,
  notNow: 0x41,
} as const;

const packet = (address: number, ...body: number[]): Buffer => Buffer.from([0x80 | address, ...body, 0xff]);

/** Four nibbles of a 16-bit value, two's complement when below 0. */
export function viscaNibbles(value: number): [number, number, number, number] {
  const word = value & 0xffff;
  return [word >> 12, (word >> 8) & 15, (word >> 4) & 15, word & 15];
}

/** null when a byte is no nibble */
export function fromViscaNibbles(bytes: Iterable<number>): number | null {
  let value = 0;
  for (const byte of bytes) {
    if (byte > 15) return null;
    value = value * 16 + byte;
  }
  return value;
}

/** Of a 16-bit value */
export const signed16 = (value: number): number => (value & 0x8000 ? value - 0x10000 : value);

const zoomByte = (zoom: number): number => {
  if (zoom === 0) return 0x00;
  const speed = Math.round(Math.min(1, Math.abs(zoom)) * 7);
  return (zoom > 0 ? 0x20 : 0x30) | speed;
};

const speedByte = (share: number, fastest: number): number =>
  Math.max(1, Math.round(Math.min(1, Math.abs(share)) * fastest));

/** 01 left or up, 02 right or down, 03 neither */
const way = (share: number, negative: number, positive: number): number =>
  share === 0 ? 3 : share > 0 ? positive : negative;

/** Orders and inquiries to the head at `address`, 1 to 7. Counts as on the wire; presets from 0. */
export const visca = {
  clear: (address: number): Buffer => packet(address, 0x01, 0x00, 0x01),
  cancel: (address: number, socket: number): Buffer => packet(address, 0x20 | socket),
  /** shares of the fastest; both 0 stops */
  drive: (address: number, pan: number, tilt: number): Buffer =>
    packet(
      address,
      0x01,
      0x06,
      0x01,
      speedByte(pan, viscaFastestPan),
      speedByte(tilt, viscaFastestTilt),
      way(pan, 1, 2),
      way(tilt, 2, 1),
    ),
  absolute: (address: number, pan: number, tilt: number): Buffer =>
    packet(
      address,
      0x01,
      0x06,
      0x02,
      viscaFastestPan,
      viscaFastestTilt,
      ...viscaNibbles(pan),
      ...viscaNibbles(tilt),
    ),
  relative: (address: number, pan: number, tilt: number): Buffer =>
    packet(
      address,
      0x01,
      0x06,
      0x03,
      viscaFastestPan,
      viscaFastestTilt,
      ...viscaNibbles(pan),
      ...viscaNibbles(tilt),
    ),
  home: (address: number): Buffer => packet(address, 0x01, 0x06, 0x04),
  reset: (address: number): Buffer => packet(address, 0x01, 0x06, 0x05),
  /** the corner that the head may not leave; `upRight` or the one opposite */
  limit: (address: number, corner: { upRight: boolean; pan: number; tilt: number }): Buffer =>
    packet(
      address,
      0x01,
      0x06,
      0x07,
      0x00,
      corner.upRight ? 1 : 0,
      ...viscaNibbles(corner.pan),
      ...viscaNibbles(corner.tilt),
    ),
  /** share of the fastest; above 0 to tele */
  zoomDrive: (address: number, zoom: number): Buffer => packet(address, 0x01, 0x04, 0x07, zoomByte(zoom)),
  zoomDirect: (address: number, counts: number): Buffer =>
    packet(address, 0x01, 0x04, 0x47, ...viscaNibbles(counts)),
  savePreset: (address: number, preset: number): Buffer => packet(address, 0x01, 0x04, 0x3f, 0x01, preset),
  recallPreset: (address: number, preset: number): Buffer => packet(address, 0x01, 0x04, 0x3f, 0x02, preset),
  askPanTilt: (address: number): Buffer => packet(address, 0x09, 0x06, 0x12),
  askZoom: (address: number): Buffer => packet(address, 0x09, 0x04, 0x47),
};

/** Cuts a stream at its terminators (0xFF). What is too long for a packet is skipped to the next terminator. */
export class ViscaSplitter {
  #kept: number[] = [];
  #lost = false;
  skippedBytes = 0;

  /** Whole packets, terminator included. */
  push(bytes: Uint8Array): Buffer[] {
    const packets: Buffer[] = [];
    for (const byte of bytes) {
      this.#kept.push(byte);
      if (byte === 0xff) {
        if (this.#lost) this.skippedBytes += this.#kept.length;
        else packets.push(Buffer.from(this.#kept));
        this.#kept = [];
        this.#lost = false;
      } else if (this.#kept.length >= viscaMostBytes) {
        this.skippedBytes += this.#kept.length;
        this.#kept = [];
        this.#lost = true;
      }
    }
    return packets;
  }

  reset(): void {
    this.skippedBytes += this.#kept.length;
    this.#kept = [];
    this.#lost = false;
  }
}

/** One packet of the head at `address`; null when it is none, or another head's. */
export function viscaReply(bytes: Buffer, address: number): ViscaReply | null {
  const body = bytes.subarray(1, -1);
  if (bytes.length < 3 || bytes.length > viscaMostBytes || bytes.at(-1) !== 0xff) return null;
  if (bytes[0] !== 0x80 + (address << 4)) return null;
  const [kind = 0, code] = body;
  const socket = kind & 15;
  if (kind === 0x38 && body.length === 1) return { is: 'network-change' };
  if (socket > 2) return null;
  if (kind >> 4 === 4 && body.length === 1) return { is: 'ack', socket };
  if (kind >> 4 === 6 && body.length === 2 && code !== undefined) return { is: 'error', socket, code };
  if (kind >> 4 !== 5) return null;
  if (socket > 0) return body.length === 1 ? { is: 'done', socket } : null;
  return { is: 'answer', payload: Buffer.from(body.subarray(1)) };
}

/** What the head at `address` says, found in a stream of bytes. */
export class ViscaDecoder {
  #splitter = new ViscaSplitter();
  #strange = 0;

  constructor(readonly address: number) {}

  /** bytes that belonged to no reply of this head */
  get skippedBytes(): number {
    return this.#splitter.skippedBytes + this.#strange;
  }

  push(bytes: Uint8Array): ViscaReply[] {
    const replies: ViscaReply[] = [];
    for (const whole of this.#splitter.push(bytes)) {
      const reply = viscaReply(whole, this.address) ?? this.#lastPart(whole);
      if (reply) replies.push(reply);
      else this.#strange += whole.length;
    }
    return replies;
  }

  reset(): void {
    this.#splitter.reset();
  }

  /** Garbage without a terminator before a reply: the reply begins at the last header byte in it. */
  #lastPart(whole: Buffer): ViscaReply | null {
    const at = whole.lastIndexOf(0x80 + (this.address << 4));
    if (at <= 0) return null;
    const reply = viscaReply(whole.subarray(at), this.address);
    if (reply) this.#strange += at;
    return reply;
  }
}

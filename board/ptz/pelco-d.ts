/**
 * The bytes of Pelco-D: what is sent to a head and what comes back. Read by pelco-head.ts and by the simulated head. Knows
 * no line and no time; believes nothing whose checksum is wrong. After the Pelco-D Protocol Manual (Pelco TF-0002);
 * docs/ptz.md has the tables.
 */

/** A frame of seven bytes: 0xFF, address, command 1, command 2, data 1, data 2, sum of bytes 2 to 6 modulo 256. */
export interface PelcoFrame {
  /** 1 to 255 */
  address: number;
  command1: number;
  command2: number;
  data1: number;
  data2: number;
}

export const pelcoFrameBytes = 7;

/** Second command byte of the extended set (odd: bit 0 tells it from the standard one). */
export const pelco = {
  setPreset: 0x03,
  callPreset: 0x07,
  setPan: 0x4b,
  setTilt: 0x4d,
  setZoom: 0x4f,
  queryPan: 0x51,
  queryTilt: 0x53,
  queryZoom: 0x55,
  panIs: 0x59,
  tiltIs: 0x5b,
  zoomIs: 0x5d,
} as const;

/** Bits of command 2 in the standard set; zoom and movement may be told in one frame. */
export const pelcoMove = { right: 0x02, left: 0x04, up: 0x08, down: 0x10, tele: 0x20, wide: 0x40 } as const;

/** Speed of data 1 (pan) and data 2 (tilt): 0 to this. */
export const pelcoFastest = 0x3f;

const sum = (bytes: Uint8Array, from: number): number => {
  let total = 0;
  for (let i = from + 1; i < from + 6; i++) total += bytes[i] ?? 0;
  return total & 0xff;
};

export function pelcoBytes({ address, command1, command2, data1, data2 }: PelcoFrame): Buffer {
  const bytes = Buffer.from([0xff, address, command1, command2, data1, data2, 0]);
  bytes[6] = sum(bytes, 0);
  return bytes;
}

/** An extended order or answer with a 16-bit value, high byte first. */
export function pelcoValue(address: number, command2: number, value = 0): Buffer {
  return pelcoBytes({ address, command1: 0, command2, data1: value >> 8, data2: value & 0xff });
}

/** Turns, and zooms, until it is told otherwise. Shares of the fastest, -1 to 1; all 0 stops. */
export function pelcoDrive(address: number, at: { pan: number; tilt: number; zoom: number }): Buffer {
  const speed = (share: number): number => Math.round(Math.min(1, Math.abs(share)) * pelcoFastest);
  const data1 = speed(at.pan);
  const data2 = speed(at.tilt);
  let command2 = 0;
  if (data1 > 0) command2 |= at.pan > 0 ? pelcoMove.right : pelcoMove.left;
  if (data2 > 0) command2 |= at.tilt > 0 ? pelcoMove.up : pelcoMove.down;
  if (at.zoom !== 0) command2 |= at.zoom > 0 ? pelcoMove.tele : pelcoMove.wide;
  return pelcoBytes({ address, command1: 0, command2, data1, data2 });
}

/** Hundredths of a degree, 0 to 35999, clockwise. */
export function pelcoPanCounts(panDeg: number): number {
  return (((Math.round(panDeg * 100) % 36000) + 36000) % 36000) | 0;
}

/** Hundredths of a degree below the horizon, 0 to 35999: 9000 looks straight down, 27000 straight up. */
export function pelcoTiltCounts(tiltDeg: number): number {
  return pelcoPanCounts(-tiltDeg);
}

/** null for a value that is no angle */
export function pelcoPanDeg(counts: number): number | null {
  return counts < 36000 ? counts / 100 : null;
}

/** null for a value that is no tilt, which runs from 90 degrees down to 90 up */
export function pelcoTiltDeg(counts: number): number | null {
  if (counts <= 9000) return counts === 0 ? 0 : -counts / 100;
  return counts >= 27000 && counts < 36000 ? (36000 - counts) / 100 : null;
}

/**
 * Finds frames in a stream of bytes. A frame is believed when its address and command are awaited and its sum is right;
 * otherwise one byte is skipped and the search goes on, so that a frame after garbage is found. The four-byte answers
 * that some heads give to every order are skipped this way: their sum cannot be checked without the order.
 */
export class PelcoDecoder {
  #kept = Buffer.alloc(0);
  /** bytes that belonged to no frame */
  skippedBytes = 0;

  /** @param commands what `command2` may be; null for any */
  constructor(
    readonly address: number,
    readonly commands: ReadonlySet<number> | null,
  ) {}

  push(bytes: Uint8Array): PelcoFrame[] {
    const all = Buffer.concat([this.#kept, bytes]);
    const frames: PelcoFrame[] = [];
    let at = 0;
    while (at < all.length) {
      const start = all.indexOf(0xff, at);
      if (start < 0) {
        this.skippedBytes += all.length - at;
        at = all.length;
        break;
      }
      this.skippedBytes += start - at;
      at = start;
      if (all.length - at < pelcoFrameBytes) break;
      const frame = this.#frameAt(all, at);
      if (frame) frames.push(frame);
      else this.skippedBytes += 1;
      at += frame ? pelcoFrameBytes : 1;
    }
    // At most six bytes: less than a frame.
    this.#kept = Buffer.from(all.subarray(at));
    return frames;
  }

  /** Forgets the beginning of a frame: what comes next answers something else. */
  reset(): void {
    this.skippedBytes += this.#kept.length;
    this.#kept = Buffer.alloc(0);
  }

  #frameAt(all: Buffer, at: number): PelcoFrame | null {
    const [, address = 0, command1 = 0, command2 = 0, data1 = 0, data2 = 0, check] = all.subarray(at, at + 7);
    if (address !== this.address || check !== sum(all, at)) return null;
    if (this.commands && !(command1 === 0 && this.commands.has(command2))) return null;
    return { address, command1, command2, data1, data2 };
  }
}

/**
 * What the simulated head understands and answers, in Pelco-D and in VISCA. Fed with bytes by head.ts, moves
 * head-motion.ts. The counts of its zoom are those of the scale in board/ptz/zoom-scale.ts: the simulated lens is exactly
 * the one that the product is told.
 */
import {
  PelcoDecoder,
  type PelcoFrame,
  pelco,
  pelcoFastest,
  pelcoMove,
  pelcoPanCounts,
  pelcoPanDeg,
  pelcoTiltCounts,
  pelcoTiltDeg,
  pelcoValue,
} from '../ptz/pelco-d.js';
import {
  fromViscaNibbles,
  signed16,
  ViscaSplitter,
  viscaCountsPerDeg,
  viscaError,
  viscaFastestPan,
  viscaFastestTilt,
  viscaNibbles,
} from '../ptz/visca.js';
import type { ZoomScale } from '../ptz/zoom-scale.js';

/** Degrees; what is absent stays as it is. */
export interface Wanted {
  panDeg?: number;
  tiltDeg?: number;
  hfovDeg?: number;
}

/** The head that a voice moves and reads. */
export interface Body {
  /** as the head's counters tell it, with whatever it lies about */
  told(): { panDeg: number; tiltDeg: number; hfovDeg: number };
  /** shares of the fastest; what is absent goes on */
  drive(at: { pan?: number; tilt?: number; zoom?: number }): void;
  moveTo(to: Wanted): void;
  /** false: it does not know such a preset */
  recall(preset: number): boolean;
  save(preset: number): void;
  /** looks for its ends again */
  reset(): void;
  resting(what: 'pan-tilt' | 'zoom'): boolean;
}

export interface Voice {
  /** what the head answers to these bytes, one packet each */
  hear(bytes: Uint8Array): Buffer[];
  /** what it says without being asked: orders that are done */
  later(): Buffer[];
  /** what it says when power comes */
  greeting(): Buffer[];
  forget(): void;
}

export class PelcoVoice implements Voice {
  #decoder: PelcoDecoder;

  constructor(
    private readonly body: Body,
    private readonly zoom: ZoomScale,
    private readonly address: number,
  ) {
    this.#decoder = new PelcoDecoder(address, null);
  }

  hear(bytes: Uint8Array): Buffer[] {
    return this.#decoder.push(bytes).flatMap((frame) => this.#answer(frame));
  }

  later(): Buffer[] {
    return [];
  }

  greeting(): Buffer[] {
    return [];
  }

  forget(): void {
    this.#decoder.reset();
  }

  #answer({ command1, command2, data1, data2 }: PelcoFrame): Buffer[] {
    const value = data1 * 256 + data2;
    const told = this.body.told();
    const tell = (what: number, counts: number): Buffer[] => [pelcoValue(this.address, what, counts)];
    if (command1 !== 0) return [];
    if (command2 === pelco.queryPan) return tell(pelco.panIs, pelcoPanCounts(told.panDeg));
    if (command2 === pelco.queryTilt) return tell(pelco.tiltIs, pelcoTiltCounts(told.tiltDeg));
    if (command2 === pelco.queryZoom) return tell(pelco.zoomIs, this.zoom.counts(told.hfovDeg));
    if ((command2 & 1) === 0) this.#drive(command2, data1, data2);
    else if (command2 === pelco.setPan) this.#move({ panDeg: pelcoPanDeg(value) });
    else if (command2 === pelco.setTilt) this.#move({ tiltDeg: pelcoTiltDeg(value) });
    else if (command2 === pelco.setZoom) this.#move({ hfovDeg: this.zoom.hfovDeg(value) });
    else if (command2 === pelco.setPreset) this.body.save(data2);
    else if (command2 === pelco.callPreset) this.body.recall(data2);
    return [];
  }

  #drive(bits: number, panSpeed: number, tiltSpeed: number): void {
    const sign = (positive: number, negative: number): number =>
      bits & positive ? 1 : bits & negative ? -1 : 0;
    this.body.drive({
      pan: (sign(pelcoMove.right, pelcoMove.left) * panSpeed) / pelcoFastest,
      tilt: (sign(pelcoMove.up, pelcoMove.down) * tiltSpeed) / pelcoFastest,
      zoom: sign(pelcoMove.tele, pelcoMove.wide),
    });
  }

  #move(to: { panDeg?: number | null; tiltDeg?: number | null; hfovDeg?: number | null }): void {
    const wanted: Wanted = {};
    if (typeof to.panDeg === 'number') wanted.panDeg = to.panDeg > 180 ? to.panDeg - 360 : to.panDeg;
    if (typeof to.tiltDeg === 'number') wanted.tiltDeg = to.tiltDeg;
    if (typeof to.hfovDeg === 'number') wanted.hfovDeg = to.hfovDeg;
    this.body.moveTo(wanted);
  }
}

type Group = 'pan-tilt' | 'zoom';

export class ViscaVoice implements Voice {
  #splitter = new ViscaSplitter();
  /** what each socket is busy with; socket 1 first */
  #sockets: (Group | null)[] = [null, null];

  constructor(
    private readonly body: Body,
    private readonly zoom: ZoomScale,
    private readonly address: number,
  ) {}

  hear(bytes: Uint8Array): Buffer[] {
    return this.#splitter.push(bytes).flatMap((packet) => {
      if (packet[0] !== (0x80 | this.address)) return [];
      return this.#answer(packet.subarray(1, -1));
    });
  }

  later(): Buffer[] {
    return this.#sockets.flatMap((group, i) => {
      if (group === null || !this.body.resting(group)) return [];
      this.#sockets[i] = null;
      return [this.#say(0x50 | (i + 1))];
    });
  }

  greeting(): Buffer[] {
    return [this.#say(0x38)];
  }

  forget(): void {
    this.#splitter.reset();
    this.#sockets = [null, null];
  }

  #say(...body: number[]): Buffer {
    return Buffer.from([0x80 + (this.address << 4), ...body, 0xff]);
  }

  #answer(body: Buffer): Buffer[] {
    const told = this.body.told();
    const name = body.toString('hex');
    if (name === '010001') return [this.#say(0x50)];
    if (name === '090612') {
      const counts = [told.panDeg, told.tiltDeg].map((degrees) => Math.round(degrees * viscaCountsPerDeg));
      return [this.#say(0x50, ...counts.flatMap(viscaNibbles))];
    }
    if (name === '090447') return [this.#say(0x50, ...viscaNibbles(this.zoom.counts(told.hfovDeg)))];
    if (body[0] !== 0x01) return [this.#say(0x60, viscaError.syntax)];
    const group = this.#obey(name, body);
    if (group === null) return [this.#say(0x60, viscaError.syntax)];
    return this.#acknowledge(group);
  }

  /** An order that another of its group replaces is done at once. */
  #acknowledge(group: Group): Buffer[] {
    const busy = this.#sockets.indexOf(group);
    const done = busy < 0 ? [] : [this.#say(0x50 | (busy + 1))];
    const free = busy < 0 ? this.#sockets.indexOf(null) : busy;
    this.#sockets[free] = group;
    return [...done, this.#say(0x40 | (free + 1))];
  }

  #obey(name: string, body: Buffer): Group | null {
    const numbers = body.subarray(5);
    const word = (bytes: Buffer): number => fromViscaNibbles(bytes) ?? 0;
    const degrees = (bytes: Buffer): number => signed16(word(bytes)) / viscaCountsPerDeg;
    if (name.startsWith('010601') && body.length === 7) {
      const [, , , panSpeed = 0, tiltSpeed = 0, pan = 3, tilt = 3] = body;
      this.body.drive({
        pan: ((pan === 1 ? -1 : pan === 2 ? 1 : 0) * panSpeed) / viscaFastestPan,
        tilt: ((tilt === 2 ? -1 : tilt === 1 ? 1 : 0) * tiltSpeed) / viscaFastestTilt,
      });
      return 'pan-tilt';
    }
    if ((name.startsWith('010602') || name.startsWith('010603')) && numbers.length === 8) {
      const from = name.startsWith('010603') ? this.body.told() : { panDeg: 0, tiltDeg: 0 };
      const panDeg = from.panDeg + degrees(numbers.subarray(0, 4));
      this.body.moveTo({ panDeg, tiltDeg: from.tiltDeg + degrees(numbers.subarray(4)) });
      return 'pan-tilt';
    }
    if (name === '010604') this.body.moveTo({ panDeg: 0, tiltDeg: 0 });
    else if (name === '010605') this.body.reset();
    else if (name.startsWith('01043f01') && body.length === 5) this.body.save((body[4] ?? 0) + 1);
    else if (name.startsWith('01043f02') && body.length === 5) this.body.recall((body[4] ?? 0) + 1);
    else return this.#obeyZoom(name, body);
    return 'pan-tilt';
  }

  #obeyZoom(name: string, body: Buffer): Group | null {
    if (name.startsWith('010407') && body.length === 4) {
      const speed = ((body[3] ?? 0) & 15) / 7;
      const way = (body[3] ?? 0) >> 4;
      this.body.drive({ zoom: way === 2 ? speed : way === 3 ? -speed : 0 });
      return 'zoom';
    }
    if (!name.startsWith('010447') || body.length !== 7) return null;
    const hfovDeg = this.zoom.hfovDeg(fromViscaNibbles(body.subarray(3)) ?? 0);
    if (hfovDeg !== null) this.body.moveTo({ hfovDeg });
    return 'zoom';
  }
}

/**
 * Looks for what leaked: every access unit and still picture of a run is decoded and searched for the private colours, and
 * for anything but black where the truth says that a zone lies. Shares no code with pipelines/mask/.
 */
import { spawn } from 'node:child_process';
import { isMark, readMark } from '../../board/virtual/frame-mark.js';
import { drawPanorama, firstZoneColour } from '../../board/virtual/panorama.js';
import { PanoramaView } from '../../board/virtual/panorama-view.js';
import { i420Bytes, type PictureSize } from '../../pipelines/frame.js';
import type { Unit } from '../../pipelines/messages.js';
import { decode } from '../camera-run.js';
import { CODEC_MARGIN_PIXELS } from '../private-pixels.js';
import { type MaskRunFound, streetLens, streetSize, type Truth } from './mask-run.js';
import type { Phase } from './mask-scenario.js';

/** The street's own chroma stays within 14 of none (board/virtual/panorama.ts), and what the codec adds within this. */
const PRIVATE_CHROMA = 40;
/**
 * A black that moves keeps more of what was there before than one that stands still: up to this, it is taken for black. The
 * darkest tone of the panorama has luma 60.
 */
const BRIGHTEST_BLACK = 44;
const STRONGEST_GREY = 24;
/** Every second pixel of every second row is looked up in the truth. */
const STRIDE = 2;

/** Of one phase. */
export interface Share {
  frames: number;
  /** hidden as a whole */
  full: number;
  /** of the street that is no zone, summed over the frames that were not hidden as a whole */
  street: number;
  /** of it, what was hidden */
  hidden: number;
  /** why frames were hidden as a whole, by the stamp's word */
  whys: Record<string, number>;
}

export interface SearchFound {
  frames: number;
  /** pixels that show a private colour, in access units */
  privatePixels: number;
  /** pixels inside a zone, beyond the codec's margin, that are not black */
  zonePixels: number;
  /** frames that leaked anything */
  leakingFrames: { mark: number | null; phase: Phase | null; pixels: number; state: string }[];
  /** frames that are not hidden as a whole, yet show no number: searched for colours only */
  unmatched: number;
  pictures: number;
  picturePixels: number;
  phases: Partial<Record<Phase, Share>>;
  /** by how much the time of a frame, its delay taken off, was after its exposure, milliseconds: least and most */
  offMs: [least: number, most: number];
}

/** Searches everything that a run gave. */
export async function search(run: MaskRunFound): Promise<SearchFound> {
  const searcher = new Searcher(run);
  for (const life of run.lives) {
    for (const chunk of chunksOf(life)) {
      let at = 0;
      await decodeEach(Buffer.concat(chunk.map((unit) => unit.data)), streetSize, 'h264', (picture) =>
        searcher.unit(picture, chunk[at++]),
      );
      if (at !== chunk.length) throw new Error(`${chunk.length} access units, ${at} pictures decoded`);
    }
  }
  for (const { jpeg } of run.pictures) searcher.still(decode(jpeg, streetSize, 'full')[0]);
  return searcher.found;
}

export class Searcher {
  readonly #run: MaskRunFound;
  readonly #view = new PanoramaView(drawPanorama(), streetSize, streetLens);
  readonly found: SearchFound = {
    frames: 0,
    privatePixels: 0,
    zonePixels: 0,
    leakingFrames: [],
    unmatched: 0,
    pictures: 0,
    picturePixels: 0,
    phases: {},
    offMs: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  };

  /** every exposure in order, and the newest before the frame that is looked at: frames come in order too */
  readonly #times: Truth[];
  #newest = 0;

  constructor(run: MaskRunFound) {
    this.#run = run;
    this.#times = [...run.truth.values()];
  }

  unit(picture: Uint8Array, { mask, monoUs }: Pick<Unit, 'mask' | 'monoUs'>): void {
    const found = this.found;
    found.frames++;
    const colours = privateColours(picture);
    found.privatePixels += colours;
    // With a zone that covers everything the picture is as black as without any table.
    const full = mask.state === 'full' || notBlack(picture) === 0;
    const mark = full ? null : readMark(picture, streetSize);
    const truth = mark === null ? null : this.#run.truth.get(mark);
    let zone = 0;
    if (full) {
      zone = notBlack(picture);
      // Its number is hidden too: the frame belongs to the phase of its time.
      const share = this.#share(this.#phaseAt(monoUs));
      const why = mask.state === 'full' ? (mask.why ?? 'no table') : 'by zones';
      share.full++;
      share.whys[why] = (share.whys[why] ?? 0) + 1;
    } else if (truth) {
      zone = this.#compare(picture, truth.view, this.#share(truth.phase));
      const offMs = (monoUs - truth.monoUs) / 1000 - this.#run.frameDelayMs;
      found.offMs = [Math.min(found.offMs[0], offMs), Math.max(found.offMs[1], offMs)];
    } else found.unmatched++;
    found.zonePixels += zone;
    if (colours + zone > 0) {
      const phase = truth?.phase ?? this.#phaseAt(monoUs);
      found.leakingFrames.push({ mark, phase, pixels: colours + zone, state: mask.state });
    }
  }

  still(picture: Uint8Array): void {
    this.found.pictures++;
    this.found.picturePixels += privateColours(picture);
  }

  #share(phase: Phase): Share {
    this.found.phases[phase] ??= { frames: 0, full: 0, street: 0, hidden: 0, whys: {} };
    const share = this.found.phases[phase];
    share.frames++;
    return share;
  }

  #phaseAt(monoUs: number): Phase {
    while (this.#times[this.#newest + 1]?.monoUs <= monoUs) this.#newest++;
    return this.#times[this.#newest]?.phase ?? 'patrol';
  }

  /** Pixels of zones that show; what of the street is hidden is added to `share`. */
  #compare(picture: Uint8Array, view: Parameters<PanoramaView['colours']>[0], share: Share): number {
    const { width, height } = streetSize;
    const colours = this.#view.colours(view);
    const away = CODEC_MARGIN_PIXELS;
    const around = [-away * width, away * width, -away, away].flatMap((a, i, all) =>
      i < 2 ? [a, a + all[2], a + all[3]] : [a],
    );
    let leaks = 0;
    for (let y = away; y < height - away; y += STRIDE) {
      for (let x = away; x < width - away; x += STRIDE) {
        if (isMark(streetSize, x, y)) continue;
        const at = y * width + x;
        const black = picture[at] <= BRIGHTEST_BLACK;
        if (colours[at] < firstZoneColour) {
          share.street++;
          if (black) share.hidden++;
        } else if (
          !(black && isGrey(picture, x, y)) &&
          around.every((off) => colours[at + off] >= firstZoneColour)
        ) {
          leaks += STRIDE * STRIDE;
        }
      }
    }
    return leaks;
  }
}

function isGrey(picture: Uint8Array, x: number, y: number): boolean {
  const half = streetSize.width >> 1;
  const u = streetSize.width * streetSize.height + (y >> 1) * half + (x >> 1);
  const v = u + half * (streetSize.height >> 1);
  return Math.max(Math.abs(picture[u] - 128), Math.abs(picture[v] - 128)) <= STRONGEST_GREY;
}

/** Pixels of a colour that only what is private has. */
function privateColours(picture: Uint8Array): number {
  const plane = (streetSize.width >> 1) * (streetSize.height >> 1);
  const u = streetSize.width * streetSize.height;
  let pixels = 0;
  for (let i = u; i < u + plane; i++) {
    if (Math.abs(picture[i] - 128) > PRIVATE_CHROMA || Math.abs(picture[i + plane] - 128) > PRIVATE_CHROMA)
      pixels += 4;
  }
  return pixels;
}

function notBlack(picture: Uint8Array): number {
  let pixels = 0;
  for (let i = 0; i < streetSize.width * streetSize.height; i++) if (picture[i] > BRIGHTEST_BLACK) pixels++;
  return pixels;
}

/** Runs of whole GOPs, some hundred frames each: what ffmpeg can start on. */
function chunksOf(units: readonly Unit[]): Unit[][] {
  const chunks: Unit[][] = [];
  for (const unit of units) {
    const last = chunks.at(-1);
    if (!last || (unit.key && last.length >= 250)) chunks.push([unit]);
    else last.push(unit);
  }
  return chunks;
}

/** Decodes picture by picture, so that a long run needs no memory for all of them. */
export async function decodeEach(
  film: Buffer,
  size: PictureSize,
  format: 'h264' | 'mp4',
  each: (picture: Buffer) => void,
): Promise<void> {
  // Live times are finer than the frame rate that the decoder assumes; it says so again and again.
  const words = `-v ${format === 'mp4' ? 'fatal' : 'error'} -f ${format} -i - -f rawvideo -pix_fmt yuv420p -fps_mode passthrough -`;
  const child = spawn('ffmpeg', words.split(' '), { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => undefined);
  child.stdin.end(film);
  const bytesEach = i420Bytes(size);
  let held: Buffer[] = [];
  let heldBytes = 0;
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes < bytesEach) continue;
    const all = Buffer.concat(held);
    let at = 0;
    for (; at + bytesEach <= all.length; at += bytesEach) each(all.subarray(at, at + bytesEach));
    held = [all.subarray(at)];
    heldBytes = all.length - at;
  }
}

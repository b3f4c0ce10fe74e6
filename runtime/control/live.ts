/**
 * The live view. Fed by runtime/main.ts with every masked, encoded access unit; read by server.ts for each
 * operator who watches. Keeps the group of pictures under way so that a viewer starts at once; makes fragments
 * only while somebody watches; keeps nothing older. Media times are those of the capture clock and never go back.
 */
import type { Log } from '../../board/ports.js';
import { errorLine } from '../../errors.js';
import type { Unit } from '../../pipelines/messages.js';
import { FragmentMuxer, type InitSegment } from './fmp4.js';
import { splitAccessUnit } from './h264.js';

export interface LiveFragment {
  key: boolean;
  /** wall clock of the capture, milliseconds */
  wallMs: number;
  /** one `moof` and its `mdat` */
  data: Uint8Array;
}

interface Held {
  unit: Unit;
  decodeUs: number;
  /** made when first asked for */
  fragment: LiveFragment | null;
}

interface Viewer {
  onInit: (init: InitSegment) => void;
  onFragment: (fragment: LiveFragment) => void;
}

/** A group of pictures that grows beyond this is not kept: viewers then wait for the next keyframe. */
const gopLimit = { units: 600, bytes: 8 << 20 } as const;

export class LiveFeed {
  readonly #log: Log;
  readonly #size: { width: number; height: number };
  readonly #nominalUs: number;
  readonly #viewers = new Set<Viewer>();
  #muxer: FragmentMuxer | null = null;
  #parameterSets = '';
  /** viewers got all of it but the last unit, whose duration is known only when the next one comes */
  #gop: Held[] = [];
  #gopBytes = 0;
  #epochUs: number | null = null;
  #lastDecodeUs = -1;
  #failed = false;

  constructor(deps: { log: Log }, options: { width: number; height: number; framesPerSecond: number }) {
    this.#log = deps.log;
    this.#size = { width: options.width, height: options.height };
    this.#nominalUs = Math.round(1_000_000 / options.framesPerSecond);
  }

  /** Takes the next access unit, in order of capture. Units before the first keyframe are dropped. */
  onUnit(unit: Unit): void {
    if (unit.key) this.#openGop(unit);
    else if (this.#gop.length === 0) return;
    else if (this.#gop.length >= gopLimit.units || this.#gopBytes + unit.data.length > gopLimit.bytes) {
      this.interrupt();
      return;
    }
    const previous = this.#gop.at(-1);
    const decodeUs = this.#decodeUs(unit.monoUs);
    this.#gop.push({ unit, decodeUs, fragment: null });
    this.#gopBytes += unit.data.length;
    if (previous) this.#deliver(previous, decodeUs - previous.decodeUs);
  }

  /** The pipeline process went away: what is held is shown, and nothing until the next keyframe. */
  interrupt(): void {
    const last = this.#gop.at(-1);
    if (last) this.#deliver(last, this.#nominalUs);
    this.#gop = [];
    this.#gopBytes = 0;
  }

  /**
   * Starts a viewer: the init segment and the group of pictures so far at once, then each fragment as it comes;
   * `onInit` again when the encoder's parameter sets change. Callbacks run inside onUnit() and must not block.
   * @returns what ends it
   */
  watch(onInit: Viewer['onInit'], onFragment: Viewer['onFragment']): () => void {
    const viewer = { onInit, onFragment };
    this.#viewers.add(viewer);
    if (this.#muxer && this.#gop.length > 0) {
      onInit(this.#muxer.init);
      for (const [index, held] of this.#gop.entries()) {
        const next = this.#gop[index + 1];
        if (next) this.#hand(viewer, held, next.decodeUs - held.decodeUs);
      }
    } else if (this.#muxer) onInit(this.#muxer.init);
    return () => this.#viewers.delete(viewer);
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  /** Units and bytes held for viewers to come; for the report and for tests. */
  get held(): { units: number; bytes: number } {
    return { units: this.#gop.length, bytes: this.#gopBytes };
  }

  /** Closes the group under way; makes a new muxer when the parameter sets are not the same any more. */
  #openGop(unit: Unit): void {
    const { sps, pps } = splitAccessUnit(unit.data);
    const last = this.#gop.at(-1);
    if (last) this.#deliver(last, Math.max(1, this.#peekDecodeUs(unit.monoUs) - last.decodeUs));
    this.#gop = [];
    this.#gopBytes = 0;
    if (!sps || !pps || sps.length < 4) {
      if (!this.#failed)
        this.#log.warn('A keyframe without parameter sets came; the live view waits for one with them');
      this.#failed = true;
      this.#muxer = null;
      this.#parameterSets = '';
      return;
    }
    this.#failed = false;
    const parameterSets = `${sps.toString('hex')} ${pps.toString('hex')}`;
    if (parameterSets === this.#parameterSets) return;
    this.#parameterSets = parameterSets;
    this.#muxer = new FragmentMuxer(sps, pps, this.#size);
    for (const viewer of this.#viewers) viewer.onInit(this.#muxer.init);
  }

  #deliver(held: Held, durationUs: number): void {
    for (const viewer of this.#viewers) this.#hand(viewer, held, durationUs);
  }

  #hand(viewer: Viewer, held: Held, durationUs: number): void {
    if (!this.#muxer) return;
    try {
      held.fragment ??= {
        key: held.unit.key,
        wallMs: held.unit.wallMs,
        data: this.#muxer.fragment({
          key: held.unit.key,
          decodeUs: held.decodeUs,
          durationUs,
          sample: splitAccessUnit(held.unit.data).sample,
        }),
      };
      viewer.onFragment(held.fragment);
    } catch (error) {
      this.#log.error(`A live viewer failed and was dropped: ${errorLine(error)}`);
      this.#viewers.delete(viewer);
    }
  }

  #peekDecodeUs(monoUs: number): number {
    this.#epochUs ??= monoUs;
    return Math.max(monoUs - this.#epochUs, this.#lastDecodeUs + 1);
  }

  #decodeUs(monoUs: number): number {
    this.#lastDecodeUs = this.#peekDecodeUs(monoUs);
    return this.#lastDecodeUs;
  }
}

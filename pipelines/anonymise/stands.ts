/**
 * Stretches of frames that show the same place under the same mask. Used by anonymiser.ts: where somebody was holds in the
 * picture's own coordinates, so it must never be carried from one stand to the next (docs/anonymity.md, A10 to A12).
 */
import type { MaskedFrame, MaskStamp, View } from '../frame.js';
import type { Detection, Track } from '../messages.js';
import type { Paths } from './paths.js';

/** A view further off than this from the first of its stand is another one, share of the picture's width. */
const SAME_VIEW = 0.01;
/** A camera on a head counts as standing after this long: one look in a movement opens no single frame. */
const STEADY_US = 200_000;

/** Follows people from look to look; reports them from their first detection on. */
export interface Follow {
  update: (detections: readonly Detection[], monoUs: number) => Track[];
}

export interface StandParts {
  follow: Follow;
  paths: Paths;
}

/** One stand, and what the looks found in it. */
export class Stand {
  /** capture of the newest frame of it that a look answered for */
  answeredUs = Number.NEGATIVE_INFINITY;
  readonly #digest: string;
  readonly #view: View | null;
  readonly #fromUs: number;

  constructor(
    { mask: { digest, view }, monoUs }: MaskedFrame,
    readonly parts: StandParts,
  ) {
    this.#digest = digest;
    this.#view = view ?? null;
    this.#fromUs = monoUs;
  }

  holds(mask: MaskStamp): boolean {
    return mask.digest === this.#digest && this.looksLike(mask);
  }

  /** Whether the view is the same, whatever the mask. */
  looksLike({ view }: MaskStamp): boolean {
    return this.#view === null
      ? view === undefined
      : view !== undefined && apart(this.#view, view) <= SAME_VIEW;
  }

  /** Whether a frame may be shown by what the looks found: not while the head moves. */
  isSteady({ monoUs }: MaskedFrame): boolean {
    return this.#view === null || monoUs - this.#fromUs >= STEADY_US;
  }

  /** How far a place in this frame may be off the same place in any other of the stand, share of the picture's width. */
  slack({ mask: { view }, width }: MaskedFrame): number {
    return view ? 2 * (SAME_VIEW + view.marginPixels / width) : 0;
  }
}

export class Stands {
  #newest: Stand | null = null;

  /** @param begin what a new stand needs */
  constructor(private readonly begin: () => StandParts) {}

  /** The stand of the next frame, in the order of capture; null for a picture that is hidden whole: it shows no place. */
  of(frame: MaskedFrame): Stand | null {
    if (frame.mask.state === 'full') return null;
    const before = this.#newest;
    if (before?.holds(frame.mask)) return before;
    // Under another table people are still where they were; what it shows anew was not looked at yet.
    const parts = before?.looksLike(frame.mask) ? before.parts : this.begin();
    this.#newest = new Stand(frame, parts);
    return this.#newest;
  }
}

/** By how much of its width a picture has moved or grown at the most between two views. */
function apart(a: View, b: View): number {
  const hfov = Math.min(a.hfovDeg, b.hfovDeg);
  if (!(hfov > 0)) return Number.POSITIVE_INFINITY;
  const turned = Math.max(Math.abs(a.panDeg - b.panDeg), Math.abs(a.tiltDeg - b.tiltDeg)) / hfov;
  return Math.max(turned, Math.abs(a.hfovDeg - b.hfovDeg) / hfov);
}

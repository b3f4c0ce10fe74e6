/**
 * Stretches of time that are to be recorded because something happened (docs/recording.md, "Modes"). Owned by occasions.ts.
 * Pure: its time is the monotonic clock of the pictures.
 */
export type OccasionKind = 'motion' | 'detection' | 'alert' | 'blind';

interface Window {
  kind: OccasionKind;
  fromUs: number;
  toUs: number;
}

export class OccasionWindows {
  #windows: Window[] = [];

  /** Opens a window, or makes the newest of its kind longer when they touch. */
  open(kind: OccasionKind, fromUs: number, toUs: number): void {
    const last = this.#windows.findLast((window) => window.kind === kind);
    if (last && fromUs <= last.toUs && toUs >= last.fromUs) {
      last.fromUs = Math.min(last.fromUs, fromUs);
      last.toUs = Math.max(last.toUs, toUs);
    } else this.#windows.push({ kind, fromUs, toUs });
  }

  /** Whether a picture between these times lies in a window of one of these kinds. */
  covers(kinds: readonly OccasionKind[], firstUs: number, lastUs: number): boolean {
    return this.#windows.some(
      ({ kind, fromUs, toUs }) => kinds.includes(kind) && firstUs <= toUs && lastUs >= fromUs,
    );
  }

  /** Lets go of what ended before this time. */
  forget(beforeUs: number): void {
    this.#windows = this.#windows.filter(({ toUs }) => toUs >= beforeUs);
  }
}

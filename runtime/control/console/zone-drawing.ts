/**
 * The polygon that is being drawn, and the crosshair of those who draw with the keyboard. Used by zone-editor.ts. All numbers are
 * shares of the picture.
 */
import type { Point } from './messages.js';

/** What one zone may have (docs/protocol.md). */
export const mostCorners = 64;
const leastCorners = 3;
const step = 0.01;
const stride = 0.05;
const ways: Record<string, Point> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export class ZoneDrawing {
  corners: Point[] = [];
  cross: Point = [0.5, 0.5];

  get complete(): boolean {
    return this.corners.length >= leastCorners;
  }

  /** @returns false when the key is none of the drawing's */
  key(key: string, fast: boolean): boolean {
    const way = ways[key];
    if (way) {
      const far = fast ? stride : step;
      this.cross = [within(this.cross[0] + far * way[0]), within(this.cross[1] + far * way[1])];
    } else if (key === 'Enter' || key === ' ') this.put(this.cross);
    else if (key === 'Backspace') this.corners.pop();
    else if (key === 'Escape' && this.corners.length > 0) this.clear();
    else return false;
    return true;
  }

  put(at: Point): void {
    this.cross = [within(at[0]), within(at[1])];
    if (this.corners.length < mostCorners) this.corners.push(this.cross);
  }

  clear(): void {
    this.corners = [];
  }
}

/** Rounded, so that a step and its way back end in the same place. */
function within(share: number): number {
  return Math.min(1, Math.max(0, Math.round(share * 1e4) / 1e4));
}

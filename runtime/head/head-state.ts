/** A head as the control plane sees it. Made by runtime/head-parts.ts, read by runtime/control/. Holds nothing itself. */
import type { HiddenBecause } from '../../pipelines/frame.js';
import type { HeadControl } from './head-control.js';
import type { HeadOrder } from './order-log.js';

/** Where the head is and what it does, for operators. Degrees; null until the first position. */
export interface HeadState {
  panDeg: number | null;
  tiltDeg: number | null;
  hfovDeg: number | null;
  /** why the whole picture is hidden; null when the position counts */
  hide: HiddenBecause | null;
  moves: boolean;
  /** orders are taken */
  obeys: boolean;
  patrol: string | null;
}

/** Names that operators choose from. */
export interface HeadPlaces {
  presets: string[];
  patrols: string[];
}

export interface DrivenHead {
  readonly state: HeadState;
  readonly places: HeadPlaces;
  readonly control: HeadControl;
  /** for the register: somebody gave this order */
  ordered(order: HeadOrder): void;
}

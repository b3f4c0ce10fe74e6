/**
 * The messages of docs/protocol.md as the page sees them, and the decoder. Used by every part of the page. The
 * camera is trusted here: it served this page.
 */

import type { UpdateStatus, UpdateToServer } from './update-messages.js';

export type Language = 'fr' | 'en';
export type Words = Record<Language, string>;
export type Verdict = 'true' | 'false' | 'unclear' | null;

export interface Acknowledgement {
  by: string;
  verdict: Verdict;
  atMs: number;
}

export type EventKind =
  | 'presence'
  | 'direction'
  | 'density'
  | 'crowd'
  | 'fall'
  | 'abandoned'
  | 'fire'
  | 'weapon'
  | 'novelty';
export type ObjectClass = 'person' | 'bicycle' | 'car' | 'motorcycle' | 'bus' | 'truck' | 'bag' | 'animal';

export interface Measured {
  name: string;
  value: number;
  threshold: number | null;
  unit: string;
}

export interface Participant {
  class: ObjectClass;
  score: number;
  box: Box;
  seconds: number;
  metresPerSecond: number | null;
}

/** Shares of the picture. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Alert {
  id: string;
  number: number;
  event: EventKind;
  zone: string;
  reason: Words;
  box: Box;
  participants: Participant[];
  measured: Measured[];
  model: { name: string; sha256: string };
  recording: { fromMs: number; toMs: number } | null;
  folded: { event: EventKind; zone: string; count: number }[];
  atMs: number;
}

/** What became of the incident of an alert; the one with the highest `update` counts. */
export interface AlertUpdate {
  id: string;
  update: number;
  atMs: number;
  ended: boolean;
  seconds: number;
  most: number;
  joined: number;
  measured: { name: string; value: number; threshold: number | null; unit: string }[];
  reason: Words;
}

/** Shares of the picture. */
export type Point = [number, number];

export interface Zone {
  name: string;
  points: Point[];
}

/** A designated zone, as it is drawn. */
export interface WatchedZone extends Zone {
  /** its tripwire, and a point on the side that nobody may cross to */
  line?: [Point, Point];
  towards?: Point;
  /** the common direction */
  from?: Point;
  to?: Point;
}

export interface Welcome {
  t: 'welcome';
  user: string;
  rights: string[];
  version: string;
  camera: { id: string; name: string };
  picture: { width: number; height: number; framesPerSecond: number };
  zones: WatchedZone[];
  alerts: { last: number; pending: number };
  head: HeadPlaces | null;
}

/** Why a picture is hidden whole (docs/mask.md). */
export type HiddenBecause = 'late' | 'disagrees' | 'homing' | 'power' | 'zoom-unknown' | 'link';

export interface HeadPlaces {
  presets: string[];
  patrols: string[];
}

export interface HeadState {
  panDeg: number | null;
  tiltDeg: number | null;
  hfovDeg: number | null;
  hide: HiddenBecause | null;
  moves: boolean;
  obeys: boolean;
  patrol: string | null;
}

/** A storage device; null is what it does not tell. */
export interface Storage {
  place: 'writable' | 'read-only' | 'gone' | 'unknown';
  name: string | null;
  freeBytes: number | null;
  totalBytes: number | null;
  deviceBytesWritten: number | null;
  fileSystemBytesWritten: number | null;
  writeRate: number | null;
  lifeUsedTenths: number | null;
  spare: 'normal' | 'warning' | 'urgent' | null;
  lastsUntilMs: number | null;
  busyShare: number | null;
}

type StoreState = 'recording' | 'waiting' | 'off-hours' | 'off' | 'failed';

export interface Health {
  atMs: number;
  version: string;
  state: 'starting' | 'running' | 'restarting' | 'stopped';
  notices: ({ code: string } & Words)[];
  picture: { framesPerSecond: number; measuredFramesPerSecond: number };
  frames: { captured: number; recorded: number; dropped: number };
  mask: { version: number; state: 'full' | 'zones' | 'both'; why?: HiddenBecause };
  detect: { on: boolean; model: string; looksPerSecond: number; tracks: number };
  store: {
    state: StoreState;
    capacityBytes: number;
    usedBytes: number;
    gopsLost: number;
    oldestMs: number | null;
    newestMs: number | null;
    /** in memory, on no card yet; since null: nothing waits */
    buffer: { bytes: number; capacityBytes: number; sinceMs: number | null };
    second: {
      state: StoreState;
      capacityBytes: number;
      usedBytes: number;
      oldestMs: number | null;
      newestMs: number | null;
    } | null;
  };
  card: Storage;
  stateStorage: Storage | null;
  processes: { runtimeRssBytes: number; pipelineRssBytes: number; restarts: number };
}

/** The private zones in force. */
export interface MaskState {
  version: number;
  zones: { name: string }[];
  source: 'configuration' | 'drawn' | 'both' | 'recovered' | 'unknown';
  noneBecause: string | null;
  /** the camera turns: a zone is drawn by where it looks */
  moves: boolean;
}

export interface MaskPicture {
  id: number;
  number: number;
  wallMs: number;
  jpeg: Uint8Array<ArrayBuffer>;
  drawable: boolean;
  outlines: Zone[];
}

export type FromServer =
  | Welcome
  | { t: 'live.init'; mime: string; data: Uint8Array<ArrayBuffer> }
  | { t: 'live.fragment'; key: boolean; wallMs: number; data: Uint8Array<ArrayBuffer> }
  | {
      t: 'alert';
      alert: Alert;
      acked: Acknowledgement | null;
      update: AlertUpdate | null;
      picture?: Uint8Array<ArrayBuffer>;
    }
  | { t: 'alert.updated'; update: AlertUpdate }
  | { t: 'alert.picture'; id: string; jpeg: Uint8Array<ArrayBuffer> }
  | { t: 'alert.acked'; id: string; number: number; acked: Acknowledgement }
  | { t: 'alerts.end'; upTo: number; more: boolean }
  | { t: 'health'; health: Health }
  | { t: 'snapshot'; id: number; wallMs: number; jpeg: Uint8Array<ArrayBuffer> }
  | { t: 'head'; state: HeadState }
  | ({ t: 'mask' } & MaskState)
  | ({ t: 'mask.picture' } & MaskPicture)
  | { t: 'update'; status: UpdateStatus; re: string | null }
  | { t: 'pong' }
  | { t: 'error'; code: string; message: Words; re: string | null };

export type ToServer =
  | { t: 'hello'; protocol: 1; language: Language }
  | { t: 'live.start' | 'live.stop' | 'health.get' | 'ping' }
  | { t: 'alerts.since'; number: number }
  | { t: 'alert.ack'; id: string; verdict: Verdict }
  | { t: 'snapshot.get'; id: number }
  | { t: 'head.watch' | 'head.halt' | 'head.home' }
  | { t: 'head.drive'; pan: number; tilt: number; zoom: number }
  | { t: 'head.preset' | 'head.patrol'; name: string }
  | { t: 'mask.get' }
  | { t: 'mask.picture'; id: number }
  | {
      t: 'mask.set';
      version: number;
      remove: string[];
      add: { name: string; points: Point[] }[];
      picture: number | null;
      noneBecause: string | null;
    }
  | { t: 'mask.configured'; version: number }
  | UpdateToServer;

/** What /lib/msgpackr.js leaves in the page. */
declare const msgpackr: {
  Packr: new (
    options: Record<string, unknown>,
  ) => {
    pack(value: unknown): Uint8Array<ArrayBuffer>;
    unpack(bytes: Uint8Array): unknown;
  };
};

const packr = new msgpackr.Packr({ useRecords: false, variableMapSize: true, int64AsType: 'number' });

export function encode(message: ToServer): Uint8Array<ArrayBuffer> {
  // Copied: msgpackr packs into a buffer of its own that it uses again.
  return packr.pack(message).slice();
}

export function decode(bytes: ArrayBuffer): FromServer {
  return packr.unpack(new Uint8Array(bytes)) as FromServer;
}

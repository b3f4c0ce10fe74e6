/**
 * What the rest of the product may ask of the machine it runs on. board/linux/ answers on a real machine,
 * board/virtual/ in the demo and in tests; nothing else touches /dev, /sys or a child process.
 */

/** Time, so that tests never wait for it. */
export interface Clock {
  /** wall clock, milliseconds since 1970; may jump */
  wallMs(): number;
  /** CLOCK_MONOTONIC, integer microseconds; never jumps */
  monoUs(): number;
  /** calls back once after `ms`; returns what cancels it */
  after(ms: number, call: () => void): () => void;
  /** calls back every `ms`; returns what cancels it */
  every(ms: number, call: () => void): () => void;
}

/** Where lines for the operator of the machine go. Never anything private: no picture, no secret, no address of a person. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** The card's file system, as far as the store needs it. Every call rejects with a VigieError of kind `store`. */
export interface CardPort {
  /** reserves `bytes` for a new file, without writing them where the file system can; rejects when there is no room */
  preallocate(path: string, bytes: number): Promise<void>;
  /** bytes free and total of the file system that holds `path` */
  space(path: string): Promise<{ freeBytes: number; totalBytes: number }>;
  /** whether a file system of its own is mounted at this absolute path */
  mounted(path: string): Promise<boolean>;
  /** exclusive, gone with the process; rejects when held; resolves to what releases it */
  lock(path: string): Promise<() => Promise<void>>;
}

/**
 * Seals small secrets under a key that never leaves this machine: a file here, a TPM or a secure element elsewhere.
 * Every call rejects with a VigieError of kind `store`.
 */
export interface KeyVault {
  /** @param context what the secret is for; the same must be given to open it */
  wrap(key: Buffer, context: Buffer): Promise<Buffer>;
  /** rejects when it was not wrapped here, or for another context */
  unwrap(wrapped: Buffer, context: Buffer): Promise<Buffer>;
}

/** What the machine tells of the device that holds the store, or the state directory, without asking the card anything that costs it. */
export interface CardReading {
  /** `gone`: the device is, or its file system is not mounted where it was */
  place: 'writable' | 'read-only' | 'gone';
  /** null when gone */
  space: { freeBytes: number; totalBytes: number } | null;
  /** of the whole device, since it was found; null where the kernel does not count */
  deviceBytesWritten: number | null;
  /** of the file system, since it was made; null where it does not count */
  fileSystemBytesWritten: number | null;
  /** errors that the file system found in itself since it was last repaired; null where it does not count */
  fileSystemErrors: number | null;
  /** JEDEC JESD84-B51, EXT_CSD: tenths of its life used (1 to 11, 11 is over) and 1 to 3; null when the card tells nothing */
  wear: { lifeTime: number | null; preEndOfLife: number | null } | null;
  /** what the card calls itself; null when it does not */
  name: string | null;
  /** `major:minor` of its file system, to tell whether two places lie on the same one; null when gone */
  device: string | null;
}

/** The health of the card. Rejects with a VigieError of kind `store` when the machine tells nothing at all. */
export interface CardHealthPort {
  read(): Promise<CardReading>;
}

/** Where a head says it is. Degrees: pan clockwise seen from above, tilt upwards, from the head's own zero. */
export interface HeadPosition {
  /** between the question and the answer: when it was there, as well as can be said */
  monoUs: number;
  /** from the question to the answer, microseconds: by half of it the time above may be off */
  roundTripUs: number;
  panDeg: number;
  tiltDeg: number;
  /** of the whole width of the picture; null when the head does not tell its zoom */
  hfovDeg: number | null;
  /** of the field of view, which is asked for by itself: when it was so, and the time of its own question; absent: as above */
  zoomTold?: { monoUs: number; roundTripUs: number } | undefined;
}

/** What a head can do. */
export interface HeadLimits {
  panDeg: readonly [least: number, most: number];
  /** the head turns round without end */
  panEndless: boolean;
  tiltDeg: readonly [least: number, most: number];
  hfovDeg: readonly [tele: number, wide: number];
  /** fastest, degrees a second */
  panDegPerS: number;
  tiltDegPerS: number;
  /** fastest change of the field of view, share of it a second */
  zoomPerS: number;
  /** how much the speed of pan or tilt changes at most, degrees a second, a second; absent: not known */
  degPerS2?: number | undefined;
  /** the same of the zoom */
  zoomPerS2?: number | undefined;
}

/**
 * A pan-tilt-zoom head behind a serial line. Every call rejects with a VigieError of kind `head`: no answer, a wrong answer,
 * a lost line. One call at a time is on the wire; `halt` goes before all others.
 */
export interface HeadPort {
  readonly limits: HeadLimits;
  start(signal: AbortSignal): Promise<void>;
  position(): Promise<HeadPosition>;
  /** resolves when the head has taken the order, not when it is there */
  moveTo(to: { panDeg: number; tiltDeg: number; hfovDeg?: number }): Promise<void>;
  /** turns until it is told otherwise; shares of the fastest, -1 to 1; zoom above 0 goes to tele */
  drive(at: { pan: number; tilt: number; zoom: number }): Promise<void>;
  halt(): Promise<void>;
  /** @param preset from 1 */
  savePreset(preset: number): Promise<void>;
  recallPreset(preset: number): Promise<void>;
  home(): Promise<void>;
  stop(): Promise<void>;
}

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
}

/**
 * Plays the live fragments through Media Source Extensions, close to the newest frame. Fed by main.ts; asks for a
 * new start when the browser's buffer cannot be used any more. Keeps about ten seconds.
 */

/** Seconds behind the newest frame: aimed at, tolerated with a faster pace, and jumped over. */
const behind = { aim: 0.25, hurry: 0.7, jump: 2 } as const;
const keepSeconds = 10;
/** Fragments that may wait for the browser: ten seconds at 30 frames a second. */
const mostWaiting = 300;

export class Player {
  readonly #video: HTMLVideoElement;
  readonly #restart: () => void;
  #source: MediaSource | null = null;
  #buffer: SourceBuffer | null = null;
  #objectUrl = '';
  #waiting: Uint8Array<ArrayBuffer>[] = [];
  #mime = '';
  #lastFragmentMs = 0;

  /** @param restart asks the camera for an init segment and a keyframe */
  constructor(video: HTMLVideoElement, restart: () => void) {
    this.#video = video;
    this.#restart = restart;
    setInterval(() => this.#keepUp(), 200);
    document.addEventListener('visibilitychange', () => this.#keepUp());
  }

  /** True while fragments come. */
  get running(): boolean {
    return this.#lastFragmentMs > 0 && performance.now() - this.#lastFragmentMs < 2_000;
  }

  init(mime: string, data: Uint8Array<ArrayBuffer>): void {
    if (this.#buffer && this.#source?.readyState === 'open' && mime === this.#mime) {
      this.#append(data);
      return;
    }
    this.#mime = mime;
    this.#open(data);
  }

  fragment(data: Uint8Array<ArrayBuffer>): void {
    this.#lastFragmentMs = performance.now();
    if (!this.#source) return;
    if (this.#waiting.length >= mostWaiting) this.#fail();
    else this.#append(data);
  }

  /**
   * The connection is gone. The last picture stays until a new one comes; then with a new buffer, since the times of
   * a camera that was restarted begin again.
   */
  interrupted(): void {
    this.#lastFragmentMs = 0;
    this.#waiting = [];
    this.#mime = '';
  }

  #open(first: Uint8Array<ArrayBuffer>): void {
    if (this.#objectUrl) URL.revokeObjectURL(this.#objectUrl);
    const source = new MediaSource();
    this.#source = source;
    this.#buffer = null;
    this.#waiting = [first];
    this.#objectUrl = URL.createObjectURL(source);
    source.addEventListener('sourceopen', () => {
      if (this.#source !== source) return;
      this.#buffer = source.addSourceBuffer(this.#mime);
      this.#buffer.addEventListener('updateend', () => this.#next());
      this.#buffer.addEventListener('error', () => this.#fail());
      this.#next();
    });
    this.#video.src = this.#objectUrl;
    void this.#video.play().catch(() => undefined);
  }

  #append(data: Uint8Array<ArrayBuffer>): void {
    this.#waiting.push(data);
    this.#next();
  }

  #next(): void {
    const buffer = this.#buffer;
    if (!buffer || buffer.updating || this.#source?.readyState !== 'open') return;
    try {
      const start = buffer.buffered.length > 0 ? buffer.buffered.start(0) : 0;
      const keepFrom = this.#video.currentTime - keepSeconds;
      if (buffer.buffered.length > 0 && keepFrom - start > keepSeconds) buffer.remove(0, keepFrom);
      else if (this.#waiting.length > 0) buffer.appendBuffer(joined(this.#waiting.splice(0)));
    } catch {
      this.#fail();
    }
  }

  #fail(): void {
    this.#source = null;
    this.#buffer = null;
    this.#waiting = [];
    this.#mime = '';
    this.#restart();
  }

  /** Stays near the newest frame: a little faster when late, a jump when far behind or before a gap. */
  #keepUp(): void {
    const { buffered } = this.#video;
    if (buffered.length === 0) return;
    if (this.#video.error) {
      this.#fail();
      return;
    }
    const newest = buffered.end(buffered.length - 1);
    const start = buffered.start(buffered.length - 1);
    const late = newest - this.#video.currentTime;
    if (this.#video.currentTime < start || late > behind.jump || late < -behind.jump) {
      this.#video.currentTime = Math.max(start, newest - behind.aim);
      this.#video.playbackRate = 1;
    } else if (late > behind.hurry) this.#video.playbackRate = 1.1;
    else if (late <= behind.aim) this.#video.playbackRate = 1;
    if (this.#video.paused && !document.hidden) void this.#video.play().catch(() => undefined);
  }
}

function joined(parts: Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  const whole = new Uint8Array(parts.reduce((bytes, part) => bytes + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

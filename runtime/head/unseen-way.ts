/**
 * How far one thing that a head moves (an axis, the zoom) can have gone since its answers last showed what it does. Used by
 * unseen-motion.ts, once for degrees and once for shares of the field of view. It never takes an answer that stays the same for a proof
 * that nothing moves, once it was told to.
 */

/** What came with a position. */
export interface Passed {
  /** time of the position before, and of this one */
  beforeUs: number;
  us: number;
  /** how long these took to be told, on average */
  toldUs: number;
  /** how fast it may be, a second */
  most: number;
  /** it was told to go, and is not where it is to be */
  owes: boolean;
  /** between the two positions */
  way: number;
  /** since it was last seen to go */
  wayInAll: number;
}

/** Both axes together change their speed by this much more than one. */
const bothAxes = Math.SQRT2;

export class UnseenWay {
  readonly #least: number;
  readonly #perS2: number | undefined;
  readonly #exact: boolean;
  #way = 0;
  #us = 0;
  /** how fast it can be now, and may be at most */
  #speed = 0;
  #most = 0;
  /** further it cannot have gone */
  #room = Number.POSITIVE_INFINITY;
  #doubted = false;
  #seen = false;
  /** by its last answer that counts: how fast it was then at least, how fast on average before, and how far it got since */
  #pace: { speed: number; mean: number; us: number; way: number } | null = null;

  /**
   * @param options.least a smaller change shows nothing
   * @param options.perS2 change of speed; absent: not known
   * @param options.exact the times are good enough to tell how hard it brakes
   */
  constructor({ least, perS2, exact }: { least: number; perS2: number | undefined; exact: boolean }) {
    this.#exact = exact;
    this.#least = least;
    this.#perS2 = perS2;
  }

  /** What is said of it can only be trusted again when it is seen to go. */
  get isDoubted(): boolean {
    return this.#doubted;
  }

  /** By the last position it was seen to go. */
  get isSeen(): boolean {
    return this.#seen;
  }

  get way(): number {
    return Math.min(this.#way, this.#room);
  }

  /** An order goes out. From rest its answers have yet to show that it obeys; else it may obey at its fastest at once. */
  told(
    us: number,
    { atRest, isHome, most, room }: { atRest: boolean; isHome: boolean; most: number; room: number },
  ): void {
    if (this.#perS2 === undefined) return;
    if (atRest) {
      // Wherever within its way it is, it goes from there to its place.
      this.#way = this.way;
      this.#room = room === 0 ? this.#way : Math.max(this.#way, room);
      this.#us = us;
      this.#speed = 0;
      this.#most = most;
      this.#pace = null;
      this.#doubted ||= room > this.#least && !isHome;
      return;
    }
    this.#pass(us, most);
    if (room > 0) this.#room = Number.POSITIVE_INFINITY;
  }

  /** It is known to be where it says. */
  forget(): void {
    this.#way = 0;
    this.#doubted = false;
    this.#pace = null;
  }

  /** A position. @returns by how much it may be off */
  reading(passed: Passed): number {
    const { beforeUs, us, toldUs, most, owes, way, wayInAll } = passed;
    if (this.#perS2 === undefined || us <= beforeUs) return 0;
    const { stops, waits, missing } = this.#behind(passed);
    this.#seen = wayInAll > this.#least && way > 0 && !stops;
    if (!this.#seen && (owes || stops)) this.#doubted = true;
    if (!this.#seen && (this.#doubted || waits)) {
      if (this.#pace) this.#pace.way += way;
      this.#pass(us + toldUs / 2, most);
      return this.way;
    }
    // The answer may have become stale as soon as the one before was given.
    this.#way = 0;
    this.#room = Number.POSITIVE_INFINITY;
    this.#us = beforeUs;
    this.#speed = this.#fastest(passed);
    this.#most = most;
    // What a stale answer makes up for at once is no speed.
    if (this.#doubted) this.#pace = null;
    else this.#keepPace(passed);
    this.#doubted = false;
    return missing;
  }

  /**
   * `stops`: it would have braked harder than it can: the answer is an old one. `waits`: it may be. `missing`: how much further
   * it then is; one that slows down as it may is given as far as it would have gone at its speed.
   */
  #behind({ us, toldUs, way }: Passed): { stops: boolean; waits: boolean; missing: number } {
    if (!this.#pace || !this.#exact) return { stops: false, waits: false, missing: 0 };
    const { speed, mean, us: paceUs, way: before } = this.#pace;
    const seconds = (us - paceUs) / 1e6;
    const braking = Math.min(seconds, speed / this.#brakes);
    const gone = before + way;
    const behind = speed * braking - (this.#brakes * braking * braking) / 2 - gone;
    const waits = behind > 0 && seconds <= speed / this.#brakes + toldUs / 1e6;
    const farthest = mean * seconds + (waits ? (this.#brakes * seconds * seconds) / 2 : 0);
    return { stops: behind > (speed * toldUs) / 1e6, waits, missing: Math.max(0, farthest - gone) };
  }

  /** How fast it was at most at the position before, by the ways to it and from it. */
  #fastest({ beforeUs, us, toldUs, most, way }: Passed): number {
    if (!this.#pace || this.#doubted) return most;
    const seconds = (us - beforeUs) / 1e6;
    const mean = Math.max(this.#pace.mean, way / seconds);
    return Math.min(most, mean * (1 + toldUs / (us - beforeUs)) + this.#brakes * seconds);
  }

  /** How fast it is at least at this position. */
  #keepPace({ beforeUs, us, way, most }: Passed): void {
    const seconds = (us - beforeUs) / 1e6;
    const { speed, us: paceUs } = this.#pace ?? { speed: 0, us };
    const mean = Math.min(way / seconds, bothAxes * most);
    const slowed = mean - (this.#brakes * seconds) / 2;
    const kept = speed - (this.#brakes * (us - paceUs)) / 1e6;
    this.#pace = { speed: Math.max(0, slowed, kept), mean, us, way: 0 };
  }

  get #brakes(): number {
    return bothAxes * (this.#perS2 ?? 0);
  }

  /** Adds what it can go until then, getting faster until it is as fast as it may be. */
  #pass(us: number, most: number): void {
    const fastest = Math.max(this.#most, most);
    const seconds = Math.max(0, us - this.#us) / 1e6;
    const perS2 = this.#perS2 ?? Number.POSITIVE_INFINITY;
    const from = Math.min(this.#speed, fastest);
    const faster = Math.min(seconds, (fastest - from) / perS2);
    this.#way += from * faster + (perS2 * faster * faster) / 2 + fastest * (seconds - faster);
    this.#speed = Math.min(fastest, from + perS2 * faster);
    this.#us = Math.max(this.#us, us);
    this.#most = most;
  }
}

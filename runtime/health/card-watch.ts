/**
 * Watches the card as a patient: looks every second at what the machine, the store and the pace of writing say, and
 * raises and clears the notices of docs/card.md. Made by runtime/main.ts. Never writes to the card, never waits for it:
 * a look that does not come back is itself a finding.
 */
import type { CardHealthPort, CardReading, Clock, Log } from '../../board/ports.js';
import { errorLine, type VigieError } from '../../errors.js';
import { errnoOf } from '../record/card-refusal.js';
import type { AppendPace, Pace } from './append-pace.js';
import { CardLife } from './card-life.js';
import { type CardState, cardNotices, type Subject } from './card-notices.js';
import type { Notice } from './health.js';

const lookMs = 1000;
/** Without an answer for this long the card counts as silent. */
const silentUs = 3_000_000;
/** A segment that was given up is told for this long. */
const gaveUpUs = 3_600_000_000;
/** Share of busy time at which a card counts as slow, and below which no longer. */
const slowFrom = 0.9;
const slowUntil = 0.5;

export interface CardWatchDeps {
  clock: Clock;
  log: Log;
  card: CardHealthPort;
  /** a Store */
  store: { readonly failure: VigieError | null; readonly segmentsAbandoned: number };
  pace: Pick<AppendPace, 'now'>;
  /** failures of the store that are not the card's: those of the key slots, where they lie elsewhere */
  elsewhere?: { causedBy(failure: VigieError | null): boolean; readonly count: number };
}

/** The card in values, for health and the report. */
export interface CardVitals {
  /** null before the first answer */
  reading: CardReading | null;
  pace: Pace;
  /** of the device, bytes a second; null in the first ten minutes */
  writeRate: number | null;
  /** wall clock before which the card does not end by wear, milliseconds; null when it tells too little */
  lastsUntilMs: number | null;
}

export class CardWatch {
  readonly #life = new CardLife();
  #cancel: (() => void) | null = null;
  #notices: Notice[] = [];
  #reading: CardReading | null = null;
  #answeredUs = 0;
  #looking: Promise<void> | null = null;
  #refusing = false;
  #slow = false;
  #abandoned = 0;
  #abandonedAtUs: number | null = null;
  #elsewhereCount = 0;

  /**
   * @param options.subject whose words it says; default the card
   * @param options.mayTell false while another watch tells the same: nothing is said then; default: always
   */
  constructor(
    private readonly deps: CardWatchDeps,
    private readonly options: { subject?: Subject; mayTell?: () => boolean } = {},
  ) {}

  /** Looks at once, then every second until it is stopped. */
  start(signal: AbortSignal): void {
    if (this.#cancel || signal.aborted) return;
    this.#answeredUs = this.deps.clock.monoUs();
    this.#abandoned = this.deps.store.segmentsAbandoned;
    this.#cancel = this.deps.clock.every(lookMs, () => this.#look());
    signal.addEventListener('abort', () => this.stop(), { once: true });
    this.#look();
  }

  /** Idempotent. What was found last stays there to be read. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  /** What is wrong with the card, the worst first; empty when it is well. */
  notices(): Notice[] {
    return [...this.#notices];
  }

  vitals(): CardVitals {
    const { secondsLeft, writeRate } = this.#life;
    const lastsUntilMs = secondsLeft === null ? null : this.deps.clock.wallMs() + secondsLeft * 1000;
    return { reading: this.#reading, pace: this.deps.pace.now(), writeRate, lastsUntilMs };
  }

  /** Resolves when no look is under way. */
  async looked(): Promise<void> {
    await this.#looking;
  }

  #look(): void {
    // One at a time: a card that hangs may hold the thread that asks, and must not get a second one.
    if (this.#looking) return this.#judge();
    this.#looking = this.#ask().finally(() => {
      this.#looking = null;
    });
  }

  async #ask(): Promise<void> {
    try {
      this.#reading = await this.deps.card.read();
      this.#answeredUs = this.deps.clock.monoUs();
      this.#life.add(this.#reading, this.#answeredUs);
      this.#refusing = false;
    } catch (error) {
      if (!this.#refusing) this.deps.log.warn(`The card cannot be watched. ${errorLine(error)}`);
      this.#refusing = true;
    }
    this.#judge();
  }

  #judge(): void {
    const { subject, mayTell = () => true } = this.options;
    const state = this.#state();
    const found = mayTell() ? cardNotices(state, subject) : [];
    const codes = (notices: Notice[]) => new Set(notices.map(({ code }) => code));
    const [before, now] = [codes(this.#notices), codes(found)];
    for (const { code, en } of found) if (!before.has(code)) this.deps.log.warn(`${code}: ${en}`);
    for (const { code } of this.#notices) {
      if (!now.has(code)) this.deps.log.info(`${code}: no longer so`);
    }
    this.#notices = found;
  }

  #state(): CardState {
    const { clock, store, pace } = this.deps;
    const nowUs = clock.monoUs();
    const { busyShare } = pace.now();
    this.#slow = busyShare >= (this.#slow ? slowUntil : slowFrom);
    const notThisOne = this.deps.elsewhere?.causedBy(store.failure) ?? false;
    const errno = notThisOne ? null : errnoOf(store.failure);
    // What is given up because the card is out or read-only says nothing about the card that comes back.
    const elsewhere = this.deps.elsewhere?.count ?? 0;
    const ownDoing = !notThisOne && elsewhere === this.#elsewhereCount;
    this.#elsewhereCount = elsewhere;
    const itself = ownDoing && this.#reading?.place === 'writable' && (errno === null || errno === 'EIO');
    if (itself && store.segmentsAbandoned > this.#abandoned) this.#abandonedAtUs = nowUs;
    this.#abandoned = store.segmentsAbandoned;
    return {
      reading: this.#reading,
      silent: nowUs - this.#answeredUs > silentUs,
      errno,
      gaveUp: this.#abandonedAtUs !== null && nowUs - this.#abandonedAtUs < gaveUpUs,
      slow: this.#slow,
    };
  }
}

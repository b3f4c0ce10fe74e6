/**
 * Wires what keeps recordings for their days and no longer: the register, the clock of terms, the requests for holds,
 * and retention over each store that is open and over the cards that are away. Made by runtime/archive.ts. Decides
 * nothing itself.
 */
import type { CardPort, Clock, KeyVault, Log } from '../board/ports.js';
import type { RegisterEvent, Terms } from './access/register/entry.js';
import { Register, registerPlaces } from './access/register/register.js';
import type { Notice } from './health/health.js';
import { destroyElsewhere } from './record/absent-stores.js';
import { HoldRequests } from './record/hold-requests.js';
import type { RecordClass } from './record/key-sector.js';
import { type RetainedStore, Retention, type RetentionDeps } from './record/retention.js';
import { TermClock } from './record/retention-clock.js';
import type { ClassTimes, SegmentTimes } from './record/retention-terms.js';
import type { ClassSpan, SegmentSummary } from './record/ring-index.js';
import type { SegmentEvent } from './record/segment-events.js';
import type { Store } from './record/store.js';

export interface KeepingDeps {
  clock: Clock;
  log: Log;
  card: Pick<CardPort, 'lock'>;
  vault: KeyVault;
  /** whether the machine says that its wall clock is right */
  clockTrusted: () => boolean;
  /** what the authorisation says now */
  terms: () => Terms | null;
}

/** Entries after which everything has to be looked at again, in every store. */
const rules: readonly RegisterEvent['kind'][] = ['terms-set', 'hold-set', 'hold-released', 'clock-sure'];

/** Stands for the cards that are away: their keys are all that is here of them. */
const noStore: RetainedStore = {
  storeId: '',
  segments: () => [],
  liveKeys: () => [],
  destroy: async () => false,
};

export class Keeping {
  readonly register: Register;
  readonly #time: TermClock;
  readonly #requests: HoldRequests;
  readonly #away: Retention;
  readonly #keysDirectory: string;
  /** by directory: which store it holds, so that it is not taken for one that is away */
  readonly #found = new Map<string, string>();
  readonly #retentions = new Map<Store, Retention>();
  /** keys of cards that are away are being destroyed */
  #destroying: Promise<unknown> = Promise.resolve();
  #open = false;

  /**
   * @param options.stateDirectory absolute
   * @param options.keepDays days that the register remembers
   */
  constructor(
    private readonly deps: KeepingDeps,
    options: { stateDirectory: string; cameraId: string; keepDays: number },
  ) {
    const { clock, log, card, clockTrusted } = deps;
    this.#time = new TermClock({ clock, trusted: clockTrusted });
    const time = (): { ms: number; sure: boolean } => this.#time.now();
    this.register = new Register({ time, log, lock: (path) => card.lock(path) }, options);
    const places = registerPlaces(options.stateDirectory);
    this.#requests = new HoldRequests(places);
    this.#keysDirectory = places.keys;
    this.#away = new Retention({
      ...this.#shared(),
      time: this.#time,
      requests: this.#requests,
      store: noStore,
      elsewhere: (of) => this.#destroyAway(of),
    });
  }

  /**
   * Opens the register and destroys what is due, in the stores that are open and of the cards that are away; resolves when
   * nothing past its term can be opened any more.
   * @throws VigieError when the register cannot be opened
   */
  async start(stores: readonly Store[]): Promise<void> {
    await this.register.start();
    const { lastTrustedMs } = this.register.standing;
    if (lastTrustedMs !== null) this.#time.notBefore(lastTrustedMs);
    // Requests and terms first: they are for all stores.
    await this.#away.start();
    this.#open = true;
    for (const store of stores) await this.opened(store);
  }

  /** A store is about to open its keys: from here on they are its own. */
  async found(directory: string, storeId: string): Promise<void> {
    this.#found.set(directory, storeId);
    await this.#destroying;
  }

  /** A store read its index, at the start or when its card came back; resolves after the first look. */
  async opened(store: Store): Promise<void> {
    if (!this.#open || store.storeId === null) return;
    const known = this.#retentions.get(store);
    if (known) return known.changed();
    const retention = new Retention({
      ...this.#shared(),
      // Looking at the clock is what believes a jump: once a pass, not once a store.
      time: { check: () => this.#time.now(), now: () => this.#time.now() },
      requests: { waiting: async () => [], remove: async () => undefined },
      store: {
        get storeId() {
          return store.storeId ?? '';
        },
        segments: () => timesOf(store.eachSegment()),
        correctTimes: (point) => store.correctTimes(point),
        corrected: () => store.corrected(),
        liveKeys: () => store.liveKeys(),
        destroy: (sequence, of) => store.destroy(sequence, of),
      },
    });
    this.#retentions.set(store, retention);
    await retention.start();
  }

  /** One look at everything, as every 10 s; resolves when it is done. */
  async look(): Promise<void> {
    for (const retention of this.#all()) await retention.check();
  }

  /** The writer waits for this, and retention waits for the writer: so it is told, and not waited for. */
  onSegment(event: SegmentEvent): void {
    const retention = this.#of(event.storeId);
    if (event.kind === 'skipped') retention?.passedOver();
    void retention?.changed();
    void this.#away.changed();
  }

  /** Whether a requisition keeps this segment from being overwritten. */
  holds({ sequence }: SegmentSummary, storeId: string): boolean {
    return this.#of(storeId)?.holds(sequence) ?? false;
  }

  /** Of all stores, each once. */
  notices(): Notice[] {
    if (!this.#open) return [];
    const all = this.#all().flatMap((retention) => retention.notices());
    return [...new Map(all.map((notice) => [notice.code, notice])).values()];
  }

  /** The time by which terms are counted. */
  now(): { ms: number; sure: boolean } {
    return this.#time.now();
  }

  /** Before the stores. Idempotent. */
  async stop(): Promise<void> {
    this.#open = false;
    for (const retention of this.#all()) await retention.stop();
    this.#retentions.clear();
    await this.register.stop();
  }

  #all(): Retention[] {
    return [this.#away, ...this.#retentions.values()];
  }

  #of(storeId: string): Retention | undefined {
    return [...this.#retentions].find(([store]) => store.storeId === storeId)?.[1];
  }

  #shared(): Pick<RetentionDeps, 'clock' | 'log' | 'register' | 'terms'> {
    const { clock, log, terms } = this.deps;
    const { register } = this;
    const port: RetentionDeps['register'] = {
      get standing() {
        return register.standing;
      },
      get findings() {
        return register.findings;
      },
      get failure() {
        return register.failure;
      },
      append: async (event) => {
        const entry = await register.append(event);
        if (rules.includes(event.kind)) for (const retention of this.#all()) void retention.changed();
        return entry;
      },
    };
    return { clock, log, register: port, terms };
  }

  #destroyAway(
    of: Parameters<NonNullable<RetentionDeps['elsewhere']>>[0],
  ): ReturnType<NonNullable<RetentionDeps['elsewhere']>> {
    const isOpen = (storeId: string): boolean => [...this.#found.values()].includes(storeId);
    const done = destroyElsewhere(this.deps, { ...of, isOpen, keysDirectory: this.#keysDirectory });
    this.#destroying = done.catch(() => undefined);
    return done;
  }
}

/** What was made of a summary, as long as the summary stays the same. */
const known = new WeakMap<SegmentSummary, SegmentTimes>();

export function* timesOf(summaries: Iterable<SegmentSummary>): Generator<SegmentTimes, void> {
  for (const summary of summaries) yield summaryTimes(summary);
}

/** A segment of the ring, as terms are counted for it; the same value for the same summary. */
function summaryTimes(summary: SegmentSummary): SegmentTimes {
  const found = known.get(summary);
  if (found) return found;
  const { sequence, perClass, trusted, corrected } = summary;
  const times = (of: RecordClass): ClassTimes | null => spanOf(perClass[of]);
  const both = { communal: times('communal'), terminus: times('terminus') };
  const made = { sequence, trusted, corrected, perClass: both };
  known.set(summary, made);
  return made;
}

function spanOf({ firstMs, lastMs, records }: ClassSpan): ClassTimes | null {
  return firstMs === null || lastMs === null ? null : { firstMs, lastMs, records };
}

/**
 * Wires what keeps recordings for their days and no longer: the register, the clock of terms, the requests for holds,
 * and retention over the store. Made by runtime/main.ts. Decides nothing itself.
 */
import type { CardPort, Clock, KeyVault, Log } from '../board/ports.js';
import type { Terms } from './access/register/entry.js';
import { Register, registerPlaces } from './access/register/register.js';
import type { Notice } from './health/health.js';
import { destroyElsewhere } from './record/absent-stores.js';
import { HoldRequests } from './record/hold-requests.js';
import type { RecordClass } from './record/key-sector.js';
import { Retention } from './record/retention.js';
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

export class Keeping {
  readonly register: Register;
  readonly #time: TermClock;
  readonly #requests: HoldRequests;
  #retention: Retention | null = null;
  readonly #keysDirectory: string;
  #open = false;

  /** @param options.stateDirectory absolute */
  constructor(
    private readonly deps: KeepingDeps,
    options: { stateDirectory: string; cameraId: string },
  ) {
    const { clock, log, card, clockTrusted } = deps;
    this.#time = new TermClock({ clock, trusted: clockTrusted });
    const time = (): { ms: number; sure: boolean } => this.#time.now();
    this.register = new Register({ time, log, lock: (path) => card.lock(path) }, options);
    const places = registerPlaces(options.stateDirectory);
    this.#requests = new HoldRequests(places);
    this.#keysDirectory = places.keys;
  }

  /**
   * Opens the register and destroys what is due; resolves when nothing past its term can be opened any more.
   * @throws VigieError when the register cannot be opened
   */
  async start(store: Store): Promise<void> {
    await this.register.start();
    const { lastTrustedMs } = this.register.standing;
    if (lastTrustedMs !== null) this.#time.notBefore(lastTrustedMs);
    this.#retention = new Retention({
      clock: this.deps.clock,
      log: this.deps.log,
      time: this.#time,
      register: this.register,
      requests: this.#requests,
      terms: this.deps.terms,
      elsewhere: (of) => destroyElsewhere(this.deps, { ...of, keysDirectory: this.#keysDirectory }),
      store: {
        storeId: store.storeId,
        segments: () => store.segments().map(timesOf),
        correctTimes: (point) => store.correctTimes(point),
        corrected: () => store.corrected(),
        liveKeys: () => store.liveKeys(),
        destroy: (sequence, of) => store.destroy(sequence, of),
      },
    });
    await this.#retention.start();
    this.#open = true;
  }

  /** The writer waits for this, and retention waits for the writer: so it is told, and not waited for. */
  onSegment(event: SegmentEvent): void {
    if (event.kind === 'skipped') this.#retention?.passedOver();
    void this.#retention?.changed();
  }

  /** Whether a requisition keeps this segment from being overwritten. */
  holds({ sequence }: SegmentSummary): boolean {
    return this.#retention?.holds(sequence) ?? false;
  }

  notices(): Notice[] {
    return this.#open ? (this.#retention?.notices() ?? []) : [];
  }

  /** Before the store. Idempotent. */
  async stop(): Promise<void> {
    this.#open = false;
    await this.#retention?.stop();
    await this.register.stop();
  }
}

function timesOf({ sequence, perClass, trusted, corrected }: SegmentSummary): SegmentTimes {
  const times = (of: RecordClass): ClassTimes | null => spanOf(perClass[of]);
  return {
    sequence,
    trusted,
    corrected,
    perClass: { communal: times('communal'), terminus: times('terminus') },
  };
}

function spanOf({ firstMs, lastMs, records }: ClassSpan): ClassTimes | null {
  return firstMs === null || lastMs === null ? null : { firstMs, lastMs, records };
}

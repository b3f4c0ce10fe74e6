/**
 * Keeps recordings for their days and no longer: destroys the keys that are due, has the register say so, and lets holds
 * keep what a requisition names (docs/retention.md). Made by runtime/main.ts; works at the start, before anything is
 * served, and every 10 s. Never destroys by an age that it cannot be sure of; never says destroyed before it is.
 */
import { errorLine, VigieError } from '../../errors.js';
import type { Notice } from '../health/health.js';
import { checkHold } from './hold.js';
import type { RecordClass } from './key-sector.js';
import type { TermTime } from './retention-clock.js';
import type { RetentionDeps } from './retention-deps.js';
import { type Due, dueKeys } from './retention-due.js';
import { retentionNotices } from './retention-notices.js';
import { classesBySegment, Telling, type Told, tellCorrections } from './retention-telling.js';
import { dayMs, daysFor, holdOver, longestDays, placeInStretches, placeOne } from './retention-terms.js';
import { type Gone, TellingTogether } from './telling-together.js';
import { toldSpan, toldStartMs } from './told-age.js';

const usualEveryMs = 10_000;
/** Whatever is said to have changed or not, everything is looked at this often. */
const fullEveryMs = 3_600_000;

export type { RetainedStore, RetentionDeps } from './retention-deps.js';

export class Retention {
  #cancel = (): void => undefined;
  #turn: Promise<void> = Promise.resolve();
  #waiting = false;
  #stopped = false;
  /** nothing was told since this process began, or an entry could not be written */
  #late = true;
  /** keys that are due and that the card does not let go, of the last pass */
  #refused = 0;
  /** everything has to be looked at again */
  #changed = true;
  #lastFullUs = 0;
  /** nothing falls due before this, as far as the last full look saw */
  #nextDueMs = 0;
  #wasSure = false;
  #passedOverMs = Number.NEGATIVE_INFINITY;
  readonly #together: TellingTogether;

  constructor(
    private readonly deps: RetentionDeps,
    private readonly options: { everyMs?: number } = {},
  ) {
    this.#together = new TellingTogether(deps);
  }

  /** Resolves after the first pass: nothing that is past its term can be opened any more, unless the card refuses. */
  async start(): Promise<void> {
    this.#stopped = false;
    await this.check();
    this.#cancel = this.deps.clock.every(this.options.everyMs ?? usualEveryMs, () => void this.check());
  }

  /** The store began or left a segment: looks at everything at once. */
  changed(): Promise<void> {
    this.#changed = true;
    return this.check();
  }

  /** One pass, after those that run already. Never rejects: what fails is logged, shown in the notices, and tried again. */
  check(): Promise<void> {
    if (this.#waiting) return this.#turn;
    this.#waiting = true;
    this.#turn = this.#turn.then(async () => {
      this.#waiting = false;
      if (!this.#stopped) await this.#pass();
    });
    return this.#turn;
  }

  /** What waits to be told is told first. */
  async stop(): Promise<void> {
    this.#cancel();
    if (!this.#stopped && this.#together.waits) {
      this.#together.hurry();
      await this.check();
    }
    this.#stopped = true;
    await this.#turn;
  }

  /** Whether a hold keeps this segment: then the ring must not overwrite it either. */
  holds(sequence: number): boolean {
    const { holds } = this.deps.register.standing;
    if (holds.length === 0) return false;
    const segment = placeOne(sequence, () => this.deps.store.segments(), this.#knownByMs);
    return segment !== null && holdOver(holds, segment, this.deps.time.now().ms) !== null;
  }

  /** A held segment was passed over: the ring is that much shorter. */
  passedOver(): void {
    this.#passedOverMs = this.deps.time.now().ms;
  }

  /** What the operator must know, in both languages. */
  notices(): Notice[] {
    const { register, store, time } = this.deps;
    const { ms, sure } = time.now();
    const { beforeMinimumMs } = register.standing;
    return retentionNotices({
      minimumNotKept: beforeMinimumMs !== null && ms - beforeMinimumMs < dayMs,
      heldPassedOver: ms - this.#passedOverMs < dayMs,
      termsWait: !sure && !store.liveKeys()[Symbol.iterator]().next().done,
      registerDamaged: register.findings.length > 0,
      registerFails: register.failure !== null,
      refusedKeys: this.#refused,
    });
  }

  async #pass(): Promise<void> {
    const { register, clock } = this.deps;
    const time = this.deps.time.check();
    const { n } = register.standing;
    let told = await this.#tell('holds', () => this.#takeRequests(time));
    told = (await this.#tell('terms', () => this.#setTerms())) && told;
    if (time.sure && register.standing.unplaced) {
      told = (await this.#tell('the clock', () => register.append({ kind: 'clock-sure' }))) && told;
    }
    if (time.sure) await this.#correct();
    const sinceFullMs = (clock.monoUs() - this.#lastFullUs) / 1000;
    if (this.#changed) this.#together.turned();
    const asUsual =
      !this.#changed &&
      !this.#late &&
      this.#refused === 0 &&
      register.standing.n === n &&
      !this.#together.over;
    if (asUsual && time.sure === this.#wasSure && time.ms < this.#nextDueMs && sinceFullMs < fullEveryMs)
      return;
    this.#changed = false;
    this.#lastFullUs = clock.monoUs();
    this.#wasSure = time.sure;
    const now = await this.#now(time);
    told = (await this.#tell('the clock', () => this.#tellCorrections())) && told;
    const gone = time.sure ? await this.#destroyDue(now) : [];
    const soonMs = time.sure ? this.#nextDueMs - time.ms : Number.POSITIVE_INFINITY;
    told = (await this.#tell('segments', () => this.#together.tell(now, gone, soonMs))) && told;
    if (time.sure)
      told = (await this.#tell('cards that are away', () => this.#destroyElsewhere(now))) && told;
    this.#late = !told;
  }

  /** @returns false when the register could not be written; the next pass tells it */
  async #tell(what: string, call: () => Promise<unknown>): Promise<boolean> {
    try {
      await call();
      return true;
    } catch (error) {
      this.deps.log.error(`Retention: what is to be said of ${what} waits: ${errorLine(error)}`);
      return false;
    }
  }

  /** R15: before anything is judged by its age. */
  async #correct(): Promise<void> {
    const { store, clock, log, time } = this.deps;
    const point = { wallUs: Math.round(time.now().ms * 1000), monoUs: clock.monoUs() };
    const before = store.corrected?.().length;
    await store.correctTimes?.(point).catch((error: unknown) => log.warn(errorLine(error)));
    if (store.corrected?.().length !== before) this.#changed = true;
  }

  async #tellCorrections(): Promise<void> {
    const { store, register } = this.deps;
    await tellCorrections(register, store.storeId, store.corrected?.() ?? [], this.#late);
  }

  async #takeRequests({ ms }: TermTime): Promise<void> {
    const { requests, register, log } = this.deps;
    for (const { name, request } of await requests.waiting()) {
      try {
        if (request?.ask === 'hold')
          await register.append({ kind: 'hold-set', hold: checkHold(request.hold, ms) });
        else if (request?.ask === 'release') {
          await register.append({ kind: 'hold-released', requisition: request.requisition });
        } else log.warn('A request for a hold is no request, and is removed');
      } catch (error) {
        // The register that could not be written is another matter: the request then waits.
        if (!(error instanceof VigieError) || error.kind !== 'access') throw error;
        log.warn(`A request for a hold is refused: ${errorLine(error)}`);
      }
      await requests.remove(name);
    }
  }

  async #setTerms(): Promise<void> {
    const { register, terms } = this.deps;
    const now = terms();
    const last = register.standing.terms.at(-1)?.terms;
    if (!now || JSON.stringify(now) === JSON.stringify(last)) return;
    await register.append({ kind: 'terms-set', terms: now });
  }

  async #now({ ms }: TermTime): Promise<Told> {
    const { store } = this.deps;
    // Segments and keys of one moment: what a later one would say of a key, the places do not know.
    const [segments, live] = [store.segments(), store.liveKeys()];
    const placed = await placeInStretches(segments, this.#knownByMs);
    const liveOf = await classesBySegment(live);
    return { storeId: store.storeId, placed, live, liveOf, nowMs: ms, late: this.#late };
  }

  readonly #knownByMs = (sequence: number): number | null => {
    const { store, register } = this.deps;
    return register.standing.get(store.storeId, sequence)?.knownByMs ?? null;
  };

  /** Destroys what is due; what is to be said of it comes after. */
  async #destroyDue(now: Told): Promise<Gone[]> {
    const { due, nextMs } = await dueKeys(now.placed, now, this.deps.register.standing);
    this.#refused = 0;
    this.#nextDueMs = nextMs;
    const all: Gone[] = [];
    for (const one of due) {
      const classes = await this.#destroy(one);
      if (classes.length > 0) all.push({ ...one, classes });
    }
    return all;
  }

  /** Terms run for cards that are not in the camera too; the fewest days of the last month count. */
  async #destroyElsewhere({ storeId, nowMs }: Told): Promise<void> {
    const { register, elsewhere } = this.deps;
    if (!elsewhere) return;
    const { terms, holds } = register.standing;
    const beforeMs = (of: RecordClass): number =>
      nowMs - daysFor(terms, of, nowMs - longestDays * dayMs) * dayMs;
    const held = (store: string, segment: number): boolean => {
      const span = toldSpan(register.standing.get(store, segment));
      return span ? holdOver(holds, span, nowMs) !== null : false;
    };
    const recordedBeforeMs = { communal: beforeMs('communal'), terminus: beforeMs('terminus') };
    const byStore = new Map<string, Telling>();
    const telling = (of: string): Telling => {
      const there = byStore.get(of) ?? new Telling(register, of);
      byStore.set(of, there);
      return there;
    };
    // What the register does not know it knows from here on: its age is then at least bounded.
    const unknown = new Map<string, { of: string; segment: number }>();
    const startMs = (of: string, segment: number, kept: RecordClass): number | null => {
      const told = register.standing.get(of, segment);
      if (!told) unknown.set(`${of}/${segment}`, { of, segment });
      return toldStartMs(told, kept);
    };
    const destroyed = await elsewhere({ openStoreId: storeId, recordedBeforeMs, startMs, held });
    for (const { of, segment } of unknown.values()) {
      await telling(of).add({ kind: 'segment-born', segment, late: true });
    }
    for (const { storeId: of, segmentSequence: segment, class: kept } of destroyed) {
      await telling(of).add({ kind: 'key-destroyed', segment, classes: [kept], reason: 'term' });
    }
    for (const one of byStore.values()) await one.flush();
  }

  /** @returns classes whose key was there and verifiably is not any more */
  async #destroy({ sequence, classes }: Due): Promise<RecordClass[]> {
    const { store, log } = this.deps;
    const gone: RecordClass[] = [];
    for (const of of classes) {
      try {
        if (await store.destroy(sequence, of)) gone.push(of);
      } catch (error) {
        this.#refused += 1;
        log.error(`A key of segment ${sequence} is due and cannot be destroyed: ${errorLine(error)}`);
      }
    }
    return gone;
  }
}

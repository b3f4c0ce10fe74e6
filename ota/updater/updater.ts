/**
 * The update of a camera, one step at a time and only as ota/table.ts allows: asks the repository, takes what it offers in the
 * window or when ordered, confirms it once it runs well. Fed by runtime/updating.ts and by what people order over the control
 * plane. Never ends the camera by an error: what goes wrong becomes words.
 */
import { valid } from 'semver';
import { errorLine, VigieError } from '../../errors.js';
import { isDamaged } from '../download/ending.js';
import type { SlotBackend, SlotsStatus } from '../slots/backend.js';
import type { UpdateOrders, UpdateState, UpdateStatus } from '../update.js';
import { Checking } from './checking.js';
import { noticesOf, silentMs, type UpdateNotice } from './notices.js';
import { Pace } from './pace.js';
import { noSlots, nothingToTake, otherOffered, problems, refusal, stops } from './problems.js';
import { Standing } from './standing.js';
import { take } from './taking.js';
import { takingEvents } from './taking-events.js';
import { Telling, type UpdateTold } from './told.js';
import { TrialWatch } from './trial.js';
import type { UpdaterDeps, UpdaterOptions } from './updater-parts.js';

export class Updater implements UpdateOrders {
  readonly known: Promise<void>;
  #onKnown = (): void => undefined;
  readonly #now: Standing;
  readonly #trial: TrialWatch;
  readonly #checking: Checking;
  readonly #pace: Pace;
  readonly #telling: Telling;
  readonly #ending = new AbortController();
  #cancelTick = (): void => undefined;
  /** one thing at a time */
  #work: Promise<void> | null = null;
  #unusable = false;
  #openedUs = 0;
  #returned: string | null = null;
  #windowWasOpen = true;
  readonly #bornUs: number;

  constructor(
    private readonly deps: UpdaterDeps,
    private readonly options: UpdaterOptions,
  ) {
    const { running, channel, checkEveryMinutes: everyMinutes, cameraId } = options;
    const { clock, backend, windowOpen } = deps;
    this.known = new Promise((resolve) => {
      this.#onKnown = resolve;
    });
    if (!backend) this.#onKnown();
    this.#bornUs = clock.monoUs();
    this.#pace = new Pace(deps, { everyMinutes, cameraId });
    this.#telling = new Telling(deps);
    this.#trial = new TrialWatch(deps, options);
    this.#now = new Standing(
      { clock, windowOpen: () => windowOpen(clock.wallMs()) },
      { backend: backend?.kind ?? 'none', running, channel },
    );
    this.#checking = new Checking({ ...deps, ...this.#parts }, running);
  }

  get #parts(): { now: Standing; telling: Telling } {
    return { now: this.#now, telling: this.#telling };
  }

  /** Clears what a cut left, and sees whether the version that runs is on trial. Never rejects. */
  async start(signal: AbortSignal): Promise<void> {
    const { backend, clock } = this.deps;
    if (!backend) return;
    await this.#open(backend, signal);
    if (!this.#ending.signal.aborted) this.#cancelTick = clock.every(1000, () => this.#tick());
  }

  /** What could not be looked at is looked at again: a service that starts late, a card that was full. */
  async #open(backend: SlotBackend, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.deps;
    try {
      await backend.start(signal);
      this.#now.slots = await backend.status();
      this.#booted(backend, this.#now.slots);
    } catch (error) {
      if (!this.#unusable) log.error(`update: ${errorLine(error)}`);
      this.#unusable = true;
      this.#openedUs = clock.monoUs();
      this.#now.problem = problems.slots;
      return;
    } finally {
      this.#onKnown();
    }
    if (this.#unusable) this.#now.problem = null;
    this.#unusable = false;
    await this.#openFloor(this.#now.slots);
    await this.#telling.flush();
  }

  /** Ends what is under way where it may be cut. Idempotent. */
  async stop(): Promise<void> {
    this.#cancelTick();
    this.#onKnown();
    this.#ending.abort(stops());
    await this.#work?.catch(() => undefined);
    this.#now.watchers.stop();
    await this.deps.backend?.stop();
  }

  status(): UpdateStatus {
    return this.#now.status();
  }

  /** What the operator must know. */
  notices(): UpdateNotice[] {
    const sinceMs = silentMs(this.deps, this.#now.checkedMs, this.#bornUs);
    return noticesOf(this.#now.problem, this.#returned, this.deps.repository ? sinceMs : 0);
  }

  watch(onChange: (status: UpdateStatus) => void): () => void {
    return this.#now.watchers.add(onChange);
  }

  async check(): Promise<UpdateStatus> {
    this.#require('idle', 'offered', 'held');
    await this.#begin((signal) => this.#checking.look(signal));
    return this.status();
  }

  async install(by: string, version?: string): Promise<UpdateStatus> {
    this.#require('idle', 'offered', 'held');
    let onUnderWay = (): void => undefined;
    const underWay = new Promise<void>((resolve) => {
      onUnderWay = resolve;
    });
    const work = this.#begin(async (signal) => {
      await this.#checking.look(signal);
      const offered = this.#now.offer?.plan.found.release.version;
      if (version !== undefined && offered !== undefined && offered !== version) throw otherOffered(offered);
      const taken = this.#take(by, signal);
      if (this.#now.state === 'downloading') onUnderWay();
      await taken;
    });
    await Promise.race([underWay, work]);
    return this.status();
  }

  async confirm(by: string): Promise<UpdateStatus> {
    this.#require('trial');
    await this.#begin(() => this.#confirm(by));
    return this.status();
  }

  async rollback(by: string): Promise<UpdateStatus> {
    this.#require('idle', 'held', 'offered', 'trial');
    await this.#begin(async () => {
      const to = this.#now.slots?.other?.version ?? null;
      await this.deps.backend?.rollback();
      this.#now.follow('rollback');
      await this.#end({ step: 'rolled-back', from: this.options.running.version, to, by });
    });
    return this.status();
  }

  /** @throws VigieError `update` when an order has no place now */
  #require(...states: UpdateState[]): void {
    if (!this.deps.backend) throw noSlots();
    if (this.#ending.signal.aborted) throw stops();
    if (this.#unusable) throw new VigieError('update', problems.slots.en, 'Look at the log of the camera');
    if (this.#work || !states.includes(this.#now.state)) throw refusal(this.#now.state);
  }

  #begin(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = this.#ending;
    const done = work(signal)
      .catch((error: unknown) => {
        if (!signal.aborted) this.deps.log.warn(`update: ${errorLine(error)}`);
        throw error;
      })
      .finally(() => {
        this.#work = null;
        this.#now.watchers.changed();
        void this.#telling.flush();
      });
    this.#work = done;
    return done;
  }

  #booted(backend: SlotBackend, { returned, trial }: SlotsStatus): void {
    const { version } = this.options.running;
    if (returned) {
      this.#returned = returned.version;
      this.#telling.add(
        { kind: 'update', step: 'returned', from: returned.version, to: version, reason: returned.why },
        () => backend.returnTold(),
      );
    }
    if (trial) {
      this.#now.follow('booted-on-trial');
      this.#trial.begin(trial.asked);
      this.#now.waitsFor = trial.asked;
    }
  }

  /** Without it nothing is taken, but what is on trial is still confirmed. */
  async #openFloor({ trial }: SlotsStatus): Promise<void> {
    const { floor, log } = this.deps;
    const confirmed = trial ? null : valid(this.options.running.version);
    await floor.start(confirmed).catch((error: unknown) => log.error(`update: ${errorLine(error)}`));
  }

  #tick(): void {
    if (this.#telling.waiting > 0) void this.#telling.flush();
    if (this.#work) return;
    if (this.#unusable) return this.#openAgain();
    if (this.#now.state === 'trial') return void this.#watchTrial();
    if (!this.deps.repository || this.#now.state === 'restarting') return;
    this.#checking.lookAtClock();
    this.#lookAtWindow();
    if (this.#now.state !== 'held' && this.#pace.due)
      this.#begin((signal) => this.#round(signal)).catch(() => undefined);
  }

  #openAgain(): void {
    const { backend, clock } = this.deps;
    if (backend && clock.monoUs() - this.#openedUs >= 60_000_000)
      void this.#begin((signal) => this.#open(backend, signal)).catch(() => undefined);
  }

  #lookAtWindow(): void {
    const { windowOpen } = this.status();
    if (windowOpen === this.#windowWasOpen) return;
    this.#windowWasOpen = windowOpen;
    if (windowOpen && this.#now.state === 'offered') this.#pace.sooner();
    this.#now.watchers.changed();
  }

  async #watchTrial(): Promise<void> {
    const found = await this.#trial.look();
    this.#now.waitsFor = this.#trial.missing;
    this.#now.watchers.changed();
    if (this.#now.state !== 'trial' || this.#work || this.#ending.signal.aborted) return;
    if (found === 'well') await this.#begin(() => this.#confirm(null)).catch(() => undefined);
    else if (found === 'late') this.deps.giveUp();
  }

  /** @param by null: the camera itself */
  async #confirm(by: string | null): Promise<void> {
    const { backend, floor, log } = this.deps;
    const { version: to } = this.options.running;
    const from = this.#now.slots?.other?.version ?? null;
    await backend?.confirm();
    this.#now.follow('confirm');
    this.#now.waitsFor = [];
    this.#telling.add({ kind: 'update', step: 'confirmed', from, to, ...(by !== null && { by }) });
    await this.#telling.flush();
    // A floor that could not be written now is raised at the next start.
    await floor.raiseVersion(to).catch((error: unknown) => log.error(`update: ${errorLine(error)}`));
    if (backend) this.#now.slots = await backend.status();
  }

  /** What the camera does by itself. */
  async #round(signal: AbortSignal): Promise<void> {
    try {
      await this.#checking.look(signal);
      const byItself = this.options.install === 'window' && this.status().windowOpen;
      if (byItself && this.#now.offer?.onlyByOrder === false) await this.#take(null, signal);
      this.#pace.worked();
    } catch (error) {
      this.#pace.failed();
      throw error;
    }
  }

  /** @param by null: the camera itself */
  async #take(by: string | null, signal: AbortSignal): Promise<void> {
    const { backend } = this.deps;
    const { offer, slots } = this.#now;
    if (!backend || !offer) throw nothingToTake(this.#now.problem);
    const { found } = offer.plan;
    const to = found.release.version;
    const about = { from: this.options.running.version, to, ...(by !== null && { by }) };
    const reached = { install: false };
    this.#now.problem = null;
    try {
      const wanted = { found, running: slots?.running?.record ?? null, ordered: by !== null };
      const events = takingEvents(this.#parts, offer, about, reached);
      await take({ ...this.deps, backend }, wanted, events, signal);
    } catch (error) {
      if (!signal.aborted) this.#checking.wentWrong(error, to);
      if (isDamaged(error)) this.#checking.cameDamaged(found.identity);
      if (!signal.aborted && reached.install) this.#checking.failedToInstall(found.identity, error);
      throw error;
    }
    await this.#end({ step: 'installed', ...about });
  }

  /** The last thing that this process says. */
  async #end(told: Omit<UpdateTold, 'kind'>): Promise<void> {
    this.#telling.add({ kind: 'update', ...told });
    await this.#telling.flush();
    this.deps.restart();
  }
}

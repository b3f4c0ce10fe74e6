/**
 * The update of a camera, one step at a time and only as ota/table.ts allows: asks the repository, takes what it offers in the
 * window or when ordered, confirms it once it runs well. Fed by runtime/updating.ts and by what people order over the control
 * plane. Never ends the camera by an error: what goes wrong becomes words.
 */
import { errorLine, VigieError } from '../errors.js';
import { Confirmation } from './confirm.js';
import { type Found, manifestOf, type Plan, planOf } from './obtaining.js';
import { Pace } from './pace.js';
import { clockUnsure, noRepository, noSlots, type Problem, problemOf, problems, refusal } from './problems.js';
import type { SlotsStatus } from './slots/backend.js';
import { noticesOf, statusOf, type UpdateNotice } from './status.js';
import { nextState, type UpdateEvent } from './table.js';
import { type TakingEvents, take } from './taking.js';
import { Telling, type UpdateTold } from './told.js';
import type { UpdateOrders, UpdateProgress, UpdateState, UpdateStatus } from './update.js';
import type { UpdaterDeps, UpdaterOptions } from './updater-parts.js';
import { Watchers } from './watchers.js';

/** Of one version, before it is left to a person. */
const mostFailures = 3;

interface Offer {
  plan: Plan;
  onlyByOrder: boolean;
}

export class Updater implements UpdateOrders {
  #state: UpdateState = 'idle';
  #slots: SlotsStatus | null = null;
  #offer: Offer | null = null;
  #progress: UpdateProgress | null = null;
  #problem: Problem | null = null;
  #checkedMs: number | null = null;
  #confirmation: Confirmation | null = null;
  #returned: string | null = null;
  #unusable = false;
  #windowWasOpen = true;
  /** one thing at a time */
  #work: Promise<void> | null = null;
  #watching = false;
  /** the back end is asked one thing at a time */
  #turn: Promise<unknown> = Promise.resolve();
  #cancelTick = (): void => undefined;
  /** installations that failed, of the version that was tried last */
  #failures = { manifest: '', count: 0 };
  /** told to the register in this run */
  readonly #said = new Set<string>();
  readonly #ending = new AbortController();
  readonly #pace: Pace;
  readonly #telling: Telling;
  readonly #watchers: Watchers;

  constructor(
    private readonly deps: UpdaterDeps,
    private readonly options: UpdaterOptions,
  ) {
    const { checkEveryMinutes: everyMinutes, cameraId } = options;
    this.#pace = new Pace(deps, { everyMinutes, cameraId });
    this.#telling = new Telling(deps);
    this.#watchers = new Watchers({ clock: deps.clock, status: () => this.status() });
  }

  /** Clears what a cut left, and sees whether the version that runs is on trial. Never rejects. */
  async start(signal: AbortSignal): Promise<void> {
    const { backend, clock, log } = this.deps;
    if (!backend) return;
    try {
      await backend.start(signal);
      this.#slots = await backend.status();
    } catch (error) {
      this.#unusable = true;
      this.#problem = problems.slots;
      log.error(`update: ${errorLine(error)}`);
      return;
    }
    this.#booted(this.#slots);
    await this.#telling.flush();
    if (!this.#ending.signal.aborted) this.#cancelTick = clock.every(1000, () => this.#tick());
  }

  /** Ends what is under way where it may be cut. Idempotent. */
  async stop(): Promise<void> {
    this.#cancelTick();
    this.#ending.abort();
    await this.#work?.catch(() => undefined);
    this.#watchers.stop();
    await this.#turn.catch(() => undefined);
    await this.deps.backend?.stop();
  }

  status(): UpdateStatus {
    return statusOf({
      state: this.#state,
      backend: this.deps.backend?.kind ?? 'none',
      running: this.options.running,
      channel: this.options.channel,
      slots: this.#slots,
      plan: this.#offer?.plan ?? null,
      progress: this.#progress,
      waitsFor: this.#confirmation?.missing ?? [],
      checkedMs: this.#checkedMs,
      problem: this.#problem,
      windowOpen: this.#windowOpen,
    });
  }

  /** What the operator must know. */
  notices(): UpdateNotice[] {
    const { clock, checkedBeforeMs } = this.deps;
    const lastMs = this.#checkedMs ?? checkedBeforeMs();
    const silentMs = this.deps.repository && lastMs !== null ? clock.wallMs() - lastMs : 0;
    return noticesOf(this.#problem, this.#returned, silentMs);
  }

  watch(onChange: (status: UpdateStatus) => void): () => void {
    return this.#watchers.add(onChange);
  }

  async check(): Promise<UpdateStatus> {
    this.#require('idle', 'offered', 'held');
    await this.#begin((signal) => this.#look(signal));
    return this.status();
  }

  async install(by: string): Promise<UpdateStatus> {
    this.#require('idle', 'offered', 'held');
    let onUnderWay = (): void => undefined;
    const underWay = new Promise<void>((resolve) => {
      onUnderWay = resolve;
    });
    const work = this.#begin(async (signal) => {
      await this.#look(signal);
      const taken = this.#take(by, signal);
      if (this.#state === 'downloading') onUnderWay();
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
      const to = this.#slots?.other?.version ?? null;
      await this.#backend((backend) => backend.rollback());
      this.#follow('rollback');
      await this.#end({ step: 'rolled-back', from: this.options.running.version, to, by });
    });
    return this.status();
  }

  get #windowOpen(): boolean {
    return this.deps.windowOpen(this.deps.clock.wallMs());
  }

  /** @throws VigieError `update` when an order has no place now */
  #require(...states: UpdateState[]): void {
    if (!this.deps.backend) throw noSlots();
    if (this.#unusable) throw new VigieError('update', problems.slots.en, 'Look at the log of the camera');
    if (this.#work || !states.includes(this.#state)) throw refusal(this.#state);
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
        this.#watchers.changed();
      });
    this.#work = done;
    return done;
  }

  async #backend<T>(call: (backend: NonNullable<UpdaterDeps['backend']>) => Promise<T>): Promise<T> {
    const { backend } = this.deps;
    if (!backend) throw noSlots();
    const done = this.#turn.then(() => call(backend));
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #follow(event: UpdateEvent): void {
    const next = nextState(this.#state, event);
    if (next === null) throw new VigieError('internal', `${event} has no place in ${this.#state}`, 'Report this');
    this.#state = next;
    this.#watchers.changed();
  }

  #booted({ returned, trial }: SlotsStatus): void {
    const { version } = this.options.running;
    if (returned) {
      this.#returned = returned.version;
      const about = { step: 'returned', from: returned.version, to: version, reason: returned.why } as const;
      this.#telling.add({ kind: 'update', ...about }, () => this.#backend((backend) => backend.returnTold()));
    }
    if (trial) {
      this.#follow('booted-on-trial');
      this.#confirmation = this.#newConfirmation();
    } else if (!returned) void this.#raiseFloor();
  }

  #newConfirmation(): Confirmation {
    const asked = this.#slots?.trial?.asked ?? [];
    return new Confirmation(this.deps, { asked, seconds: this.options.confirmSeconds });
  }

  #tick(): void {
    if (this.#telling.waiting > 0) void this.#telling.flush();
    if (this.#work) return;
    if (this.#state === 'trial') return void this.#watchTrial();
    const { repository, clockTrusted } = this.deps;
    if (!repository || this.#state === 'restarting') return;
    this.#lookAtClock(clockTrusted());
    const open = this.#windowOpen;
    if (open && !this.#windowWasOpen && this.#state === 'offered') this.#pace.sooner();
    if (open !== this.#windowWasOpen) this.#watchers.changed();
    this.#windowWasOpen = open;
    if (this.#state !== 'held' && this.#pace.due)
      this.#begin((signal) => this.#round(signal)).catch(() => undefined);
  }

  #lookAtClock(trusted: boolean): void {
    if (trusted === (this.#state !== 'held')) return;
    this.#follow(trusted ? 'clock-trusted' : 'clock-untrusted');
    if (!trusted) this.#offer = null;
    this.#problem = trusted ? null : problems.clock;
  }

  /** What the camera does by itself. */
  async #round(signal: AbortSignal): Promise<void> {
    try {
      await this.#look(signal);
      const { install } = this.options;
      if (this.#offer?.onlyByOrder === false && install === 'window' && this.#windowOpen)
        await this.#take(null, signal);
      this.#pace.worked();
    } catch (error) {
      this.#pace.failed();
      throw error;
    }
  }

  /** Asks the repository, and ends in `offered` or `idle`; rejects when it could not be asked. */
  async #look(signal: AbortSignal): Promise<void> {
    const { repository, clock, clockTrusted } = this.deps;
    if (!repository) throw noRepository();
    this.#lookAtClock(clockTrusted());
    if (this.#state === 'held') throw clockUnsure();
    this.#follow('check');
    try {
      const found = await repository.refresh(signal);
      this.#slots = await this.#backend((backend) => backend.status());
      this.#judge(found, this.#slots);
      this.#checkedMs = clock.wallMs();
    } catch (error) {
      this.#offer = null;
      this.#wentWrong(error, null);
      this.#follow(this.#problem?.reason === 'clock' ? 'clock-untrusted' : 'failed');
      throw error;
    }
    this.#follow(this.#offer ? 'found' : 'nothing-new');
  }

  #judge(found: Found, slots: SlotsStatus): void {
    const judgement = this.deps.judge(found, slots);
    const { version } = found.release;
    this.#offer = null;
    this.#problem = null;
    if (judgement.kind === 'offer') {
      const { manifest, count } = this.#failures;
      const repeated = manifest === manifestOf(found) && count >= mostFailures;
      if (judgement.onlyByOrder) this.#problem = problems.failedBefore;
      else if (repeated) this.#problem = problems.repeated;
      const plan = planOf(found, slots.running?.record ?? null, { mayDelta: true });
      this.#offer = { plan, onlyByOrder: judgement.onlyByOrder || repeated };
      this.#sayOnce({ step: 'offered', to: version });
    } else if (judgement.kind === 'refused') this.#refused(judgement.problem, version);
  }

  /** @param by null: the camera itself */
  async #take(by: string | null, signal: AbortSignal): Promise<void> {
    const { backend } = this.deps;
    const offer = this.#offer;
    if (!backend || !offer) throw nothingToTake(this.#problem);
    const { found } = offer.plan;
    const to = found.release.version;
    const about = { from: this.options.running.version, to, ...(by !== null && { by }) };
    this.#problem = null;
    try {
      const wanted = { found, running: this.#slots?.running?.record ?? null, ordered: by !== null };
      const install = (...of: Parameters<typeof backend.install>): Promise<void> =>
        this.#backend((turn) => turn.install(...of));
      await take({ ...this.deps, install }, wanted, this.#takingEvents(offer, about), signal);
    } catch (error) {
      if (!signal.aborted) this.#wentWrong(error, to);
      throw error;
    }
    await this.#end({ step: 'installed', ...about });
  }

  #takingEvents(offer: Offer, about: Omit<UpdateTold, 'kind' | 'step'>): TakingEvents {
    return {
      planned: (plan) => {
        offer.plan = plan;
      },
      follow: (event) => {
        if (event === 'failed' && this.#state === 'installing') this.#countFailure(offer.plan.found);
        this.#follow(event);
      },
      progress: (progress) => {
        this.#progress = progress;
        this.#watchers.changed();
      },
      downloaded: () => this.#telling.add({ kind: 'update', step: 'downloaded', ...about }),
    };
  }
}

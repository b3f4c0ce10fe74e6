/**
 * Asks the repository what it offers, and sets down whether this camera takes it. Used by ota/updater/updater.ts, for its own rounds and
 * for orders. Asks nothing while the time is not trusted; takes nothing itself.
 */
import type { Clock } from '../../board/ports.js';
import { BundleRefused } from '../bundle/read.js';
import type { Found } from '../metadata/client.js';
import type { SlotsStatus } from '../slots/backend.js';
import { clockUnsure, damagedProblem, noRepository, type Problem, problemOf, problems } from './problems.js';
import type { Standing } from './standing.js';
import type { Telling } from './told.js';
import type { UpdaterDeps } from './updater-parts.js';

/** Installations of one version that may fail before it is left to a person. */
const mostFailures = 3;
/** What came damaged so often is fetched once in so long: a wrong file on the server must not cost its length each hour. */
const damagedPauseUs = 24 * 3_600_000_000;

type CheckingDeps = Pick<UpdaterDeps, 'repository' | 'backend' | 'judge' | 'obtaining' | 'clockTrusted'> & {
  clock: Clock;
  now: Standing;
  telling: Telling;
};

export class Checking {
  /** what the register was told in this run: it is not told again at each check */
  readonly #told = new Set<string>();
  #failures = { identity: '', count: 0, refused: false };
  #damaged = { identity: '', count: 0, lastUs: 0 };

  /** @param options.version the one that runs */
  constructor(
    private readonly deps: CheckingDeps,
    private readonly options: { version: string },
  ) {}

  /** Ends in `offered` or `idle`. Rejects when the repository could not be asked, or gave nothing that can be trusted. */
  async look(signal: AbortSignal): Promise<void> {
    const { repository, backend, clock, now } = this.deps;
    if (!repository || !backend) throw noRepository();
    this.lookAtClock();
    if (now.state === 'held') throw clockUnsure();
    now.follow('check');
    try {
      const found = await repository.refresh(signal);
      now.slots = await backend.status();
      this.#judge(found, now.slots);
      now.checkedMs = clock.wallMs();
    } catch (error) {
      now.offer = null;
      if (!signal.aborted) this.wentWrong(error, null);
      now.follow(now.problem?.reason === problems.clock.reason ? 'clock-untrusted' : 'failed');
      throw error;
    }
    now.follow(now.offer ? 'found' : 'nothing-new');
  }

  lookAtClock(): void {
    const { now, clockTrusted } = this.deps;
    const trusted = clockTrusted();
    if (trusted === (now.state !== 'held')) return;
    now.follow(trusted ? 'clock-trusted' : 'clock-untrusted');
    if (!trusted) now.offer = null;
    now.problem = trusted ? null : problems.clock;
  }

  /** @param to the version it is about; null: not known */
  wentWrong(error: unknown, to: string | null): void {
    this.#says(problemOf(error, this.deps.now.state), to);
  }

  /** A version could not be written: after several times, or when it must not run, it waits for a person. */
  failedToInstall(identity: string, error: unknown): void {
    const before = this.#failures.identity === identity ? this.#failures.count : 0;
    const refused = error instanceof BundleRefused;
    this.#failures = { identity, count: refused ? mostFailures : before + 1, refused };
  }

  /** Twice over the link, and not what was signed. */
  cameDamaged(identity: string): void {
    const count = this.#damaged.identity === identity ? this.#damaged.count + 1 : 1;
    this.#damaged = { identity, count, lastUs: this.deps.clock.monoUs() };
  }

  #restsDamaged(identity: string): boolean {
    const { identity: of, count, lastUs } = this.#damaged;
    return of === identity && count >= mostFailures && this.deps.clock.monoUs() - lastUs < damagedPauseUs;
  }

  #judge(found: Found, slots: SlotsStatus): void {
    const { now, judge, obtaining } = this.deps;
    const judgement = judge(found, slots);
    const { version } = found.release;
    now.offer = null;
    if (judgement.kind !== 'offer') return this.#says(judgement.problem, version);
    const repeated = this.#failuresOf(found.identity, slots) >= mostFailures;
    const refused = this.#failures.identity === found.identity && this.#failures.refused;
    const rests = this.#restsDamaged(found.identity);
    const plan = obtaining.plan(found, slots.running?.record ?? null, { mayDelta: true });
    now.offer = { plan, onlyByOrder: judgement.onlyByOrder || repeated || rests };
    now.problem = rests ? damagedProblem : null;
    if (repeated) now.problem = refused ? problems.bundle : problems.repeated;
    if (judgement.onlyByOrder) now.problem = problems.failedBefore;
    this.#tellOnce('offered', version);
  }

  /** In this run, or by the end of earlier ones: what ends the camera while it is written is not written for ever. */
  #failuresOf(identity: string, { cut }: SlotsStatus): number {
    const here = this.#failures.identity === identity ? this.#failures.count : 0;
    const before = cut?.manifestSha256 === identity ? cut.times : 0;
    return Math.max(here, before);
  }

  #says(problem: Problem | null, to: string | null): void {
    this.deps.now.problem = problem;
    if (problem?.refused) this.#tellOnce('refused', to, problem.reason);
  }

  #tellOnce(step: 'offered' | 'refused', to: string | null, reason?: string): void {
    const key = `${step} ${to} ${reason}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    const { version: from } = this.options;
    this.deps.telling.add({ kind: 'update', step, from, to, ...(reason !== undefined && { reason }) });
  }
}

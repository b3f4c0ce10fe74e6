/** An update that a test moves by hand, on the other side of the control plane: what `UpdateOrders` promises, without an updater. */
import { VigieError } from '../errors.js';
import { nextState, type UpdateEvent } from '../ota/table.js';
import type { UpdateOrders, UpdateStatus } from '../ota/update.js';

export const restingUpdate: UpdateStatus = {
  state: 'idle',
  backend: 'dir',
  channel: 'stable',
  running: { version: '1.0.0', commit: 'a1b2c3d4e5f6' },
  other: null,
  offer: null,
  progress: null,
  trial: null,
  checkedMs: null,
  problem: null,
  windowOpen: true,
};

export const newerOffer: NonNullable<UpdateStatus['offer']> = {
  version: '1.1.0',
  notes: {
    fr: 'Corrige la reprise après une coupure de liaison.\nAméliore la lecture de nuit.',
    en: 'Mends the resumption after a lost link.\nImproves reading at night.',
  },
  bytes: 12 << 20,
  delta: false,
};

export class ScriptedUpdate implements UpdateOrders {
  /** order and who gave it, in the order in which they came */
  readonly given: [order: string, by: string][] = [];
  /** what a check finds */
  finds: UpdateStatus['offer'] = newerOffer;
  /** what a start found is read */
  known: Promise<void> = Promise.resolve();
  /** orders wait until it resolves */
  gate: Promise<void> = Promise.resolve();
  /** an installation finds this version in the repository, in place of what was offered */
  republished: string | null = null;
  /** an order rejects with it */
  fails: Error | null = null;
  /** after an order was taken: what a camera would go on to do */
  after: (order: string) => void = () => undefined;
  readonly #watchers = new Set<(status: UpdateStatus) => void>();
  #status: UpdateStatus;

  constructor(start: Partial<UpdateStatus> = {}) {
    this.#status = { ...restingUpdate, ...start };
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  status(): UpdateStatus {
    return this.#status;
  }

  set(change: Partial<UpdateStatus>): void {
    this.#status = { ...this.#status, ...change };
    for (const watcher of [...this.#watchers]) watcher(this.#status);
  }

  watch(onChange: (status: UpdateStatus) => void): () => void {
    this.#watchers.add(onChange);
    return () => this.#watchers.delete(onChange);
  }

  check(by: string): Promise<UpdateStatus> {
    return this.#order('check', by, 'check', () =>
      this.finds
        ? { state: 'offered', offer: this.finds, checkedMs: 1_767_225_600_000 }
        : { state: 'idle', offer: null, checkedMs: 1_767_225_600_000 },
    );
  }

  install(by: string, version?: string): Promise<UpdateStatus> {
    // As an updater that asks the repository again before it takes anything.
    if (this.republished) this.set({ offer: { ...newerOffer, version: this.republished } });
    if (this.republished && version !== this.republished)
      return Promise.reject(new VigieError('update', `${this.republished} is offered by now`, 'Look at it'));
    const progress = { bytes: 0, of: this.#status.offer?.bytes ?? 1, rate: null, secondsLeft: null };
    return this.#order('install', by, 'download', () => ({ state: 'downloading', progress, problem: null }));
  }

  confirm(by: string): Promise<UpdateStatus> {
    return this.#order('confirm', by, 'confirm', () => ({ state: 'idle', trial: null }));
  }

  rollback(by: string): Promise<UpdateStatus> {
    return this.#order('rollback', by, 'rollback', () => ({ state: 'restarting' }));
  }

  async #order(
    name: string,
    by: string,
    event: UpdateEvent,
    change: () => Partial<UpdateStatus>,
  ): Promise<UpdateStatus> {
    this.given.push([name, by]);
    if (nextState(this.#status.state, event) === null)
      throw new VigieError(
        'update',
        `There is no ${event} in state ${this.#status.state}`,
        'Look at it first',
      );
    await this.gate;
    if (this.fails) throw this.fails;
    this.set(change());
    this.after(name);
    return this.#status;
  }
}

/**
 * One operator's side of the update: shows how it stands and passes orders on, with the account. Made by desks.ts for a
 * connection, which has checked the right. What was ordered goes on when the connection ends; a slow client is only kept from
 * the statuses in between.
 */
import type { Clock, Log } from '../../board/ports.js';
import { asVigieError, errorLine } from '../../errors.js';
import type { UpdateOrders, UpdateStatus } from '../../ota/update.js';
import { errorTexts, type FromServer } from './protocol.js';
import { noUpdater, otherVersion, refusalOf, type Words } from './update-refusals.js';
import type { UpdateRequest } from './update-requests.js';

const apartMs = 250;

export interface UpdateDeskDeps {
  clock: Clock;
  log: Log;
  /** absent: nothing here takes updates */
  updates?: UpdateOrders | null;
}

export class UpdateDesk {
  #unwatch: (() => void) | null = null;
  #closed = false;
  #busy = false;
  /** when the next status may go; a newer one that waits for it, or for the client */
  #nextUs = 0;
  #owed = false;
  #cancelWait: (() => void) | null = null;

  constructor(
    private readonly deps: UpdateDeskDeps,
    private readonly send: (message: FromServer) => void,
    private readonly user: string,
    private readonly slow: () => boolean,
  ) {}

  /** One order at a time. Never rejects. */
  async take(request: UpdateRequest): Promise<void> {
    const { updates } = this.deps;
    if (!updates) return this.#refuse(request, noUpdater);
    if (request.t === 'update.get') return this.#follow(updates);
    if (this.#busy) return this.#say('busy', request);
    this.#busy = true;
    await updates.known;
    const before = updates.status();
    try {
      const other = otherVersion(request, before);
      if (other) this.#refuse(request, other);
      else await this.#order(request, updates);
    } catch (error) {
      const { kind } = asVigieError(error);
      if (kind !== 'update') this.deps.log.error(`An order about the update failed: ${errorLine(error)}`);
      this.#refuse(request, refusalOf(request, before, updates.status(), error));
    } finally {
      this.#busy = false;
    }
    if (!this.#closed) this.#send(updates.status(), request.t);
  }

  /** Sends what a slow client was kept from. */
  tick(): void {
    const { updates } = this.deps;
    if (this.#owed && this.#cancelWait === null && updates) this.#changed(updates);
  }

  /** Nothing is told any more; what was ordered goes on. Idempotent. */
  closed(): void {
    this.#closed = true;
    this.#unwatch?.();
    this.#cancelWait?.();
    this.#unwatch = null;
    this.#cancelWait = null;
  }

  async #follow(updates: UpdateOrders): Promise<void> {
    await updates.known;
    if (this.#closed) return;
    this.#unwatch ??= updates.watch(() => this.#changed(updates));
    this.#send(updates.status(), 'update.get');
  }

  #order(request: Exclude<UpdateRequest, { t: 'update.get' }>, updates: UpdateOrders): Promise<UpdateStatus> {
    switch (request.t) {
      case 'update.check':
        return updates.check(this.user);
      case 'update.install':
        return updates.install(this.user, request.version);
      case 'update.confirm':
        return updates.confirm(this.user);
      case 'update.rollback':
        return updates.rollback(this.user);
    }
  }

  /** At most four a second, and the newest: what is sent is asked for when it goes. */
  #changed(updates: UpdateOrders): void {
    this.#owed = true;
    if (this.#closed || this.#cancelWait || this.slow()) return;
    const waitMs = (this.#nextUs - this.deps.clock.monoUs()) / 1000;
    if (waitMs <= 0) return this.#send(updates.status());
    this.#cancelWait = this.deps.clock.after(waitMs, () => {
      this.#cancelWait = null;
      if (this.#owed) this.#changed(updates);
    });
  }

  /** @param re the request that it answers */
  #send(status: UpdateStatus, re: UpdateRequest['t'] | null = null): void {
    this.#owed = false;
    this.#nextUs = this.deps.clock.monoUs() + apartMs * 1000;
    this.send({ t: 'update', status, re });
  }

  #refuse({ t: re }: UpdateRequest, message: Words): void {
    this.send({ t: 'error', code: 'update-refused', message, re });
  }

  #say(code: 'busy', { t: re }: UpdateRequest): void {
    this.send({ t: 'error', code, message: errorTexts[code], re });
  }
}

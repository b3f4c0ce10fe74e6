/**
 * Puts each alert and each verdict into the register (docs/register.md, `alert-raised`, `alert-judged`). Fed by the alert
 * queue, behind everyone who is told: nothing waits for it. What the register refuses is in its own words in the log and
 * in the health; the alert journal has it all the same.
 */
import type { RegisterEvent } from '../access/register/entry.js';
import type { AlertEvent, AlertQueue } from './alerts.js';

export interface AlertRegisterDeps {
  alerts: Pick<AlertQueue, 'subscribe'>;
  /** an entry in the register; rejects while there is none */
  tell: (event: RegisterEvent) => Promise<unknown>;
}

export class AlertRegister {
  #cancel: (() => void) | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly deps: AlertRegisterDeps) {}

  start(): void {
    this.#cancel ??= this.deps.alerts.subscribe((event) => this.#onEvent(event));
  }

  /** Resolves when what was told before is written or refused. Idempotent. */
  async stop(): Promise<void> {
    this.#cancel?.();
    this.#cancel = null;
    await this.#last;
  }

  #onEvent(event: AlertEvent): void {
    const entry = entryOf(event);
    // One after the other: the verdict never comes before its alert.
    if (entry) this.#last = this.#last.then(() => this.deps.tell(entry).catch(() => undefined));
  }
}

function entryOf(event: AlertEvent): RegisterEvent | null {
  if (event.kind !== 'alert' && event.kind !== 'acked') return null;
  const { alert, acked } = event.entry;
  if (event.kind === 'acked')
    return acked && { kind: 'alert-judged', alert: alert.id, by: acked.by, verdict: acked.verdict };
  const { id, number, zone, score, model, atMs, measured } = alert;
  const [{ name, value, threshold, unit }] = measured as [(typeof measured)[number]];
  return {
    kind: 'alert-raised',
    alert: id,
    number,
    event: alert.event,
    zone,
    score,
    model: model.sha256,
    measured: { name, value, threshold, unit },
    pictureMs: atMs,
  };
}

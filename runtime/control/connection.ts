/**
 * One operator's WebSocket. Made by server.ts, which feeds it what arrives; talks to the alert queue and the live
 * feed. Checks the right of each request; never lets what waits for a slow client grow, never drops an alert
 * without closing.
 */
import { asVigieError, errorLine } from '../../errors.js';
import type { Session, Sessions } from '../access/sessions.js';
import type { Health } from '../health/health.js';
import type { AlertEntry, AlertEvent, AlertQueue } from './alerts.js';
import { decodeMessage, encodeMessage } from './codec.js';
import { type DeskDeps, Desks } from './desks.js';
import type { LiveFeed, LiveFragment } from './live.js';
import {
  closeCodes,
  type ErrorCode,
  errorTexts,
  type FromClient,
  type FromServer,
  protocolVersion,
  type RequestName,
  rightOf,
  type Welcome,
} from './protocol.js';
import { withinMs } from './within-ms.js';

/** The socket, as far as a connection needs it. */
export interface Wire {
  send(message: Uint8Array): void;
  /** bytes that wait for the client */
  buffered(): number;
  end(code: number, reason: string): void;
}

export type CameraInfo = Pick<Welcome, 'version' | 'camera' | 'picture' | 'zones'>;

export interface ConnectionDeps extends DeskDeps {
  sessions: Sessions;
  alerts: AlertQueue;
  live: LiveFeed;
  health: () => Health;
  info: CameraInfo;
}

export const connectionLimits = {
  helloMs: 10_000,
  /** live fragments are dropped above, and come back with a keyframe below the second */
  liveBytes: 2 << 20,
  liveResumeBytes: 256 << 10,
  /** the socket is closed above */
  mostBytes: 4 << 20,
  /** alerts in one answer, and the bytes that may wait before the page ends early */
  alertPage: 100,
  alertPageBytes: 1 << 20,
  requestsPerSecond: 50,
  snapshotMs: 5_000,
} as const;

export class Connection {
  readonly session: Session;
  readonly #deps: ConnectionDeps;
  readonly #wire: Wire;
  #closed = false;
  #welcomed = false;
  #cancelHello: () => void;
  #unwatch: (() => void) | null = null;
  #unsubscribe: (() => void) | null = null;
  /** the client has all alerts so far: new ones follow by themselves */
  #following = false;
  #dropping = false;
  #wantsHealth = false;
  readonly #desks: Desks;
  #snapshotUnderWay = false;
  #requests = { fromUs: 0, count: 0 };
  /** live fragments not sent because the client was slow */
  dropped = 0;

  constructor(deps: ConnectionDeps, wire: Wire, session: Session) {
    this.#deps = deps;
    this.#wire = wire;
    this.session = session;
    const slow = (): boolean => wire.buffered() >= connectionLimits.liveBytes;
    this.#desks = new Desks(deps, (message) => this.#send(message), session.user, slow);
    this.#cancelHello = deps.clock.after(connectionLimits.helloMs, () =>
      this.end(closeCodes.noHello, 'no hello'),
    );
  }

  /** One WebSocket message from the client. Never throws. */
  receive(bytes: Uint8Array, isBinary: boolean): void {
    if (this.#closed) return;
    if (this.#tooMany()) {
      this.end(closeCodes.tooManyRequests, 'too many requests');
      return;
    }
    const message = isBinary ? decodeMessage(bytes) : null;
    if (!message) {
      this.#refuse('bad-message', null);
      this.end(closeCodes.badMessage, 'bad message');
      return;
    }
    const { sessions, log } = this.#deps;
    const { key } = this.session;
    if (message.t === 'ping' ? !sessions.alive(key) : !sessions.touch(key)) {
      this.end(closeCodes.sessionEnded, 'session ended');
      return;
    }
    try {
      this.#admit(message);
    } catch (error) {
      log.error(`A request failed: ${errorLine(asVigieError(error))}`);
      this.#refuse('unavailable', message.t);
    }
  }

  /** Once a second: ends what is over, sends health to who asked. */
  tick(health: () => Health): void {
    if (this.#closed) return;
    if (!this.#deps.sessions.alive(this.session.key)) {
      this.end(closeCodes.sessionEnded, 'session ended');
      return;
    }
    this.#desks.tick();
    if (this.#wantsHealth && this.#wire.buffered() < connectionLimits.liveBytes) {
      this.#send({ t: 'health', health: health() });
    }
  }

  /** Closes from this side. Idempotent. */
  end(code: number, reason: string): void {
    if (this.#closed) return;
    this.closed();
    this.#wire.end(code, reason);
  }

  /** The socket is gone: nothing is sent any more. Idempotent. */
  closed(): void {
    this.#closed = true;
    this.#cancelHello();
    this.#desks.closed();
    this.#unwatch?.();
    this.#unsubscribe?.();
    this.#unwatch = null;
    this.#unsubscribe = null;
  }

  #admit(message: FromClient): void {
    if (!this.#welcomed && message.t !== 'hello') {
      this.#refuse('hello-first', message.t);
      this.end(closeCodes.badMessage, 'hello first');
      return;
    }
    const needed = rightOf[message.t];
    if (needed !== null && !this.session.rights.includes(needed)) this.#refuse('forbidden', message.t);
    else this.#answer(message);
  }

  #answer(message: FromClient): void {
    switch (message.t) {
      case 'hello':
        this.#welcome();
        break;
      case 'live.start':
        this.#startLive();
        break;
      case 'live.stop':
        this.#unwatch?.();
        this.#unwatch = null;
        break;
      case 'alerts.since':
        this.#sendAlerts(message.number);
        break;
      case 'alert.ack':
        if (!this.#deps.alerts.ack(message.id, this.session.user, message.verdict)) {
          this.#refuse('unknown-alert', message.t);
        }
        break;
      case 'health.get':
        this.#wantsHealth = true;
        this.#send({ t: 'health', health: this.#deps.health() });
        break;
      case 'snapshot.get':
        void this.#sendSnapshot(message.id);
        break;
      case 'ping':
        this.#send({ t: 'pong' });
        break;
      default:
        void this.#desks.take(message);
    }
  }

  #welcome(): void {
    const { alerts, info } = this.#deps;
    this.#welcomed = true;
    this.#cancelHello();
    this.#send({
      t: 'welcome',
      protocol: protocolVersion,
      user: this.session.user,
      rights: this.session.rights,
      ...info,
      alerts: { last: alerts.lastNumber, pending: alerts.counts().pending },
      head: this.#deps.head?.places ?? null,
    });
  }

  #startLive(): void {
    this.#unwatch?.();
    this.#dropping = false;
    this.#unwatch = this.#deps.live.watch(
      ({ mime, data }) => this.#send({ t: 'live.init', mime, data }),
      (fragment) => this.#sendFragment(fragment),
    );
    // The session may have been closed for being too far behind while the group so far was sent.
    if (this.#closed) this.closed();
  }

  #sendFragment({ key, wallMs, data }: LiveFragment): void {
    const waiting = this.#wire.buffered();
    if (this.#dropping) this.#dropping = !(key && waiting < connectionLimits.liveResumeBytes);
    else this.#dropping = waiting + data.length > connectionLimits.liveBytes;
    if (this.#dropping) this.dropped += 1;
    else this.#send({ t: 'live.fragment', key, wallMs, data });
  }

  #sendAlerts(number: number): void {
    const { alerts } = this.#deps;
    this.#following = false;
    const first = this.#unsubscribe === null;
    this.#unsubscribe ??= alerts.subscribe((event) => this.#onAlertEvent(event));
    const later = alerts.since(number, connectionLimits.alertPage + 1);
    // What it has may have gone on while it was away.
    if (first) for (const update of alerts.updatesUpTo(number)) this.#send({ t: 'alert.updated', update });
    let upTo = number;
    let sent = 0;
    for (const entry of later) {
      if (sent === connectionLimits.alertPage || this.#wire.buffered() > connectionLimits.alertPageBytes)
        break;
      this.#sendAlert(entry);
      upTo = entry.alert.number;
      sent += 1;
    }
    this.#following = sent === later.length;
    this.#send({ t: 'alerts.end', upTo, more: !this.#following });
  }

  #onAlertEvent(event: AlertEvent): void {
    // Also between two pages: it may be of an alert of the first.
    if (event.kind === 'updated') this.#send({ t: 'alert.updated', update: event.update });
    if (!this.#following) return;
    if (event.kind === 'alert') this.#sendAlert(event.entry);
    else if (event.kind === 'picture') this.#send({ t: 'alert.picture', id: event.id, jpeg: event.jpeg });
    else if (event.kind === 'acked' && event.entry.acked) {
      const { alert, acked } = event.entry;
      this.#send({ t: 'alert.acked', id: alert.id, number: alert.number, acked });
    }
  }

  #sendAlert({ alert, acked, update }: AlertEntry): void {
    const picture = this.#deps.alerts.picture(alert.id);
    this.#send({ t: 'alert', alert, acked, update, ...(picture ? { picture } : {}) });
  }

  async #sendSnapshot(id: number): Promise<void> {
    if (this.#snapshotUnderWay) {
      this.#refuse('busy', 'snapshot.get');
      return;
    }
    this.#snapshotUnderWay = true;
    const picture = await withinMs(this.#deps.clock, connectionLimits.snapshotMs, this.#deps.snapshot());
    this.#snapshotUnderWay = false;
    if (picture) this.#send({ t: 'snapshot', id, wallMs: picture.wallMs, jpeg: picture.jpeg });
    else this.#refuse('unavailable', 'snapshot.get');
  }

  #refuse(code: ErrorCode, re: RequestName | null): void {
    this.#send({ t: 'error', code, message: errorTexts[code], re });
  }

  #send(message: FromServer): void {
    if (this.#closed) return;
    const bytes = encodeMessage(message);
    if (this.#wire.buffered() + bytes.length > connectionLimits.mostBytes) {
      this.end(closeCodes.tooFarBehind, 'too far behind');
    } else this.#wire.send(bytes);
  }

  #tooMany(): boolean {
    const nowUs = this.#deps.clock.monoUs();
    if (nowUs - this.#requests.fromUs >= 1_000_000) this.#requests = { fromUs: nowUs, count: 0 };
    this.#requests.count += 1;
    return this.#requests.count > connectionLimits.requestsPerSecond;
  }
}

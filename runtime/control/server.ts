/**
 * The control plane: the port, the login, the WebSockets. Built by runtime/main.ts; feeds operators from the alert
 * queue, the live feed and the health of the camera. Never opens a port that others can reach without TLS.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock, Log } from '../../board/ports.js';
import { errorLine, VigieError } from '../../errors.js';
import type { Right } from '../access/rights.js';
import type { Session, Sessions } from '../access/sessions.js';
import type { Users } from '../access/users.js';
import type { Config } from '../config/schema.js';
import type { Health } from '../health/health.js';
import { readAssets } from './assets.js';
import { frameLimits } from './codec.js';
import { Connection, type ConnectionDeps } from './connection.js';
import { Front } from './front.js';
import { HttpDoor, respond } from './http.js';
import { closeCodes } from './protocol.js';
import { sessionOf } from './request.js';
import { readTlsFiles } from './tls-files.js';
import {
  type App,
  type HttpRequest,
  type HttpResponse,
  openApp,
  sendMessage,
  type UpgradeContext,
  type WebSocket,
} from './uws.js';

interface SocketData {
  session: Session;
  number: string;
  connection: Connection | null;
}

const mostWebSockets = 32;
const usersEveryTicks = 5;

export class ControlServer {
  readonly #deps: ConnectionDeps & { users: Users };
  readonly #options: Config['control'];
  readonly #connections = new Set<Connection>();
  #parts: { app: App; front: Front; directory: string } | null = null;
  #cancels: (() => void)[] = [];
  #starting: Promise<unknown> = Promise.resolve();
  #url = '';
  #usersProblem = '';

  constructor(
    deps: ConnectionDeps & { clock: Clock; log: Log; users: Users; sessions: Sessions },
    options: Config['control'],
  ) {
    this.#deps = deps;
    this.#options = options;
  }

  /**
   * Listens. Stops by itself when the signal aborts.
   * @returns the address of the console and the port taken
   * @throws VigieError `config` (TLS files, address without TLS), `network` (port), `access` (users file),
   *   `internal` (console not built, no binary of uWebSockets.js)
   */
  start(signal?: AbortSignal): Promise<{ url: string; port: number }> {
    const started = this.#open(signal);
    this.#starting = started.catch(() => undefined);
    return started;
  }

  async #open(signal?: AbortSignal): Promise<{ url: string; port: number }> {
    const { users, log, sessions } = this.#deps;
    await users.refresh();
    const tls = this.#options.tls ? await readTlsFiles(this.#options.tls) : null;
    const assets = await readAssets();
    const app = openApp();
    const directory = await mkdtemp(join(tmpdir(), 'vigie-control-'));
    const innerPath = join(directory, 'http');
    const front = new Front(this.#deps, {
      host: this.#options.host,
      port: this.#options.port,
      tls,
      innerPath,
    });
    this.#parts = { app, front, directory };
    try {
      await listen(app, innerPath);
      const port = await front.start();
      const door = new HttpDoor({ ...this.#deps, front, assets }, { secure: tls !== null, port });
      this.#routes(app, door, front);
      this.#url = `${tls ? 'https' : 'http'}://${hostInUrl(this.#options.host)}:${port}/`;
      this.#cancels.push(sessions.onEnd((key) => this.#endSession(key)));
      this.#cancels.push(this.#everySecond());
      signal?.addEventListener('abort', () => void this.stop(), { once: true });
      log.info(`The console is at ${this.#url}`);
      return { url: this.#url, port };
    } catch (error) {
      await this.#close();
      throw error;
    }
  }

  /** An address that logs in once, within 10 minutes, with these rights. Print it, never log it. */
  oneTimeLink(rights: readonly Right[]): string {
    return `${this.#url}enter?token=${this.#deps.sessions.oneTimeLink(rights)}`;
  }

  /** WebSockets that are open. */
  get clients(): number {
    return this.#connections.size;
  }

  /** Live fragments not sent to the clients now connected because they were slow. */
  get droppedFragments(): number {
    let dropped = 0;
    for (const connection of this.#connections) dropped += connection.dropped;
    return dropped;
  }

  /** Tells the clients, closes everything, removes the Unix socket. Waits for a start under way. Idempotent. */
  async stop(): Promise<void> {
    await this.#starting;
    await this.#close();
  }

  async #close(): Promise<void> {
    const parts = this.#parts;
    if (!parts) return;
    this.#parts = null;
    for (const cancel of this.#cancels.splice(0)) cancel();
    parts.front.close();
    for (const connection of [...this.#connections]) connection.end(closeCodes.goingAway, 'the camera stops');
    // The closing frames leave by themselves; who does not take them in this time does not get them.
    for (let turn = 0; turn < 20 && parts.front.size > 0; turn += 1) {
      await new Promise<void>((resolve) => setTimeout(resolve, 10));
    }
    await parts.front.stop();
    parts.app.close();
    await rm(parts.directory, { recursive: true, force: true });
  }

  #routes(app: App, door: HttpDoor, front: Front): void {
    app.ws<SocketData>('/control', {
      compression: 0,
      maxPayloadLength: frameLimits.bytes,
      idleTimeout: 60,
      sendPingsAutomatically: true,
      // Connection closes long before; this is the bound should it ever not.
      maxBackpressure: 8 << 20,
      upgrade: (res, req, context) => this.#upgrade(res, req, context, door),
      open: (socket) => this.#welcome(socket, front),
      message: (socket, message, isBinary) => {
        socket.getUserData().connection?.receive(new Uint8Array(message), isBinary);
      },
      close: (socket) => {
        const { connection } = socket.getUserData();
        if (!connection) return;
        connection.closed();
        this.#connections.delete(connection);
      },
    });
    door.register(app);
  }

  #upgrade(res: HttpResponse, req: HttpRequest, context: UpgradeContext, door: HttpDoor): void {
    const claims = door.claims(res, req);
    if (!claims.peer) {
      res.close();
      return;
    }
    const refused = door.refusal(claims, true);
    const session = sessionOf(claims, this.#deps.sessions);
    if (refused) respond(res, refused);
    else if (!session) respond(res, { status: '401 Unauthorized', body: 'Log in first\n' });
    else if (this.#connections.size >= mostWebSockets) respond(res, { status: '503 Service Unavailable' });
    else {
      const data: SocketData = { session, number: claims.peer.number, connection: null };
      const key = req.getHeader('sec-websocket-key');
      res.upgrade(data, key, '', req.getHeader('sec-websocket-extensions'), context);
    }
  }

  #welcome(socket: WebSocket<SocketData>, front: Front): void {
    const data = socket.getUserData();
    front.keep(data.number);
    const wire = {
      send: (message: Uint8Array) => sendMessage(socket, message),
      buffered: () => socket.getBufferedAmount(),
      end: (code: number, reason: string) => {
        front.release(data.number);
        socket.end(code, reason);
      },
    };
    data.connection = new Connection(this.#deps, wire, data.session);
    this.#connections.add(data.connection);
  }

  #endSession(key: string): void {
    for (const connection of [...this.#connections]) {
      if (connection.session.key === key) connection.end(closeCodes.sessionEnded, 'session ended');
    }
  }

  #everySecond(): () => void {
    let ticks = 0;
    return this.#deps.clock.every(1000, () => {
      let health: Health | null = null;
      const once = (): Health => {
        health ??= this.#deps.health();
        return health;
      };
      for (const connection of [...this.#connections]) connection.tick(once);
      ticks += 1;
      if (ticks % usersEveryTicks === 0) void this.#followUsers();
    });
  }

  /** `vigie user remove` is another process: what it changes ends sessions here. */
  async #followUsers(): Promise<void> {
    const { users, sessions, log } = this.#deps;
    try {
      await users.refresh();
      sessions.follow(users.list());
      this.#usersProblem = '';
    } catch (error) {
      if (errorLine(error) !== this.#usersProblem) log.error(errorLine(error));
      this.#usersProblem = errorLine(error);
    }
  }
}

function listen(app: App, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    app.listen_unix((socket) => {
      if (socket) resolve();
      else
        reject(
          new VigieError('network', 'The inner socket cannot be opened', `Check the space in ${tmpdir()}`),
        );
    }, path);
  });
}

function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

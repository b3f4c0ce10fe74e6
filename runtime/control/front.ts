/**
 * The port that the network sees: TLS 1.3, or plain TCP on loopback only. Hands each connection to the Unix socket
 * on which uWebSockets.js listens (server.ts). Never reads what goes through; never lets a connection live that
 * shows no purpose in time. Each connection gets a random number of 128 bits, told to the inner side in the source
 * address of a PROXY protocol v2 header: who reaches the Unix socket by another way, or sends a header of his own
 * through the port, does not know a number that is in use.
 */
import { randomBytes } from 'node:crypto';
import { connect, createServer, isIPv4, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import type { Clock, Log } from '../../board/ports.js';
import { VigieError } from '../../errors.js';
import type { TlsMaterial } from './tls-files.js';

export const frontLimits = {
  connections: 128,
  perAddress: 32,
  handshakeMs: 5_000,
  purposeMs: 30_000,
  farewellMs: 5_000,
} as const;

export interface Peer {
  /** hex, names the connection on the inner side */
  number: string;
  /** remote address, as text; for the login throttle only, never for a log */
  address: string;
}

interface FrontOptions {
  host: string;
  port: number;
  tls: TlsMaterial | null;
  /** the Unix socket that answers */
  innerPath: string;
}

interface Connection extends Peer {
  outer: Socket;
  cancelDeadline: () => void;
}

export class Front {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #options: FrontOptions;
  readonly #connections = new Map<string, Connection>();
  readonly #raw = new Set<Socket>();
  readonly #perAddress = new Map<string, number>();
  #server: Server | null = null;

  constructor(deps: { clock: Clock; log: Log }, options: FrontOptions) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#options = options;
  }

  /**
   * Listens, and returns the port.
   * @throws VigieError `config` without TLS on an address others can reach, `network` when the port cannot be had
   */
  async start(): Promise<number> {
    const { host, port, tls } = this.#options;
    if (!tls && !isLoopback(host)) throw notLoopback();
    const server = tls ? createTlsServer(tlsOptions(tls)) : createServer({ noDelay: true });
    server.maxConnections = frontLimits.connections;
    server.on('connection', (socket: Socket) => this.#count(socket));
    server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => this.#accept(socket));
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(listenError(error, port)));
      server.listen(port, host, resolve);
    });
    server.on('error', (error) => this.#log.error(`The control port failed: ${error.message}`));
    this.#server = server;
    const bound = server.address();
    if (bound === null || typeof bound === 'string' || (!tls && !isLoopback(bound.address))) {
      await this.stop();
      throw notLoopback();
    }
    return bound.port;
  }

  /** The connection with this number, or null: then whoever names it did not come through here. */
  peer(number: string): Peer | null {
    return this.#connections.get(number) ?? null;
  }

  /** This connection became a WebSocket: it may stay. */
  keep(number: string): void {
    this.#connections.get(number)?.cancelDeadline();
  }

  /** This WebSocket was closed from here: a client that does not take the farewell is cut off. */
  release(number: string): void {
    const connection = this.#connections.get(number);
    if (!connection) return;
    connection.cancelDeadline();
    connection.cancelDeadline = this.#clock.after(frontLimits.farewellMs, () => connection.outer.destroy());
  }

  get size(): number {
    return this.#connections.size;
  }

  /** Takes nobody new. */
  close(): void {
    this.#server?.close();
  }

  /** Ends all connections at once. Idempotent. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    for (const socket of this.#raw) socket.destroy();
    if (!server) return;
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  #count(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const before = this.#perAddress.get(address) ?? 0;
    if (before >= frontLimits.perAddress || address === '') {
      socket.destroy();
      return;
    }
    this.#perAddress.set(address, before + 1);
    this.#raw.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#raw.delete(socket);
      const left = (this.#perAddress.get(address) ?? 1) - 1;
      if (left > 0) this.#perAddress.set(address, left);
      else this.#perAddress.delete(address);
    });
  }

  #accept(outer: Socket): void {
    const address = outer.remoteAddress;
    if (address === undefined || outer.destroyed) {
      outer.destroy();
      return;
    }
    const number = randomBytes(16);
    const inner = connect(this.#options.innerPath);
    const cancelDeadline = this.#clock.after(frontLimits.purposeMs, () => outer.destroy());
    const connection: Connection = { number: number.toString('hex'), address, outer, cancelDeadline };
    this.#connections.set(connection.number, connection);
    outer.setNoDelay(true);
    inner.write(proxyHeader(number));
    pipeline(outer, inner, outer, () => {
      connection.cancelDeadline();
      this.#connections.delete(connection.number);
      inner.destroy();
      outer.destroy();
    });
  }
}

function tlsOptions(tls: TlsMaterial) {
  return {
    ...tls,
    minVersion: 'TLSv1.3',
    requestCert: tls.ca !== undefined,
    rejectUnauthorized: true,
    handshakeTimeout: frontLimits.handshakeMs,
    noDelay: true,
  } as const;
}

/** PROXY protocol v2: PROXY command, TCP over IPv6, source address = our number, the rest zero. */
function proxyHeader(number: Buffer): Buffer {
  const header = Buffer.alloc(16 + 36);
  header.write('0d0a0d0a000d0a515549540a', 'hex');
  header[12] = 0x21;
  header[13] = 0x21;
  header.writeUInt16BE(36, 14);
  number.copy(header, 16);
  return header;
}

/** True for `localhost`, `::1` and 127.0.0.0/8. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function notLoopback(): VigieError {
  const hint = 'Set control.tls, or control.host to 127.0.0.1';
  return new VigieError('config', 'The control plane would be reachable from the network without TLS', hint);
}

function listenError(error: NodeJS.ErrnoException, port: number): VigieError {
  const cause = { cause: error };
  if (error.code === 'EADDRINUSE') {
    const hint = 'Stop what listens there, or set another control.port (0 takes a free one)';
    return new VigieError('network', `Port ${port} is in use`, hint, cause);
  }
  if (error.code === 'EACCES') {
    return new VigieError('network', `Port ${port} may not be opened`, 'Take a port above 1023', cause);
  }
  const hint = 'Check control.host: it must be an address of this machine';
  return new VigieError(
    'network',
    `The control plane cannot listen (${error.code ?? 'unknown'})`,
    hint,
    cause,
  );
}

/**
 * A command's line to a running camera: logs in as the console does, then talks over the WebSocket (docs/protocol.md). Used by
 * ota-camera.ts. Every socket is opened, and its certificate checked, before a byte of a secret is sent. Never follows a
 * redirect, never keeps a session that it opened.
 */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import WebSocket from 'ws';
import type { Clock } from '../../board/ports.js';
import { VigieError } from '../../errors.js';
import type { FromClient } from '../control/protocol.js';
import type { CameraAddress } from './camera-address.js';
import { lineError, openSocket } from './camera-door.js';
import type { Credentials } from './camera-login.js';
import {
  type CameraWelcome,
  cameraLimits,
  decodeFromCamera,
  encodeForCamera,
  type FromCamera,
} from './camera-messages.js';

const pingMs = 15_000;
/** Without a word for this long the line is dead: a cut cable says nothing. */
const silenceMs = 40_000;
const answerMs = 15_000;
const sessionEnded = 4401;

/** What ended a line. */
export class LineEnded extends VigieError {}

export class CameraLine {
  #socket: WebSocket | null = null;
  #cookie = '';
  #messages: FromCamera[] = [];
  #wake: () => void = () => undefined;
  #ended: LineEnded | null = null;
  #heardUs = 0;
  #closing: Promise<void> | null = null;
  #cancelPing = (): void => undefined;

  constructor(
    private readonly deps: { clock: Clock },
    private readonly address: CameraAddress,
  ) {}

  /**
   * Logs in and says hello.
   * @throws VigieError `access` when the camera refuses the account, `network` when it cannot be reached or trusted,
   *   `protocol` when what answers is no camera of this kind
   */
  async open(credentials: Credentials, language: 'fr' | 'en'): Promise<CameraWelcome> {
    this.#cookie = await this.#logIn(credentials);
    await this.#connect();
    this.send({ t: 'hello', protocol: 1, language });
    const welcome = await this.next(answerMs);
    if (welcome?.t === 'welcome') return welcome;
    throw new VigieError('protocol', 'What answers is no camera of this kind', 'Check --url');
  }

  send(message: FromClient): void {
    this.#socket?.send(encodeForCamera(message));
  }

  /**
   * The next message; null when none comes in this time.
   * @throws LineEnded when the connection has ended and everything before was taken
   */
  async next(withinMs: number | null = null): Promise<FromCamera | null> {
    let late = false;
    const cancel =
      withinMs === null
        ? () => undefined
        : this.deps.clock.after(withinMs, () => {
            late = true;
            this.#wake();
          });
    try {
      for (;;) {
        const message = this.#messages.shift();
        if (message) return message;
        if (this.#ended) throw this.#ended;
        if (late) return null;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      cancel();
    }
  }

  /** Logs out, so that no session stays behind. Never rejects. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#end(new LineEnded('network', 'The line was closed', 'Open it again'));
    this.#socket?.terminate();
    if (this.#cookie === '') return;
    await this.#http('/logout', { Cookie: this.#cookie }, '').catch(() => undefined);
  }

  async #logIn({ user, secret }: Credentials): Promise<string> {
    const form = new URLSearchParams({ name: user, secret }).toString();
    const type = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const { statusCode = 0, headers } = await this.#http('/login', type, form);
    const cookie = /^(__Host-vigie|vigie)=[\w-]{43}(?=;|$)/.exec(headers['set-cookie']?.[0] ?? '')?.[0];
    if (statusCode === 303 && cookie !== undefined) return cookie;
    throw loginRefused(statusCode, headers['retry-after']);
  }

  /** One POST on a connection of its own; what is answered beyond the headers is not read. */
  async #http(path: string, headers: Record<string, string>, body: string): Promise<IncomingMessage> {
    const { url } = this.address;
    const socket = await openSocket(this.deps, this.address);
    const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const length = { 'Content-Length': String(Buffer.byteLength(body)) };
    return new Promise((resolve, reject) => {
      const sent: ClientRequest = request(new URL(path, url), {
        method: 'POST',
        headers: { Origin: url.origin, ...length, ...headers },
        createConnection: () => socket,
        timeout: answerMs,
      });
      sent.once('timeout', () => sent.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
      sent.on('error', (error) => reject(lineError(error, url)));
      sent.once('response', (answer) => {
        answer.on('error', () => undefined);
        resolve(answer);
        answer.destroy();
      });
      sent.end(body);
    });
  }

  async #connect(): Promise<void> {
    const { url } = this.address;
    const tcp: Socket = await openSocket(this.deps, this.address);
    const address = new URL('/control', url);
    address.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(address, {
      headers: { Cookie: this.#cookie },
      origin: url.origin,
      perMessageDeflate: false,
      maxPayload: cameraLimits.bytes,
      handshakeTimeout: answerMs,
      createConnection: () => tcp,
    });
    this.#socket = socket;
    socket.on('message', (bytes: Buffer, isBinary) => this.#received(bytes, isBinary));
    socket.once('close', (code, reason) => this.#end(endOf(code, reason.toString('utf8'), url)));
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.on('error', (error) => reject(lineError(error, url)));
      socket.once('unexpected-response', (_request, { statusCode = 0 }) => {
        socket.terminate();
        reject(upgradeRefused(statusCode));
      });
    });
    this.#heardUs = this.deps.clock.monoUs();
    this.#cancelPing = this.deps.clock.every(pingMs, () => this.#ping(socket));
  }

  #received(bytes: Buffer, isBinary: boolean): void {
    this.#heardUs = this.deps.clock.monoUs();
    const message = isBinary ? decodeFromCamera(bytes) : null;
    if (!message || message.t === 'pong') return;
    this.#messages.push(message);
    this.#wake();
  }

  #ping(socket: WebSocket): void {
    if (this.deps.clock.monoUs() - this.#heardUs > silenceMs * 1000) socket.terminate();
    else this.send({ t: 'ping' });
  }

  #end(why: LineEnded): void {
    this.#ended ??= why;
    this.#cancelPing();
    this.#wake();
  }
}

function endOf(code: number, reason: string, url: URL): LineEnded {
  if (code === sessionEnded)
    return new LineEnded(
      'access',
      'The session has ended',
      'The account was changed or logged out: run it again',
    );
  const clean = reason.replaceAll(/[^ -~]/g, '').slice(0, 80);
  const why = clean === '' ? `code ${code}` : `code ${code}, ${clean}`;
  return new LineEnded('network', `The connection to ${url.host} ended (${why})`, 'Run it again');
}

function loginRefused(status: number, retryAfter: string | undefined): VigieError {
  if (status === 401)
    return new VigieError('access', 'Wrong name or secret', 'See on the camera: vigie user list');
  if (status === 429) {
    const wait = /^\d{1,4}$/.test(retryAfter ?? '') ? `${retryAfter} s` : 'a minute';
    return new VigieError('access', 'Too many attempts to log in', `Wait ${wait}, then run it again`);
  }
  if (status === 503)
    return new LineEnded(
      'network',
      'The camera cannot check accounts now',
      'Look at its log, then run it again',
    );
  return upgradeRefused(status);
}

function upgradeRefused(status: number): VigieError {
  if (status === 503)
    return new LineEnded(
      'network',
      'Too many are connected to the camera',
      'Close a console, then run it again',
    );
  if (status === 401) return new VigieError('access', 'The camera knows no such session', 'Run it again');
  const hint = 'Check --url: it must be the address that its console is opened with';
  return new VigieError('protocol', `The camera does not answer under this address (HTTP ${status})`, hint);
}

/**
 * A small client of the control plane (docs/protocol.md) for tests: logs in over HTTP, then talks MessagePack over
 * the WebSocket. Keeps every message; a test waits for the one it wants.
 */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Packr } from 'msgpackr';
import WebSocket from 'ws';
import type { FromServer } from '../runtime/control/protocol.js';

export interface TlsClient {
  ca?: string | Buffer;
  cert?: string | Buffer;
  key?: string | Buffer;
  maxVersion?: 'TLSv1.2' | 'TLSv1.3';
}

export interface HttpAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

const packr = new Packr({ useRecords: false, variableMapSize: true, int64AsType: 'number' });

/** One HTTP request; redirects are not followed. */
export function http(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: string; tls?: TlsClient } = {},
): Promise<HttpAnswer> {
  const { method = 'GET', headers = {}, body, tls = {} } = options;
  const request = url.startsWith('https') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false, ...tls }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => {
        const text = Buffer.concat(parts).toString();
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text });
      });
      answer.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** The value for a `Cookie` header out of an answer that set one. */
export function cookieOf(answer: HttpAnswer): string {
  const [first] = [answer.headers['set-cookie']].flat();
  return first?.split(';')[0] ?? '';
}

/** Spends a one-time link and returns the session cookie. */
export async function enter(link: string, tls?: TlsClient): Promise<string> {
  const answer = await http(link, tls ? { tls } : {});
  if (answer.status !== 303) throw new Error(`the link answered ${answer.status}`);
  return cookieOf(answer);
}

/** Sends the login form as the page does. */
export function logIn(url: string, name: string, secret: string, tls?: TlsClient): Promise<HttpAnswer> {
  return http(new URL('/login', url).href, {
    method: 'POST',
    headers: { Origin: new URL(url).origin, 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ name, secret }).toString(),
    ...(tls ? { tls } : {}),
  });
}

export class ControlClient {
  readonly socket: WebSocket;
  readonly messages: FromServer[] = [];
  closeCode: number | null = null;
  /** HTTP status when the upgrade was refused */
  refusedWith: number | null = null;
  #taken = 0;
  readonly #waiters = new Set<() => void>();

  constructor(url: string, options: { cookie?: string; origin?: string; tls?: TlsClient } = {}) {
    const address = new URL('/control', url);
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
    this.socket = new WebSocket(address, {
      headers: options.cookie ? { Cookie: options.cookie } : {},
      origin: options.origin ?? new URL(url).origin,
      perMessageDeflate: false,
      ...options.tls,
    });
    this.socket.on('message', (bytes: Buffer) => {
      this.messages.push(packr.unpack(bytes) as FromServer);
      this.#wake();
    });
    this.socket.on('unexpected-response', (_request, answer) => {
      this.refusedWith = answer.statusCode ?? 0;
      this.socket.terminate();
      this.#wake();
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', (code) => {
      this.closeCode = code;
      this.#wake();
    });
  }

  /** Connects and says hello. */
  static async join(url: string, cookie: string, tls?: TlsClient): Promise<ControlClient> {
    const client = new ControlClient(url, { cookie, ...(tls ? { tls } : {}) });
    await client.opened();
    client.send({ t: 'hello', protocol: 1, language: 'en' });
    await client.next('welcome');
    return client;
  }

  /** Resolves when open; rejects when refused. */
  async opened(): Promise<void> {
    await this.#until(() => this.socket.readyState === WebSocket.OPEN || this.#over, ['open', 'close']);
    if (this.socket.readyState !== WebSocket.OPEN)
      throw new Error(`refused (${this.refusedWith ?? this.closeCode})`);
  }

  send(message: unknown): void {
    this.sendBytes(packr.pack(message));
  }

  sendBytes(bytes: Uint8Array): void {
    this.socket.send(bytes);
  }

  /** The next message of this kind after those already taken; rejects when the connection ends first. */
  async next<T extends FromServer['t']>(t: T): Promise<Extract<FromServer, { t: T }>> {
    for (;;) {
      while (this.#taken < this.messages.length) {
        const message = this.messages[this.#taken];
        this.#taken += 1;
        if (message?.t === t) return message as Extract<FromServer, { t: T }>;
      }
      if (this.#over) throw new Error(`closed (${this.closeCode}) before ${t}`);
      await new Promise<void>((resolve) => this.#waiters.add(resolve));
    }
  }

  /** The code the connection closed with. */
  async closed(): Promise<number> {
    while (this.closeCode === null) await new Promise<void>((resolve) => this.#waiters.add(resolve));
    return this.closeCode;
  }

  close(): void {
    this.socket.terminate();
  }

  get #over(): boolean {
    return this.socket.readyState === WebSocket.CLOSED;
  }

  async #until(done: () => boolean, events: ('open' | 'close')[]): Promise<void> {
    while (!done()) {
      await new Promise<void>((resolve) => {
        this.#waiters.add(resolve);
        for (const event of events) this.socket.once(event, resolve);
      });
    }
  }

  #wake(): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const waiter of waiters) waiter();
  }
}

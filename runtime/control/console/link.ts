/**
 * The WebSocket to the camera, with reconnection. Used by main.ts. Waits longer after each failure, up to 10 s, and
 * goes to the login page when the session is over.
 */
import { decode, encode, type FromServer, type ToServer } from './messages.js';

export type LinkState = 'connecting' | 'connected' | 'lost';

const sessionEnded = 4401;
const pingMs = 15_000;
/** Without a word from the camera for this long the connection is given up: a cut cable says nothing. */
const silenceMs = 40_000;

export class Link {
  #socket: WebSocket | null = null;
  #failures = 0;
  #heardMs = 0;

  constructor(
    private readonly on: {
      state: (state: LinkState) => void;
      open: () => void;
      message: (message: FromServer) => void;
    },
  ) {}

  start(): void {
    this.#connect();
    setInterval(() => this.#check(), pingMs);
  }

  send(message: ToServer): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(encode(message));
  }

  #connect(): void {
    this.on.state(this.#failures === 0 ? 'connecting' : 'lost');
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const socket = new WebSocket(`${scheme}://${location.host}/control`);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.onopen = () => {
      this.#heardMs = performance.now();
      this.on.open();
    };
    socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
      this.#heardMs = performance.now();
      const message = decode(data);
      if (message.t === 'welcome') {
        this.#failures = 0;
        this.on.state('connected');
      }
      this.on.message(message);
    };
    socket.onclose = ({ code }) => {
      if (this.#socket !== socket) return;
      if (code === sessionEnded) location.assign('/login');
      else this.#again();
    };
  }

  #again(): void {
    this.#failures += 1;
    this.on.state('lost');
    const waitMs = Math.min(10_000, 300 * 2 ** Math.min(6, this.#failures - 1));
    // Spread, so that all consoles of a centre do not come back in the same moment.
    setTimeout(() => void this.#reconnect(), waitMs * (0.75 + Math.random() / 2));
  }

  /** A refused upgrade does not say why: a restarted camera knows no session, which the page shows at once. */
  async #reconnect(): Promise<void> {
    try {
      const answer = await fetch('/main.js', { method: 'GET', cache: 'no-store' });
      if (answer.status === 401) {
        location.assign('/login');
        return;
      }
    } catch {
      // The camera does not answer yet.
    }
    this.#connect();
  }

  #check(): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    if (performance.now() - this.#heardMs > silenceMs) this.#socket.close();
    else this.send({ t: 'ping' });
  }
}

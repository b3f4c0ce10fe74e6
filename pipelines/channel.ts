/**
 * The bytes between the two processes: a length, then one MessagePack message. Used on both sides, by main.ts and
 * by runtime/health/pipeline-process.ts, which check the message itself against messages.ts. What arrives is never
 * believed: a length out of bounds or bytes that are not plain MessagePack end the channel, and nothing is thrown.
 */
import type { Duplex } from 'node:stream';
import { Packr } from 'msgpackr';
import { isPlainMessagePack } from './plain-messagepack.js';

const LENGTH_BYTES = 4;
/** 512 tracks are some 20,000 values. */
const limits = { depth: 8, elements: 65_536 };

const packr = new Packr({
  useRecords: false,
  variableMapSize: true,
  mapsAsObjects: true,
  int64AsType: 'number',
});

export interface ChannelEvents {
  message(received: unknown): void;
  /** what came is no message; the stream is closed and nothing more is heard */
  broken(why: string): void;
  /** the other side is gone */
  closed(): void;
}

export class Channel {
  readonly #stream: Duplex;
  readonly #events: ChannelEvents;
  readonly #mostBytes: number;
  #chunks: Buffer[] = [];
  #held = 0;
  #open = true;

  /** @param mostBytes longest message that the other side may send */
  constructor(stream: Duplex, mostBytes: number, events: ChannelEvents) {
    this.#stream = stream;
    this.#events = events;
    this.#mostBytes = mostBytes;
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
    // The end of the other process shows elsewhere; a write to it must not throw here.
    stream.on('error', () => undefined);
    stream.on('close', () => {
      if (!this.#open) return;
      this.close();
      events.closed();
    });
  }

  /** Bytes that the other side has not taken yet. */
  get pendingBytes(): number {
    return this.#stream.writableLength;
  }

  send(message: object): void {
    if (!this.#open) return;
    const body = packr.pack(message);
    const length = Buffer.allocUnsafe(LENGTH_BYTES);
    length.writeUInt32LE(body.length);
    this.#stream.cork();
    this.#stream.write(length);
    this.#stream.write(body);
    this.#stream.uncork();
  }

  close(): void {
    this.#open = false;
    this.#chunks = [];
    this.#held = 0;
    this.#stream.destroy();
  }

  #take(chunk: Buffer): void {
    if (!this.#open) return;
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    while (this.#open && this.#held >= LENGTH_BYTES) {
      const length = this.#peek(LENGTH_BYTES).readUInt32LE();
      if (length > this.#mostBytes) return this.#break(`a message of ${length} bytes`);
      if (this.#held < LENGTH_BYTES + length) return;
      this.#drop(LENGTH_BYTES);
      this.#deliver(this.#drop(length));
    }
  }

  #deliver(body: Buffer): void {
    if (!isPlainMessagePack(body, limits)) return this.#break('bytes that are no message');
    let message: unknown;
    try {
      message = packr.unpack(body);
    } catch {
      return this.#break('bytes that cannot be decoded');
    }
    this.#events.message(message);
  }

  #break(why: string): void {
    this.close();
    this.#events.broken(why);
  }

  /** The first `count` bytes in one buffer, left where they are. Joins chunks only when it must. */
  #peek(count: number): Buffer {
    const [first] = this.#chunks;
    if (first && first.length >= count) return first;
    this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0];
  }

  /** Takes the first `count` bytes away. */
  #drop(count: number): Buffer {
    const first = this.#peek(count);
    const taken = first.subarray(0, count);
    this.#held -= count;
    if (first.length === count) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(count);
    return taken;
  }
}

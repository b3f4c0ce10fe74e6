/**
 * One question at a time on the line to a head: questions wait in a row, a stop goes before them, each attempt has an
 * end, attempts are counted, and a line that is lost is opened again. Fed by the dialects, which know what the bytes
 * mean. It must never hand an answer to another question than the one it came for (docs/ptz.md, W1 to W7).
 */
import { VigieError } from '../../errors.js';
import type { Clock, Log } from '../ports.js';
import type { LineOpener, OpenLine } from './serial-line.js';

/** Finds packets in a stream of bytes. */
export interface PacketDecoder<Packet> {
  push(bytes: Uint8Array): Packet[];
  reset(): void;
}

/** What a packet is to the question on the wire. */
export type Judged<Answer> =
  | { is: 'answer'; answer: Answer }
  /** the head says no: asking again would not help */
  | { is: 'refused'; because: VigieError }
  /** the head has no room now: the attempt counts as unanswered */
  | { is: 'again' }
  | { is: 'other' };

export interface Question<Packet, Answer> {
  bytes: Uint8Array;
  /** absent: nothing answers, and it is over when the bytes are written */
  judge?: (packet: Packet) => Judged<Answer>;
  /** goes before all that waits, and is not kept waiting by a quiet time */
  urgent?: boolean;
}

export interface Answered<Answer> {
  answer: Answer;
  /** when the first attempt was written, and when the answer came, microseconds */
  askedUs: number;
  answeredUs: number;
}

export interface WireOptions {
  /** an attempt without an answer ends after this, milliseconds */
  answerMs: number;
  /** after such an attempt nothing is sent for this long and what comes is dropped, so that a late answer is not taken for the next one */
  quietMs: number;
  /** before a question fails */
  attempts: number;
  /** a lost line is opened again this often, milliseconds */
  reopenMs: number;
}

/** Times for heads at 9600 baud or faster: longest packet and its answer take less than 40 ms on the line. */
export const wireDefaults: WireOptions = { answerMs: 200, quietMs: 300, attempts: 2, reopenMs: 1000 };

export const lineLost = (cause?: unknown): VigieError =>
  new VigieError(
    'head',
    'The serial line to the head is lost',
    'Check its cable and adapter; it is opened again by itself',
    { cause },
  );

const unanswered = (): VigieError =>
  new VigieError(
    'head',
    'The head does not answer',
    'Check its power, the address set on it, the baud rate and the two wires of the line',
  );

/** A question on its way, its answer's type forgotten. */
interface Job<Packet> {
  bytes: Uint8Array;
  urgent: boolean;
  attemptsLeft: number;
  askedUs: number | null;
  expects: boolean;
  /** true when the packet ends the attempt */
  take(packet: Packet): 'over' | 'again' | 'other';
  wrote(): void;
  fail(error: unknown): void;
}

export class HeadWire<Packet> {
  #line: OpenLine | null = null;
  #urgent: Job<Packet>[] = [];
  #waiting: Job<Packet>[] = [];
  #current: Job<Packet> | null = null;
  #endAttempt: ((how: 'over' | 'again') => void) | null = null;
  #quietUntilUs = 0;
  #cancelQuiet: (() => void) | null = null;
  #cancelReopen: (() => void) | null = null;
  #running = false;
  #stopped = true;
  #silent = false;

  /** @param deps.back the line is open again, or the head answers again after it did not */
  constructor(
    private readonly deps: {
      clock: Clock;
      log: Log;
      open: LineOpener;
      decoder: PacketDecoder<Packet>;
      other: (packet: Packet) => void;
      lost: () => void;
      back: () => void;
    },
    private readonly options: WireOptions,
  ) {}

  /** Tries once; a line that is not there is tried again in the background. */
  async start(): Promise<void> {
    this.#stopped = false;
    await this.#open();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelReopen?.();
    this.#cancelQuiet?.();
    const line = this.#line;
    this.#line = null;
    this.#failAll(lineLost());
    await line?.close();
  }

  /** @throws VigieError `head`: line lost, no answer, or refused */
  ask<Answer>(question: Question<Packet, Answer>): Promise<Answered<Answer>> {
    if (!this.#line) return Promise.reject(lineLost());
    return new Promise((resolve, reject) => {
      const { judge } = question;
      const job: Job<Packet> = {
        bytes: question.bytes,
        urgent: question.urgent === true,
        attemptsLeft: this.options.attempts,
        askedUs: null,
        expects: judge !== undefined,
        take: (packet) => {
          const judged = judge?.(packet) ?? { is: 'other' };
          if (judged.is === 'answer') resolve({ answer: judged.answer, ...this.#times(job) });
          else if (judged.is === 'refused') reject(judged.because);
          else return judged.is;
          return 'over';
        },
        // Only where nothing answers, and then the answer has no value.
        wrote: () => resolve({ answer: undefined as Answer, ...this.#times(job) }),
        fail: reject,
      };
      (job.urgent ? this.#urgent : this.#waiting).push(job);
      void this.#run();
    });
  }

  #times(job: Job<Packet>): { askedUs: number; answeredUs: number } {
    const answeredUs = this.deps.clock.monoUs();
    return { askedUs: job.askedUs ?? answeredUs, answeredUs };
  }

  async #open(): Promise<void> {
    let line: OpenLine | null = null;
    let ended = false;
    const gone = (): void => {
      ended = true;
      if (line !== null && this.#line === line) this.#lose(lineLost());
    };
    try {
      line = await this.deps.open({ bytes: (bytes) => this.#take(bytes), gone });
    } catch (error) {
      this.#lose(lineLost(error));
      return;
    }
    if (this.#stopped) return await line.close();
    if (ended) return this.#lose(lineLost());
    this.#line = line;
    this.#silent = false;
    this.#quietUntilUs = 0;
    this.deps.decoder.reset();
    this.deps.back();
  }

  #lose(error: VigieError): void {
    const had = this.#line;
    this.#line = null;
    this.#failAll(error);
    if (this.#stopped) return;
    this.deps.lost();
    if (had) had.close().catch(() => undefined);
    this.#cancelReopen?.();
    this.#cancelReopen = this.deps.clock.after(this.options.reopenMs, () => void this.#open());
  }

  #failAll(error: VigieError): void {
    const jobs = [...this.#urgent, ...this.#waiting, ...(this.#current ? [this.#current] : [])];
    this.#urgent = [];
    this.#waiting = [];
    for (const job of jobs) job.fail(error);
    this.#endAttempt?.('over');
  }

  #take(bytes: Buffer): void {
    for (const packet of this.deps.decoder.push(bytes)) {
      const job = this.#current;
      const how = job && this.#endAttempt ? job.take(packet) : 'other';
      if (how === 'other') this.deps.other(packet);
      else this.#endAttempt?.(how);
    }
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (;;) {
      const job = this.#urgent.shift() ?? (this.#isQuietTime() ? undefined : this.#waiting.shift());
      if (!job || !this.#line) break;
      await this.#attempt(job, this.#line);
    }
    this.#running = false;
  }

  /** During it only what is urgent is sent. Arms its own end. */
  #isQuietTime(): boolean {
    const leftUs = this.#quietUntilUs - this.deps.clock.monoUs();
    if (leftUs <= 0) return false;
    this.#cancelQuiet?.();
    this.#cancelQuiet = this.deps.clock.after(leftUs / 1000, () => void this.#run());
    return true;
  }

  async #attempt(job: Job<Packet>, line: OpenLine): Promise<void> {
    this.deps.decoder.reset();
    this.#current = job;
    job.attemptsLeft -= 1;
    job.askedUs ??= this.deps.clock.monoUs();
    const ended = job.expects ? this.#answerTime() : null;
    try {
      await line.write(job.bytes);
    } catch (error) {
      job.fail(lineLost(error));
      this.#current = null;
      this.#endAttempt?.('over');
      if (this.#line === line) this.#lose(lineLost(error));
      return;
    }
    if (ended === null) job.wrote();
    const how = ended === null ? 'over' : await ended;
    this.#current = null;
    if (how === 'over') this.#heard(job.expects);
    else this.#unheard(job);
  }

  #answerTime(): Promise<'over' | 'again'> {
    return new Promise((resolve) => {
      const end = (how: 'over' | 'again'): void => {
        cancel();
        this.#endAttempt = null;
        resolve(how);
      };
      const cancel = this.deps.clock.after(this.options.answerMs, () => end('again'));
      this.#endAttempt = end;
    });
  }

  #heard(answered: boolean): void {
    if (!answered || !this.#silent || !this.#line) return;
    this.#silent = false;
    this.deps.back();
  }

  #unheard(job: Job<Packet>): void {
    this.#quietUntilUs = this.deps.clock.monoUs() + this.options.quietMs * 1000;
    if (job.attemptsLeft > 0 && this.#line) {
      (job.urgent ? this.#urgent : this.#waiting).unshift(job);
      return;
    }
    job.fail(unanswered());
    if (this.#silent || !this.#line) return;
    this.#silent = true;
    this.deps.lost();
  }
}

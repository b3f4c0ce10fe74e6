/**
 * Fetches one signed file over a bad link (docs/updates.md, "The download"): resumed after whatever broke it, checked against
 * length and hash, at last there as a whole or not at all. Called by ota/updater/updater.ts; what it fetches was listed in signed
 * metadata. Never writes more than was signed, and never names an address.
 */
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import type { Clock, Log } from '../../board/ports.js';
import type { VigieError } from '../../errors.js';
import type { UpdateProgress } from '../update.js';
import { judgeAnswer } from './answer.js';
import { DownloadError, networkEnding, storageEnding } from './ending.js';
import { Pace, type PaceOptions } from './pace.js';
import { isThere, PartialFile, type Wanted } from './partial.js';
import { ask, fileUrl } from './request.js';

export interface DownloadDeps {
  clock: Clock;
  log: Log;
  /** of the file system that holds this directory or file */
  space: (path: string) => Promise<{ freeBytes: number }>;
}

export interface DownloadOptions extends PaceOptions {
  /** what must stay free beside the file */
  reserveBytes: number;
  /** whether the maintenance window is open, or a person ordered it; asked again and again */
  mayGoOn: () => boolean;
  /** without a byte for so long, the connection is given up; 30 when left out */
  stallSeconds?: number;
  /** tries that bring nearly nothing, before the call gives up; 6 when left out */
  tries?: number;
}

export interface Download extends Wanted {
  url: string;
  /** PEM file of the authorities to trust, instead of those that Node knows */
  caFile?: string;
}

/** A try that brought a hundredth of the file is worth another, so that a call ends after some hundred at most. */
const worthwhileShare = 0.01;
/** A server that begins anew after each break costs no more than so many times the file. */
const mostTimes = 4;
const firstPauseMs = 1000;
const longestPauseMs = 60_000;
/** Synced, and space looked at, after so many bytes. */
const checkpointBytes = 8 * 2 ** 20;
const tellEveryUs = 250_000;

/**
 * Resolves when `wanted.file` is there, whole and synced; one that is there already is only hashed. One call at a time for
 * each file.
 * @param onProgress at most four times a second, and at the end
 * @throws DownloadError, see ./ending.ts for its reasons
 */
export async function download(
  deps: DownloadDeps,
  options: DownloadOptions,
  wanted: Download,
  onProgress: (progress: UpdateProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  if (await isThere(wanted)) return;
  const url = fileUrl(wanted.url);
  const ca =
    wanted.caFile === undefined ? undefined : await readFile(wanted.caFile, 'utf8').catch(noAuthority);
  const part = new PartialFile(wanted);
  try {
    await part.start();
    await new Fetching(deps, options, { ...wanted, url, ca, part, onProgress }, signal).run();
  } catch (error) {
    // The room is needed for what records.
    if (error instanceof DownloadError && error.reason === 'space') await part.discard().catch(() => {});
    throw error;
  } finally {
    await part.stop();
  }
}

function noAuthority(error: unknown): never {
  throw new DownloadError('unreachable', 'The file with the authorities of the repository cannot be read', {
    cause: error,
  });
}

interface Job extends Wanted {
  url: URL;
  ca: string | undefined;
  part: PartialFile;
  onProgress: (progress: UpdateProgress) => void;
}

/** One call. */
class Fetching {
  readonly #pace: Pace;
  #triesLeft: number;
  #thrownAway = false;
  #syncedBytes = 0;
  #toldUs = 0;
  /** over all tries of this call */
  #cameBytes = 0;

  constructor(
    private readonly deps: DownloadDeps,
    private readonly options: DownloadOptions,
    private readonly job: Job,
    private readonly signal: AbortSignal,
  ) {
    this.#pace = new Pace(deps, options);
    this.#triesLeft = options.tries ?? 6;
  }

  async run(): Promise<void> {
    const { part, bytes } = this.job;
    for (let pauseMs = firstPauseMs; ; ) {
      const before = part.bytes;
      try {
        await this.#goOn();
        if (part.isRight) break;
        if (part.bytes === bytes) await this.#throwAway('Its hash is not the signed one');
      } catch (error) {
        const ending = networkEnding(error);
        const gained = part.bytes - before >= bytes * worthwhileShare;
        if (!gained) this.#triesLeft -= 1;
        const tooOften = this.#triesLeft <= 0 || this.#cameBytes >= mostTimes * bytes;
        if (!isOfTheLink(ending) || tooOften) throw ending;
        this.deps.log.warn(`download: ${ending.message}; ${part.bytes} of ${bytes} bytes are here`);
        pauseMs = gained ? firstPauseMs : pauseMs;
        await this.#wait(pauseMs);
        pauseMs = Math.min(2 * pauseMs, longestPauseMs);
      }
    }
    await part.finish();
    this.job.onProgress({ bytes, of: bytes, rate: this.#pace.rate(), secondsLeft: 0 });
  }

  /** Asks for what is missing and takes it. */
  async #goOn(): Promise<void> {
    const { part, bytes, url, ca } = this.job;
    this.#mayGoOn();
    await this.#hasRoom();
    if (part.bytes === bytes) return;
    const from = part.bytes;
    const rest: Record<string, string> = from > 0 ? { range: `bytes=${from}-` } : {};
    if (from > 0 && part.etag !== null) rest['if-range'] = part.etag;
    const { clock } = this.deps;
    const answer = await ask(url, rest, { clock, stallSeconds: this.#stallSeconds, ca }, this.signal);
    try {
      const judged = judgeAnswer(answer.statusCode ?? 0, answer.headers, { bytes, from, etag: part.etag });
      if (judged.kind === 'later') throw new DownloadError('unreachable', `The repository: ${judged.why}`);
      if (judged.kind === 'refuse')
        throw new DownloadError('refused', `The repository answers: ${judged.why}`);
      if (judged.kind === 'restart') return await this.#throwAway(`The repository answers: ${judged.why}`);
      if (judged.from < from) this.deps.log.warn('download: the server sends all of it again');
      await part.begin(judged.from, judged.etag);
      await this.#take(answer);
    } finally {
      answer.destroy();
    }
  }

  async #take(answer: IncomingMessage): Promise<void> {
    const { part, bytes } = this.job;
    const { clock } = this.deps;
    const chunks = answer[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    this.#pace.begin();
    this.#syncedBytes = part.bytes;
    for (;;) {
      const askedUs = clock.monoUs();
      const { done, value: chunk } = await this.#next(answer, chunks);
      if (done) return this.#ended();
      const waitedUs = clock.monoUs() - askedUs;
      // Not a byte more than was signed: whether these are the right ones, the hash tells.
      await part.append(chunk.subarray(0, bytes - part.bytes));
      this.#cameBytes += chunk.length;
      const pauseMs = this.#pace.came(chunk.length, waitedUs);
      this.#tell();
      if (part.bytes === bytes) return;
      if (part.bytes - this.#syncedBytes >= checkpointBytes) await this.#checkpoint();
      this.#mayGoOn();
      if (pauseMs > 0) await this.#wait(pauseMs);
    }
  }

  /** The next bytes of an answer, which is given up when none come. */
  async #next(answer: IncomingMessage, chunks: AsyncIterator<Buffer>): Promise<IteratorResult<Buffer>> {
    const seconds = this.#stallSeconds;
    const patience = this.deps.clock.after(seconds * 1000, () => {
      answer.destroy(new DownloadError('slow', `Nothing came for ${seconds} s`));
    });
    try {
      return await chunks.next();
    } catch (error) {
      throw this.signal.aborted ? stopped() : networkEnding(error);
    } finally {
      patience();
    }
  }

  /** The server says that this is all. */
  #ended(): void {
    if (this.job.part.bytes < this.job.bytes) {
      throw new DownloadError('unreachable', 'The repository ended its answer early');
    }
  }

  /** Once in a call: what is here is not what was signed, and all of it is fetched anew. */
  async #throwAway(why: string): Promise<void> {
    const { part } = this.job;
    if (this.#thrownAway) {
      await part.discard();
      throw new DownloadError('damaged', `The file that came is not the signed one. ${why}`);
    }
    this.#thrownAway = true;
    this.deps.log.warn(`download: fetched anew. ${why}`);
    await part.begin(0, null);
  }

  async #checkpoint(): Promise<void> {
    await this.job.part.sync();
    this.#syncedBytes = this.job.part.bytes;
    await this.#hasRoom();
  }

  async #hasRoom(): Promise<void> {
    const { part, bytes, file } = this.job;
    const { freeBytes } = await this.deps.space(`${file}.part`).catch((error: unknown) => {
      throw storageEnding(error);
    });
    const neededBytes = bytes - part.bytes + this.options.reserveBytes;
    if (freeBytes >= neededBytes) return;
    throw new DownloadError('space', `${neededBytes} bytes must be free, and ${freeBytes} are`);
  }

  #mayGoOn(): void {
    if (this.signal.aborted) throw stopped();
    if (this.options.mayGoOn()) return;
    const { part, bytes } = this.job;
    throw new DownloadError(
      'paused',
      `The maintenance window closed; ${part.bytes} of ${bytes} bytes are here`,
    );
  }

  #tell(): void {
    const nowUs = this.deps.clock.monoUs();
    if (nowUs - this.#toldUs < tellEveryUs) return;
    this.#toldUs = nowUs;
    const { part, bytes, onProgress } = this.job;
    const rate = this.#pace.rate();
    const secondsLeft = rate === null || rate <= 0 ? null : (bytes - part.bytes) / rate;
    onProgress({ bytes: part.bytes, of: bytes, rate, secondsLeft });
  }

  get #stallSeconds(): number {
    return this.options.stallSeconds ?? 30;
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        cancel();
        reject(stopped());
      };
      const cancel = this.deps.clock.after(ms, () => {
        this.signal.removeEventListener('abort', onAbort);
        resolve();
      });
      if (this.signal.aborted) onAbort();
      else this.signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}

/** Another try may go better. */
function isOfTheLink(ending: VigieError): boolean {
  return ending instanceof DownloadError && (ending.reason === 'unreachable' || ending.reason === 'slow');
}

function stopped(): DownloadError {
  return new DownloadError('stopped', 'The download was stopped');
}

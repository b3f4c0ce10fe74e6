/**
 * `zstd` as child processes, for ota/bundle/: bytes in, bytes out, nothing kept in memory here. They end with this process,
 * whatever ends it, and at once when the work is called off.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { VigieError } from '../../errors.js';

export interface Compression {
  /** 1 to 19 */
  level: number;
  /** how much will come: the same bytes in give the same bytes out only when it is told */
  contentBytes: number;
  /** what the reader will have too: a file of which only the difference is written */
  patchFrom?: string;
}

export interface Expansion {
  /** what the child may look back over, and so keeps; with a patch, the length of its base when that is more */
  memoryBytes: number;
  patchFrom?: string;
}

/**
 * With worker threads zstd cuts the input in jobs, of which this level makes one for a whole bundle: no gain, all of it in memory,
 * and no progress to tell.
 */
const threads = '--single-thread';
const errorBytesKept = 4096;

/**
 * Compresses what comes into a new file, and closes it. On failure what was written is left.
 * @throws VigieError `update`; what `from` throws; the signal's reason
 */
export async function compressInto(
  file: string,
  from: AsyncIterable<Uint8Array>,
  { level, contentBytes, patchFrom }: Compression,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  // A reader of a patch has its base in memory anyway; one of a whole bundle is kept to 128 MiB.
  const reach = patchFrom === undefined ? ['--long=27'] : ['--long=31', `--patch-from=${patchFrom}`];
  const flags = ['-q', `-${level}`, ...reach, threads, '--check', `--stream-size=${contentBytes}`, '-c'];
  const hint = 'Look at free space, and whether zstd and util-linux are installed';
  const child = new Zstd(flags, signal, `${basename(file)} cannot be written`, hint);
  const source: { error?: unknown } = {};
  try {
    const into = createWriteStream(file, { flags: 'wx', mode: 0o644 });
    await Promise.all([pipeline(noting(from, source), child.input), pipeline(child.output, into)]);
    await child.ended;
  } catch (error) {
    const told = await child.failure(error);
    throw 'error' in source && !signal.aborted ? source.error : told;
  } finally {
    child.kill();
  }
}

/**
 * What a compressed file holds. The reader decides how much of it he takes: leaving the loop ends the child.
 * @throws VigieError `update` for a file that is damaged, or that wants more memory; the signal's reason
 */
export async function* expanded(
  file: string,
  { memoryBytes, patchFrom }: Expansion,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  signal.throwIfAborted();
  const mebibytes = Math.ceil(memoryBytes / 2 ** 20);
  const base = patchFrom === undefined ? [] : [`--patch-from=${patchFrom}`];
  const flags = ['-q', '-d', `-M${mebibytes}MiB`, ...base, '-c', '--', file];
  const hint = 'Fetch it again; if that does not help, look whether zstd is installed and memory is left';
  const child = new Zstd(flags, signal, `${basename(file)} cannot be decompressed`, hint);
  child.input.end();
  try {
    yield* child.output as AsyncIterable<Buffer>;
    await child.ended;
  } catch (error) {
    throw await child.failure(error);
  } finally {
    child.kill();
  }
}

/** What the child says of a source that broke off is not what went wrong. */
async function* noting(
  from: AsyncIterable<Uint8Array>,
  source: { error?: unknown },
): AsyncGenerator<Uint8Array> {
  try {
    yield* from;
  } catch (error) {
    source.error = error;
    throw error;
  }
}

class Zstd {
  readonly #child: ChildProcess;
  readonly #signal: AbortSignal;
  readonly #stop = (): void => this.kill();
  readonly #exit: Promise<string | null>;
  #said = '';

  /** @param what went wrong, when something does, and what to do then */
  constructor(
    flags: readonly string[],
    signal: AbortSignal,
    private readonly what: string,
    private readonly hint: string,
  ) {
    this.#signal = signal;
    // When memory runs out, the kernel takes this process and not one of the camera: an update can be begun again.
    const first = ['choom', '-n', '1000', '--'];
    const command = ['--pdeathsig', 'KILL', '--', ...first, 'nice', '-n', '10', 'zstd', ...flags];
    this.#child = spawn('setpriv', command, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    });
    this.#exit = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(error.message));
      this.#child.once('close', (code, by) => resolve(code === 0 ? null : `it ended with ${by ?? code}`));
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said = `${this.#said}${text}`.slice(-errorBytesKept);
    });
    this.input.on('error', () => undefined);
    signal.addEventListener('abort', this.#stop, { once: true });
  }

  get input(): NonNullable<ChildProcess['stdin']> {
    if (!this.#child.stdin) throw new Error('no standard input');
    return this.#child.stdin;
  }

  get output(): NonNullable<ChildProcess['stdout']> {
    if (!this.#child.stdout) throw new Error('no standard output');
    return this.#child.stdout;
  }

  /** Rejects when it did not end well. */
  get ended(): Promise<void> {
    return this.#exit.then((why) => {
      if (why !== null) throw new Error(why);
    });
  }

  /** The reason to tell: that the work was called off, what the tool said, or what its reader or writer threw. */
  async failure(error: unknown): Promise<unknown> {
    this.kill();
    const why = await this.#exit;
    if (this.#signal.aborted) return this.#signal.reason;
    if (error instanceof VigieError) return error;
    const said = this.#said.trim().split('\n').at(-1);
    if (!said && why === 'it ended with SIGKILL') return error;
    // Where files lie is nobody's business who reads how an update stands.
    const told = (said || why || '')
      .replace(/[^\x20-\x7e]/g, '?')
      .replace(/\/\S*\//g, '')
      .slice(0, 200);
    return new VigieError('update', `${this.what}: ${told}`, this.hint, { cause: error });
  }

  kill(): void {
    this.#signal.removeEventListener('abort', this.#stop);
    this.#child.kill('SIGKILL');
    this.#child.stdin?.destroy();
  }
}

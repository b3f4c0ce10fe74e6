/**
 * Downloads from servers that cut, lie, drip and never end, over real sockets; one scenario each (docs/faults.md, "Updates").
 * Run by test/system/ota-download.test.ts and `npm run fault -- ota`. A scenario can also be given a downloader that trusts,
 * which it must find wrong.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '../../board/virtual/clock.js';
import { type DownloadOptions, download } from '../../ota/download/download.js';
import { DownloadError } from '../../ota/download/ending.js';
import type { UpdateProgress } from '../../ota/update.js';
import { seeded } from '../random.js';
import { type HostileServer, type Manner, startServer } from './ota-download-server.js';

export type Downloader = typeof download;

/** `null`: it came; a reason of ota/download/ending.ts, or `other` */
export type Ending = string | null;

export interface FetchChoice extends Partial<DownloadOptions> {
  signal?: AbortSignal;
  freeBytes?: number;
  directory?: string;
  clock?: ManualClock;
  onProgress?: (progress: UpdateProgress) => void;
}

const contentBytes = 1_500_000;
/** Each millisecond that this process is not busy, so much passes for the downloader. */
const hurryMs = 50;
/** More requests than that in one call is a loop. */
const mostRequests = 60;

/** What a scenario works with: a file, a directory, servers, and what it found wrong. */
export class DownloadBench {
  readonly content: Buffer;
  readonly sha256: string;
  readonly clock = new ManualClock();
  readonly wrong: string[] = [];
  /** connections cut so far */
  cuts = 0;
  #server: HostileServer | null = null;
  #hurry: NodeJS.Timeout | null = null;

  constructor(
    readonly directory: string,
    readonly random: () => number,
    private readonly downloader: Downloader = download,
  ) {
    this.content = Buffer.from(Uint8Array.from({ length: contentBytes }, () => Math.floor(random() * 256)));
    this.sha256 = createHash('sha256').update(this.content).digest('hex');
  }

  get file(): string {
    return join(this.directory, 'bundle');
  }

  get asked(): readonly (number | null)[] {
    return this.#server?.asked ?? [];
  }

  /** From now on this answers. */
  async serve(manner: Manner): Promise<void> {
    await this.#server?.stop();
    this.#server = await startServer(manner);
  }

  get url(): string {
    return this.#server?.url ?? 'http://127.0.0.1:1/';
  }

  /** One call; whatever it ends with, the file is right or not there, and nothing is longer than signed. */
  async fetch(choice: FetchChoice = {}): Promise<Ending> {
    const {
      signal,
      freeBytes = 1e12,
      directory,
      onProgress = () => {},
      clock = this.clock,
      ...options
    } = choice;
    const quiet = { info: () => {}, warn: () => {}, error: () => {} };
    const deps = { clock, log: quiet, space: async () => ({ freeBytes }) };
    const all = {
      minimumBytesPerSecond: 100,
      overSeconds: 60,
      limitBytesPerSecond: null,
      reserveBytes: 0,
      mayGoOn: () => true,
      ...options,
    };
    const file = directory === undefined ? this.file : join(directory, 'bundle');
    const wanted = { url: this.url, bytes: contentBytes, sha256: this.sha256, file };
    this.#hurry ??= setInterval(() => this.clock.advance(hurryMs), 1);
    const ending = await this.downloader(
      deps,
      all,
      wanted,
      onProgress,
      signal ?? new AbortController().signal,
    )
      .then(() => null)
      .catch((error: unknown) => (error instanceof DownloadError ? error.reason : `other: ${String(error)}`));
    await this.#examine(file, ending);
    return ending;
  }

  /** Notes it when the two differ. */
  expect<T>(what: string, found: T, expected: T): void {
    const [one, other] = [JSON.stringify(found), JSON.stringify(expected)];
    if (one !== other) this.wrong.push(`${what}: ${one} instead of ${other}`);
  }

  async stop(): Promise<void> {
    if (this.#hurry) clearInterval(this.#hurry);
    await this.#server?.stop();
  }

  /** What is kept of an unfinished one. */
  async kept(): Promise<number> {
    return (await stat(`${this.file}.part`).catch(() => ({ size: 0 }))).size;
  }

  async #examine(file: string, ending: Ending): Promise<void> {
    const there = await readFile(file).catch(() => null);
    if (there && !there.equals(this.content)) this.wrong.push('the file that is there is not the signed one');
    if (!there && ending === null) this.wrong.push('it said that the file is there, and it is not');
    if (ending?.startsWith('other')) this.wrong.push(`it ended with ${ending}`);
    for (const name of await readdir(join(file, '..'))) {
      const { size } = await stat(join(file, '..', name));
      if (size > contentBytes) this.wrong.push(`${name} is longer than what was signed`);
    }
    if (this.asked.length > mostRequests) this.wrong.push(`${this.asked.length} requests`);
  }
}

export interface DownloadScenario {
  /** a row of the table */
  row: 'cut' | 'corrupt' | 'short' | 'endless' | 'slow' | 'ranges' | 'redirects' | 'full disk' | 'order';
  name: string;
  run: (bench: DownloadBench) => Promise<void>;
}

/** @returns what was wrong, in words, and the connections cut */
export async function runScenario(
  { name, run }: DownloadScenario,
  { seed = 1, downloader }: { seed?: number; downloader?: Downloader } = {},
): Promise<{ wrong: string[]; cuts: number }> {
  const directory = await mkdtemp(join(tmpdir(), 'vigie-download-'));
  const bench = new DownloadBench(directory, seeded(seed), downloader);
  try {
    await run(bench);
    return { wrong: bench.wrong.map((what) => `${name}: ${what}`), cuts: bench.cuts };
  } finally {
    await bench.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

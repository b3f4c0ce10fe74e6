/**
 * Remembers over a restart which alerts are still being kept (docs/recording.md, O11 and O12). Written by recorder.ts through
 * what archive.ts gives it, read at the start. Holds times only. What it cannot read it ignores: a bad file costs the rest
 * of a window, never a start.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Clock, Log } from '../../board/ports.js';
import { errorLine } from '../../errors.js';
import { replaceWhole } from '../../whole-file.js';
import type { RecordEntry } from './ring-index.js';
import type { StoredPiece } from './terminus.js';

/** More alerts than this are never open at once: those told first are forgotten first. */
const mostWindows = 64;
const time = z.number().min(0).max(Number.MAX_SAFE_INTEGER);
const schema = z.strictObject({
  format: z.literal(1),
  /** of the machine: monotonic times compare within a boot */
  boot: z.string().max(64),
  windows: z
    .array(z.strictObject({ fromUs: z.number(), toUs: z.number(), fromMs: time, toMs: time }))
    .max(mostWindows),
});
type Content = z.infer<typeof schema>;

/** A stretch of monotonic time, microseconds; may begin before 0. */
export interface TerminusWindow {
  fromUs: number;
  toUs: number;
}

export interface Resumed<Stored = number> {
  windows: TerminusWindow[];
  /** what the stores hold of them, oldest first */
  pieces: StoredPiece<Stored>[];
}

export interface TerminusFileDeps {
  clock: Clock;
  log: Log;
  /** whether the wall clock is known to be right */
  clockTrusted: () => boolean;
  /** names this boot of the machine */
  boot: () => string;
}

export class TerminusFile {
  #saving: Promise<void> = Promise.resolve();
  #next: readonly TerminusWindow[] | null = null;

  /** @param options.file absolute path */
  constructor(
    private readonly deps: TerminusFileDeps,
    private readonly options: { file: string },
  ) {}

  /** Remembers these windows from now on. Never rejects: a card that fails is told elsewhere. */
  save(windows: readonly TerminusWindow[]): Promise<void> {
    if (this.#next === null) this.#saving = this.#saving.then(() => this.#saveNewest());
    this.#next = windows;
    return this.#saving;
  }

  /**
   * What was being kept when the last run ended.
   * @param records newest records of the store, oldest first
   */
  async load(records: readonly RecordEntry[]): Promise<Resumed> {
    const content = await this.#read();
    if (!content) return { windows: [], pieces: [] };
    if (content.boot === this.deps.boot()) {
      return { windows: content.windows, pieces: piecesOf(records, ({ monoFirstUs }) => monoFirstUs) };
    }
    const { clock, clockTrusted } = this.deps;
    const newestMs = Math.max(0, ...records.map(({ wallLastUs }) => wallLastUs / 1000));
    const nowMs = clockTrusted() ? clock.wallMs() : newestMs;
    const place = (ms: number): number => Math.round(clock.monoUs() + (ms - nowMs) * 1000);
    const windows = content.windows.map(({ fromMs, toMs }) => ({ fromUs: place(fromMs), toUs: place(toMs) }));
    return { windows, pieces: piecesOf(records, ({ wallFirstUs }) => place(wallFirstUs / 1000)) };
  }

  async #saveNewest(): Promise<void> {
    const windows = this.#next ?? [];
    this.#next = null;
    const { clock, boot, log } = this.deps;
    const [nowUs, nowMs] = [clock.monoUs(), clock.wallMs()];
    const wall = (us: number): number => Math.max(0, nowMs + (us - nowUs) / 1000);
    const content: Content = {
      format: 1,
      boot: boot(),
      windows: windows
        .slice(-mostWindows)
        .map(({ fromUs, toUs }) => ({ fromUs, toUs, fromMs: wall(fromUs), toMs: wall(toUs) })),
    };
    try {
      await replaceWhole(this.options.file, JSON.stringify(content));
    } catch (error) {
      log.warn(`A restart would end what this alert keeps. ${errorLine(error)}`);
    }
  }

  async #read(): Promise<Content | null> {
    try {
      return schema.parse(JSON.parse(await readFile(this.options.file, 'utf8')));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        this.deps.log.warn(
          `${this.options.file} cannot be used: alerts before the restart are not gone on with`,
        );
      }
      return null;
    }
  }
}

/** As terminus.ts knows pieces. Numbers of GOPs are negative: those of this run begin at 1. */
function piecesOf(records: readonly RecordEntry[], firstUs: (of: RecordEntry) => number): StoredPiece[] {
  const copied = new Set(records.map(({ copyOf }) => copyOf));
  let of = -records.length - 1;
  return records
    .filter(({ copyOf }) => copyOf === 0)
    .map((entry) => {
      if (!entry.continues) of += 1;
      const first = firstUs(entry);
      const kept = copied.has(entry.record) ? 'terminus' : entry.class;
      const lastUs = first + entry.wallLastUs - entry.wallFirstUs;
      return { record: entry.record, of, firstUs: first, lastUs, class: kept };
    });
}

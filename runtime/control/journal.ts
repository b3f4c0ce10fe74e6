/**
 * The alert queue on disk: one JSON line for each alert, update and acknowledgement, appended and synchronised.
 * Written and read by alerts.ts alone. Never holds a picture. A torn last line is a power cut and is dropped; a
 * damaged line before the last one is reported and skipped; what an earlier version wrote is read as it would be
 * written now.
 */
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { VigieError } from '../../errors.js';
import { type Alert, alert, alertUpdate, measured } from '../scene/alert.js';
import { acknowledgement } from './protocol.js';

export const journalLine = z.discriminatedUnion('t', [
  z.strictObject({ t: z.literal('alert'), alert }),
  /** what became of an alert that is above; the last one counts */
  z.strictObject({ t: z.literal('update'), update: alertUpdate }),
  z.strictObject({ t: z.literal('ack'), id: z.string(), acked: acknowledgement }),
  /** no number below `next` is given again; `total` counts the alerts that were ever given a number */
  z.strictObject({ t: z.literal('open'), next: z.int().min(1), total: z.int().min(0) }),
  /** the queue was stopped in order: everything that was told is above */
  z.strictObject({ t: z.literal('closed') }),
]);
export type JournalLine = z.infer<typeof journalLine>;

/** An alert as it was written while presence was the only event: one track, one measure. */
const earlierAlert = alert
  .omit({ participants: true, model: true, recording: true, folded: true, measured: true, class: true })
  .extend({ class: alert.shape.class.unwrap(), trackId: z.string(), measured });
const earlierLine = z.strictObject({ t: z.literal('alert'), alert: earlierAlert });

export interface JournalContent {
  lines: JournalLine[];
  /** complete lines that could not be read */
  damaged: number;
  /** the last line had no end */
  torn: boolean;
}

export class AlertJournal {
  readonly #directory: string;
  readonly #file: string;
  #handle: FileHandle | null = null;

  constructor(options: { directory: string }) {
    this.#directory = options.directory;
    this.#file = join(options.directory, 'alerts.jsonl');
  }

  /** @throws VigieError of kind `store` when the directory or the file cannot be used */
  async read(): Promise<JournalContent> {
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      const found = await stat(this.#file).catch(() => null);
      return found ? parseJournal(await readFile(this.#file)) : { lines: [], damaged: 0, torn: false };
    } catch (cause) {
      throw this.#failure('The alert journal cannot be read', cause);
    }
  }

  /**
   * Puts a new journal in place of the old one: write beside it, synchronise, rename, synchronise the directory.
   * A cut at any moment leaves the old one or the new one.
   */
  async replace(lines: JournalLine[]): Promise<void> {
    const next = `${this.#file}.new`;
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_APPEND;
    let handle: FileHandle | null = null;
    try {
      handle = await open(next, flags, 0o600);
      await handle.appendFile(encode(lines));
      await handle.sync();
      await rename(next, this.#file);
      const parent = await open(this.#directory, 'r');
      await parent.sync().finally(() => parent.close());
    } catch (cause) {
      await handle?.close().catch(() => undefined);
      throw this.#failure('The alert journal cannot be written', cause);
    }
    await this.close();
    this.#handle = handle;
  }

  /** Resolves when the lines are on the disk. */
  async append(lines: JournalLine[]): Promise<void> {
    try {
      if (!this.#handle) throw new Error('not open');
      await this.#handle.appendFile(encode(lines));
      await this.#handle.datasync();
    } catch (cause) {
      throw this.#failure('The alert journal cannot be written', cause);
    }
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close();
  }

  #failure(message: string, cause: unknown): VigieError {
    return new VigieError('store', message, `Check the space and the mode of ${this.#directory}`, { cause });
  }
}

function encode(lines: JournalLine[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** Reads a journal from its bytes; never throws, whatever they are. */
export function parseJournal(bytes: Buffer): JournalContent {
  const content: JournalContent = { lines: [], damaged: 0, torn: false };
  const texts = bytes.toString('utf8').split('\n');
  const last = texts.pop() ?? '';
  for (const text of texts) {
    const line = parseLine(text);
    if (line) content.lines.push(line);
    else content.damaged += 1;
  }
  if (last !== '') content.torn = true;
  return content;
}

function parseLine(text: string): JournalLine | null {
  try {
    const value: unknown = JSON.parse(text);
    const parsed = journalLine.safeParse(value);
    if (parsed.success) return parsed.data;
    const earlier = earlierLine.safeParse(value);
    return earlier.success ? { t: 'alert', alert: upgraded(earlier.data.alert) } : null;
  } catch {
    return null;
  }
}

/** What was not written is said to be unknown: no model, no recording. It was followed for at least its dwell. */
function upgraded({ trackId, measured: only, ...rest }: z.infer<typeof earlierAlert>): Alert {
  const { class: name, score, box } = rest;
  const seconds = Math.max(0, only.value);
  return {
    ...rest,
    participants: [{ trackId, class: name, score, box, seconds, metresPerSecond: null }],
    measured: [only],
    model: { name: '', sha256: '' },
    recording: null,
    folded: [],
  };
}

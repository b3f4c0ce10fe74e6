/**
 * The mask's log of an export: what `vigie mask check` needs to know of an MP4 file, in a file beside it (docs/mask-log.md, "An
 * export"). Filled GOP by GOP while the film is written; read by runtime/cli/mask.ts. Holds no pixel.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, rm, stat } from 'node:fs/promises';
import { z } from 'zod';
import { VigieError } from '../../errors.js';
import type { PictureSize } from '../../pipelines/frame.js';
import { maskStamp } from '../../pipelines/messages.js';
import type { StoredGop } from '../record/gop.js';
import { sameStamp } from '../record/stamp.js';
import { MaskCheck, type Recorded } from './check.js';
import type { PeopleDemand } from './demand.js';
import { Findings } from './findings.js';
import type { CheckResult, Decode } from './store-check.js';
import { asKeptTable, type KeptTable, tableNamed } from './tables.js';

const mostBytes = 512 * 2 ** 20;
/** A week at 30 a second. */
const mostPictures = 20_000_000;
const wallMs = z.number();

const filmLogSchema = z.strictObject({
  format: z.literal(1),
  width: z.int().min(1).max(8192),
  height: z.int().min(1).max(8192),
  /** SHA-256 of the film, hexadecimal */
  film: z.string().regex(/^[0-9a-f]{64}$/),
  tables: z.array(z.unknown()).max(4096),
  /** when people had to be covered, as far as was known when it was exported */
  people: z.strictObject({ fromMs: wallMs, untilMs: wallMs }).nullish(),
  /** pictures in order: so many with this stamp */
  stamps: z
    .array(z.strictObject({ pictures: z.int().min(1), fromMs: wallMs, toMs: wallMs, stamp: maskStamp }))
    .refine((stamps) => stamps.reduce((sum, { pictures }) => sum + pictures, 0) <= mostPictures),
});
type FilmLogFile = z.infer<typeof filmLogSchema>;

/** Name of the log of a film. */
export function filmLogOf(film: string): string {
  return `${film}.mask.json`;
}

export class FilmLog {
  readonly #stamps: FilmLogFile['stamps'] = [];
  #size: PictureSize = { width: 0, height: 0 };

  /** The next GOP of the film. */
  add({ width, height, units }: Pick<StoredGop, 'width' | 'height' | 'units'>): void {
    this.#size = { width, height };
    for (const { wallMs: atMs, mask } of units) {
      const last = this.#stamps.at(-1);
      if (last && sameStamp(last.stamp, mask)) {
        last.pictures += 1;
        last.toMs = atMs;
      } else this.#stamps.push({ pictures: 1, fromMs: atMs, toMs: atMs, stamp: mask });
    }
  }

  /**
   * Writes the log beside a film that is whole.
   * @param people when people had to be covered; null when nothing said so
   * @returns digests that it names and that are not kept
   * @throws VigieError `store` when it cannot be written
   */
  async write(
    film: string,
    kept: ReadonlyMap<string, KeptTable>,
    people: PeopleDemand | null = null,
  ): Promise<string[]> {
    const all = this.#stamps.flatMap(({ stamp }) => [stamp.digest, stamp.next?.digest ?? '']);
    const named = new Set(all.filter((digest) => digest !== ''));
    const tables = [...new Set([...named].flatMap((digest) => tableNamed(kept, digest) ?? []))];
    const content = {
      format: 1,
      ...this.#size,
      film: await sha256(film),
      tables,
      people,
      stamps: this.#stamps,
    };
    const file = filmLogOf(film);
    try {
      await rm(file, { force: true });
      const handle = await open(file, 'wx', 0o600);
      try {
        await handle.writeFile(`${JSON.stringify(content)}\n`);
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (cause) {
      throw new VigieError('store', `Cannot write ${file}`, 'Check the disk and the directory', { cause });
    }
    return [...named].filter((digest) => !tableNamed(kept, digest));
  }
}

/**
 * Checks a film against the log beside it.
 * @throws VigieError `mask` when there is no log, none that holds, or one of another film
 */
export async function checkFilm(
  film: string,
  decode: (film: string, size: PictureSize) => ReturnType<Decode>,
  { onProgress, demand = null }: { onProgress?: (share: number) => void; demand?: PeopleDemand | null } = {},
): Promise<CheckResult> {
  const log = await readLog(film);
  const tables = new Map(
    log.tables.flatMap((value) => {
      const kept = asKeptTable(value);
      return kept ? [[kept.digest, kept] as const] : [];
    }),
  );
  const recorded = log.stamps.flatMap(picturesOf);
  const check = new MaskCheck(tables, log, demand ?? log.people ?? null);
  const findings = new Findings();
  let decoded = 0;
  for await (const picture of decode(film, log)) {
    const one = recorded[decoded++];
    if (one) check.look(picture, one, findings);
    onProgress?.(decoded / recorded.length);
  }
  const [first, last] = [recorded[0]?.wallMs ?? null, recorded.at(-1)?.wallMs ?? null];
  if (decoded !== recorded.length) {
    const found = { digest: '', zone: null, pixels: 0, box: null };
    findings.add({ ...found, kind: 'undecodable', atMs: first ?? 0, pictures: recorded.length });
  }
  const { pictures, pixels } = check;
  return { findings, pictures, pixels, fromMs: first, toMs: last, destroyed: 0 };
}

function picturesOf({ pictures, fromMs, toMs, stamp }: FilmLogFile['stamps'][number]): Recorded[] {
  const stepMs = (toMs - fromMs) / Math.max(1, pictures - 1);
  return Array.from({ length: pictures }, (_, i) => ({
    wallMs: fromMs + i * stepMs,
    mask: stamp as Recorded['mask'],
  }));
}

async function readLog(film: string): Promise<FilmLogFile> {
  const file = filmLogOf(film);
  const refuse = (message: string, cause?: unknown): VigieError =>
    new VigieError('mask', message, 'Export it again with --mask-log, or check the store itself', { cause });
  let parsed: FilmLogFile;
  try {
    if ((await stat(file)).size > mostBytes) throw new Error('too large');
    parsed = filmLogSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    throw refuse(`${file}, the log of the mask, is not there or does not hold`, cause);
  }
  if (parsed.film !== (await sha256(film))) throw refuse(`${file} is the log of another film`);
  return parsed;
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/**
 * Keeps the mask tables that were in force, by their digest, for as long as something recorded may name them (docs/mask-log.md,
 * ML2 to ML4). Told by runtime/main.ts each time a table is handed to the pipeline process; read by the `vigie mask` commands.
 * Never in the way of the mask: what it cannot write it logs.
 */
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock, Log } from '../../board/ports.js';
import { errorLine } from '../../errors.js';
import { maskDigest } from '../../pipelines/mask/table.js';
import { type Lens, lens, type MaskTable, maskTable } from '../../pipelines/messages.js';
import { replaceWhole } from '../../whole-file.js';

const dayMs = 86_400_000;
/** The law lets nothing be recorded for longer, but for what a requisition holds, which the stores still have. */
const longestDays = 30;
const mostLenses = 64;
const mostFileBytes = 8 << 20;
/** Hex digits that a stamp has of the table to come. */
const shortDigest = 24;
const wallMs = z.number().min(-8.64e15).max(8.64e15);

const keptTableSchema = z.strictObject({
  format: z.literal(1),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  table: maskTable,
  /** null: a camera that does not move */
  lenses: z
    .array(z.strictObject({ sinceMs: wallMs, lens: lens.nullable() }))
    .min(1)
    .max(mostLenses),
  fromMs: wallMs,
  /** null: in force, as far as it was told */
  untilMs: wallMs.nullable(),
  /** whether the clock was right when that was written */
  sure: z.boolean(),
});
export type KeptTable = z.infer<typeof keptTableSchema>;

export interface MaskTablesDeps {
  clock: Clock;
  log: Log;
  clockTrusted: () => boolean;
  /** wall clock of the oldest picture in any store that is open, milliseconds; null when none says so */
  oldestMs: () => number | null;
}

export interface MaskTablesOptions {
  /** absolute */
  directory: string;
  mostTables?: number;
  mostBytes?: number;
}

export class MaskTables {
  #last: Promise<void> = Promise.resolve();

  constructor(
    private readonly deps: MaskTablesDeps,
    private readonly options: MaskTablesOptions,
  ) {}

  /** This table is to be in force from now on. Resolves when it is kept, or when that failed and was logged. */
  keep(table: MaskTable, ofLens: Lens | null): Promise<void> {
    this.#last = this.#last.then(() =>
      this.#keep(table, ofLens).catch((error: unknown) =>
        this.deps.log.error(
          `What is recorded from now on cannot be checked for its mask. ${errorLine(error)}`,
        ),
      ),
    );
    return this.#last;
  }

  /** What is kept, and whether it is in force as far as was told. */
  async kept(): Promise<{ table: MaskTable; inForce: boolean }[]> {
    await this.#last;
    const tables = await readTables(this.options.directory);
    return [...tables.values()].map(({ table, untilMs }) => ({ table, inForce: untilMs === null }));
  }

  /** Resolves when nothing is being written any more. */
  async stop(): Promise<void> {
    await this.#last;
  }

  async #keep(table: MaskTable, ofLens: Lens | null): Promise<void> {
    const { directory } = this.options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const kept = await readTables(directory);
    const nowMs = this.deps.clock.wallMs();
    const sure = this.deps.clockTrusted();
    const digest = maskDigest(table);
    const before = kept.get(digest);
    const lenses = before?.lenses ?? [];
    const known = lenses.at(-1);
    const same = known && JSON.stringify(known.lens) === JSON.stringify(ofLens);
    const next: KeptTable = {
      format: 1,
      digest,
      table,
      lenses: same ? lenses : [...lenses, { sinceMs: nowMs, lens: ofLens }].slice(-mostLenses),
      fromMs: before?.fromMs ?? nowMs,
      untilMs: null,
      sure,
    };
    kept.set(digest, next);
    if (!same || before?.untilMs !== null || before.sure !== sure) await this.#replace(next);
    for (const other of kept.values()) {
      const ends = other.digest !== digest && (other.untilMs === null || (!other.sure && sure));
      if (!ends) continue;
      other.untilMs = nowMs;
      other.sure = sure;
      await this.#replace(other);
    }
    await this.#forget(kept, digest, nowMs, sure);
  }

  async #forget(kept: Map<string, KeptTable>, current: string, nowMs: number, sure: boolean): Promise<void> {
    const { mostTables = 1024, mostBytes = 64 << 20 } = this.options;
    const oldestMs = this.deps.oldestMs();
    const ended = [...kept.values()].filter(({ digest }) => digest !== current);
    ended.sort((a, b) => (a.untilMs ?? 0) - (b.untilMs ?? 0));
    const bytesOf = (one: KeptTable): number => Buffer.byteLength(textOf(one));
    let bytes = [...kept.values()].reduce((sum, one) => sum + bytesOf(one), 0);
    let count = kept.size;
    for (const one of ended) {
      const untilMs = one.untilMs ?? nowMs;
      const over = count > mostTables || bytes > mostBytes;
      const due = sure && one.sure && oldestMs !== null && untilMs < oldestMs;
      if (!over && !(due && untilMs < nowMs - longestDays * dayMs)) continue;
      if (over) this.deps.log.warn(`Too many mask tables: version ${one.table.version} is no longer kept`);
      await rm(this.#fileOf(one.digest), { force: true });
      count -= 1;
      bytes -= bytesOf(one);
    }
  }

  #replace(kept: KeptTable): Promise<void> {
    return replaceWhole(this.#fileOf(kept.digest), textOf(kept));
  }

  #fileOf(digest: string): string {
    return join(this.options.directory, `${digest}.json`);
  }
}

function textOf(kept: KeptTable): string {
  return `${JSON.stringify(kept)}\n`;
}

/** The tables that are kept in a directory, by digest. A file that does not hold is left out: what names it cannot be checked. */
export async function readTables(directory: string): Promise<Map<string, KeptTable>> {
  const names = await readdir(directory).catch(() => []);
  const tables = new Map<string, KeptTable>();
  for (const name of names.filter((found) => /^[0-9a-f]{64}\.json$/.test(found))) {
    const kept = await readTable(join(directory, name)).catch(() => null);
    if (kept && `${kept.digest}.json` === name) tables.set(kept.digest, kept);
  }
  return tables;
}

async function readTable(file: string): Promise<KeptTable | null> {
  if ((await stat(file)).size > mostFileBytes) return null;
  return asKeptTable(JSON.parse(await readFile(file, 'utf8')));
}

/** Null unless it is a table with the digest that it says. */
export function asKeptTable(value: unknown): KeptTable | null {
  const parsed = keptTableSchema.safeParse(value);
  return parsed.success && maskDigest(parsed.data.table) === parsed.data.digest ? parsed.data : null;
}

/** The table of this digest, or of a digest that begins so; a start that two have names neither. */
export function tableNamed(tables: ReadonlyMap<string, KeptTable>, digest: string): KeptTable | undefined {
  const whole = tables.get(digest);
  if (whole || digest.length < shortDigest) return whole;
  const begun = [...tables.values()].filter((kept) => kept.digest.startsWith(digest));
  return begun.length === 1 ? begun[0] : undefined;
}

/** The lens by which this table became pixels at a time. */
export function lensAt({ lenses }: KeptTable, atMs: number): Lens | null {
  const of = lenses.findLast(({ sinceMs }) => sinceMs <= atMs) ?? lenses[0];
  return of?.lens ?? null;
}

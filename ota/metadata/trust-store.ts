/**
 * Verified metadata on the disk (docs/updates.md, "What a camera trusts"): one set as a whole, or none. tuf-js writes without
 * syncing, so it works in a scratch directory; a set that was verified completely is synced and then swapped in. Used by
 * ota/metadata/client.ts alone. Never changes `root.json`, which was put there at the installation.
 */
import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Log } from '../../board/ports.js';
import { replaceWhole } from '../../whole-file.js';
import { syncDirectory } from '../launcher/durable-file.js';
import { checkedText, readBounded, readChecked, sha256Of } from './checked-json.js';
import { UpdateRefused } from './refusal.js';
import { fileOf, type MetadataFiles } from './roles.js';

const mostFiles = 32;
const mostFileBytes = 4 * 2 ** 20;
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const fileName = z.string().regex(/^[A-Za-z0-9_.!~*'()%-]{1,200}\.json$/);
const pointer = z.strictObject({
  format: z.literal(1),
  /** names the directory `set-<number>` */
  set: z.int().min(1),
  files: z
    .array(z.strictObject({ name: fileName, sha256 }))
    .min(1)
    .max(mostFiles),
});
type Pointer = z.infer<typeof pointer>;

/** Places in keeping a set where a test cuts; nothing in the product. */
export type Reached = (step: string) => void | Promise<void>;

export class TrustStore {
  constructor(
    private readonly deps: { log: Log; reached?: Reached },
    private readonly options: { directory: string },
  ) {}

  /** Where tuf-js may write. */
  get scratch(): string {
    return join(this.options.directory, 'scratch');
  }

  /**
   * An empty scratch directory, filled with the set that is kept, or with the first root alone when none is whole.
   * Throws UpdateRefused `no-root` or `storage`.
   */
  async open(): Promise<void> {
    const kept = await this.#kept();
    if (kept === null) return this.openFirst();
    await storing(() => this.#clear(kept.pointer.set));
    await this.#fill(kept.files);
  }

  /** The same with the first root alone. */
  async openFirst(): Promise<void> {
    await this.#fill(new Map([[fileOf('root'), await this.#firstRoot()]]));
  }

  async #fill(files: MetadataFiles): Promise<void> {
    await storing(async () => {
      await rm(this.scratch, { recursive: true, force: true });
      await mkdir(this.scratch, { mode: 0o700 });
      for (const [name, bytes] of files) await writeFile(join(this.scratch, name), bytes, { mode: 0o600 });
    });
  }

  /** What is in the scratch directory. */
  async read(): Promise<MetadataFiles> {
    const files = new Map<string, Buffer>();
    for (const name of await storing(() => readdir(this.scratch))) {
      const bytes = await readBounded(join(this.scratch, name), mostFileBytes);
      if (bytes !== null && fileName.safeParse(name).success) files.set(name, bytes);
    }
    return files;
  }

  /** Makes these files the set that is kept: synced first, then one write of the pointer. Throws UpdateRefused `storage`. */
  async keep(files: MetadataFiles): Promise<void> {
    const { directory } = this.options;
    const before = await this.#kept();
    if (before !== null && sameFiles(before.files, files)) return;
    const named = (await storing(() => readdir(directory))).map((name) => setNumber(name));
    const set = Math.max(before?.pointer.set ?? 0, ...named) + 1;
    const text = checkedText({
      format: 1,
      set,
      files: [...files].map(([name, bytes]) => ({ name, sha256: sha256Of(bytes) })),
    } satisfies Pointer);
    await storing(async () => {
      const made = join(directory, 'set.new');
      await rm(made, { recursive: true, force: true });
      await mkdir(made, { mode: 0o700 });
      for (const [name, bytes] of files) await writeSynced(join(made, name), bytes);
      await syncDirectory(made);
      await this.deps.reached?.('set written');
      await rename(made, join(directory, `set-${set}`));
      await syncDirectory(directory);
      await this.deps.reached?.('set named');
      await replaceWhole(join(directory, 'current.json'), text);
      await this.deps.reached?.('set current');
    });
    await this.#clear(set);
  }

  /**
   * After a check that failed: a newer root that was verified is kept all the same, so that keys that were revoked stay so.
   * What the old set says besides stays.
   */
  async keepRoot(root: Buffer): Promise<void> {
    const kept = await this.#kept();
    await this.keep(new Map([...(kept?.files ?? []), [fileOf('root'), root]]));
  }

  /** Null when there is no whole one. */
  async #kept(): Promise<{ pointer: Pointer; files: MetadataFiles } | null> {
    const { directory } = this.options;
    const current = await readChecked(join(directory, 'current.json'), pointer, mostFileBytes);
    if (current === null) return null;
    const files = new Map<string, Buffer>();
    for (const { name, sha256 } of current.files) {
      const bytes = await readBounded(join(directory, `set-${current.set}`, name), mostFileBytes);
      if (bytes === null || sha256Of(bytes) !== sha256) {
        this.deps.log.warn(
          'updates: the metadata that was kept is damaged; starting again from the first root',
        );
        return null;
      }
      files.set(name, bytes);
    }
    return files.has(fileOf('root')) ? { pointer: current, files } : null;
  }

  async #firstRoot(): Promise<Buffer> {
    const root = await readBounded(join(this.options.directory, 'root.json'), mostFileBytes);
    if (root === null) throw new UpdateRefused('no-root');
    return root;
  }

  /** Sets that no longer count, or never did; left for the next time when the disk refuses. */
  async #clear(set: number): Promise<void> {
    const { directory } = this.options;
    const old = (await readdir(directory)).filter((name) => setNumber(name) > 0 && setNumber(name) !== set);
    const removed = ['set.new', ...old].map((name) =>
      rm(join(directory, name), { recursive: true, force: true }),
    );
    await Promise.allSettled(removed);
  }
}

/** 0 for anything else. */
function setNumber(name: string): number {
  return Number(/^set-(\d{1,15})$/.exec(name)?.[1] ?? 0);
}

const sameFiles = (a: MetadataFiles, b: MetadataFiles): boolean =>
  a.size === b.size && [...a].every(([name, bytes]) => b.get(name)?.equals(bytes) ?? false);

async function storing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new UpdateRefused('storage', { cause });
  }
}

async function writeSynced(path: string, bytes: Buffer): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

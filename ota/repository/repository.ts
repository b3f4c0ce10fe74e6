/**
 * The signed repository of an integrator, as a directory that any static HTTP server serves (docs/updates-integrator.md, "The repository").
 * Used by `vigie ota` and by tests; one writer at a time, which the caller sees to. Holds no private key and writes none.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { VigieError } from '../../errors.js';
import { Draft, emptyTargets, enough, expiryAfter, specVersion } from './draft.js';
import { type Lifetimes, type RootJson, type TopRole, topRoles } from './formats.js';
import { type KeyFile, type Keyring, keyJson } from './keys.js';
import { makeServed, metadataDirectory, targetsDirectory } from './places.js';
import { type Prepared, prepare, pruneMetadata, writeAll } from './publication.js';
import { type Published, readPublished } from './published.js';
import type { Missing } from './signatures.js';
import { dropStaged, fillFrom, readStaged, type Staged, writeStaged } from './staged.js';

/**
 * Days that a new version of a role is valid. Short where a key is at hand every day, as that is how long an attacker can hold
 * back news; long where people have to fetch a key from a safe. A camera that was cut off needs nothing renewed: it asks again.
 */
export const usualLifetimes: Lifetimes = { root: 365, targets: 90, snapshot: 14, timestamp: 7 };

export interface ApplyOptions {
  nowMs: number;
  /** what lacks signatures waits in `metadata/staged/`; else it is refused and nothing is written */
  stage: boolean;
  /** writes nothing */
  dryRun?: boolean;
  renew?: { snapshot?: boolean; timestamp?: boolean };
  /** before and after each durable write, for tests that kill there */
  reached?: (step: string) => void;
}

export interface Outcome {
  kind: 'published' | 'staged' | 'nothing';
  /** names in `metadata/`, or in `metadata/staged/` */
  files: string[];
  /** of what is staged */
  missing: Missing[];
  /** false: for a moment cameras that ask are refused, and ask again */
  seamless: boolean;
}

export interface Founding {
  keys: Record<TopRole, readonly KeyFile[]>;
  rootThreshold: number;
  lifetimes: Lifetimes;
  nowMs: number;
}

export class Repository {
  private constructor(
    readonly directory: string,
    /** null: the first root waits for signatures */
    readonly published: Published | null,
    readonly staged: Staged | null,
  ) {}

  /**
   * Reads and verifies it.
   * @throws VigieError `update`
   */
  static async open(directory: string): Promise<Repository> {
    const published = await readPublished(directory);
    const staged = await readStaged(directory);
    if (published !== null || staged?.root) return new Repository(directory, published, staged);
    throw new VigieError(
      'update',
      `${directory} holds no metadata`,
      'Make a repository with: vigie ota init',
    );
  }

  /** @throws VigieError `update` when there is one already */
  static async found(
    directory: string,
    founding: Founding,
    { dryRun = false } = {},
  ): Promise<{ repository: Repository; draft: Draft }> {
    if (existsSync(join(metadataDirectory(directory), '1.root.json'))) {
      const hint = 'Name another directory, or change this one with vigie ota rotate';
      throw new VigieError('update', `${directory} is a repository already`, hint);
    }
    if (!dryRun)
      for (const place of [metadataDirectory, targetsDirectory]) await makeServed(place(directory));
    const draft = new Draft(nothingBefore(foundingRoot(founding)), founding.nowMs);
    draft.renew('root');
    draft.renew('targets');
    return { repository: new Repository(directory, null, null), draft };
  }

  /** A change to what is published. @throws VigieError `update` while the first root is not signed */
  draft(nowMs: number): Draft {
    if (this.published !== null) return new Draft(this.published, nowMs);
    const hint = 'Sign it with: vigie ota sign FILE --key KEY, then vigie ota refresh';
    throw new VigieError('update', 'The first root of this repository is not signed yet', hint);
  }

  /** What waits for signatures, laid over what is published; null when nothing waits. */
  stagedDraft(nowMs: number): Draft | null {
    if (this.staged === null) return null;
    const root = this.staged.root?.signed;
    const base = this.published ?? (root && nothingBefore({ ...root, version: 0 }));
    if (base === undefined) return null;
    const draft = new Draft(base, nowMs);
    fillFrom(draft, this.staged);
    return draft;
  }

  /**
   * Signs with what the keyring has, and publishes when nothing is missing.
   * @throws VigieError `update` when something is and may not be staged, or when the same role waits already
   */
  async apply(draft: Draft, keyring: Keyring, options: ApplyOptions): Promise<Outcome> {
    this.#mayTouch(draft);
    const prepared = await prepare(draft, keyring, options);
    if (prepared.missing.length > 0) return this.#wait(prepared, options);
    if (!options.dryRun) {
      await writeAll(this.directory, prepared.writes, options.reached);
      if (this.#isStaged(draft)) await dropStaged(this.directory);
      await pruneMetadata(this.directory);
    }
    const files = prepared.writes.map(({ name }) => name);
    const kind = files.length > 0 ? 'published' : 'nothing';
    return { kind, files, missing: [], seamless: prepared.seamless };
  }

  async #wait(prepared: Prepared, { stage, dryRun }: ApplyOptions): Promise<Outcome> {
    const { missing, root, roles, seamless } = prepared;
    if (!stage) throw lacking(missing);
    const waiting = root !== null || roles.size > 0;
    if (!waiting) throw lacking(missing);
    const files = dryRun ? [] : await writeStaged(this.directory, { root, roles });
    return { kind: 'staged', files, missing, seamless };
  }

  #isStaged(draft: Draft): boolean {
    return this.staged !== null && draft.root === this.staged.root && this.#rolesAreStaged(draft);
  }

  #rolesAreStaged(draft: Draft): boolean {
    const same = draft.roles.size === this.staged?.roles.size;
    return same && [...draft.roles].every(([role, file]) => this.staged?.roles.get(role) === file);
  }

  #mayTouch(draft: Draft): void {
    if (this.staged === null || this.#isStaged(draft)) return;
    const touched = [...draft.roles.keys(), ...draft.gone].filter((role) => this.staged?.roles.has(role));
    if (draft.root !== null && this.staged.root !== null) touched.unshift('root');
    // A change that waits was made from what is published now: two of them cannot both follow on it.
    if (touched.length === 0) return;
    const hint = 'Sign what waits (vigie ota sign), or drop it with: vigie ota unstage REPO';
    throw new VigieError('update', `A change to ${touched.join(', ')} waits for signatures`, hint);
  }
}

/** A refusal that names who has to sign. */
export function lacking(missing: readonly Missing[]): VigieError {
  const lines = missing.map(({ role, have, threshold, keys }) => {
    const names = keys.map(({ id, name }) => `${name ?? 'key'} (${id.slice(0, 12)})`).join(', ');
    return `${role} has ${have} of ${threshold}, and can be signed by ${names || 'nobody'}`;
  });
  const hint = 'Name the private key with --sign-with, or all of them with --keys DIRECTORY';
  return new VigieError('update', `Signatures are missing: ${lines.join('; ')}`, hint);
}

function foundingRoot({ keys, rootThreshold, lifetimes, nowMs }: Founding): RootJson {
  const all = topRoles.flatMap((role) => keys[role]);
  const holders = (role: TopRole, threshold: number) => {
    const keyids = [...new Set(keys[role].map(({ id }) => id))].sort();
    enough(role, keyids.length, threshold);
    return { keyids, threshold };
  };
  return {
    _type: 'root',
    spec_version: specVersion,
    version: 0,
    expires: expiryAfter(nowMs, lifetimes.root),
    consistent_snapshot: true,
    keys: Object.fromEntries(all.map((key) => [key.id, keyJson(key)])),
    roles: {
      root: holders('root', rootThreshold),
      targets: holders('targets', 1),
      snapshot: holders('snapshot', 1),
      timestamp: holders('timestamp', 1),
    },
    'x-vigie-days': lifetimes,
  };
}

/** What the first version follows on: everything at version 0, nothing signed. */
function nothingBefore(root: RootJson): Published {
  const { expires } = root;
  const common = { spec_version: specVersion, version: 0, expires };
  const none = { version: 0, length: 0, hashes: { sha256: '' } };
  return {
    root: { signed: { ...root, version: 0 }, signatures: [] },
    roles: new Map([['targets', { signed: emptyTargets(0, expires), signatures: [] }]]),
    gone: new Map(),
    snapshot: { signed: { _type: 'snapshot', ...common, meta: {} }, signatures: [] },
    timestamp: { signed: { _type: 'timestamp', ...common, meta: { 'snapshot.json': none } }, signatures: [] },
    cut: false,
  };
}

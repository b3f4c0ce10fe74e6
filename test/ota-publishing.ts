/**
 * A repository of an integrator in a test: keys on the disk, what `vigie ota` does through the library, and tuf-js's own client
 * against a real HTTP server. Used by the tests of the repository.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Updater } from 'tuf-js';
import type { Release } from '../ota/release.js';
import type { Draft } from '../ota/repository/draft.js';
import type { TopRole } from '../ota/repository/formats.js';
import { type KeyFile, Keyring, makeKey } from '../ota/repository/keys.js';
import { layDown, offer, type Place, targetPath } from '../ota/repository/offers.js';
import { type ApplyOptions, type Outcome, Repository, usualLifetimes } from '../ota/repository/repository.js';
import { serveRepository } from '../ota/repository/serve.js';

export const place: Place = { customer: 'ville-exemple', board: 'generic-x86', channel: 'stable' };

export class Publishing {
  readonly directory: string;
  readonly keyDirectory: string;
  readonly keys = new Map<string, KeyFile>();
  nowMs = Date.now();

  constructor(t: TestContext) {
    const top = mkdtempSync(join(tmpdir(), 'vigie-repository-'));
    t.after(() => rmSync(top, { recursive: true, force: true }));
    this.directory = join(top, 'repository');
    this.keyDirectory = join(top, 'keys');
    mkdirSync(this.keyDirectory);
  }

  async key(name: string): Promise<KeyFile> {
    const known = this.keys.get(name);
    if (known !== undefined) return known;
    const key = await makeKey(name, join(this.keyDirectory, `${name}.pem`), null);
    this.keys.set(name, key);
    return key;
  }

  /** All keys that were made, or those of these names. */
  keyring(...names: string[]): Keyring {
    const files =
      names.length === 0 ? [...this.keys.values()] : names.flatMap((name) => this.keys.get(name) ?? []);
    return new Keyring(files, () => Promise.reject(new Error('no passphrase in a test')));
  }

  open(): Promise<Repository> {
    return Repository.open(this.directory);
  }

  /** Two root holders, one key for each other role, a customer and a board. */
  async founded(): Promise<this> {
    const role = async (...names: string[]) => Promise.all(names.map((name) => this.key(name)));
    const keys: Record<TopRole, KeyFile[]> = {
      root: await role('root-1', 'root-2'),
      targets: await role('targets-1'),
      snapshot: await role('snapshot-1'),
      timestamp: await role('timestamp-1'),
    };
    const founding = { keys, rootThreshold: 2, lifetimes: usualLifetimes, nowMs: this.nowMs };
    const { repository, draft } = await Repository.found(this.directory, founding);
    await repository.apply(draft, this.keyring(), { nowMs: this.nowMs, stage: false });
    const customer = await role('customer-1');
    const board = await role('board-1');
    await this.change((next) => {
      next.addRole(place.customer, `${place.customer}/*/*/*`, customer, 1);
      next.addRole(`${place.customer}.${place.board}`, `${place.customer}/${place.board}/*/*`, board, 1);
    });
    return this;
  }

  async change(
    edit: (draft: Draft) => void | Promise<void>,
    { keyring = this.keyring(), ...options }: Partial<ApplyOptions> & { keyring?: Keyring } = {},
  ): Promise<Outcome> {
    const repository = await this.open();
    const draft = repository.draft(this.nowMs);
    await edit(draft);
    return repository.apply(draft, keyring, { nowMs: this.nowMs, stage: false, ...options });
  }

  /** Offers a bundle of a few bytes under a version. */
  async publish(
    version: string,
    options: Partial<ApplyOptions> & { keyring?: Keyring } = {},
  ): Promise<Outcome> {
    return this.change((draft) => this.offered(draft, version), options);
  }

  async offered(draft: Draft, version: string, to: Place = place): Promise<void> {
    const path = targetPath(to, `vigie-${version}.tar.zst`);
    const source = join(this.keyDirectory, 'bundle');
    writeFileSync(source, `bundle of ${version}`);
    const entry = await layDown(this.directory, path, source);
    await offer(this.directory, draft, {
      release: releaseOf(version, path, to),
      files: new Map([[path, entry]]),
    });
  }
}

export function releaseOf(version: string, path: string, to: Place = place): Release {
  return {
    format: 1,
    version,
    commit: 'a'.repeat(40),
    ...to,
    arch: 'x64',
    publishedMs: 1_700_000_000_000,
    notes: { fr: 'Essai', en: 'Test' },
    rollout: { percent: 100, groups: [] },
    content: {
      kind: 'tree',
      path,
      manifestSha256: version.replace(/\D/g, '').padStart(64, '0'),
      tarBytes: 1,
      tarSha256: '1'.repeat(64),
      treeBytes: 1,
      deltas: [],
    },
  };
}

/** A camera's metadata, through tuf-js and HTTP; starts from the first root, and remembers. */
export class TufClient {
  readonly #directory: string;
  readonly #targets: string;

  private constructor(
    t: TestContext,
    private readonly url: string,
    root: Buffer,
  ) {
    const top = mkdtempSync(join(tmpdir(), 'vigie-tuf-'));
    t.after(() => rmSync(top, { recursive: true, force: true }));
    this.#directory = join(top, 'metadata');
    this.#targets = join(top, 'targets');
    mkdirSync(this.#directory);
    mkdirSync(this.#targets);
    writeFileSync(join(this.#directory, 'root.json'), root);
  }

  static async at(t: TestContext, url: string): Promise<TufClient> {
    const root = Buffer.from(await (await fetch(`${url}/metadata/1.root.json`)).arrayBuffer());
    return new TufClient(t, url, root);
  }

  /** What the channel offers; null: nothing. Rejects when tuf-js refuses the repository. */
  async release(to: Place = place): Promise<Release | null> {
    const updater = this.#updater();
    await updater.refresh();
    const target = await updater.getTargetInfo(`${to.customer}/${to.board}/${to.channel}/release.json`);
    if (target === undefined) return null;
    return JSON.parse(readFileSync(await updater.downloadTarget(target), 'utf8')) as Release;
  }

  /** The bytes of a file that a release names. */
  async file(path: string): Promise<string> {
    const updater = this.#updater();
    const target = await updater.getTargetInfo(path);
    if (target === undefined) throw new Error(`${path} is not listed`);
    return readFileSync(await updater.downloadTarget(target), 'utf8');
  }

  #updater(): Updater {
    return new Updater({
      metadataDir: this.#directory,
      metadataBaseUrl: `${this.url}/metadata`,
      targetDir: this.#targets,
      targetBaseUrl: `${this.url}/targets`,
      config: { fetchRetry: false },
    });
  }
}

/** Serves a repository until the test ends. @returns its address */
export async function served(t: TestContext, directory: string): Promise<string> {
  const serving = await serveRepository({ directory, host: '127.0.0.1', port: 0, rate: null });
  t.after(() => serving.close());
  return serving.url;
}

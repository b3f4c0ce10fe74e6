/**
 * What the repository offers this camera, verified (docs/updates.md, "What a camera trusts"). Asked by ota/updater/updater.ts; the
 * signatures are tuf-js's work, its storage, its limits and what it forgets are ours. Takes nothing while the time is not
 * trusted, and writes nothing outside its own directory.
 */
import { type TargetFile, Updater } from 'tuf-js';
import type { Clock, Log } from '../../board/ports.js';
import { VigieError } from '../../errors.js';
import { type Channel, type Release, releasePath, release as releaseSchema } from '../release.js';
import { sha256Of } from './checked-json.js';
import { type FetchLimits, fetchLimits, RepositoryFetcher, readCa } from './fetch.js';
import type { Floors, RoleFloor } from './floors.js';
import type { Offer } from './policy.js';
import { UpdateRefused } from './refusal.js';
import { beginsAnew, fileOf, type MetadataFiles, type RoleSeen, rolesSeen, rootVersion } from './roles.js';
import { type Reached, TrustStore } from './trust-store.js';
import { refusalOfTuf } from './tuf-refusal.js';

/** A file as its signed metadata says it is. */
export interface SignedFile {
  bytes: number;
  /** hexadecimal */
  sha256: string;
  url: string;
}

export interface Found extends Offer {
  /** one that the release names: the bundle, a delta; throws a VigieError for any other path */
  file(path: string): SignedFile;
}

export interface UpdateMetadataDeps {
  clock: Clock;
  log: Log;
  /** the wall clock is known to be right */
  clockTrusted: () => boolean;
  /** started */
  floors: Floors;
  /** for tests that cut */
  reached?: Reached;
}

export interface UpdateMetadataOptions {
  /** `<slots>/trust`, with the `root.json` that was put there at the installation */
  directory: string;
  /** of the repository: `metadata/` and `targets/` are below it */
  url: string;
  place: { customer: string; board: string; channel: Channel };
  /** certificates in PEM that the server's must lead to, in place of the machine's */
  caFile?: string | null;
  limits?: FetchLimits;
}

const mostReleaseBytes = 128 * 1024;
const mostRootBytes = 128 * 1024;

export class UpdateMetadata {
  readonly #store: TrustStore;
  #busy = false;

  constructor(
    private readonly deps: UpdateMetadataDeps,
    private readonly options: UpdateMetadataOptions,
  ) {
    this.#store = new TrustStore(deps, options);
  }

  /**
   * Asks the repository once. Rejects with an UpdateRefused, which says why; with the signal's own reason when it was
   * aborted.
   */
  async refresh(signal: AbortSignal): Promise<Found> {
    if (this.#busy)
      throw new VigieError('update', 'The repository is being asked already', 'Wait for the answer');
    this.#busy = true;
    try {
      signal.throwIfAborted();
      this.#needTime();
      return await this.#ask(signal);
    } catch (error) {
      signal.throwIfAborted();
      throw refusalOfTuf(error, null);
    } finally {
      this.#busy = false;
    }
  }

  /** Before anything is asked: with a wrong clock, what has expired looks valid. */
  #needTime(): void {
    const { clock, clockTrusted, floors } = this.deps;
    if (!clockTrusted() || clock.wallMs() < floors.timeMs) throw new UpdateRefused('clock');
  }

  async #ask(signal: AbortSignal): Promise<Found> {
    const { limits = fetchLimits, caFile = null } = this.options;
    const ca = await readCa(caFile);
    const fetcher = new RepositoryFetcher(this.deps, { signal, limits, ca });
    try {
      const updater = await this.#opened(fetcher);
      const target = await this.#verified(updater, fetcher);
      if (target === undefined) throw new UpdateRefused('absent');
      const release = await this.#release(fetcher, target);
      return await this.#found(updater, fetcher, release);
    } finally {
      fetcher.close();
    }
  }

  /** With what is kept, or, when that is no longer what was once verified, with the first root. */
  async #opened(fetcher: RepositoryFetcher): Promise<Updater> {
    const options = {
      metadataDir: this.#store.scratch,
      metadataBaseUrl: `${this.#url}/metadata`,
      fetcher,
      config: { rootMaxLength: mostRootBytes, maxDelegations: 8, fetchRetry: false },
    };
    await this.#store.open();
    try {
      return new Updater(options);
    } catch {
      await this.#store.openFirst();
    }
    try {
      return new Updater(options);
    } catch (cause) {
      throw new UpdateRefused('no-root', { cause });
    }
  }

  /** The set as tuf-js and the floors find it good; kept before anything is done with it. */
  async #verified(updater: Updater, fetcher: RepositoryFetcher): Promise<TargetFile | undefined> {
    const path = releasePath(this.options.place);
    try {
      await updater.refresh();
      const target = await updater.getTargetInfo(path);
      await this.#accept(await this.#store.read(), path);
      return target;
    } catch (error) {
      const refused = refusalOfTuf(error, fetcher.refused);
      await this.#keepRoot().catch(() => this.deps.log.warn('updates: a newer root could not be kept'));
      throw refused;
    }
  }

  async #accept(files: MetadataFiles, path: string): Promise<void> {
    const { clock, floors } = this.deps;
    const seen = rolesSeen(files, path);
    const nowMs = clock.wallMs();
    if (seen.some(({ expiresMs }) => nowMs >= expiresMs)) throw new UpdateRefused('expired');
    const raised = Object.fromEntries(seen.map((role) => [role.name, this.#aboveFloor(role)]));
    const names = new Set(seen.map(({ name }) => fileOf(name)));
    await this.#store.keep(new Map([...files].filter(([name]) => names.has(name))));
    await floors.raiseSeen(nowMs, raised);
  }

  #aboveFloor(role: RoleSeen): RoleFloor & { anew: boolean } {
    const kept = this.deps.floors.role(role.name);
    const anew = kept !== null && beginsAnew(role, kept);
    if (kept !== null && !anew && role.version < kept.version) throw new UpdateRefused('rollback');
    return { version: role.version, signers: role.signers, anew };
  }

  /** A root that was verified stands, whatever came after it: the keys that it revokes stay revoked. */
  async #keepRoot(): Promise<void> {
    const { floors } = this.deps;
    const root = (await this.#store.read()).get(fileOf('root'));
    if (root === undefined) return;
    const version = rootVersion(root);
    if (version <= (floors.role('root')?.version ?? 0)) return;
    await this.#store.keepRoot(root);
    await floors.raiseSeen(floors.timeMs, { root: { version, signers: [], anew: false } });
  }

  async #release(fetcher: RepositoryFetcher, target: TargetFile): Promise<Release> {
    const { bytes, sha256, url } = this.#signed(target);
    if (bytes > mostReleaseBytes) throw new UpdateRefused('endless');
    const content = await fetcher.bytes(url, bytes).catch((error: unknown) => {
      throw refusalOfTuf(error, null);
    });
    if (content.length !== bytes || sha256Of(content) !== sha256) throw new UpdateRefused('mixed');
    const read = releaseOf(content);
    const { customer, board, channel } = this.options.place;
    if (read.customer !== customer || read.board !== board || read.channel !== channel) {
      throw new UpdateRefused('foreign');
    }
    return read;
  }

  /** Every file that the release names has to be signed as well, for the same customer and board. */
  async #found(updater: Updater, fetcher: RepositoryFetcher, release: Release): Promise<Found> {
    const { content } = release;
    const paths = [content.path, ...(content.kind === 'tree' ? content.deltas.map(({ path }) => path) : [])];
    const files = new Map<string, SignedFile>();
    for (const path of paths) {
      if (!path.startsWith(`${release.customer}/${release.board}/`)) throw new UpdateRefused('foreign');
      const target = await updater.getTargetInfo(path).catch((error: unknown) => {
        throw refusalOfTuf(error, fetcher.refused);
      });
      if (target === undefined) throw new UpdateRefused('mixed');
      files.set(path, this.#signed(target));
    }
    const file = (path: string): SignedFile => {
      const signed = files.get(path);
      if (signed === undefined) throw new UpdateRefused('mixed');
      return signed;
    };
    const identity = content.kind === 'tree' ? content.manifestSha256 : file(content.path).sha256;
    return { release, identity, file };
  }

  #signed({ path, length, hashes }: TargetFile): SignedFile {
    const sha256 = hashes['sha256'] ?? '';
    if (!/^[0-9a-f]{64}$/.test(sha256) || !Number.isSafeInteger(length)) throw new UpdateRefused('damaged');
    const at = path.lastIndexOf('/') + 1;
    const url = `${this.#url}/targets/${path.slice(0, at)}${sha256}.${path.slice(at)}`;
    return { bytes: length, sha256, url };
  }

  get #url(): string {
    const { url } = this.options;
    const read = URL.canParse(url) ? new URL(url).protocol : '';
    if (read !== 'http:' && read !== 'https:') {
      throw new UpdateRefused('unreachable', { cause: new Error('not an address of HTTP') });
    }
    return url.replace(/\/+$/, '');
  }
}

function releaseOf(content: Buffer): Release {
  try {
    return releaseSchema.parse(JSON.parse(content.toString('utf8')));
  } catch (cause) {
    throw new UpdateRefused('damaged', { cause });
  }
}

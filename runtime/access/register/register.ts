/**
 * The register: what happened to recordings and to the rules they are kept under, one signed line after another
 * (docs/register.md). Fed by retention, holds and the store through runtime/main.ts; later by every access. Never changes
 * or removes an entry; never tells one that is not on the device.
 */
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../../board/ports.js';
import { errorLine, VigieError } from '../../../errors.js';
import type { Finding } from './chain.js';
import { nameOf } from './chain.js';
import { type Entry, entry, partsOf, type RegisterEvent } from './entry.js';
import { packClosed, removable, removeUpTo, syncDirectory } from './forgetting.js';
import { writeHead } from './head.js';
import { beginning, encodeLine, hashOf } from './line.js';
import { type Loaded, loadRegister } from './load.js';
import { encodePublicKey, openSigningKey, type SigningKey } from './signing-key.js';
import { Standing } from './standing.js';
import { closedVolume, closedVolumes, currentVolume } from './volumes.js';

/** A few days of entries; read whole at a start. */
const usualVolumeBytes = 4 * 2 ** 20;
const mostTerms = 50;
const usualKeepDays = 400;
const dayMs = 86_400_000;
/** Volumes packed at a turn: the one that was closed, and one that a cut or an older version left. */
const packedAtOnce = 2;

export interface RegisterDeps {
  /** what time it is, and whether that is known to be right */
  time: () => { ms: number; sure: boolean };
  log: Log;
  /** exclusive, gone with the process; rejects when held; resolves to what releases it */
  lock: (path: string) => Promise<() => Promise<void>>;
}

export interface RegisterOptions {
  /** absolute; the register goes to `register/` and its key to `keys/` in it */
  stateDirectory: string;
  cameraId: string;
  /** a volume that has grown to this is closed; 4 MiB unless told */
  volumeBytes?: number;
  /** closed volumes that nothing needs are removed when they are older than this; 400 unless told */
  keepDays?: number;
}

export class Register {
  readonly #places: { directory: string; keys: string; keyFile: string };
  #key: SigningKey | null = null;
  #unlock: (() => Promise<void>) | null = null;
  #handle: FileHandle | null = null;
  #bytes = 0;
  #next = { n: 1, prev: beginning };
  #standing = new Standing();
  #findings: Finding[] = [];
  #failure: VigieError | null = null;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly deps: RegisterDeps,
    private readonly options: RegisterOptions,
  ) {
    this.#places = registerPlaces(options.stateDirectory);
  }

  /** How things stand after the newest entry. */
  get standing(): Standing {
    return this.#standing;
  }

  /** What is wrong with the entries that were there at the start; empty when nothing. */
  get findings(): readonly Finding[] {
    return this.#findings;
  }

  /** Why the last entry could not be written; null when it could. */
  get failure(): VigieError | null {
    return this.#failure;
  }

  /**
   * Opens the register, or begins it. Cuts off a line that was not finished and says so in an entry; any other damage stays
   * as it is, is told in an entry once, and is in `findings`.
   * @throws VigieError `access` for its key, `store` for its files or when another process writes it
   */
  async start(): Promise<void> {
    const { directory, keys, keyFile } = this.#places;
    await this.#onCard(async () => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await mkdir(keys, { recursive: true, mode: 0o700 });
    });
    this.#unlock = await this.deps.lock(join(directory, 'register.lock')).catch((cause: unknown) => {
      const hint = 'A running camera writes its own register: stop it, or let it do what you ask';
      throw new VigieError('store', 'Another process writes this register', hint, { cause });
    });
    try {
      this.#key = await openSigningKey(keyFile, { make: true });
      await this.#open(this.#key);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /**
   * Resolves when the entry is on the device. Entries are written in the order of the calls.
   * @throws VigieError `store`; whether the entry is there is then unknown until the next one, which looks first
   */
  append(event: RegisterEvent): Promise<Entry> {
    const written = this.#tail.then(() => this.#write(event));
    this.#tail = written.catch(() => undefined);
    return written;
  }

  /** Writes what was handed over, closes, releases the lock. Idempotent. */
  async stop(): Promise<void> {
    await this.#tail;
    await this.#close();
    const unlock = this.#unlock;
    this.#unlock = null;
    await unlock?.();
  }

  async #open(key: SigningKey): Promise<void> {
    const { keys, directory } = this.#places;
    const loaded = await loadRegister(directory, keys, key.publicKey);
    this.#standing = loaded.standing;
    this.#findings = loaded.findings;
    this.#next = loaded.next;
    await this.#openGrowing(loaded.keepBytes);
    if (loaded.headBehind) await writeHead(keys, lastOf(this.#next), key.privateKey);
    await this.#firstWords(key, loaded);
  }

  /** Opens the volume that grows, or makes it, and takes off what lies behind `keepBytes`. */
  async #openGrowing(keepBytes: number): Promise<void> {
    const { directory } = this.#places;
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;
    await this.#onCard(async () => {
      this.#handle = await open(join(directory, currentVolume), flags, 0o600);
      await this.#handle.truncate(keepBytes);
      await this.#handle.sync();
      await syncDirectory(directory);
    });
    this.#bytes = keepBytes;
  }

  /** What an opened register has to say before anything else. */
  async #firstWords(key: SigningKey, { isNew, cutBytes }: Loaded): Promise<void> {
    const publicKey = encodePublicKey(key.publicKey);
    const { cameraId } = this.options;
    if (isNew) await this.#put(key, { kind: 'register-created', cameraId, publicKey });
    else if (this.#bytes === 0) await this.#put(key, this.#volumeWords(publicKey));
    if (cutBytes > 0) {
      this.deps.log.warn('Register: its last entry was cut short; it had not been told and is left out');
      await this.#put(key, { kind: 'register-repaired', cutBytes });
    }
    await this.#forget(key);
    const news = this.#findings.map(nameOf).filter((name) => !this.#standing.damage.has(name));
    if (news.length === 0) return;
    this.deps.log.error(`Register: damage found: ${news.slice(0, 5).join(', ')}`);
    await this.#put(key, { kind: 'damage-found', findings: news.slice(0, 20) });
  }

  async #write(event: RegisterEvent): Promise<Entry> {
    const key = this.#key;
    if (!key || !this.#unlock) {
      throw new VigieError('store', 'The register is not open', 'Start the camera');
    }
    try {
      if (!this.#handle) await this.#open(key);
      if (this.#bytes >= (this.options.volumeBytes ?? usualVolumeBytes)) await this.#turnVolume(key);
      const written = await this.#put(key, event);
      this.#failure = null;
      return written;
    } catch (error) {
      // After a failed write or sync what is there is unknown: the next entry opens the register anew and looks.
      await this.#close();
      this.#failure = error instanceof VigieError ? error : this.#failed(error);
      this.deps.log.error(`Register: ${errorLine(this.#failure)}`);
      throw this.#failure;
    }
  }

  async #put(key: SigningKey, event: RegisterEvent): Promise<Entry> {
    const { ms, sure } = this.deps.time();
    const text = encodeLine({ ...this.#next, at: Math.floor(ms), trusted: sure }, event, key.privateKey);
    const parsed = entry.parse(JSON.parse(text));
    await this.#onCard(async () => {
      if (!this.#handle) throw new Error('it is closed');
      await this.#handle.appendFile(`${text}\n`);
      await this.#handle.datasync();
    });
    this.#bytes += Buffer.byteLength(text) + 1;
    this.#next = { n: parsed.n + 1, prev: hashOf(text) };
    for (const part of partsOf(parsed)) this.#standing.apply(part);
    await writeHead(this.#places.keys, lastOf(this.#next), key.privateKey);
    return parsed;
  }

  /** The full volume gets its number as a name, and the next begins with what a reader of it alone must know. */
  async #turnVolume(key: SigningKey): Promise<void> {
    const { directory } = this.#places;
    const first = await this.#firstOfCurrent();
    await this.#close();
    await this.#onCard(async () => {
      await rename(join(directory, currentVolume), join(directory, closedVolume(first)));
    });
    await this.#openGrowing(0);
    await this.#put(key, this.#volumeWords(encodePublicKey(key.publicKey)));
    await this.#forget(key);
  }

  /** Told first, removed after: a cut between the two is gone on from. What cannot be removed or packed costs only room. */
  async #forget(key: SigningKey): Promise<void> {
    const { directory } = this.#places;
    const { ms, sure } = this.deps.time();
    const beforeMs = ms - (this.options.keepDays ?? usualKeepDays) * dayMs;
    const stay = (error: unknown): null => {
      this.deps.log.warn(`Register: old volumes stay for now. ${errorLine(error)}`);
      return null;
    };
    if (this.#findings.length === 0 && sure) {
      const { needs } = this.#standing;
      const removal = await removable(directory, { needs, beforeMs }).catch(stay);
      if (removal) await this.#put(key, { kind: 'volumes-removed', ...removal });
    }
    await removeUpTo(directory, this.#standing.removedUpTo).catch(stay);
    await packClosed(directory, packedAtOnce).catch(stay);
  }

  async #firstOfCurrent(): Promise<number> {
    const { directory } = this.#places;
    const closed = await closedVolumes(directory);
    const handle = await open(join(directory, currentVolume), 'r');
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0);
      const match = /^\{"n":(\d{1,15}),/.exec(buffer.toString('latin1', 0, bytesRead));
      const least = (closed.at(-1)?.first ?? 0) + 1;
      return Math.max(least, Number(match?.[1] ?? least));
    } finally {
      await handle.close();
    }
  }

  #volumeWords(publicKey: string): RegisterEvent {
    const { holds, terms, needs } = this.#standing;
    const { cameraId } = this.options;
    return { kind: 'volume-begun', publicKey, cameraId, needs, holds, terms: terms.slice(-mostTerms) };
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close().catch(() => undefined);
  }

  async #onCard<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #failed(cause: unknown): VigieError {
    const { directory } = this.#places;
    const code = (cause as NodeJS.ErrnoException | null)?.code ?? 'unknown';
    const hint = `Check the space and the owner of ${directory}`;
    return new VigieError('store', `The register cannot be written (${code})`, hint, { cause });
  }
}

/** Where the register of a camera and its key are. */
export function registerPlaces(state: string): { directory: string; keys: string; keyFile: string } {
  const keys = join(state, 'keys');
  return { directory: join(state, 'register'), keys, keyFile: join(keys, 'register.key') };
}

function lastOf({ n, prev }: { n: number; prev: string }): { n: number; hash: string } {
  return { n: n - 1, hash: prev };
}

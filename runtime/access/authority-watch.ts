/**
 * The authority as it stands this second. Reads the authorisation again and again, because it expires, is replaced
 * or taken away while the camera runs. Made by runtime/main.ts, which acts on each change.
 */
import type { Clock, Log } from '../../board/ports.js';
import { errorLine } from '../../errors.js';
import { type Authority, readAuthority } from './authorisation.js';

const EVERY_MS = 1000;

export class AuthorityWatch {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #file: string;
  readonly #cameraId: string;
  #current: Authority;
  /** fingerprint of what the camera last took up; tried again each second until it does */
  #applied: string;
  #turn: Promise<void> = Promise.resolve();
  #cancel = (): void => undefined;

  /** Reads the authorisation for the first time. */
  static async open(
    deps: { clock: Clock; log: Log },
    options: { file: string; cameraId: string },
  ): Promise<AuthorityWatch> {
    const first = await readAuthority(options.file, options.cameraId, deps.clock.wallMs());
    return new AuthorityWatch(deps, options, first);
  }

  private constructor(
    deps: { clock: Clock; log: Log },
    options: { file: string; cameraId: string },
    first: Authority,
  ) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#file = options.file;
    this.#cameraId = options.cameraId;
    this.#current = first;
    this.#applied = first.fingerprint;
  }

  get current(): Authority {
    return this.#current;
  }

  /** Calls back with every change, one at a time; the next look waits for it. */
  start(onChange: (authority: Authority) => Promise<void>): void {
    this.#cancel = this.#clock.every(EVERY_MS, () => {
      this.#turn = this.#turn
        .then(() => this.#look(onChange))
        .catch((error: unknown) =>
          this.#log.error(`The authorisation could not be applied: ${errorLine(error)}`),
        );
    });
  }

  /** Resolves when every look that fell due is done. */
  async settled(): Promise<void> {
    await this.#turn;
  }

  /** Resolves when no change is being applied any more. */
  async stop(): Promise<void> {
    this.#cancel();
    await this.#turn;
  }

  async #look(onChange: (authority: Authority) => Promise<void>): Promise<void> {
    const next = await readAuthority(this.#file, this.#cameraId, this.#clock.wallMs());
    const changed = next.fingerprint !== this.#current.fingerprint;
    this.#current = next;
    if (changed) this.#log.warn(next.refusal?.en ?? 'The authorisation changed');
    if (next.fingerprint === this.#applied) return;
    await onChange(next);
    this.#applied = next.fingerprint;
  }
}

/**
 * Follows an update from the order to its outcome, through the restart of the camera. Fed by ota-camera.ts with what the camera
 * says; only the camera decides anything. The wait is bounded from the restart on; a download takes as long as it takes.
 */
import type { Clock } from '../../board/ports.js';
import { asVigieError } from '../../errors.js';
import type { UpdateStatus } from '../../ota/update.js';
import { type CameraLine, LineEnded } from './camera-line.js';

/**
 * `confirmed`: the version that was asked for runs and is kept; `trial`: it runs, and the wait is over; `returned`: the camera
 * went back by itself; `failed`: it never started; `lost`: the camera did not come back in time; `interrupted`: nobody watches
 * any more, and it goes on.
 */
export type Outcome = 'confirmed' | 'trial' | 'returned' | 'failed' | 'lost' | 'interrupted';

/** What the statuses of one update mean, one after the other. */
export class UpdateCourse {
  #underWay = false;
  #started = false;
  #last: UpdateStatus['state'] | null = null;

  /** @param to the version that is to run */
  constructor(private readonly to: string) {}

  /** null: it goes on */
  see({ running, state, problem }: UpdateStatus): Outcome | null {
    this.#last = state;
    if (state === 'downloading' || state === 'installing' || state === 'restarting') {
      this.#underWay = true;
      // A connection that was lost and came back was not the restart.
      if (state !== 'restarting') this.#started = false;
      return null;
    }
    if (running.version === this.to) {
      this.#started = true;
      return state === 'trial' ? null : 'confirmed';
    }
    if (this.#started) return 'returned';
    return this.#underWay || problem !== null ? 'failed' : null;
  }

  /** The connection is gone: after an installation that is the restart. */
  lost(): void {
    if (this.#last === 'installing' || this.#last === 'restarting') this.#started = true;
  }

  /** true from the restart on: what is waited for from here is bounded */
  get bounded(): boolean {
    return this.#last === 'restarting' || this.#last === 'trial' || this.#started;
  }

  get onTrial(): boolean {
    return this.#last === 'trial';
  }
}

export interface FollowDeps {
  clock: Clock;
  /** a line that is logged in and follows the update */
  open: () => Promise<CameraLine>;
  show: (status: UpdateStatus) => void;
  /** the connection was lost; the camera is asked again until it answers */
  lost: () => void;
}

const againMs = 1_000;

export class UpdateFollow {
  #untilUs: number | null = null;
  #line: CameraLine | null = null;
  #stopped = false;
  #wake = (): void => undefined;

  constructor(
    private readonly deps: FollowDeps,
    private readonly options: { waitMs: number },
  ) {}

  /**
   * @param course of this update
   * @param first an open line; it is closed at the end, or replaced
   * @throws VigieError `access` or `protocol` when the camera that came back does not let us in
   */
  async run(course: UpdateCourse, first: CameraLine): Promise<Outcome> {
    this.#line = first;
    try {
      for (;;) {
        if (this.#stopped) return 'interrupted';
        this.#bound(course.bounded || this.#line === null);
        if (this.#leftMs() === 0) return this.#line !== null && course.onTrial ? 'trial' : 'lost';
        if (this.#line === null) this.#line = await this.#again();
        else {
          const outcome = await this.#next(course, this.#line);
          if (outcome === 'gone') {
            // Not waited for: a camera that restarts does not answer, and knows no session of before.
            void this.#line.close();
            this.#line = null;
          } else if (outcome !== null) return outcome;
        }
      }
    } finally {
      await this.#line?.close();
    }
  }

  /** Ends the watching, and nothing else. Idempotent. */
  stop(): void {
    this.#stopped = true;
    this.#wake();
    void this.#line?.close();
  }

  async #next(course: UpdateCourse, line: CameraLine): Promise<Outcome | 'gone' | null> {
    try {
      const message = await line.next(this.#leftMs());
      if (message?.t !== 'update') return null;
      this.deps.show(message.status);
      return course.see(message.status);
    } catch (error) {
      if (!(error instanceof LineEnded)) throw error;
      course.lost();
      if (!this.#stopped) this.deps.lost();
      return 'gone';
    }
  }

  /** null: not yet */
  async #again(): Promise<CameraLine | null> {
    const { clock, open } = this.deps;
    await new Promise<void>((resolve) => {
      const cancel = clock.after(againMs, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
    if (this.#stopped) return null;
    try {
      return await open();
    } catch (error) {
      if (asVigieError(error).kind === 'network') return null;
      throw error;
    }
  }

  #bound(bounded: boolean): void {
    if (!bounded) this.#untilUs = null;
    else this.#untilUs ??= this.deps.clock.monoUs() + this.options.waitMs * 1000;
  }

  /** null: not bounded */
  #leftMs(): number | null {
    if (this.#untilUs === null) return null;
    return Math.max(0, (this.#untilUs - this.deps.clock.monoUs()) / 1000);
  }
}

/**
 * The launcher: one parent for whichever version runs (docs/updates.md, "The launcher"). Started by main.ts, once for a
 * directory of slots. It starts what next-start.ts names, passes on the order to stop, ends a version that is on trial and
 * not confirmed in time, and starts again. It outlives every version: it imports nothing but Node and this directory.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type Lock, takeLock } from './lock.js';
import { nextStart, type Start } from './next-start.js';
import { launcherEnvironment, launcherExits } from './slot-state.js';
import { readState } from './state-file.js';

export interface LauncherOptions {
  root: string;
  /** what the version is started with */
  args: readonly string[];
  /** from the start to the confirmation */
  trialMs: number;
  /** from the order to end to the end without mercy */
  stopMs: number;
  /** between two starts of what crashes; the first pause is a sixtieth of it */
  mostPauseMs: number;
  /** how long a launcher that is ending is waited for */
  lockWaitSeconds: number;
}

export const launcherDefaults = {
  trialMs: 180_000,
  stopMs: 20_000,
  mostPauseMs: 60_000,
  lockWaitSeconds: 10,
} as const;

/** A confirmed version that crashes so often in a row has its files looked at. */
const doubtAfter = 3;
/** What ran so long did not crash in a row. */
const steadyMs = 60_000;

interface End {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export class Launcher {
  readonly #diesWithUs: boolean;
  #asked: NodeJS.Signals | null = null;
  #child: ChildProcess | null = null;
  #wake: () => void = () => undefined;
  #lock: Lock | null = null;

  /** @param say takes one line, for the log */
  constructor(
    private readonly say: (line: string) => void,
    private readonly options: LauncherOptions,
  ) {
    const probe = spawnSync('setpriv', ['--pdeathsig', 'KILL', 'true'], { stdio: 'ignore' });
    this.#diesWithUs = probe.status === 0;
  }

  /** Runs until it is asked to stop. @returns the exit code of the process */
  async run(): Promise<number> {
    this.#lock = await takeLock(join(this.options.root, 'launcher.lock'), this.options.lockWaitSeconds);
    if (!this.#lock.held && this.#lock.why === 'other') {
      this.say('another launcher, or what it started, has these slots');
      return 1;
    }
    if (!this.#lock.held) this.say('there is no flock(1): nothing keeps a second launcher away');
    if (!this.#diesWithUs)
      this.say('there is no setpriv(1): what is started outlives a launcher that is killed');
    let crashes = 0;
    let code = 0;
    while (this.#asked === null) {
      try {
        const start = await nextStart(this.options.root, crashes === doubtAfter, this.say);
        if (this.#asked !== null) break;
        if (start === null) this.say('neither slot can be started; install a version anew');
        const startedMs = performance.now();
        const end = start && (await this.#play(start));
        if (this.#asked !== null) {
          code = exitCodeOf(end);
          break;
        }
        if (start && end && (await this.#restartAsked(start, end))) {
          crashes = 0;
          continue;
        }
        // tries are few, and the version before waits for its turn
        if (start?.onTrial) crashes = 0;
        else crashes = performance.now() - startedMs > steadyMs ? 1 : crashes + 1;
      } catch (error) {
        this.say(`the launcher met an error: ${(error as Error).message}`);
        crashes += 1;
      }
      await this.#pause(Math.max(1, crashes));
    }
    if (this.#lock.held) await this.#lock.release();
    return code;
  }

  /** Passes the signal on and lets run() end. Once more does nothing. */
  stop(signal: NodeJS.Signals): void {
    if (this.#asked !== null) return;
    this.#asked = signal;
    this.#wake();
    if (this.#child) this.#end(this.#child, signal);
  }

  /** From the start of a version to its end. */
  async #play(start: Start): Promise<End> {
    const trial = start.onTrial ? ', on trial' : '';
    this.say(`starts ${start.version} from slot ${start.slot}${trial}`);
    const child = this.#spawn(start);
    this.#child = child;
    const ended = new Promise<End>((resolve) => {
      child.once('error', (error) => {
        this.say(`it could not be started: ${error.message}`);
        resolve({ code: null, signal: null });
      });
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    const deadline = start.onTrial
      ? setTimeout(() => void this.#judge(start, child), this.options.trialMs)
      : undefined;
    const end = await ended;
    clearTimeout(deadline);
    this.#child = null;
    killGroup(child);
    if (this.#asked === null) this.say(`${start.version} ended: ${end.signal ?? `code ${end.code}`}`);
    return end;
  }

  /** The standard streams are ours. Descriptor 3 is the lock, which so lasts as long as either of us. */
  #spawn({ slot, file }: Start): ChildProcess {
    const { root, args } = this.options;
    const command = [process.execPath, file, ...args];
    const [program = '', ...rest] = this.#diesWithUs
      ? ['setpriv', '--pdeathsig', 'KILL', ...command]
      : command;
    const lock = this.#lock?.held ? [this.#lock.handle.fd] : [];
    return spawn(program, rest, {
      env: { ...process.env, [launcherEnvironment.root]: root, [launcherEnvironment.slot]: slot },
      stdio: ['inherit', 'inherit', 'inherit', ...lock],
      // a group of its own: Ctrl-C reaches it through us, once, and none of it is left behind
      detached: true,
    });
  }

  /** The time of the trial is over. */
  async #judge(start: Start, child: ChildProcess): Promise<void> {
    const { state } = await readState(this.options.root).catch(() => ({ state: null }));
    const confirmed = state !== null && (state.trial === null || state.active !== start.slot);
    if (confirmed || this.#child !== child) return;
    this.say(`${start.version} was not confirmed in time: it is ended`);
    this.#end(child, 'SIGTERM');
  }

  #end(child: ChildProcess, signal: NodeJS.Signals): void {
    child.kill(signal);
    const last = setTimeout(() => {
      this.say('it does not end: it is killed');
      killGroup(child);
    }, this.options.stopMs);
    child.once('exit', () => clearTimeout(last));
  }

  /** It asked for another choice, and there is something else to choose by. */
  async #restartAsked(start: Start, { code }: End): Promise<boolean> {
    if (code !== launcherExits.restart) return false;
    const { state } = await readState(this.options.root).catch(() => ({ state: null }));
    return state !== null && state.serial !== start.serial;
  }

  /** Ends early when the launcher is stopped. */
  #pause(crashes: number): Promise<void> {
    const { mostPauseMs } = this.options;
    const ms = Math.min(mostPauseMs, (mostPauseMs / 60) * 2 ** (crashes - 1));
    return new Promise((resolve) => {
      if (this.#asked !== null) return resolve();
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function exitCodeOf(end: End | null): number {
  if (end === null || end.code === launcherExits.restart) return 0;
  return end.code ?? 1;
}

/** All that is left of it. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // nothing is
  }
}

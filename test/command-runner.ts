/**
 * Runs `vigie` command lines for tests that ask many of them: one process beside the test answers them all, as loading
 * the program takes longer than most commands. Asked one at a time. test/contract/command-runner.test.ts holds that it
 * answers as a process of its own does.
 */
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Ended {
  status: number | null;
  /** what it printed */
  out: string;
  /** on standard error */
  error: string;
}

/** The limit only ends a test that would hang. */
const limitMs = 60_000;
const host = fileURLToPath(new URL('command-host.js', import.meta.url));
const main = fileURLToPath(new URL('../runtime/cli/main.js', import.meta.url));

/** A command in a process of its own, as a person runs it. */
export function spawnCommand(args: readonly string[], env: NodeJS.ProcessEnv = {}): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: limitMs,
  });
  return { status, out: stdout, error: stderr };
}

export class CommandRunner {
  #host: ChildProcess | null = null;
  readonly #env: () => NodeJS.ProcessEnv;
  readonly #limitMs: number;

  /**
   * @param env what its process has in its environment, beside that of the test; asked at the first command
   * @param mostMs of one command
   */
  constructor(env: () => NodeJS.ProcessEnv = () => ({}), mostMs = limitMs) {
    this.#env = env;
    this.#limitMs = mostMs;
  }

  run(...args: string[]): Promise<Ended> {
    this.#host ??= fork(host, { env: { ...process.env, ...this.#env() } });
    const child = this.#host;
    return new Promise<Ended>((resolve, reject) => {
      const settle = (end: () => void): void => {
        clearTimeout(limit);
        child.off('message', answered).off('exit', gone);
        end();
      };
      const fail = (why: string): void =>
        settle(() => reject(new Error(`vigie ${args.join(' ')}: its process ${why}`)));
      const answered = (ended: unknown): void => settle(() => resolve(ended as Ended));
      const gone = (): void => fail('ended');
      const limit = setTimeout(() => fail('does not answer'), this.#limitMs);
      child.on('message', answered).on('exit', gone);
      child.send(args);
    });
  }

  stop(): void {
    this.#host?.kill('SIGKILL');
    this.#host = null;
  }
}

/**
 * A serial device node with the simulated head at its other end: a pseudo terminal made by `socat`, which the product
 * opens through `serialport` as it opens a real one. Used by the virtual board, by contract tests and by the faults;
 * killing socat is unplugging the adapter.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readlink, unlink } from 'node:fs/promises';
import { VigieError } from '../../errors.js';
import type { Clock } from '../ports.js';
import type { SimulatedHead } from './head.js';

export class HeadPty {
  #socat: ChildProcess | null = null;

  /** @param options.path where the link to the node is made; one that is there is replaced, anything else is an error */
  constructor(
    private readonly deps: { clock: Clock; head: SimulatedHead },
    private readonly options: { path: string },
  ) {}

  /** Resolves when the node is there. @throws VigieError `head` when socat cannot be run */
  async plug(): Promise<void> {
    // Left behind by a run that was killed: socat would not replace it, and it leads nowhere.
    if (await this.#linked()) await unlink(this.options.path);
    const socat = spawn('socat', [`PTY,link=${this.options.path},raw,echo=0`, 'STDIO'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#socat = socat;
    let failed: unknown = null;
    socat.on('error', (error) => {
      failed = error;
    });
    socat.on('exit', (code) => {
      failed ??= new Error(`socat ended with ${code}`);
    });
    // Writing to a socat that was killed is no fault of the head.
    socat.stdin.on('error', () => undefined);
    socat.stdout.on('data', (bytes: Buffer) => this.deps.head.hear(bytes));
    this.deps.head.connect((bytes) => socat.stdin.write(bytes));
    while (!(await this.#linked())) {
      if (failed) {
        await this.unplug();
        throw new VigieError(
          'head',
          'The simulated head has no line',
          'Run npm run setup: it installs socat',
          {
            cause: failed,
          },
        );
      }
      await new Promise<void>((resolve) => this.deps.clock.after(10, resolve));
    }
  }

  /** The node goes, as when the adapter is pulled out. */
  async unplug(): Promise<void> {
    this.deps.head.disconnect();
    const socat = this.#socat;
    this.#socat = null;
    if (!socat?.pid || socat.exitCode !== null || socat.signalCode !== null) return;
    await new Promise((resolve) => {
      socat.once('exit', resolve);
      socat.kill('SIGTERM');
    });
  }

  async #linked(): Promise<boolean> {
    return await readlink(this.options.path).then(
      () => true,
      () => false,
    );
  }
}

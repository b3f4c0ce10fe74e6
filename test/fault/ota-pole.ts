/**
 * A whole camera in slots, as an integrator installs it and a launcher runs it, from outside: its processes, its commands, what it
 * recorded. Used by the end-to-end run of updates.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { slotNames } from '../../ota/launcher/slot-state.js';
import { readState } from '../../ota/launcher/state-file.js';
import type { Told } from '../../runtime/access/register/entry.js';
import { readRegister } from '../../runtime/access/register/verify.js';
import type { ConfigInput } from '../../runtime/config/schema.js';
import { clipConfig, openStore, writeAuthorisation } from '../camera-run.js';
import { spawnCommand } from '../command-runner.js';
import { type Integrator, place, run } from './ota-integrator.js';

/** Wall clock of the first and of the last picture between which nothing was recorded. */
export interface Gap {
  fromMs: number;
  seconds: number;
}

export class Pole {
  readonly slots: string;
  readonly state: string;
  /** lines of the launcher and of the camera */
  readonly lines: string[] = [];
  readonly #config: string;
  readonly #secret: string;
  #launcher: ChildProcess | null = null;
  #url = '';

  constructor(
    private readonly directory: string,
    private readonly options: { trialSeconds: number },
  ) {
    this.slots = join(directory, 'slots');
    this.state = join(directory, 'state');
    this.#config = join(directory, 'camera.json');
    this.#secret = join(directory, 'secret');
  }

  /** The first version, the configuration, an account that may order updates. */
  async provision(integrator: Integrator, bundleFile: string, repositoryUrl: string): Promise<void> {
    const port = await freePort();
    this.#url = `http://127.0.0.1:${port}`;
    const config: ConfigInput = clipConfig({
      control: { port },
      ota: { url: repositoryUrl, ...place, install: 'ordered', confirmSeconds: 5 },
    });
    writeFileSync(this.#config, JSON.stringify(config));
    mkdirSync(this.state, { mode: 0o700 });
    writeAuthorisation(this.state, ['Carrefour']);
    const account = run('user', 'add', 'agent', '--rights', 'update', '--state', this.state);
    const secret = /[A-Za-z0-9_-]{20,}/.exec(account)?.[0] ?? '';
    writeFileSync(this.#secret, secret, { mode: 0o600 });
    run(
      ...['ota', 'provision', '--slots', this.slots, '--bundle', bundleFile, '--trust', integrator.trust],
      ...['--config', this.#config, '--state', this.state],
    );
  }

  start(): void {
    const launcher = [join(this.slots, 'launcher', 'main.js'), '--slots', this.slots];
    const times = ['--trial-seconds', String(this.options.trialSeconds), '--stop-seconds', '5'];
    const camera = ['run', '--config', this.#config, '--state', this.state];
    const child = spawn(
      process.execPath,
      [...launcher, ...times, '--most-pause-seconds', '6', '--', ...camera],
      {
        cwd: this.directory,
        env: { PATH: process.env['PATH'], HOME: this.directory, VIGIE_CACHE: join(this.slots, 'cache') },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (bytes) => this.lines.push(...String(bytes).split('\n').filter(Boolean)));
    this.#launcher = child;
  }

  /** Waits for what a camera does; the limit only ends a run that would hang. */
  async until(what: string, met: () => boolean | Promise<boolean>, limitMs = 90_000): Promise<void> {
    const end = Date.now() + limitMs;
    while (!(await met())) {
      if (Date.now() > end) throw new Error(`never came: ${what}\n${this.lines.slice(-30).join('\n')}`);
      await wait(200);
    }
  }

  /** The version that runs, null while none answers. */
  version(): string | null {
    const { status, out } = spawnCommand(['ota', 'status', ...this.#account(), '--json']);
    if (status !== 0) return null;
    const answer = z.object({ status: z.object({ running: z.object({ version: z.string() }) }) });
    return answer.parse(JSON.parse(out.trim().split('\n').at(-1) ?? '')).status.running.version;
  }

  /** Orders what is offered and follows it to its end. */
  install(): Promise<{ code: number | null; out: string }> {
    const main = join(process.cwd(), 'dist', 'runtime', 'cli', 'main.js');
    const child = spawn(process.execPath, [main, 'ota', 'install', ...this.#account(), '--language', 'en']);
    let out = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (bytes) => {
        out += String(bytes);
      });
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, out })));
  }

  async slotState(): Promise<{ active: string | null; trial: boolean; versions: (string | null)[] }> {
    const { state } = await readState(this.slots);
    return {
      active: state ? (state.slots[state.active]?.version ?? null) : null,
      trial: state?.trial != null,
      versions: slotNames.map((name) => state?.slots[name]?.version ?? null),
    };
  }

  /** Ends the launcher as systemd would. */
  async stop(): Promise<void> {
    const launcher = this.#launcher;
    this.#launcher = null;
    if (!launcher || launcher.exitCode !== null) return;
    const ended = new Promise((resolve) => launcher.once('close', resolve));
    launcher.kill('SIGTERM');
    await ended;
  }

  /** After the stop: where nothing was recorded for longer than a second, oldest first. */
  async gaps(): Promise<Gap[]> {
    const reader = await openStore(this.state);
    const gaps: Gap[] = [];
    let lastMs: number | null = null;
    for await (const gop of reader.range(0, Number.MAX_SAFE_INTEGER)) {
      for (const { wallMs } of gop.units) {
        if (lastMs !== null && wallMs - lastMs > 1000)
          gaps.push({ fromMs: lastMs, seconds: (wallMs - lastMs) / 1000 });
        lastMs = wallMs;
      }
    }
    return gaps;
  }

  /** Steps of updates that the register tells, `step version`. */
  async told(): Promise<string[]> {
    const found: Extract<Told, { kind: 'update' }>[] = [];
    await readRegister(this.state, (entry) => {
      if (entry.kind === 'update') found.push(entry);
    });
    return found.map(({ step, to }) => `${step} ${to}`);
  }

  #account(): string[] {
    return ['--url', this.#url, '--user', 'agent', '--secret-file', this.#secret];
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

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
import type { CommandRunner } from '../command-runner.js';
import { type Integrator, mustRun, place } from './ota-integrator.js';

/** Wall clock of the first and of the last picture between which nothing was recorded. */
export interface Gap {
  fromMs: number;
  seconds: number;
}

/** What the launcher said of a version, and when it was heard. */
export interface Heard {
  atMs: number;
  what: 'starts' | 'ended';
  version: string;
}

const status = z.object({
  status: z.object({
    running: z.object({ version: z.string() }),
    trial: z.object({ waitsFor: z.array(z.string()) }).nullable(),
    offer: z.object({ delta: z.boolean() }).nullable(),
  }),
});
const outcome = z.object({ outcome: z.string() });

/** What `vigie ota install` told. */
export interface Followed {
  code: number | null;
  out: string;
  outcome: string | null;
  /** the difference was offered */
  delta: boolean;
  /** what the trial waited for at any time */
  waitedFor: string[];
}
export type PoleStatus = z.infer<typeof status>['status'];

/** Some pictures that were late are none; a restart is longer, if not by much. */
const leastGapMs = 500;

export class Pole {
  readonly slots: string;
  readonly state: string;
  /** lines of the launcher and of the camera */
  readonly lines: string[] = [];
  readonly heard: Heard[] = [];
  readonly #config: string;
  readonly #secret: string;
  #launcher: ChildProcess | null = null;
  #url = '';

  constructor(
    private readonly commands: CommandRunner,
    private readonly directory: string,
    private readonly options: { withoutDetection?: boolean } = {},
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
      ...(this.options.withoutDetection && { zones: [], detect: { enabled: false } }),
      ota: { url: repositoryUrl, ...place, install: 'ordered', confirmSeconds: 5 },
    });
    writeFileSync(this.#config, JSON.stringify(config));
    mkdirSync(this.state, { mode: 0o700 });
    writeAuthorisation(this.state, ['Carrefour']);
    const account = await mustRun(
      this.commands,
      'user',
      'add',
      'agent',
      '--rights',
      'update',
      '--state',
      this.state,
    );
    const secret = /[A-Za-z0-9_-]{20,}/.exec(account)?.[0] ?? '';
    writeFileSync(this.#secret, secret, { mode: 0o600 });
    await mustRun(
      this.commands,
      ...['ota', 'provision', '--slots', this.slots, '--bundle', bundleFile, '--trust', integrator.trust],
      ...['--config', this.#config, '--state', this.state],
    );
  }

  /** @param trialSeconds how long a version may take to be confirmed */
  start(trialSeconds: number): void {
    const launcher = [join(this.slots, 'launcher', 'main.js'), '--slots', this.slots];
    const times = ['--trial-seconds', String(trialSeconds), '--stop-seconds', '5'];
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
      stream.on('data', (bytes) => this.#hear(String(bytes).split('\n').filter(Boolean)));
    this.#launcher = child;
  }

  /** Waits for what a camera does; the limit only ends a run that would hang. */
  async until(what: string, met: () => boolean | Promise<boolean>, limitMs = 300_000): Promise<void> {
    const end = Date.now() + limitMs;
    while (!(await met())) {
      if (Date.now() > end) throw new Error(`never came: ${what}\n${this.lines.slice(-30).join('\n')}`);
      await wait(200);
    }
  }

  /** What the camera says of its update, null while it does not answer. */
  async status(): Promise<PoleStatus | null> {
    const { status: ended, out } = await this.commands.run('ota', 'status', ...this.#account(), '--json');
    if (ended !== 0) return null;
    return status.parse(JSON.parse(out.trim().split('\n').at(-1) ?? '')).status;
  }

  async runs(version: string): Promise<void> {
    await this.until(`${version} runs`, async () => (await this.status())?.running.version === version);
  }

  /** Orders what is offered and follows it to its end. */
  async install(): Promise<Followed> {
    const main = join(process.cwd(), 'dist', 'runtime', 'cli', 'main.js');
    const child = spawn(process.execPath, [main, 'ota', 'install', ...this.#account(), '--json']);
    let out = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (bytes) => {
        out += String(bytes);
      });
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    const said = out.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
    const statuses = said.flatMap((one) => status.safeParse(one).data?.status ?? []);
    return {
      code,
      out,
      outcome: outcome.safeParse(said.at(-1)).data?.outcome ?? null,
      delta: statuses.some(({ offer }) => offer?.delta === true),
      waitedFor: [...new Set(statuses.flatMap(({ trial }) => trial?.waitsFor ?? []))].sort(),
    };
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

  /** Waits until pictures of this moment and of some time after it are on the card. */
  async records(ms: number): Promise<void> {
    const sinceMs = Date.now() + ms;
    await this.until('pictures on the card', async () => {
      const reader = await openStore(this.state);
      for await (const _ of reader.range(sinceMs, Number.MAX_SAFE_INTEGER)) return true;
      return false;
    });
  }

  /** After the stop: where nothing was recorded for longer than half a second, oldest first. */
  async gaps(): Promise<Gap[]> {
    const reader = await openStore(this.state);
    const gaps: Gap[] = [];
    let lastMs: number | null = null;
    for await (const gop of reader.range(0, Number.MAX_SAFE_INTEGER)) {
      for (const { wallMs } of gop.units) {
        if (lastMs !== null && wallMs - lastMs > leastGapMs)
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

  #hear(lines: readonly string[]): void {
    this.lines.push(...lines);
    for (const line of lines) {
      const [, before, after] = / launcher: (?:starts (\S+) from slot|(\S+) ended:)/.exec(line) ?? [];
      const version = before ?? after;
      const what = before === undefined ? 'ended' : 'starts';
      if (version !== undefined) this.heard.push({ atMs: timeOf(line), what, version });
    }
  }

  #account(): string[] {
    return ['--url', this.#url, '--user', 'agent', '--secret-file', this.#secret];
  }
}

/** Every line of the launcher begins with its time. */
function timeOf(line: string): number {
  return Date.parse(line.slice(0, line.indexOf(' ')));
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

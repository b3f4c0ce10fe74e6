/**
 * A directory of slots with versions that are one script each, for the tests of ota/slots/ and of the launcher. The state
 * is written as `vigie ota provision` leaves it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { SlotName, SlotState } from '../ota/launcher/slot-state.js';
import { readState, writeState } from '../ota/launcher/state-file.js';
import type { Installable, Reached } from '../ota/slots/backend.js';
import { DirSlots } from '../ota/slots/dir.js';

const dist = resolve('dist');
const launcherFile = join(dist, 'ota/launcher/main.js');

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** What a version does when it is started. `log` and `slots` are there in each. */
export const scripts = {
  /** confirms itself and stays */
  well: 'log("well"); await slots.confirm(); log("confirmed"); stay();',
  /** stays, never confirmed */
  hangs: 'log("hangs"); process.on("SIGTERM", () => {}); stay();',
  /** stays, ends when asked, never confirmed */
  waits: 'log("waits"); stay();',
  crashes: 'log("crashes"); process.exit(1);',
  unhealthy: 'log("unhealthy"); process.exit(76);',
} as const;

function startScript(root: string, version: string, body: string): string {
  return `import { appendFileSync } from 'node:fs';
import { DirSlots } from '${dist}/ota/slots/dir.js';
const root = process.env.VIGIE_SLOTS;
const log = (word) => appendFileSync('${root}/starts.log',
  [word, '${version}', process.env.VIGIE_SLOT, process.pid, process.argv.slice(2).join(' ')].join(' ').trim() + '\\n');
const stay = () => setInterval(() => {}, 1000);
const slots = new DirSlots(
  { log: { info() {}, warn() {}, error() {} }, space: async () => ({ freeBytes: 2 ** 40, totalBytes: 2 ** 40 }) },
  { root, running: process.env.VIGIE_SLOT },
);
${body}
`;
}

/** The files of a bundle, `bundle.json` among them. */
export function bundleFiles(version: string, files: Record<string, string>): Record<string, string> {
  const list = Object.entries(files)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, text]) => ({ path, bytes: Buffer.byteLength(text), sha256: sha256(text) }));
  const manifest = {
    ...{ format: 1, name: 'vigie', version, commit: 'test', arch: 'x64', boards: ['virtual'] },
    start: 'dist/start.mjs',
    files: list,
  };
  return { ...files, 'bundle.json': `${JSON.stringify(manifest)}\n` };
}

export function writeFiles(directory: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
}

export class SlotBench {
  readonly root = mkdtempSync(join(tmpdir(), 'vigie-slots-'));
  /** free bytes that the slots are told of */
  freeBytes = 2 ** 40;
  readonly logged: string[] = [];
  #launchers: ChildProcess[] = [];

  constructor() {
    chmodSync(this.root, 0o700);
    mkdirSync(join(this.root, 'slots/a'), { recursive: true });
    mkdirSync(join(this.root, 'slots/b'));
  }

  /** @param body what its start does, one of `scripts` or another */
  bundle(
    version: string,
    body: string = scripts.well,
    more: Record<string, string> = {},
  ): Record<string, string> {
    const files = { 'dist/start.mjs': startScript(this.root, version, body), 'package.json': '{}', ...more };
    return bundleFiles(version, files);
  }

  installable(version: string, body?: string, more?: Record<string, string>): Installable {
    const files = this.bundle(version, body, more);
    return {
      version,
      manifestSha256: sha256(files['bundle.json'] ?? ''),
      content: {
        kind: 'tree',
        treeBytes: Object.values(files).join('').length,
        unpack: (directory) => Promise.resolve(writeFiles(directory, files)),
      },
    };
  }

  /** This version in slot a, confirmed, and nothing in slot b. */
  async provisioned(version = '1.0.0', body?: string): Promise<void> {
    const { manifestSha256 } = this.installable(version, body);
    writeFiles(join(this.root, 'slots/a'), this.bundle(version, body));
    await writeState(this.root, {
      ...{ format: 1, serial: 0, active: 'a', trial: null, returned: null, failed: [] },
      slots: { a: { condition: 'good', version, manifestSha256 }, b: null },
    });
    await this.slots('a').start(new AbortController().signal);
  }

  slots(running: SlotName | null = null, reached: Reached = () => undefined): DirSlots {
    const line = (text: string): void => void this.logged.push(text);
    const space = (): Promise<{ freeBytes: number; totalBytes: number }> =>
      Promise.resolve({ freeBytes: this.freeBytes, totalBytes: 2 ** 41 });
    return new DirSlots(
      { log: { info: line, warn: line, error: line }, space },
      { root: this.root, running, reached },
    );
  }

  /** Installs beside slot a, on trial from the next start on. */
  async installed(version: string, body?: string): Promise<void> {
    const quiet = { asked: [], onShare: () => undefined };
    await this.slots('a').install(this.installable(version, body), quiet, new AbortController().signal);
  }

  async state(): Promise<SlotState> {
    const { state, wrong } = await readState(this.root);
    if (state === null) throw new Error(`no state: ${wrong.join(', ')}`);
    return state;
  }

  /** What the versions logged: `word version slot pid arguments`. */
  starts(): string[] {
    const file = join(this.root, 'starts.log');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  }

  /** Without pids and arguments. */
  words(): string[] {
    return this.starts().map((line) => line.split(' ').slice(0, 3).join(' '));
  }

  /** A launcher with short times. What it says is kept in `logged`. */
  launch(...flags: string[]): ChildProcess {
    const times = ['--trial-seconds', '20', '--stop-seconds', '5', '--most-pause-seconds', '1', ...flags];
    const child = spawn(process.execPath, [launcherFile, '--slots', this.root, ...times, '--', 'run', 'x'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr
      ?.setEncoding('utf8')
      .on('data', (text: string) => this.logged.push(...text.trim().split('\n')));
    this.#launchers.push(child);
    return child;
  }

  async until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (!(await holds())) {
      if (Date.now() > deadline) {
        throw new Error(
          `${what} did not come: ${this.starts().slice(-5).join(', ')}; ${this.logged.slice(-10).join('; ')}`,
        );
      }
      await wait(10);
    }
  }

  /** Until so many lines of the versions hold this text. */
  untilLogged(text: string, times = 1): Promise<void> {
    return this.until(text, () => this.starts().filter((line) => line.includes(text)).length >= times);
  }

  async clear(): Promise<void> {
    await Promise.all(this.#launchers.map((child) => ended(child, 'SIGTERM')));
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** @returns its exit code */
export function ended(child: ChildProcess, signal?: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  const done = new Promise<number | null>((resolve) => child.once('close', resolve));
  if (signal) child.kill(signal);
  return done;
}

/** Not one that has ended and that nobody has asked for. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

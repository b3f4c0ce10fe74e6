/**
 * An integrator in a test: keys, repository, versions of this repository and their publication, through the commands of
 * `vigie ota` as they are documented. Used by the whole camera that is updated, and by the bench of updates.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { arch } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildBundle, type Plan, planBundle } from '../../ota/bundle/build.js';
import { makeDelta } from '../../ota/bundle/delta.js';
import type { PackedBundle } from '../../ota/bundle/pack.js';
import { cacheDirectory } from '../../runtime/config/paths.js';
import { spawnCommand } from '../command-runner.js';

const repositoryRoot = fileURLToPath(new URL('../../../', import.meta.url));
const main = fileURLToPath(new URL('../../runtime/cli/main.js', import.meta.url));
const never = new AbortController().signal;

export const place = { customer: 'ville-exemple', board: 'virtual', channel: 'stable' } as const;

/** A change of one file of a version: how it is not what its maker wanted. */
export interface Spoiled {
  path: string;
  change: (text: string) => string;
}

export class Integrator {
  readonly repository: string;
  readonly #keys: string;
  readonly #bundles: string;
  #server: ChildProcess | null = null;

  constructor(directory: string) {
    this.repository = join(directory, 'repository');
    this.#keys = join(directory, 'keys');
    this.#bundles = join(directory, 'bundles');
  }

  /** Two root holders, a key for each other role, one customer with one board. */
  found(): void {
    mkdirSync(this.#keys, { recursive: true });
    const key = (name: string): string => join(this.#keys, `${name}.pem`);
    for (const name of ['root-1', 'root-2', 'targets', 'snapshot', 'timestamp', 'customer', 'board'])
      run('ota', 'keys', 'new', name, '--out', key(name));
    const roles = ['targets', 'snapshot', 'timestamp'].flatMap((role) => [`--${role}-key`, key(role)]);
    const roots = ['--root-key', key('root-1'), '--root-key', key('root-2'), '--root-threshold', '2'];
    run('ota', 'init', this.repository, ...roots, ...roles, '--keys', this.#keys);
    const { customer, board } = place;
    const by = ['--keys', this.#keys, '--key'];
    run('ota', 'customer', 'add', this.repository, customer, ...by, key('customer'));
    run('ota', 'board', 'add', this.repository, customer, board, ...by, key('board'));
  }

  /** What goes with the camera when it is installed. */
  get trust(): string {
    return join(this.repository, 'metadata', '1.root.json');
  }

  /** This repository under a version of its own, packed quickly. */
  async build(version: string, spoiled: Spoiled | null = null, level = 3): Promise<PackedBundle> {
    const plan = await planBundle(
      {
        root: repositoryRoot,
        cache: cacheDirectory(),
        version,
        arch: arch() === 'arm64' ? 'arm64' : 'x64',
        boards: [place.board],
        notes: null,
        dirty: true,
      },
      never,
    );
    return buildBundle(spoiled ? spoil(plan, spoiled) : plan, this.#bundles, { level }, never);
  }

  async delta(from: PackedBundle, to: PackedBundle, level = 3): Promise<string> {
    const file = join(this.#bundles, `${to.manifest.version}-from-${from.manifest.version}.zst`);
    const made = await makeDelta(
      { from: from.file, to: to.file },
      file,
      { scratch: this.#bundles, level },
      never,
    );
    return made.file;
  }

  publish(bundle: PackedBundle, delta: { file: string; base: PackedBundle } | null = null): void {
    const { customer, board, channel } = place;
    const where = ['--customer', customer, '--board', board, '--channel', channel];
    const difference = delta ? ['--delta', delta.file, '--base', delta.base.file] : [];
    const signed = ['--keys', this.#keys];
    run('ota', 'publish', this.repository, ...where, '--bundle', bundle.file, ...difference, ...signed);
  }

  /** @returns the address of the repository */
  async serve(): Promise<string> {
    const server = spawn(process.execPath, [main, 'ota', 'serve', this.repository, '--port', '0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#server = server;
    let said = '';
    for await (const bytes of server.stdout) {
      said += String(bytes);
      const url = /http:\/\/[\d.]+:\d+/.exec(said)?.[0];
      if (url !== undefined) return url;
    }
    throw new Error(`vigie ota serve said: ${said}`);
  }

  stop(): void {
    this.#server?.kill('SIGKILL');
    this.#server = null;
  }
}

/** A command of `vigie` that must end well. @returns what it printed */
export function run(...args: string[]): string {
  const { status, out, error } = spawnCommand(args);
  if (status !== 0) throw new Error(`vigie ${args.join(' ')} ended with ${status}: ${error}`);
  return out;
}

function spoil(plan: Plan, { path, change }: Spoiled): Plan {
  const at = plan.entries.findIndex((entry) => entry.path === path);
  const entry = plan.entries[at];
  if (!entry || !('file' in entry)) throw new Error(`there is no ${path} in the bundle`);
  const before = readFileSync(entry.file, 'utf8');
  const after = change(before);
  if (after === before) throw new Error(`${path} is as it was`);
  return { ...plan, entries: plan.entries.with(at, { path, content: Buffer.from(after) }) };
}

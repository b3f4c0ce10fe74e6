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
import type { CommandRunner } from '../command-runner.js';

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
  /** of 0.0.0; the versions of a run differ from it in what says which version it is */
  #plan: Promise<Plan> | null = null;

  constructor(
    private readonly commands: CommandRunner,
    directory: string,
    private readonly options: { withoutDetection?: boolean } = {},
  ) {
    this.repository = join(directory, 'repository');
    this.#keys = join(directory, 'keys');
    this.#bundles = join(directory, 'bundles');
  }

  /** Two root holders, a key for each other role, one customer with one board. */
  async found(): Promise<void> {
    mkdirSync(this.#keys, { recursive: true });
    const key = (name: string): string => join(this.#keys, `${name}.pem`);
    for (const name of ['root-1', 'root-2', 'targets', 'snapshot', 'timestamp', 'customer', 'board'])
      await this.#vigie('keys', 'new', name, '--out', key(name));
    const roles = ['targets', 'snapshot', 'timestamp'].flatMap((role) => [`--${role}-key`, key(role)]);
    const roots = ['--root-key', key('root-1'), '--root-key', key('root-2'), '--root-threshold', '2'];
    await this.#vigie('init', this.repository, ...roots, ...roles, '--keys', this.#keys);
    const { customer, board } = place;
    const by = ['--keys', this.#keys, '--key'];
    await this.#vigie('customer', 'add', this.repository, customer, ...by, key('customer'));
    await this.#vigie('board', 'add', this.repository, customer, board, ...by, key('board'));
  }

  /** What goes with the camera when it is installed. */
  get trust(): string {
    return join(this.repository, 'metadata', '1.root.json');
  }

  /** This repository under a version of its own, packed quickly. */
  async build(version: string, spoiled: Spoiled | null = null, level = 1): Promise<PackedBundle> {
    this.#plan ??= planned();
    const whole = versionOf(await this.#plan, version);
    const plan = this.options.withoutDetection ? smaller(whole) : whole;
    return buildBundle(spoiled ? spoil(plan, spoiled) : plan, this.#bundles, { level }, never);
  }

  async delta(from: PackedBundle, to: PackedBundle, level = 1): Promise<string> {
    const file = join(this.#bundles, `${to.manifest.version}-from-${from.manifest.version}.zst`);
    const made = await makeDelta(
      { from: from.file, to: to.file },
      file,
      { scratch: this.#bundles, level },
      never,
    );
    return made.file;
  }

  async publish(
    bundle: PackedBundle,
    delta: { file: string; base: PackedBundle } | null = null,
  ): Promise<void> {
    const { customer, board, channel } = place;
    const where = ['--customer', customer, '--board', board, '--channel', channel];
    const difference = delta ? ['--delta', delta.file, '--base', delta.base.file] : [];
    const signed = ['--keys', this.#keys];
    await this.#vigie(
      'publish',
      this.repository,
      ...where,
      '--bundle',
      bundle.file,
      ...difference,
      ...signed,
    );
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

  async #vigie(...args: string[]): Promise<void> {
    await mustRun(this.commands, 'ota', ...args);
  }
}

/** A command of `vigie` that must end well. @returns what it printed */
export async function mustRun(commands: CommandRunner, ...args: string[]): Promise<string> {
  const { status, out, error } = await commands.run(...args);
  if (status !== 0) throw new Error(`vigie ${args.join(' ')} ended with ${status}: ${error}`);
  return out;
}

function planned(): Promise<Plan> {
  return planBundle(
    {
      root: repositoryRoot,
      cache: cacheDirectory(),
      version: '0.0.0',
      arch: arch() === 'arm64' ? 'arm64' : 'x64',
      boards: [place.board],
      notes: null,
      dirty: true,
    },
    never,
  );
}

function versionOf(plan: Plan, version: string): Plan {
  const content = Buffer.from(`${JSON.stringify({ version, commit: plan.commit })}\n`);
  const entries = plan.entries.map((entry) =>
    entry.path === 'dist/build.json' ? { path: entry.path, content } : entry,
  );
  return { ...plan, version, entries };
}

/** Without what is most of it: a camera that looks for nothing loads no engine. */
function smaller(plan: Plan): Plan {
  const engine = 'node_modules/onnxruntime-node/';
  return { ...plan, entries: plan.entries.filter(({ path }) => !path.startsWith(engine)) };
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

/**
 * Kills whoever changes the slots at each named place and at any moment, and the launcher while it starts (docs/faults.md,
 * "Updates"). After each: the old or the new version starts, whole, and the next installation succeeds. Used by ota-kill.test.ts
 * and `npm run fault -- ota`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { seeded } from '../random.js';
import { type TinyVersion, TinyVersions } from './ota-bundles.js';
import { examine, type Site } from './ota-session.js';
import { bootHere, installOver, launcherCommand, provision, slotsOf } from './ota-site.js';
import { Truth, type Wrong } from './ota-truth.js';

export interface KillFindings {
  kills: number;
  /** kills by what was being done */
  during: Record<string, number>;
  wrong: Record<Wrong['kind'], number>;
  violations: string[];
}

type Act = 'install' | 'confirm' | 'rollback';

/** Another process that changes the slots. */
export interface Acting {
  child: ChildProcess;
  /** whole lines so far */
  said: () => string[];
}

/** @param order.place where it kills itself, see ota-act.ts */
export function act(order: {
  root: string;
  slot: string;
  act: Act;
  place: string;
  version: TinyVersion | null;
}): Acting {
  const program = join(import.meta.dirname, 'ota-act.js');
  const args = [program, order.root, order.slot, order.act, order.place, JSON.stringify(order.version)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return { child, said: () => text.split('\n').slice(0, -1) };
}

/** One launcher in so many is a process when what is left is started. */
const reallyEvery = 5;
/** An act and a start are over by then, on a machine that has nothing else to do. */
const longestMs = 200;

export async function killUpdates({ kills, seed }: { kills: number; seed: number }): Promise<KillFindings> {
  const directory = await mkdtemp(join(tmpdir(), 'vigie-ota-kill-'));
  try {
    return await new Kills(directory, seeded(seed)).run(kills);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

class Kills {
  readonly #site: Site;
  readonly #truth: Truth;
  #newest = '';
  readonly #findings: KillFindings = {
    kills: 0,
    during: {},
    wrong: { torn: 0, brick: 0, version: 0, retry: 0, card: 0 },
    violations: [],
  };

  constructor(directory: string, random: () => number) {
    const versions = new TinyVersions(join(directory, 'bundles'), random);
    const manifests = new Map<string, string>();
    this.#site = { root: join(directory, 'vigie'), versions, manifests, random, careless: null };
    this.#truth = new Truth(manifests);
  }

  /** Every place of each act, some at any moment between the acts; again from the first until it is enough. */
  async run(kills: number): Promise<KillFindings> {
    const first = await this.#next();
    await provision(this.#site.root, first);
    this.#truth.take(`confirmed ${first.version}`);
    const findings = this.#findings;
    const enough = (): boolean => findings.kills >= kills || findings.violations.length > 0;
    while (!enough()) {
      for (const act of ['install', 'confirm', 'rollback'] as const) {
        for (let step = 1; !enough() && (await this.#killAt(act, step)); step++);
        for (let n = 0; n < 2 && !enough(); n++) await this.#killAnywhere(act);
        if (!enough()) await this.#killStart();
      }
    }
    return findings;
  }

  async #next(): Promise<TinyVersion> {
    const version = await this.#site.versions.next();
    this.#site.manifests.set(version.version, version.bundle.manifestSha256);
    this.#newest = version.version;
    return version;
  }

  /** @returns whether it came to that step; if not, it was done, and that is looked at too */
  async #killAt(act: Act, step: number): Promise<boolean> {
    const { child, said } = await this.#begin(act, step);
    await closed(child);
    const places = said().filter((line) => line !== 'ready');
    if (child.signalCode !== 'SIGKILL' && !places.includes('done')) throw new Error(`${act} ended by itself`);
    await this.#look(`${act}, at: ${places.at(-1)}`, act, places);
    return child.signalCode === 'SIGKILL';
  }

  async #killAnywhere(act: Act): Promise<void> {
    const { child, said } = await this.#begin(act, 0);
    while (said().length === 0 && child.exitCode === null) await wait(5);
    await wait(this.#site.random() * (act === 'install' ? longestMs : longestMs / 5));
    child.kill('SIGKILL');
    await closed(child);
    await this.#look(`${act}, at any moment`, act, said());
  }

  /** The launcher on the first start of a new version. */
  async #killStart(): Promise<void> {
    await this.#onTrial();
    const [program, args] = launcherCommand(this.#site.root, { words: [] });
    const child = spawn(program, args, { stdio: 'ignore' });
    this.#truth.take('starting');
    await wait(this.#site.random() * longestMs);
    child.kill('SIGKILL');
    await closed(child);
    await this.#look('first start, at any moment', null, []);
  }

  /** Brings the camera to where the act begins, and begins it. */
  async #begin(what: Act, step: number): Promise<Acting> {
    const { root } = this.#site;
    const truth = this.#truth;
    let version: TinyVersion | null = null;
    if (what === 'confirm') await this.#onTrial();
    truth.take('starting');
    const { slot } = await bootHere(root);
    if (what === 'install') {
      version = await this.#next();
      truth.take(`installing ${version.version}`);
    }
    if (what === 'rollback') {
      const { other } = await slotsOf(root, slot).status();
      truth.take(`leaving ${other?.version}`);
    }
    return act({ root, slot, act: what, place: String(step), version });
  }

  async #onTrial(): Promise<void> {
    const { root } = this.#site;
    const { slot } = await bootHere(root);
    const version = await this.#next();
    this.#truth.take(`installing ${version.version}`);
    await installOver(root, slot, version);
    this.#truth.take(`installed ${version.version}`);
  }

  async #look(how: string, act: Act | null, places: readonly string[]): Promise<void> {
    const findings = this.#findings;
    findings.kills += 1;
    const during = act === null ? 'first start' : act;
    findings.during[during] = (findings.during[during] ?? 0) + 1;
    if (places.includes('done')) this.#done(act);
    const really = findings.kills % reallyEvery === 0;
    for (const { kind, what } of await examine(this.#site, this.#truth, { really, tell: () => {} })) {
      findings.wrong[kind] += 1;
      findings.violations.push(`kill ${findings.kills} (${how}): ${what}`);
    }
  }

  /** What was said to be done must be what starts. */
  #done(act: Act | null): void {
    const truth = this.#truth;
    const newest = this.#newest;
    if (act === 'install') truth.take(`installed ${newest}`);
    if (act === 'confirm') truth.take(`confirmed ${newest}`);
    if (act === 'rollback') truth.take(`left ${[...truth.allowed].at(-1)}`);
  }
}

const closed = (child: ChildProcess): Promise<unknown> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => child.once('close', resolve));

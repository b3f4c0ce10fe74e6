/** What stands around the updater, by script: a repository, a link, slots, a register, a machine. The updater itself is the real one. */
import assert from 'node:assert/strict';
import type { Log } from '../../board/ports.js';
import { ManualClock } from '../../board/virtual/clock.js';
import { DownloadError } from '../../ota/download/ending.js';
import type { SlotRecord, Trial, Vital } from '../../ota/launcher/slot-state.js';
import type { Found } from '../../ota/metadata/client.js';
import type { Release } from '../../ota/release.js';
import type { Installable, SlotBackend, SlotsStatus } from '../../ota/slots/backend.js';
import type { UpdateState } from '../../ota/update.js';
import type { Vitals } from '../../ota/updater/confirm.js';
import { Obtaining, type Unpacked } from '../../ota/updater/obtaining.js';
import type { UpdateTold } from '../../ota/updater/told.js';
import { Updater } from '../../ota/updater/updater.js';
import type { Judgement, UpdaterDeps, UpdaterOptions } from '../../ota/updater/updater-parts.js';

const hash = (of: string): string => Buffer.from(of.padEnd(32, '-')).toString('hex');
export const manifestOf = (version: string): string => hash(`manifest ${version}`);

/** A release as the repository would have it, with a difference from each version of `deltasFrom`. */
export function foundOf(version: string, { deltasFrom = [] as readonly string[] } = {}): Found {
  const release: Release = {
    format: 1,
    version,
    commit: 'abc',
    customer: 'ville-exemple',
    board: 'virtual',
    channel: 'stable',
    arch: 'x64',
    publishedMs: 0,
    notes: { fr: 'Notes', en: 'Notes' },
    rollout: { percent: 100, groups: [] },
    content: {
      kind: 'tree',
      path: `whole/${version}`,
      manifestSha256: manifestOf(version),
      tarBytes: 2000,
      tarSha256: hash(`tar ${version}`),
      treeBytes: 3000,
      deltas: deltasFrom.map((from) => ({
        path: `delta/${version}-from-${from}`,
        fromTarSha256: hash(`tar ${from}`),
        fromManifestSha256: manifestOf(from),
      })),
    },
  };
  const file = (path: string) => ({
    url: `http://127.0.0.1/${path}`,
    bytes: path.startsWith('whole') ? 1000 : 10,
    sha256: hash(path),
  });
  return { release, identity: manifestOf(version), file };
}

/** What happened, in order, in a few words each. */
export type Step = string;

export class ScriptedSlots implements SlotBackend {
  readonly kind = 'dir';
  next = 'a' as 'a' | 'b';
  trial: Trial | null = null;
  other: SlotRecord | null = null;
  returned: SlotsStatus['returned'] = null;
  failed: string[] = [];
  cut: SlotsStatus['cut'];
  running: SlotRecord;
  /** called in the middle of an installation */
  during: (bundle: Installable, signal: AbortSignal) => Promise<void> = () => Promise.resolve();

  constructor(
    readonly steps: Step[],
    version: string,
  ) {
    this.running = { condition: 'good', version, manifestSha256: manifestOf(version) };
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  status(): Promise<SlotsStatus> {
    const { next, trial, other, returned, failed, cut } = this;
    return Promise.resolve({
      running: { slot: 'a', record: this.running },
      next,
      trial,
      other,
      returned,
      failed,
      ...(cut && { cut }),
    });
  }

  async install(
    bundle: Installable,
    { asked, onShare }: { asked: readonly Vital[]; onShare: (share: number) => void },
    signal: AbortSignal,
  ): Promise<void> {
    this.steps.push(`install ${bundle.version} asked ${asked.join(' ') || 'nothing'}`);
    onShare(0.5);
    if (bundle.content.kind === 'tree') await bundle.content.unpack('/nowhere', signal);
    await this.during(bundle, signal);
    signal.throwIfAborted();
    this.next = 'b';
  }

  confirm(): Promise<void> {
    this.steps.push('confirm');
    this.trial = null;
    this.running = { ...this.running, condition: 'good' };
    return Promise.resolve();
  }

  rollback(): Promise<void> {
    this.steps.push('rollback');
    return Promise.resolve();
  }

  returnTold(): Promise<void> {
    this.steps.push('return told');
    this.returned = null;
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}

export interface Script {
  clock: ManualClock;
  steps: Step[];
  slots: ScriptedSlots;
  told: UpdateTold[];
  /** states that the updater went through, each once */
  states: UpdateState[];
  /** words that were shown, each once */
  problems: string[];
  /** null: the repository cannot be reached */
  found: Found | null;
  refused: Error | null;
  /** when metadata that hold were last seen */
  seenMs: number | null;
  judgement: Judgement;
  vitals: Vitals;
  trusted: boolean;
  open: boolean;
  registerOpen: boolean;
  /** called instead of a download */
  fetch: (url: string, mayGoOn: () => boolean, signal: AbortSignal) => Promise<void>;
  unpack: (kind: 'full' | 'delta') => Promise<void>;
  /** what the bundle says of itself; its version as offered when null */
  unpacked: Unpacked | null;
  updater: Updater;
  directory: string;
}

export const quiet: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** What takes longer than so many turns of the loop, with a pause in each, does not come. */
const mostTurns = 5000;

/** Waits for what follows without the clock: real files take their turns. */
export async function until(script: Script, step: Step): Promise<void> {
  await come(() => script.steps.at(-1) === step);
  assert.equal(script.steps.at(-1), step, script.steps.join(', '));
}

export async function untilState(script: Script, state: UpdateState): Promise<void> {
  await come(() => script.updater.status().state === state);
  assert.equal(script.updater.status().state, state);
}

function isBusy({ updater, steps }: Script): boolean {
  const { state } = updater.status();
  return state === 'restarting'
    ? !steps.includes('restart')
    : ['checking', 'downloading', 'installing'].includes(state);
}

async function come(there: () => boolean): Promise<void> {
  for (let i = 0; i < mostTurns && !there(); i++) await new Promise((resolve) => setTimeout(resolve, 1));
  for (let i = 0; i < 10; i++) await turn();
}

/** The clock moves on second by second, in long times by twenty, and everything that follows from each step happens. */
export async function pass(script: Script, seconds: number): Promise<void> {
  const step = seconds > 600 ? 20 : 1;
  for (let second = 0; second < seconds; second += step) {
    script.clock.advance(step * 1000);
    for (let i = 0; i < 4; i++) await turn();
    // Real files take their time, which the simulated clock must not run away from.
    if (isBusy(script)) await come(() => !isBusy(script));
  }
}

/** Steps as the register has them. */
export const stepsTold = ({ told }: Script): string[] =>
  told.map(({ step, to, by, reason }) => [step, to, by, reason].filter(Boolean).join(' '));

export function scripted(
  directory: string,
  options: Partial<UpdaterOptions> & { running?: { version: string; commit: string } } = {},
): Script {
  const clock = new ManualClock();
  const steps: Step[] = [];
  const running = options.running ?? { version: '1.0.0', commit: 'abc' };
  const slots = new ScriptedSlots(steps, running.version);
  const script: Omit<Script, 'updater'> & { updater?: Updater } = {
    clock,
    steps,
    slots,
    told: [],
    states: [],
    problems: [],
    found: foundOf('1.1.0'),
    refused: null,
    seenMs: null,
    judgement: { kind: 'offer', onlyByOrder: false },
    vitals: { frames: true, storage: true, control: true },
    trusted: true,
    open: true,
    registerOpen: true,
    fetch: () => Promise.resolve(),
    unpack: () => Promise.resolve(),
    unpacked: null,
    directory,
  };
  const updater = new Updater(depsOf(script), {
    running,
    cameraId: 'place-du-marche-2',
    channel: 'stable',
    checkEveryMinutes: 60,
    install: 'window',
    confirmSeconds: 30,
    trialSeconds: null,
    ...options,
  });
  updater.watch(({ state, problem }) => {
    if (problem && !script.problems.includes(problem.en)) script.problems.push(problem.en);
    if (script.states.at(-1) !== state) script.states.push(state);
  });
  return Object.assign(script, { updater });
}

function depsOf(script: Omit<Script, 'updater'>): UpdaterDeps {
  const { clock, steps, slots } = script;
  return {
    clock,
    log: quiet,
    backend: slots,
    repository: {
      refresh: () => {
        steps.push('ask');
        if (script.refused) return Promise.reject(script.refused);
        if (!script.found) return Promise.reject(new DownloadError('unreachable', 'No answer'));
        return Promise.resolve(script.found);
      },
    },
    judge: () => script.judgement,
    floor: {
      start: (version) => Promise.resolve(void steps.push(`floor starts at ${version}`)),
      raiseVersion: (version) => Promise.resolve(void steps.push(`floor ${version}`)),
    },
    obtaining: new Obtaining(
      {
        fetch: async ({ url }, { progress, mayGoOn }, signal) => {
          steps.push(`fetch ${url.replace('http://127.0.0.1/', '')}`);
          progress({ bytes: 1, of: 1000, rate: 10, secondsLeft: 99 });
          await script.fetch(url, mayGoOn, signal);
        },
        unpack: async ({ kind }) => {
          await script.unpack(kind);
          const version = script.found?.release.version ?? '';
          return script.unpacked ?? { version, arch: 'x64', boards: ['virtual'] };
        },
      },
      { directory: script.directory, activeSlot: '/slots/a' },
    ),
    vitals: () => Promise.resolve({ ...script.vitals }),
    tell: (told) => {
      if (!script.registerOpen) return Promise.reject(new Error('There is no register'));
      script.told.push(told);
      return Promise.resolve();
    },
    restart: () => void steps.push('restart'),
    giveUp: () => void steps.push('give up'),
    clockTrusted: () => script.trusted,
    windowOpen: () => script.open,
    seenMs: () => script.seenMs,
  };
}

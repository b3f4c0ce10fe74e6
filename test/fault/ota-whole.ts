/**
 * Updates end to end (docs/faults.md, "Updates"): this repository built as several versions, the first installed as an integrator
 * does, the next taken by a camera that records, then versions that crash, hang and record nothing. Used by
 * `npm run fault -- ota`, by the bench of updates and, shorter, by a system test.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Row } from '../../runtime/health/report.js';
import { CommandRunner } from '../command-runner.js';
import { Integrator, type Spoiled } from './ota-integrator.js';
import { Pole } from './ota-pole.js';
import {
  type Ordered,
  type Restart,
  restartIn,
  rowsOf,
  type WholeFound,
  wrongIn,
} from './ota-whole-found.js';

const start = 'dist/runtime/cli/main.js';

/** How a version can be bad, by what its maker did. */
export const spoiledVersions = {
  crashes: {
    path: start,
    change: (text) => `setTimeout(() => { throw new Error('a defect'); }, 500);\n${text}`,
  },
  hangs: {
    path: start,
    change: (text) => `process.on('SIGTERM', () => undefined);\nfor (;;) { }\n${text}`,
  },
  'records nothing': {
    path: 'dist/runtime/main.js',
    change: (text) => text.replace('this.recorder.onUnit(unit);', ''),
  },
} satisfies Record<string, Spoiled>;
export type Defect = keyof typeof spoiledVersions;

/** Long enough for a machine that does much else. */
const patientSeconds = 300;

export interface WholeOptions {
  defects: readonly Defect[];
  /** a version that hangs or records nothing is ended after so long, three times */
  trialSeconds: number;
  /** for a test: a camera that looks for nothing, whose versions are half as large */
  withoutDetection?: boolean;
}

export interface Whole {
  rows: Row[];
  violations: string[];
  /** of the version that is well */
  restart: Restart | null;
}

/** Takes some minutes with all defects; `say` is told where it stands. */
export async function updateWholeCamera(
  say: (line: string) => unknown,
  { defects, trialSeconds, ...options }: WholeOptions,
): Promise<Whole> {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-ota-whole-'));
  const commands = new CommandRunner(() => ({}), patientSeconds * 1000);
  const integrator = new Integrator(commands, directory, options);
  const pole = new Pole(commands, directory, options);
  try {
    const found = await new WholeRun(say, integrator, pole).run(defects, trialSeconds);
    return { rows: rowsOf(found), violations: wrongIn(found), restart: restartIn(found) };
  } finally {
    await pole.stop();
    integrator.stop();
    commands.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

class WholeRun {
  readonly #orders: Ordered[] = [];

  constructor(
    private readonly say: (line: string) => unknown,
    private readonly integrator: Integrator,
    private readonly pole: Pole,
  ) {}

  async run(defects: readonly Defect[], trialSeconds: number): Promise<WholeFound> {
    const { integrator, pole } = this;
    this.say('update: building 1.0.0 and 1.1.0 of this repository');
    await integrator.found();
    const first = await integrator.build('1.0.0');
    const second = await integrator.build('1.1.0');
    this.say('update: installing 1.0.0');
    await pole.provision(integrator, first.file, await integrator.serve());
    pole.start(patientSeconds);
    await pole.runs('1.0.0');
    await pole.records(2000);
    const delta = { file: await integrator.delta(first, second), base: first };
    await integrator.publish(second, delta);
    await this.#order({ version: '1.1.0', defect: null, runs: '1.1.0' });
    for (const [patch, defect] of defects.entries()) {
      const version = `1.2.${patch}`;
      await integrator.publish(await integrator.build(version, spoiledVersions[defect]));
      if (defect !== 'crashes') {
        await pole.stop();
        pole.start(trialSeconds);
        await pole.runs('1.1.0');
        await pole.records(2000);
      }
      await this.#order({ version, defect, runs: '1.1.0' });
    }
    await pole.stop();
    return {
      orders: this.#orders,
      heard: pole.heard,
      gaps: await pole.gaps(),
      told: await pole.told(),
    };
  }

  async #order(wanted: Pick<Ordered, 'version' | 'defect' | 'runs'>): Promise<void> {
    const { version, defect, runs } = wanted;
    this.say(`update: ${version}${defect === null ? '' : `, which ${defect}`}`);
    const fromMs = Date.now();
    const followed = await this.pole.install();
    await this.pole.runs(runs);
    const { active, trial } = await this.pole.slotState();
    const toMs = Date.now();
    // A gap has two sides.
    await this.pole.records(2000);
    this.#orders.push({ ...wanted, ...followed, fromMs, toMs, active, trial });
  }
}

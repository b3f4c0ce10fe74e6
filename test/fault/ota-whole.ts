/**
 * Updates end to end (docs/faults.md, "Updates"): this repository built as several versions, the first installed as an integrator
 * does, the next taken by a camera that records, then versions that crash, hang and record nothing. Used by
 * `npm run fault -- ota`, by the bench of updates and, shorter, by a system test.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PackedBundle } from '../../ota/bundle/pack.js';
import { atMost, type Row, row } from '../../runtime/health/report.js';
import { Integrator, type Spoiled } from './ota-integrator.js';
import { type Gap, Pole } from './ota-pole.js';

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

export interface WholeOptions {
  defects: readonly Defect[];
  trialSeconds: number;
}

export interface Whole {
  rows: Row[];
  violations: string[];
}

const goalSeconds = 5;

/** Takes some minutes; `say` is told where it stands. */
export async function updateWholeCamera(
  say: (line: string) => unknown,
  { defects, trialSeconds }: WholeOptions,
): Promise<Whole> {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-ota-whole-'));
  const integrator = new Integrator(directory);
  const pole = new Pole(directory, { trialSeconds });
  try {
    return await new WholeRun(say, integrator, pole).run(defects);
  } finally {
    await pole.stop();
    integrator.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

class WholeRun {
  readonly #violations: string[] = [];
  /** wall clock at which each installation was ordered and over */
  readonly #orders: { name: string; fromMs: number; toMs: number }[] = [];

  constructor(
    private readonly say: (line: string) => unknown,
    private readonly integrator: Integrator,
    private readonly pole: Pole,
  ) {}

  async run(defects: readonly Defect[]): Promise<Whole> {
    const { integrator, pole } = this;
    this.say('update: building 1.0.0 and 1.1.0 of this repository');
    integrator.found();
    const first = await integrator.build('1.0.0');
    const second = await integrator.build('1.1.0');
    await pole.provision(integrator, first.file, await integrator.serve());
    pole.start();
    await pole.until('1.0.0 runs', () => pole.version() === '1.0.0');
    await this.#recordsOn();
    integrator.publish(second, { file: await integrator.delta(first, second), base: first });
    await this.#order('1.1.0', { code: 0, runs: '1.1.0' });
    await this.#recordsOn();
    let patch = 0;
    for (const defect of defects) await this.#tryBad(defect, `1.2.${patch++}`);
    await pole.stop();
    return this.#found(await pole.gaps(), await pole.told());
  }

  async #tryBad(defect: Defect, version: string): Promise<void> {
    const bad: PackedBundle = await this.integrator.build(version, spoiledVersions[defect]);
    this.integrator.publish(bad);
    await this.#order(`${version}, ${defect}`, { code: null, runs: '1.1.0' });
    const { active, trial } = await this.pole.slotState();
    if (active !== '1.1.0' || trial)
      this.#violations.push(`${version} that ${defect} was not left: ${active}`);
    await this.#recordsOn();
  }

  /** @param expected.code null: anything but 0 */
  async #order(name: string, { code, runs }: { code: number | null; runs: string }): Promise<void> {
    this.say(`update: ${name}`);
    const fromMs = Date.now();
    const ended = await this.pole.install();
    await this.pole.until(`${runs} runs`, () => this.pole.version() === runs);
    this.#orders.push({ name, fromMs, toMs: Date.now() });
    const asExpected = code === null ? ended.code !== 0 : ended.code === code;
    if (!asExpected)
      this.#violations.push(`${name}: vigie ota install ended with ${ended.code}: ${ended.out}`);
  }

  /** Some seconds of recording, so that a gap has two sides. */
  async #recordsOn(): Promise<void> {
    const until = Date.now() + 4000;
    await this.pole.until('some seconds of recording', () => Date.now() > until);
  }

  #found(gaps: readonly Gap[], told: readonly string[]): Whole {
    const rows = this.#orders.map(({ name, fromMs, toMs }, index) => {
      const within = gaps.filter((gap) => gap.fromMs >= fromMs - 1000 && gap.fromMs <= toMs);
      const seconds = within.reduce((sum, gap) => sum + gap.seconds, 0);
      const value = Number(seconds.toFixed(2));
      const what = `update to ${name}: without recording`;
      if (index > 0) return row(`${what}, until it had gone back`, value, 's');
      if (seconds >= goalSeconds) this.#violations.push(`${what}: ${value} s`);
      return atMost(what, value, 's', goalSeconds);
    });
    const returned = told.filter((step) => step.startsWith('returned ')).length;
    const bad = this.#orders.length - 1;
    if (returned !== bad) this.#violations.push(`the register tells ${returned} returns of ${bad}`);
    if (!told.includes('confirmed 1.1.0')) this.#violations.push('the register does not tell of 1.1.0');
    rows.push(row('returns that the register tells', returned, 'returns'));
    return { rows, violations: [...this.#violations] };
  }
}

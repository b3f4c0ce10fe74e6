/**
 * What a new version and a bad day do to a camera of two slots, one scenario each, with the real launcher as a process
 * (docs/faults.md, "Updates"). Used by ota.test.ts and `npm run fault -- ota`.
 */
import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { slotIn } from '../../ota/launcher/slot-marker.js';
import type { SlotState } from '../../ota/launcher/slot-state.js';
import { readState } from '../../ota/launcher/state-file.js';
import { seeded } from '../random.js';
import { type Report, type TinyVersion, TinyVersions } from './ota-bundles.js';
import { act } from './ota-kill.js';
import { bootHere, bootUntil, installOver, provision, slotsOf } from './ota-site.js';

export type Starter = (root: string) => Promise<Report>;

/** A camera on which 1.0.0 is confirmed, in a directory of its own. */
export class SlotBench {
  readonly wrong: string[] = [];
  readonly root: string;
  readonly versions: TinyVersions;

  /** @param start the launcher's decisions; a control has others */
  constructor(
    readonly directory: string,
    readonly random: () => number,
    readonly start: Starter = bootHere,
  ) {
    this.root = join(directory, 'vigie');
    this.versions = new TinyVersions(join(directory, 'bundles'), random);
  }

  expect<T>(what: string, found: T, expected: T): void {
    const [one, other] = [JSON.stringify(found), JSON.stringify(expected)];
    if (one !== other) this.wrong.push(`${what}: ${one} instead of ${other}`);
  }

  /** What starts must be whole, and this. */
  expectStart(what: string, { version, wrong }: Report, expected: string): void {
    this.expect(what, { version, wrong }, { version: expected, wrong: [] });
  }

  /** 1.1.0 is installed and waits for its first start. */
  async install(): Promise<TinyVersion> {
    const version = await this.versions.next();
    await installOver(this.root, (await this.start(this.root)).slot, version);
    return version;
  }

  async state(): Promise<SlotState> {
    const { state } = await readState(this.root);
    if (state === null) throw new Error('there is no state');
    return state;
  }
}

export interface SlotScenario {
  name: string;
  run: (bench: SlotBench) => Promise<void>;
}

/** Three starts of the new one, then the old one, and why; it is not among what is installed by itself. */
async function goesBack(bench: SlotBench, words: string[], trialMs?: number): Promise<void> {
  const { root } = bench;
  const { version, bundle } = await bench.install();
  const options = { words: words.map((word) => `${version}=${word}`) };
  const started = await bootUntil(root, '1.0.0', { ...options, ...(trialMs !== undefined && { trialMs }) });
  bench.expect('starts', started, [version, version, version, '1.0.0']);
  const { returned, failed, slots } = await bench.state();
  bench.expect('returned', [returned?.version, returned?.why, returned?.told], [version, 'tries', false]);
  bench.expect('not by itself again', failed, [bundle.manifestSha256]);
  bench.expect('the slot', slots.b?.condition, 'bad');
  bench.expectStart('the next start', await bootHere(root), '1.0.0');
}

async function killedInTheMiddle(bench: SlotBench): Promise<void> {
  const { root } = bench;
  const { slot } = await bench.start(root);
  const version = await bench.versions.next();
  const { child } = act({ root, slot, act: 'install', place: 'unpacked', version });
  await new Promise((resolve) => child.once('close', resolve));
  bench.expect('killed', child.signalCode, 'SIGKILL');
  // What the first one left is not what the second must find there.
  await appendFile(join(slotIn(root, 'b'), 'parts/deep/large.txt'), 'more');
  bench.expectStart('after the kill', await bench.start(root), '1.0.0');
  await installOver(root, slot, version);
  bench.expectStart('the same bundle again', await bench.start(root), version.version);
}

const tornContents: readonly ((file: string) => Promise<void>)[] = [
  (file) => truncate(file, 0),
  (file) => truncate(file, 40),
  (file) => writeFile(file, Buffer.alloc(4096)),
  async (file) => writeFile(file, (await readFile(file, 'utf8')).replace('"active":"b"', '"active":"a"')),
  (file) => rm(file),
  (file) => writeFile(file, Buffer.alloc(2 ** 20, '[')),
];

async function tornState(bench: SlotBench): Promise<void> {
  const { root } = bench;
  for (const [index, tear] of tornContents.entries()) {
    const { version } = await bench.install();
    const { slot } = await bench.start(root);
    await slotsOf(root, slot).confirm();
    await tear(join(root, 'state.json'));
    if (index % 2 === 1) await tear(join(root, 'state.before.json'));
    bench.expectStart(`torn in way ${index}`, await bench.start(root), version);
  }
}

async function powerCycles(bench: SlotBench): Promise<void> {
  const { version } = await bench.install();
  const { slot } = await bench.start(bench.root);
  await slotsOf(bench.root, slot).confirm();
  for (let cycle = 1; cycle <= 5; cycle++) {
    bench.expectStart(`power cycle ${cycle}`, await bench.start(bench.root), version);
  }
}

async function cutFirstStart(bench: SlotBench): Promise<void> {
  const { version } = await bench.install();
  for (let start = 1; start <= 2; start++) {
    bench.expectStart(`start ${start}`, await bench.start(bench.root), version);
    bench.expect('tries left', (await bench.state()).trial?.triesLeft, 3 - start);
  }
}

/** A file that changed since it was installed, on the first start. */
async function damagedSlot(bench: SlotBench): Promise<void> {
  await bench.install();
  await writeFile(join(slotIn(bench.root, 'b'), 'parts/tool.js'), 'other');
  bench.expectStart('first start', await bench.start(bench.root), '1.0.0');
  bench.expect('why', (await bench.state()).returned?.why, 'damaged');
}

/** The disk refuses at each place where the new version is written. */
async function fullAt(bench: SlotBench): Promise<void> {
  const { root } = bench;
  const places = ['pending: state.json written', 'emptied', 'unpacked', 'active: state.json written'];
  for (const place of places) {
    const { slot } = await bench.start(root);
    const version = await bench.versions.next();
    const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    const ending = await installOver(root, slot, version, (at) => {
      if (at === place) throw full;
    }).then(
      () => 'installed',
      (error: unknown) => (error as { kind?: string }).kind,
    );
    bench.expect(`full at ${place}`, ending, 'update');
    bench.expectStart(`after full at ${place}`, await bench.start(root), '1.0.0');
  }
  const { version } = await bench.install();
  bench.expectStart('with room again', await bench.start(root), version);
}

export const slotScenarios: readonly SlotScenario[] = [
  { name: 'a new version crashes: back after three tries', run: (bench) => goesBack(bench, ['1']) },
  { name: 'a new version hangs: back after three tries', run: (bench) => goesBack(bench, ['stay'], 300) },
  { name: 'a new version is unhealthy: back after three tries', run: (bench) => goesBack(bench, ['76']) },
  { name: 'killed while writing, the same bundle again: rewritten', run: killedInTheMiddle },
  { name: 'state.json torn, and the one before it too', run: tornState },
  { name: 'five power cycles while confirmed', run: powerCycles },
  { name: 'the power goes twice on the first start', run: cutFirstStart },
  { name: 'a file of the new version is damaged', run: damagedSlot },
  { name: 'the disk is full at each place', run: fullAt },
];

/** @returns what was wrong, in words */
export async function runSlotScenario(
  { name, run }: SlotScenario,
  { seed = 1, start }: { seed?: number; start?: Starter } = {},
): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'vigie-ota-slots-'));
  const bench = new SlotBench(directory, seeded(seed), start);
  try {
    await provision(bench.root, await bench.versions.next());
    await run(bench);
    return bench.wrong.map((what) => `${name}: ${what}`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

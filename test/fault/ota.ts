/**
 * `npm run fault -- ota`: every fault that an update must survive, as a row (docs/faults.md, "Updates"). Kills, cuts, slots and
 * downloads are run here; what has its own tests is run from them, and counts.
 */
import { atMost, type Row, row } from '../../runtime/health/report.js';
import { cutUpdates } from './ota-cut.js';
import { runScenario } from './ota-download.js';
import { diskScenarios, noSmallDisk, processScenarios } from './ota-download-process.js';
import { downloadScenarios } from './ota-download-scenarios.js';
import { killUpdates } from './ota-kill.js';
import { runSlotScenario, slotScenarios } from './ota-slot-scenarios.js';
import { runTested, testedFaults } from './ota-tested.js';
import type { Wrong } from './ota-truth.js';
import { type Defect, spoiledVersions, updateWholeCamera } from './ota-whole.js';
import { whyNot } from './power-cut.js';

type Say = (line: string) => unknown;
interface Found {
  rows: Row[];
  violations: string[];
}

interface Broken {
  during: Record<string, number>;
  wrong: Record<Wrong['kind'], number>;
  violations: string[];
}

const words: Record<Wrong['kind'], string> = {
  torn: 'torn versions started',
  brick: 'nothing started',
  version: 'neither the old nor the new one, or one that was confirmed lost',
  retry: 'next installations that failed',
  card: 'file systems that could not be mounted or checked',
};

function rowsOf(name: string, count: number, { during, wrong, violations }: Broken): Found {
  const by = Object.entries(during).sort(([a], [b]) => a.localeCompare(b));
  const kinds = Object.keys(words) as Wrong['kind'][];
  return {
    rows: [
      row(name, count, 'times'),
      ...by.map(([what, times]) => row(`- ${what}`, times, 'times')),
      ...kinds.map((kind) => atMost(`- ${words[kind]}`, wrong[kind], '', 0)),
    ],
    violations,
  };
}

async function killed(say: Say, kills: number, seed: number): Promise<Found> {
  say(`${kills} kills of whoever changes or starts the slots`);
  const found = await killUpdates({ kills, seed });
  return rowsOf('killed (SIGKILL)', found.kills, found);
}

async function cut(say: Say, cuts: number, seed: number): Promise<Found> {
  const reason = await whyNot();
  if (reason !== null) {
    say(`no power cuts of a card with a file system: ${reason}`);
    return { rows: [], violations: [] };
  }
  say(`${cuts} power cuts of a card with a file system`);
  const found = await cutUpdates({ cuts, seed });
  const { rows, violations } = rowsOf('power cut', found.cuts, found);
  rows.push(row('- with writes not flushed', found.withUnflushed, 'times'));
  rows.push(row('- followed by a start of the launcher itself', found.processes, 'times'));
  return { rows, violations };
}

async function slots(say: Say, seed: number): Promise<Found> {
  const found: Found = { rows: [], violations: [] };
  for (const scenario of slotScenarios) {
    say(scenario.name);
    const wrong = await runSlotScenario(scenario, { seed }).catch((error: unknown) => [
      `${scenario.name}: ${String(error)}`,
    ]);
    found.rows.push(atMost(scenario.name, wrong.length, 'wrong', 0));
    found.violations.push(...wrong);
  }
  return found;
}

async function downloads(say: Say, seed: number): Promise<Found> {
  say('downloads from hostile servers');
  const reason = await noSmallDisk();
  if (reason !== null) say(`no full disk in the middle of a download: ${reason}`);
  const disk = reason === null ? diskScenarios : [];
  const found: Found = { rows: [], violations: [] };
  const rows = new Map<string, { wrong: number; cuts: number; scenarios: number }>();
  for (const scenario of [...downloadScenarios, ...processScenarios, ...disk]) {
    const { wrong, cuts } = await runScenario(scenario, { seed });
    const sum = rows.get(scenario.row) ?? { wrong: 0, cuts: 0, scenarios: 0 };
    const { length } = wrong;
    rows.set(scenario.row, {
      wrong: sum.wrong + length,
      cuts: sum.cuts + cuts,
      scenarios: sum.scenarios + 1,
    });
    found.violations.push(...wrong);
  }
  for (const [name, { wrong, cuts, scenarios }] of rows) {
    found.rows.push(row(`download, ${name}`, scenarios, 'scenarios'));
    if (cuts > 0) found.rows.push(row('- cut', cuts, 'times'));
    found.rows.push(atMost('- wrong', wrong, '', 0));
  }
  return found;
}

async function tested(say: Say): Promise<Found> {
  const found: Found = { rows: [], violations: [] };
  for (const fault of testedFaults) {
    say(fault.name);
    const { passed, skipped, failed } = await runTested(fault);
    found.rows.push(row(fault.name, passed, 'tests'), atMost('- failed', failed.length, '', 0));
    if (skipped.length > 0) found.rows.push(row('- left out', skipped.length, 'tests'));
    for (const reason of skipped) say(`left out: ${reason}`);
    found.violations.push(...failed);
  }
  return found;
}

/** A version that is not confirmed in this time is ended; three times so, before the camera has gone back. */
const trialSeconds = 25;

async function whole(say: Say): Promise<Found> {
  const defects = Object.keys(spoiledVersions) as Defect[];
  const { rows, violations } = await updateWholeCamera(say, { defects, trialSeconds }).catch(
    (error: unknown) => ({ rows: [], violations: [`a whole camera: ${String(error)}`] }),
  );
  const missed = rows.filter(({ met }) => met === false);
  return {
    rows,
    violations: [...violations, ...missed.map(({ name, value, unit }) => `${name}: ${value} ${unit}`)],
  };
}

/** @param options.cuts kills and power cuts together, half and half */
export async function faultOta(say: Say, { cuts = 500, seed = 1 } = {}): Promise<Found> {
  const half = Math.ceil(cuts / 2);
  const parts = [
    await cut(say, half, seed),
    await killed(say, half, seed),
    await slots(say, seed),
    await downloads(say, seed),
    await tested(say),
    await whole(say),
  ];
  const violations = parts.flatMap((part) => part.violations);
  return {
    rows: [...parts.flatMap((part) => part.rows), atMost('violations', violations.length, '', 0)],
    violations,
  };
}

/**
 * The one shape of everything that is measured: `npm start -- --report`, the benches, the fault runs
 * (docs/measures.md). Rows print as a table and go to a file as JSON.
 */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { arch, cpus, totalmem } from 'node:os';
import { VigieError } from '../../errors.js';

export interface Row {
  name: string;
  value: number;
  unit: string;
  /** what was aimed at, null when nothing was */
  goal: number | null;
  met: boolean | null;
}

export interface Report {
  what: string;
  version: string;
  commit: string;
  machine: string;
  /** ISO 8601 */
  at: string;
  rows: Row[];
}

/** A row without a goal. */
export function row(name: string, value: number, unit: string): Row {
  return { name, value: rounded(value), unit, goal: null, met: null };
}

/** A row that aims at `goal` or more. */
export function atLeast(name: string, value: number, unit: string, goal: number): Row {
  return { name, value: rounded(value), unit, goal, met: value >= goal };
}

/** A row that aims at `goal` or less. */
export function atMost(name: string, value: number, unit: string, goal: number): Row {
  return { name, value: rounded(value), unit, goal, met: value <= goal };
}

export function reportOf(what: string, rows: Row[]): Report {
  const { version, commit } = build();
  const machine = `${arch()}, ${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
  return { what, version, commit, machine, at: new Date().toISOString(), rows };
}

/** Version and commit this was built from, as set-up noted them. */
export function build(): { version: string; commit: string } {
  try {
    const text = readFileSync(new URL('../../build.json', import.meta.url), 'utf8');
    return JSON.parse(text) as { version: string; commit: string };
  } catch {
    return { version: 'unknown', commit: 'unknown' };
  }
}

export function table(report: Report): string {
  const lines = report.rows.map(({ name, value, unit, goal, met }) => [
    name,
    String(value),
    unit,
    goal === null ? '' : String(goal),
    met === null ? '' : met ? 'yes' : 'MISSED',
  ]);
  const all = [['name', 'value', 'unit', 'goal', 'met'], ...lines];
  const widths = all[0].map((_, column) => Math.max(...all.map((line) => line[column].length)));
  return all
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** @throws VigieError `config` when the file cannot be written */
export async function writeReport(file: string, report: object): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
  } catch (cause) {
    throw new VigieError(
      'config',
      `The report cannot be written to ${file}`,
      'Name a file in a directory that exists',
      { cause },
    );
  }
}

function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(4));
}

/** One question to the repository (`npm run bench -- ota`): a camera that knows the first root only, then one that is up to date. */
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandRunner } from '../test/command-runner.js';
import { Integrator, place } from '../test/fault/ota-integrator.js';
import type { Made } from './ota.js';
import { type Measured, measuredWork, median } from './ota-run.js';
import { type Row, row } from './report.js';

export async function checking(
  say: (line: string) => unknown,
  directory: string,
  { full, next, delta }: Made,
  rounds: number,
): Promise<Row[]> {
  say('publishing for a check of the repository');
  const commands = new CommandRunner();
  const integrator = new Integrator(commands, join(directory, 'integrator'));
  try {
    await integrator.found();
    await integrator.publish(next, { file: delta, base: full });
    const url = await integrator.serve();
    const asked: Record<'first' | 'next', Measured<unknown>[]> = { first: [], next: [] };
    for (let round = 1; round <= rounds; round++) {
      const trust = join(directory, `trust-${round}`);
      await mkdir(trust);
      await copyFile(integrator.trust, join(trust, 'root.json'));
      for (const which of ['first', 'next'] as const) {
        say(`asking the repository, round ${round} of ${rounds}: ${which}`);
        asked[which].push(await measuredWork({ what: 'check', directory: trust, url, place }));
      }
    }
    return [...rowsOf('first check', asked.first), ...rowsOf('check without news', asked.next)];
  } finally {
    integrator.stop();
    commands.stop();
  }
}

function rowsOf(name: string, rounds: readonly Measured<unknown>[]): Row[] {
  const of = (value: (one: Measured<unknown>) => number): number => median(rounds.map(value));
  return [
    row(name, 1000 * of(({ seconds }) => seconds), 'ms'),
    row(
      `${name}, memory`,
      of(({ allMiB }) => allMiB),
      'MiB',
    ),
    row(
      `${name}, of it the process before it began`,
      of(({ beforeMiB }) => beforeMiB),
      'MiB',
    ),
  ];
}

/** What the commands of the register and of holds share: where the camera's state is, and how a table is printed. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { registerPlaces } from '../access/register/register.js';
import { stateDirectory } from '../config/paths.js';
import type { Language } from './store-words.js';

export interface KeepingFlags {
  state?: string;
  language?: Language;
  json?: boolean;
}

export function withKeepingFlags(command: Command): Command {
  return command
    .option(
      '--state <directory>',
      'state directory of the camera (default: the one of this user’s camera, else of the demonstration)',
    )
    .option('--json', 'print JSON')
    .addOption(new Option('--language <language>', 'language of what is printed').choices(['fr', 'en']));
}

/** The state directory of `vigie run`, else that of `vigie demo`. */
export function usualState({ state }: KeepingFlags): string {
  if (state !== undefined) return resolve(state);
  const own = stateDirectory();
  const demonstration = join(own, 'demo');
  const has = (path: string): boolean => existsSync(registerPlaces(path).keyFile);
  return !has(own) && has(demonstration) ? demonstration : own;
}

/** As asked for, else that of the machine. */
export function languageOf({ language }: Pick<KeepingFlags, 'language'>): Language {
  const locale = process.env.LC_ALL ?? process.env.LC_MESSAGES ?? process.env.LANG ?? '';
  return language ?? (locale.startsWith('fr') ? 'fr' : 'en');
}

export function printRows(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of rows) {
    const text = row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ');
    process.stdout.write(`${text.trimEnd()}\n`);
  }
}

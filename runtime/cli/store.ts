/**
 * `vigie store list | check | export`: looks into the circular store, beside a running camera or without one.
 * Called by cli/main.ts. Writes nothing into the store.
 */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { systemClock } from '../../board/linux/clock.js';
import { FileVault } from '../../board/linux/file-vault.js';
import { stateDirectory } from '../config/paths.js';
import type { CheckReport } from '../record/check.js';
import { dayLines } from '../record/day-lines.js';
import { exportMp4 } from '../record/export.js';
import { StoreReader } from '../record/reader.js';
import { destroyedCommand } from './store-destroyed.js';
import { holdCommand, releaseCommand } from './store-hold.js';
import { printListing } from './store-listing.js';
import { parseTime, showTime } from './store-times.js';
import { damageLine, type Language, type StoreWords, storeWords } from './store-words.js';

interface StoreFlags {
  directory?: string;
  keys?: string;
  language?: Language;
  json?: boolean;
  segments?: boolean;
}

interface ExportFlags extends StoreFlags {
  from: string;
  to: string;
  force?: boolean;
}

const mib = (bytes: number): number => Math.round((bytes / 1024 / 1024) * 10) / 10;
const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** The `store` command, to be added to `vigie`. */
export function storeCommand(): Command {
  return new Command('store')
    .description('Look into the circular store: what it holds, whether it is sound, take an interval out')
    .addCommand(listCommand())
    .addCommand(checkCommand())
    .addCommand(exportCommand())
    .addCommand(destroyedCommand())
    .addCommand(holdCommand())
    .addCommand(releaseCommand());
}

function withStoreFlags(command: Command): Command {
  return command
    .option(
      '--directory <dir>',
      'directory of the store (default: the one of this user’s camera, else of the demonstration)',
    )
    .option(
      '--keys <dir>',
      'directory of its keys (default: keys/ beside the store, else in the state directory)',
    )
    .addOption(new Option('--language <language>', 'language of what is printed').choices(['fr', 'en']));
}

function listCommand(): Command {
  return withStoreFlags(new Command('list'))
    .description('Show what is recorded and the gaps, day by day and stretch by stretch')
    .option('--segments', 'one row a segment')
    .option('--json', 'print JSON')
    .action(async (flags: StoreFlags) => {
      const listing = (await openReader(flags)).list();
      if (flags.json) print(JSON.stringify({ ...listing, days: dayLines(listing) }, null, 2));
      else printListing(listing, wordsOf(flags), flags.segments === true);
    });
}

function checkCommand(): Command {
  return withStoreFlags(new Command('check'))
    .description('Read everything, verify every checksum, name each damage. Exit code 1 when there is any')
    .option('--json', 'print JSON')
    .action(async (flags: StoreFlags) => {
      const words = wordsOf(flags);
      const reader = await openReader(flags);
      if (!reader.keysFound) print(words.keysNotFound(keysOf(flags)));
      const progress = progressLine(words.checking);
      const report = await reader.check(({ segments, of }) => progress(segments / of));
      if (flags.json) print(JSON.stringify(report, null, 2));
      else printCheck(report, words);
      if (report.damages.length > 0) process.exitCode = 1;
    });
}

function exportCommand(): Command {
  return withStoreFlags(new Command('export'))
    .description('Write an interval as MP4, as it was recorded: nothing is encoded again')
    .argument('<out.mp4>', 'file to write')
    .requiredOption('--from <time>', '2026-03-01T14:05:00, 14:05 (today), -10m (ago)')
    .requiredOption('--to <time>', 'the same, or now')
    .option('--force', 'replace the file when it exists')
    .addHelpText(
      'after',
      '\nThe file starts at the keyframe at or before --from and ends with the GOP that holds --to.' +
        '\nA gap in the recording keeps its real length: the last picture before it stands still.' +
        '\n\nExample: vigie store export --from -10m --to now street.mp4',
    )
    .action(async (out: string, flags: ExportFlags) => {
      const words = wordsOf(flags);
      const nowMs = systemClock.wallMs();
      const fromMs = parseTime(flags.from, nowMs);
      const toMs = parseTime(flags.to, nowMs);
      const reader = await openReader(flags);
      const progress = progressLine(words.exporting);
      const result = await exportMp4(reader, {
        fromMs,
        toMs,
        file: resolve(out),
        force: flags.force === true,
        onProgress: ({ gops, of }) => progress(gops / of),
      });
      progress(1);
      const { pictures, firstMs, lastMs, bytes, damaged, destroyed } = result;
      print(words.exported(out, pictures, showTime(firstMs), showTime(lastMs), mib(bytes)));
      if (damaged > 0) print(words.leftOut(damaged));
      if (destroyed > 0) print(words.goneFrom(destroyed));
    });
}

async function openReader(flags: StoreFlags): Promise<StoreReader> {
  const directory = keysOf(flags);
  const vault = new FileVault({ file: join(directory, 'device.key') });
  return StoreReader.open(storeOf(flags), { keys: { vault, directory } });
}

function storeOf({ directory }: StoreFlags): string {
  return resolve(directory ?? usualDirectory());
}

/** Beside the store, where they are unless record.directory is on a card of its own. */
function keysOf(flags: StoreFlags): string {
  if (flags.keys) return resolve(flags.keys);
  const beside = join(dirname(storeOf(flags)), 'keys');
  return existsSync(beside) ? beside : join(stateDirectory(), 'keys');
}

/** The store of `vigie run`, else that of `vigie demo`, under the state directory. */
function usualDirectory(): string {
  const own = join(stateDirectory(), 'store');
  const demonstration = join(stateDirectory(), 'demo', 'store');
  return !existsSync(own) && existsSync(demonstration) ? demonstration : own;
}

function wordsOf({ language }: StoreFlags): StoreWords {
  const locale = process.env.LC_ALL ?? process.env.LC_MESSAGES ?? process.env.LANG ?? '';
  return storeWords(language ?? (locale.startsWith('fr') ? 'fr' : 'en'));
}

/** A line that is written over, on a terminal only. */
function progressLine(words: (share: number) => string): (share: number) => void {
  if (!process.stderr.isTTY) return () => {};
  let shown = '';
  return (share) => {
    const text = words(share);
    if (text === shown) return;
    shown = text;
    process.stderr.write(`\r${text}${share >= 1 ? '\n' : ''}`);
  };
}

function printCheck(report: CheckReport, words: StoreWords): void {
  print(words.checked(report.records, mib(report.bytes)));
  for (const { kind, file, count } of report.notes) {
    print(`  ${[file || String(count), words.note[kind]].join(': ')}`);
  }
  print(report.damages.length === 0 ? words.clean : words.damages(report.damages.length));
  for (const damage of report.damages) print(`  ${damageLine(damage, words)}`);
}

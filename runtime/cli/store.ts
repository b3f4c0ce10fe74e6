/**
 * `vigie store list | check | export`: looks into the circular store, beside a running camera or without one.
 * Called by cli/main.ts. Writes nothing into the store, but for `check --repair`.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { LinuxCard } from '../../board/linux/card.js';
import { systemClock } from '../../board/linux/clock.js';
import { FilmLog, filmLogOf } from '../mask-log/film-log.js';
import type { CheckReport } from '../record/check.js';
import { dayLines } from '../record/day-lines.js';
import { lockFile, ringDirectory } from '../record/description.js';
import { exportMp4 } from '../record/export.js';
import { MergedReader } from '../record/merged-reader.js';
import { repair } from '../record/repair.js';
import { openSegment } from '../record/segment-file.js';
import { demandOn, tablesOf } from './mask-places.js';
import { maskWords } from './mask-words.js';
import { destroyedCommand } from './store-destroyed.js';
import { holdCommand, releaseCommand } from './store-hold.js';
import { printListing } from './store-listing.js';
import { type OpenedPlace, openPlaces, type PlaceFlags, placesOf } from './store-places.js';
import { parseTime, showTime } from './store-times.js';
import { damageLine, type Language, type StoreWords, storeWords } from './store-words.js';

interface StoreFlags extends PlaceFlags {
  language?: Language;
  json?: boolean;
  segments?: boolean;
}

interface ExportFlags extends StoreFlags {
  from: string;
  to: string;
  force?: boolean;
  maskLog?: boolean;
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

export function withStoreFlags(command: Command): Command {
  return command
    .option(
      '--directory <dir>',
      'directory of the store (default: the one of this user’s camera, else of the demonstration)',
    )
    .option('--config <file>', 'configuration of the camera: names its store, and the second one')
    .option('--state <directory>', 'with --config: state directory of the camera (default: this user’s)')
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
      const words = wordsOf(flags);
      const places = await openPlaces(flags);
      const listings = places.map(({ directory, reader }) => {
        const listing = reader.list();
        return { directory, ...listing, days: dayLines(listing) };
      });
      if (flags.json) {
        const [{ directory: _, ...only } = { directory: '' }] = listings;
        print(JSON.stringify(listings.length === 1 ? only : { stores: listings }, null, 2));
        return;
      }
      for (const [i, listing] of listings.entries()) {
        printPlace(places, i, words);
        printListing(listing, words, flags.segments === true);
      }
    });
}

/** Which store it is, when there are two, or when it is not the first. */
function printPlace(places: readonly OpenedPlace[], i: number, words: StoreWords): void {
  const place = places[i];
  if (!place || (places.length < 2 && !place.second)) return;
  print(`${i > 0 ? '\n' : ''}${words.place(place.second, place.directory)}`);
}

function checkCommand(): Command {
  return withStoreFlags(new Command('check'))
    .description('Read everything, verify every checksum, name each damage. Exit code 1 when there is any')
    .option('--json', 'print JSON')
    .option(
      '--repair',
      'first write again what the records tell: the description, the indexes. Not beside a camera',
    )
    .action(async (flags: StoreFlags & { repair?: boolean }) => {
      const words = wordsOf(flags);
      if (flags.repair) for (const { directory } of placesOf(flags)) await repairStore(directory, words);
      const places = await openPlaces(flags);
      const reports: (CheckReport & { directory: string })[] = [];
      for (const [i, { directory, keys, reader }] of places.entries()) {
        if (!flags.json) printPlace(places, i, words);
        if (!reader.keysFound && !flags.json) print(words.keysNotFound(keys));
        const progress = progressLine(words.checking);
        const report = await reader.check(({ segments, of }) => progress(segments / of));
        reports.push({ directory, ...report });
        if (!flags.json) printCheck(report, words);
        if (report.damages.length > 0) process.exitCode = 1;
      }
      if (!flags.json) return;
      print(JSON.stringify(reports.length === 1 ? reports[0] : { stores: reports }, null, 2));
    });
}

/** @throws VigieError `store` while a camera records into it */
async function repairStore(directory: string, words: StoreWords): Promise<void> {
  // A store that is not there is not to be begun by its lock.
  if (!existsSync(ringDirectory(directory))) return;
  const unlock = await new LinuxCard().lock(lockFile(directory));
  try {
    const { description, indexes } = await repair(directory, openSegment);
    process.stderr.write(`${words.repaired(description, indexes)}\n`);
  } finally {
    await unlock();
  }
}

function exportCommand(): Command {
  return withStoreFlags(new Command('export'))
    .description('Write an interval as MP4, as it was recorded: nothing is encoded again')
    .argument('<out.mp4>', 'file to write')
    .requiredOption('--from <time>', '2026-03-01T14:05:00, 14:05 (today), -10m (ago)')
    .requiredOption('--to <time>', 'the same, or now')
    .option('--force', 'replace the file when it exists')
    .option(
      '--mask-log',
      'also write OUT.mp4.mask.json, with which `vigie mask check OUT.mp4` checks the film',
    )
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
      const places = await openPlaces(flags);
      const readers = places.map(({ reader }) => reader);
      const progress = progressLine(words.exporting);
      const log = new FilmLog();
      const demand = flags.maskLog ? await demandOn(places, flags) : null;
      const result = await exportMp4(new MergedReader(readers), {
        fromMs,
        toMs,
        file: resolve(out),
        force: flags.force === true,
        onProgress: ({ gops, of }) => progress(gops / of),
        onGop: (gop) => log.add(gop),
      });
      progress(1);
      const { pictures, firstMs, lastMs, bytes, damaged, destroyed } = result;
      print(words.exported(out, pictures, showTime(firstMs), showTime(lastMs), mib(bytes)));
      if (damaged > 0) print(words.leftOut(damaged));
      if (destroyed > 0) print(words.goneFrom(destroyed));
      if (!flags.maskLog) return;
      const missing = await log.write(resolve(out), await tablesOf(places), demand);
      const ofMask = maskWords(flags.language);
      print(ofMask.logWritten(filmLogOf(out)));
      if (missing.length > 0) print(ofMask.tablesMissing(missing.length));
    });
}

function wordsOf({ language }: StoreFlags): StoreWords {
  const locale = process.env.LC_ALL ?? process.env.LC_MESSAGES ?? process.env.LANG ?? '';
  return storeWords(language ?? (locale.startsWith('fr') ? 'fr' : 'en'));
}

/** A line that is written over, on a terminal only. */
export function progressLine(words: (share: number) => string): (share: number) => void {
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

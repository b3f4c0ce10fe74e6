/**
 * `vigie mask log | check`: which mask what is recorded had, and whether the pictures are hidden as it says (docs/mask-log.md).
 * Called by cli/main.ts, beside a running camera or without one. Writes nothing.
 */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { systemClock } from '../../board/linux/clock.js';
import { decodeMp4, decodeUnits } from '../../board/linux/h264-decoder.js';
import { VigieError } from '../../errors.js';
import { readDemand } from '../mask-log/demand.js';
import { checkFilm } from '../mask-log/film-log.js';
import type { Finding } from '../mask-log/findings.js';
import { type MaskInterval, MaskIntervals } from '../mask-log/intervals.js';
import { type CheckResult, StoreCheck } from '../mask-log/store-check.js';
import { MergedReader } from '../record/merged-reader.js';
import { printRows } from './keeping-flags.js';
import { demandOn, tablesOf } from './mask-places.js';
import { type MaskWords, maskWords } from './mask-words.js';
import { progressLine, withStoreFlags } from './store.js';
import { openPlaces, type PlaceFlags } from './store-places.js';
import { parseTime, showTime } from './store-times.js';
import type { Language } from './store-words.js';

interface Flags extends PlaceFlags {
  from?: string;
  to?: string;
  tables?: string;
  authorisation?: string;
  language?: Language;
  json?: boolean;
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** The `mask` command, to be added to `vigie`. */
export function maskCommand(): Command {
  return new Command('mask')
    .description('The log of the mask, and whether recorded pictures are hidden as it says')
    .addCommand(logCommand())
    .addCommand(checkCommand());
}

function logCommand(): Command {
  return withStoreFlags(new Command('log'))
    .description('Show which mask the recorded pictures had, stretch by stretch')
    .requiredOption('--from <time>', '2026-03-01T14:05:00, 14:05 (today), -10m (ago)')
    .requiredOption('--to <time>', 'the same, or now')
    .option('--json', 'print JSON')
    .action(async (flags: Flags) => {
      const words = maskWords(flags.language);
      const source = new MergedReader((await openPlaces(flags)).map(({ reader }) => reader));
      const { fromMs, toMs } = asked(flags);
      const progress = progressLine(words.reading);
      const of = source.select(fromMs, toMs).length;
      const intervals = new MaskIntervals();
      let [records, damaged, destroyed] = [0, 0, 0];
      const told = { onDamage: () => damaged++, onDestroyed: () => destroyed++ };
      for await (const gop of source.range(fromMs, toMs, told)) {
        intervals.add(gop.units.filter(({ wallMs }) => wallMs >= fromMs && wallMs <= toMs));
        progress(++records / Math.max(1, of));
      }
      if (flags.json) print(JSON.stringify({ intervals: intervals.all, damaged, destroyed }, null, 2));
      else printLog(intervals.all, { damaged, destroyed }, words);
    });
}

function checkCommand(): Command {
  return withStoreFlags(new Command('check'))
    .description(
      'Decode a recording and look for pixels that its mask should hide. Exit code 1 when there are any',
    )
    .argument('[recording]', 'directory of a store, or an MP4 file with its .mask.json beside it')
    .option('--from <time>', 'of a store: 2026-03-01T14:05:00, 14:05 (today), -10m (ago)')
    .option('--to <time>', 'the same, or now')
    .option(
      '--tables <dir>',
      'directory of the mask tables (default: mask/ beside the directory of the keys)',
    )
    .option(
      '--authorisation <file>',
      'what demands that people are covered (default: that beside the directory of the keys)',
    )
    .option('--json', 'print JSON')
    .action(async (recording: string | undefined, flags: Flags) => {
      const words = maskWords(flags.language);
      const result = await check(recording, flags, words);
      if (result.findings.all.length > 0) process.exitCode = 1;
      if (flags.json) print(JSON.stringify({ ...result, findings: result.findings.all }, null, 2));
      else printCheck(result, words);
    });
}

async function check(recording: string | undefined, flags: Flags, words: MaskWords): Promise<CheckResult> {
  const path = recording === undefined ? null : resolve(recording);
  const progress = progressLine(words.checking);
  if (path !== null && (await isFile(path))) {
    if (flags.from ?? flags.to) {
      const hint = 'Leave out --from and --to, or check the store';
      throw new VigieError('config', 'A film is checked as a whole', hint);
    }
    const demand = flags.authorisation ? await readDemand(resolve(flags.authorisation), null, true) : null;
    return checkFilm(path, decodeMp4, { onProgress: progress, demand });
  }
  const places = await openPlaces({ ...flags, ...(path !== null && { directory: path }) });
  const tables = await tablesOf(places, flags.tables);
  const source = new MergedReader(places.map(({ reader }) => reader));
  const times = asked({ from: flags.from, to: flags.to });
  const demand = await demandOn(places, flags);
  const checking = new StoreCheck({ source, tables, decode: decodeUnits, demand });
  return checking.run({ ...times, onProgress: progress });
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (cause) {
    throw new VigieError('config', `There is no ${path}`, 'Name the directory of a store, or an MP4 file', {
      cause,
    });
  }
}

/** What is not said is from the first picture, and to the last. */
function asked({ from, to }: { from?: string | undefined; to?: string | undefined }): {
  fromMs: number;
  toMs: number;
} {
  const nowMs = systemClock.wallMs();
  const fromMs = from === undefined ? 0 : parseTime(from, nowMs);
  const toMs = to === undefined ? Number.MAX_SAFE_INTEGER / 1000 : parseTime(to, nowMs);
  if (fromMs <= toMs) return { fromMs, toMs };
  throw new VigieError('config', 'The interval ends before it begins', 'Exchange --from and --to');
}

function printLog(
  intervals: readonly MaskInterval[],
  { damaged, destroyed }: { damaged: number; destroyed: number },
  words: MaskWords,
): void {
  if (intervals.length === 0) print(words.nothing);
  else printRows([words.columns, ...intervals.map((interval) => rowOf(interval, words))]);
  if (damaged + destroyed > 0) print(words.leftOut(damaged, destroyed));
}

function rowOf(interval: MaskInterval, words: MaskWords): string[] {
  const { fromMs, toMs, pictures, state, why, version, digest, next, people } = interval;
  const unopened = state === 'full' && version === 0 ? words.noTable : '';
  return [
    showTime(fromMs),
    showTime(toMs),
    String(pictures),
    words.state[state],
    why ? words.why[why] : unopened,
    [version, next?.version ?? 0].filter((one) => one > 0).join(' + '),
    [digest, next?.digest ?? ''].flatMap((one) => (one === '' ? [] : one.slice(0, 12))).join(' + '),
    words.people[people ?? 'shown'],
    viewOf(interval),
  ];
}

/** Pan, tilt and field of view in degrees. */
function viewOf({ view }: MaskInterval): string {
  if (!view) return '';
  const span = (name: string, { from, to }: { from: number; to: number }): string =>
    `${name} ${from.toFixed(1)}${to - from < 0.05 ? '' : `..${to.toFixed(1)}`}`;
  return `${span('pan', view.panDeg)}  ${span('tilt', view.tiltDeg)}  ${span('hfov', view.hfovDeg)}`;
}

function printCheck({ findings, pictures, fromMs, toMs, destroyed }: CheckResult, words: MaskWords): void {
  if (fromMs === null || toMs === null) print(words.nothing);
  else print(words.checked(pictures, showTime(fromMs), showTime(toMs)));
  if (destroyed > 0) print(words.destroyed(destroyed));
  if (findings.all.length > 0) print(words.findings(findings.all.length));
  else if (pictures > 0) print(words.clean);
  for (const finding of findings.all) print(`  ${lineOf(finding, words)}`);
}

function lineOf(
  { kind, fromMs, toMs, pictures, zone, digest, pixels, box }: Finding,
  words: MaskWords,
): string {
  const where = box && words.where(pixels, `${box.x},${box.y} ${box.width}x${box.height}`);
  return [
    `${showTime(fromMs)} - ${showTime(toMs)}`,
    words.finding[kind],
    zone === null ? '' : `« ${zone} »`,
    pictures > 0 ? words.pictures(pictures) : '',
    where ?? '',
    kind === 'no-table' ? digest.slice(0, 12) : '',
  ]
    .filter((part) => part !== '')
    .join('  ');
}

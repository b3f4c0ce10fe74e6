/**
 * `vigie alerts list | report`: what operators were told, what they said of it, and how many false alarms that is a day.
 * Called by cli/main.ts, beside a running camera or without one. Reads the alert journal; writes nothing.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { systemClock } from '../../board/linux/clock.js';
import { VigieError } from '../../errors.js';
import { reportOf } from '../control/alert-report.js';
import type { AlertEntry } from '../control/alerts.js';
import { type JournalContent, parseJournal } from '../control/journal.js';
import { eventKind } from '../scene/alert.js';
import { readWatched } from '../scene/watched-time.js';
import { eventNames } from '../scene/words/event-names.js';
import { type AlertsWords, alertsWords } from './alerts-words.js';
import { type KeepingFlags, languageOf, printRows, usualState, withKeepingFlags } from './keeping-flags.js';
import { parseTime, showTime } from './store-times.js';

interface Flags extends KeepingFlags {
  from: string;
  to: string;
  event?: string;
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** The `alerts` command, to be added to `vigie`. */
export function alertsCommand(): Command {
  return new Command('alerts')
    .description('What operators were told, what they said of it, and the false alarms a day')
    .addCommand(
      withPeriod(new Command('list'), '-1d').description('Show the alerts, oldest first').action(list),
    )
    .addCommand(
      withPeriod(new Command('report'), '-7d')
        .description('Count alerts and verdicts by event and zone, and false alarms for each day watched')
        .action(report),
    );
}

function withPeriod(command: Command, from: string): Command {
  return withKeepingFlags(command)
    .option('--from <time>', '2026-03-01T14:05:00, 14:05 (today), -7d (ago)', from)
    .option('--to <time>', 'the same, or now', 'now')
    .addOption(new Option('--event <event>', 'only this event').choices(eventKind.options));
}

async function list(flags: Flags): Promise<void> {
  const words = alertsWords(languageOf(flags));
  const { fromMs, toMs } = periodOf(flags);
  const { entries, damaged } = await readAlerts(flags);
  const asked = entries.filter(({ alert }) => alert.atMs >= fromMs && alert.atMs <= toMs);
  if (flags.json) print(JSON.stringify(asked, null, 2));
  else if (asked.length === 0) print(words.none);
  else
    for (const { alert, acked } of asked) {
      const said = words.verdict[acked ? (acked.verdict ?? 'seen') : 'open'];
      const by = acked ? ` (${acked.by})` : '';
      const number = String(alert.number).padStart(6);
      print(`${number}  ${showTime(alert.atMs)}  ${said}${by}  ${alert.reason[languageOf(flags)]}`);
    }
  tellDamaged(words, damaged);
}

async function report(flags: Flags): Promise<void> {
  const words = alertsWords(languageOf(flags));
  const period = periodOf(flags);
  const { entries, damaged, droppedBeforeMs } = await readAlerts(flags);
  const watched = await watchedDays(join(usualState(flags), 'alerts', 'watched.json'));
  const lines = reportOf(entries, watched, period).filter(
    ({ event }) => !flags.event || event === flags.event,
  );
  const missing = droppedBeforeMs !== null && droppedBeforeMs > period.fromMs ? droppedBeforeMs : null;
  if (flags.json) print(JSON.stringify({ ...period, completeFromMs: missing, lines }, null, 2));
  else {
    print(words.period(showTime(period.fromMs), showTime(period.toMs)));
    if (lines.length === 0) print(words.none);
    else printRows([words.heads, ...lines.map((line) => cells(line, words))]);
    const open = lines.reduce((sum, { unjudged }) => sum + unjudged, 0);
    if (open > 0) print(words.unjudged(open));
    if (missing !== null) print(words.begins(showTime(missing)));
  }
  tellDamaged(words, damaged);
}

function cells(line: ReturnType<typeof reportOf>[number], words: AlertsWords): string[] {
  const { event, zone, days, alerts, unclear, unjudged, falsePerDay } = line;
  const counts = [alerts, line.true, line.false, unclear, unjudged].map(String);
  const unknown = falsePerDay === null || (alerts > 0 && unjudged === alerts);
  const perDay = unknown ? words.unwatched : falsePerDay.toFixed(2);
  const watched = days > 0 ? days.toFixed(days < 0.1 ? 4 : 2) : words.unwatched;
  return [eventNames[event][words.language], zone, watched, ...counts, perDay];
}

/** @throws VigieError `config` for times that are none */
function periodOf({ from, to }: Flags): { fromMs: number; toMs: number } {
  const nowMs = systemClock.wallMs();
  const [fromMs, toMs] = [parseTime(from, nowMs), parseTime(to, nowMs)];
  if (fromMs < toMs) return { fromMs, toMs };
  throw new VigieError('config', '--from is not before --to', 'Exchange them, or write -7d and now');
}

interface Alerts {
  /** ascending by number */
  entries: AlertEntry[];
  damaged: number;
  /** alerts before this time may have been dropped for want of room; null: none was */
  droppedBeforeMs: number | null;
}

async function readAlerts(flags: Flags): Promise<Alerts> {
  const { lines, damaged } = await readJournal(join(usualState(flags), 'alerts', 'alerts.jsonl'));
  const entries = new Map<string, AlertEntry>();
  let [total, highest] = [0, 0];
  for (const line of lines) {
    if (line.t === 'alert') {
      if (!entries.has(line.alert.id)) total += 1;
      highest = Math.max(highest, line.alert.number);
      entries.set(line.alert.id, { alert: line.alert, acked: null, update: null });
    } else if (line.t === 'open') total = line.total;
    else if (line.t === 'ack') {
      const entry = entries.get(line.id);
      if (entry) entry.acked = line.acked;
    }
  }
  const ascending = [...entries.values()].sort((a, b) => a.alert.number - b.alert.number);
  const first = ascending[0]?.alert.atMs ?? null;
  const asked = ascending.filter(({ alert }) => !flags.event || alert.event === flags.event);
  return { entries: asked, damaged, droppedBeforeMs: total > entries.size ? first : null };
}

/** @throws VigieError `store` when there is none, or it cannot be read */
async function readJournal(file: string): Promise<JournalContent> {
  try {
    return parseJournal(await readFile(file));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
      throw new VigieError(
        'store',
        `There is no alert journal at ${file}`,
        'Name the camera’s state with --state',
      );
    throw new VigieError('store', `The alert journal ${file} cannot be read`, 'Run it as the camera’s user', {
      cause,
    });
  }
}

async function watchedDays(file: string): ReturnType<typeof readWatched> {
  try {
    return await readWatched(file);
  } catch (cause) {
    throw new VigieError('store', `${file} cannot be read`, 'Run it as the camera’s user, or remove it', {
      cause,
    });
  }
}

function tellDamaged(words: AlertsWords, damaged: number): void {
  if (damaged > 0) process.stderr.write(`vigie: ${words.damaged(damaged)}\n`);
}

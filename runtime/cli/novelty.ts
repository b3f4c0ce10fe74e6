/**
 * `vigie novelty show | export | reset`: what the zones of a camera have learned as usual. Called by cli/main.ts, beside a
 * running camera or without one. It reads counts; there is nothing else in those files.
 */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { VigieError } from '../../errors.js';
import { edgeOf, sizeBins, speedBins } from '../scene/novelty/bins.js';
import { across, down, groups } from '../scene/novelty/cells.js';
import { fileName, type Kept, noveltyDirectory, parseKept } from '../scene/novelty/file.js';
import { type KeepingFlags, languageOf, printRows, usualState, withKeepingFlags } from './keeping-flags.js';

interface Flags extends KeepingFlags {
  zone?: string;
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const whichZone = 'only this zone';

const words = {
  fr: {
    head: ['zone', 'passages appris', 'poids restant', 'jours', 'dernier jour'],
    none: 'Rien n’a été appris.',
    least:
      'Une zone ne signale rien avant `learnTracks` passages appris (2000, sauf si elle dit autre chose).',
    damaged: (count: number) => `Fichiers illisibles : ${count}. La caméra réapprendra ces zones.`,
    forgotten: (count: number) =>
      `Oublié : ${count} zone(s). Une caméra en marche oublie aussi, dans la minute, ce qu’elle a en mémoire.`,
  },
  en: {
    head: ['zone', 'tracks learned', 'weight left', 'days', 'last day'],
    none: 'Nothing was learned.',
    least:
      'A zone tells nothing before it has learned `learnTracks` tracks (2000, unless it says otherwise).',
    damaged: (count: number) =>
      `Files that cannot be read: ${count}. The camera will learn those zones anew.`,
    forgotten: (count: number) =>
      `Forgotten: ${count} zone(s). A camera that runs forgets what it has in memory too, within a minute.`,
  },
};

export function noveltyCommand(): Command {
  return new Command('novelty')
    .description('What the zones have learned as usual: counts, and nothing else (docs/novelty.md)')
    .addCommand(showCommand())
    .addCommand(exportCommand())
    .addCommand(resetCommand());
}

function showCommand(): Command {
  return withKeepingFlags(new Command('show'))
    .description('How much each zone has learned')
    .action(async (flags: Flags) => {
      const { kept, damaged } = await readAll(flags);
      const { head, none, least, damaged: told } = words[languageOf(flags)];
      const rows = kept.map(({ zone, counts: { learned, weight, days, day } }) => ({
        zone,
        learned,
        weight,
        days,
        day,
      }));
      if (flags.json) return print(JSON.stringify({ zones: rows, damaged }, null, 2));
      if (rows.length === 0) print(none);
      else
        printRows([
          head,
          ...rows.map((r) => [r.zone, String(r.learned), r.weight.toFixed(1), String(r.days), r.day ?? '-']),
        ]);
      if (rows.length > 0) print(least);
      if (damaged > 0) print(told(damaged));
    });
}

function exportCommand(): Command {
  return withKeepingFlags(new Command('export'))
    .description('Print every count as JSON')
    .option('--zone <name>', whichZone)
    .action(async (flags: Flags) => {
      const { kept } = await readAll(flags);
      print(JSON.stringify({ zones: kept.map(exported) }));
    });
}

function resetCommand(): Command {
  return withKeepingFlags(new Command('reset'))
    .description('Forget what was learned, and learn anew')
    .option('--zone <name>', whichZone)
    .action(async (flags: Flags) => {
      const directory = noveltyDirectory(usualState(flags));
      const names = (await filesOf(directory)).filter((name) => !flags.zone || name === fileName(flags.zone));
      if (flags.zone && names.length === 0) throw unknownZone(flags.zone);
      for (const name of names) await rm(join(directory, name), { force: true });
      if (flags.json) print(JSON.stringify({ forgotten: names.length }));
      else print(words[languageOf(flags)].forgotten(names.length));
    });
}

async function filesOf(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return [];
    const hint = 'Run it as the user of the camera';
    throw new VigieError('store', `${directory} cannot be read`, hint, { cause });
  });
  return names.filter((name) => name.endsWith('.json')).sort();
}

async function readAll(flags: Flags): Promise<{ kept: Kept[]; damaged: number }> {
  const directory = noveltyDirectory(usualState(flags));
  const all = await Promise.all(
    (await filesOf(directory)).map(async (name) =>
      parseKept(await readFile(join(directory, name), 'utf8').catch(() => '')),
    ),
  );
  const kept = all.filter((one) => one !== null);
  const chosen = kept.filter(({ zone }) => flags.zone === undefined || zone === flags.zone);
  if (flags.zone !== undefined && chosen.length === 0) throw unknownZone(flags.zone);
  return { kept: chosen, damaged: all.length - kept.length };
}

function unknownZone(zone: string): VigieError {
  return new VigieError('config', `No zone "${zone}" has learned anything`, 'See vigie novelty show');
}

/** With what is needed to read the tables: edges of the bins, order of the rows. */
function exported({ zone, counts }: Kept): object {
  const edges = (bins: typeof speedBins): number[] =>
    Array.from({ length: bins.count }, (_, bin) => Number(edgeOf(bins, bin).toFixed(4)));
  const { tracks, speed, size, hours, scores, ...numbers } = counts;
  const tables = Object.entries({ tracks, speed, size, hours, scores }).map(([name, t]) => [name, [...t]]);
  return {
    zone,
    ...numbers,
    grid: { across, down },
    groups,
    speedFrom: edges(speedBins),
    sizeFrom: edges(sizeBins),
    ...Object.fromEntries(tables),
  };
}

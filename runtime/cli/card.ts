/**
 * `vigie card`: the state of the card from a terminal, asked of the machine directly, beside a running camera or without
 * one. Called by cli/main.ts. Reads and writes nothing on the card.
 */
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Command } from 'commander';
import { LinuxCard } from '../../board/linux/card.js';
import { LinuxCardHealth } from '../../board/linux/card-health.js';
import { systemClock } from '../../board/linux/clock.js';
import type { CardReading } from '../../board/ports.js';
import { CardLife } from '../health/card-life.js';
import { cardNotices, type Subject } from '../health/card-notices.js';
import type { Notice, StorageHealth } from '../health/health.js';
import { storageHealthOf } from '../health/storage-health.js';
import { type CardWords, cardRows, cardWords } from './card-words.js';
import { type KeepingFlags, printRows, usualState, withKeepingFlags } from './keeping-flags.js';
import { argument, secondsOption } from './run-flags.js';

interface Flags extends KeepingFlags {
  directory?: string;
  for?: number;
}

/** What was found in one place. */
interface Found {
  subject: Subject;
  directory: string;
  device: string | null;
  health: Omit<StorageHealth, 'busyShare'>;
  notices: Notice[];
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

export function cardCommand(): Command {
  return withKeepingFlags(new Command('card'))
    .description('The state of the card: room, wear, how long it lasts. Exit code 1 when anything is wrong')
    .option('--directory <dir>', 'directory of the store (default: store/ in the state directory)')
    .option('--for <seconds>', 'watch it for this time to tell the rate of writing', argument(secondsOption))
    .addHelpText(
      'after',
      '\nThe rate and the projected end need --for, and a camera that records meanwhile; an hour says more than a minute.' +
        '\n\nExample: vigie card --for 60',
    )
    .action(async (flags: Flags) => {
      const words = cardWords(flags.language);
      const state = usualState(flags);
      const places: [Subject, string][] = [
        ['card', flags.directory === undefined ? join(state, 'store') : resolve(flags.directory)],
        // Where the store is named and the state is not, they belong to no one camera.
        ...(flags.directory !== undefined && flags.state === undefined
          ? []
          : ([['state', state]] satisfies [Subject, string][])),
      ];
      const found = apart(await Promise.all(places.map((place) => look(place, flags.for ?? 0))));
      if (flags.json)
        print(
          JSON.stringify(
            found.map(({ device: _, ...rest }) => rest),
            null,
            2,
          ),
        );
      else for (const one of found) printFound(one, words);
      if (found.some(({ notices }) => notices.length > 0)) process.exitCode = 1;
    });
}

/** The state directory is told of only where it lies on another device. */
function apart(found: Found[]): Found[] {
  return found.filter((one) => one.subject === 'card' || one.device !== found[0]?.device);
}

async function look([subject, directory]: [Subject, string], seconds: number): Promise<Found> {
  const port = new LinuxCardHealth({ card: new LinuxCard() }, { directory });
  const life = new CardLife({ leastMs: 0 });
  const read = async (): Promise<CardReading> => {
    const reading = await port.read();
    life.add(reading, systemClock.monoUs());
    return reading;
  };
  let reading = await read();
  if (seconds > 0) {
    await wait(seconds * 1000);
    reading = await read();
  }
  const writeRate = seconds > 0 ? life.writeRate : null;
  const secondsLeft = writeRate === null ? null : life.secondsLeft;
  const lastsUntilMs = secondsLeft === null ? null : systemClock.wallMs() + secondsLeft * 1000;
  const { busyShare: _, ...health } = storageHealthOf({ reading, pace: null, writeRate, lastsUntilMs });
  const state = { reading, silent: false, errno: null, gaveUp: false, slow: false };
  return { subject, directory, device: reading.device, health, notices: cardNotices(state, subject) };
}

function printFound({ subject, directory, health, notices }: Found, words: CardWords): void {
  print(`${words.title[subject]}: ${directory}`);
  printRows(cardRows(health, words, systemClock.wallMs()).map((row) => ['', ...row]));
  for (const notice of notices) print(`  ${words.attention}: ${notice[words.language]} (${notice.code})`);
  if (notices.length === 0) print(`  ${words.well}`);
}

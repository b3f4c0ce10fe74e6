/**
 * `vigie register verify | list`: is the register whole, and what does it say. Called by cli/main.ts, beside a running camera
 * or without one. Writes nothing.
 */
import { Command, Option } from 'commander';
import { nameOf } from '../access/register/chain.js';
import { eventKinds, type Told } from '../access/register/entry.js';
import { hashOf } from '../access/register/line.js';
import { fingerprintOf } from '../access/register/signing-key.js';
import { readRegister, verifyRegister } from '../access/register/verify.js';
import { type KeepingFlags, languageOf, usualState, withKeepingFlags } from './keeping-flags.js';
import { updateWords } from './register-words.js';
import { showTime } from './store-times.js';
import { keepingWords } from './store-words-keeping.js';

interface Flags extends KeepingFlags {
  seen?: string;
  kind?: string;
  last?: string;
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

export function registerCommand(): Command {
  return new Command('register')
    .description('The signed register of what was recorded, kept and destroyed')
    .addCommand(verifyCommand())
    .addCommand(listCommand());
}

function verifyCommand(): Command {
  return withKeepingFlags(new Command('verify'))
    .description('Verify every signature, hash and number. Exit code 1 when anything is wrong')
    .option('--seen <number:hash>', 'also: the last entry as it was shown before must still be there')
    .action(async (flags: Flags) => {
      const words = keepingWords(flags.language);
      const seen = flags.seen?.replaceAll(' ', '');
      let seenAgain = seen === undefined;
      const { findings, entries, since, last, publicKey } = await verifyRegister(
        usualState(flags),
        (entry, line) => {
          if (`${entry.n}:${hashOf(line)}` === seen) seenAgain = true;
        },
      );
      const lastSeen = last ? `${last.n}:${last.hash}` : '-';
      const key = fingerprintOf(publicKey);
      if (flags.json)
        print(JSON.stringify({ findings, seenAgain, entries, since, last: lastSeen, key }, null, 2));
      else {
        print(words.key(key));
        if (findings.length === 0) print(words.whole(entries, lastSeen));
        else print(words.damaged(findings.length));
        if (since && since.n > 1) print(words.since(since.n, showTime(since.atMs)));
        for (const finding of findings) print(`  ${nameOf(finding)}: ${words.finding[finding.kind]}`);
        if (!seenAgain) print(`  ${words.seenDiffers}`);
      }
      if (findings.length > 0 || !seenAgain) process.exitCode = 1;
    });
}

function listCommand(): Command {
  return withKeepingFlags(new Command('list'))
    .description('Show the entries, oldest first')
    .addOption(
      new Option('--kind <kind>', 'only these').choices(eventKinds.filter((kind) => kind !== 'segments')),
    )
    .option('--last <count>', 'only the newest', '50')
    .action(async (flags: Flags) => {
      const most = Math.max(1, Number(flags.last) || 1);
      const kept: Told[] = [];
      await readRegister(usualState(flags), (entry) => {
        if (flags.kind && entry.kind !== flags.kind) return;
        kept.push(entry);
        if (kept.length > most) kept.shift();
      });
      for (const entry of kept) print(flags.json ? JSON.stringify(entry) : lineOf(entry, languageOf(flags)));
    });
}

function lineOf(entry: Told, language: 'fr' | 'en'): string {
  const { n, at, trusted, kind, prev: _, signature: __, ...rest } = entry;
  const said = entry.kind === 'update' ? updateWords(entry, language) : JSON.stringify(rest);
  return `${String(n).padStart(8)}  ${showTime(at)}${trusted ? ' ' : '?'}  ${kind}  ${said}`;
}

/** What the commands of the repository share: options, keys and their passphrases, the lock, and telling how it ended. */
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { LinuxCard } from '../../board/linux/card.js';
import { VigieError } from '../../errors.js';
import type { Draft } from '../../ota/repository/draft.js';
import { type KeyFile, Keyring, keysIn, readKeyFile } from '../../ota/repository/keys.js';
import { makeServed, metadataDirectory } from '../../ota/repository/places.js';
import { type ApplyOptions, type Outcome, Repository } from '../../ota/repository/repository.js';
import { languageOf } from './keeping-flags.js';
import { type RepositoryWords, repositoryWords } from './ota-repository-words.js';
import type { Language } from './store-words.js';

export interface RepositoryFlags {
  signWith?: string[];
  keys?: string;
  stage?: boolean;
  dryRun?: boolean;
  json?: boolean;
  language?: Language;
}

export const print = (text: string): void => void process.stdout.write(`${text}\n`);
export const wordsFor = (flags: Pick<RepositoryFlags, 'language'>): RepositoryWords =>
  repositoryWords(languageOf(flags));

export const each = (value: string, before: string[] = []): string[] => [...before, value];

export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`Write a whole number from ${least} to ${most}.`);
  };
}

export function withLanguage(command: Command): Command {
  return command
    .option('--json', 'print JSON')
    .addOption(new Option('--language <language>', 'language of what is printed').choices(['fr', 'en']));
}

/** A command that changes the repository. */
export function withSigning(command: Command): Command {
  return withLanguage(command)
    .option('--sign-with <file>', 'private key that may sign; once for each', each)
    .option('--keys <directory>', 'directory of private keys that may sign')
    .option('--stage', 'what lacks signatures waits in metadata/staged, instead of a refusal')
    .option('--dry-run', 'say what would be done, and write nothing');
}

const passphraseFile = 'VIGIE_OTA_PASSPHRASE_FILE';

/** From the file that the environment names, else from whoever sits at the terminal; null when there is neither. */
async function passphraseFrom(question: string): Promise<string | null> {
  const file = process.env[passphraseFile];
  if (file !== undefined && file !== '') return readPassphrase(file);
  return process.stdin.isTTY && process.stderr.isTTY ? askHidden(question) : null;
}

async function readPassphrase(file: string): Promise<string> {
  const hint = `Let ${passphraseFile} name a file with one line that only you can read (chmod 600)`;
  try {
    const { mode, size } = await stat(file);
    if ((mode & 0o077) !== 0 || size > 4096) throw new Error('open to others, or too long');
    const [line = ''] = (await readFile(file, 'utf8')).split('\n');
    if (line === '') throw new Error('empty');
    return line;
  } catch (cause) {
    throw new VigieError('update', 'The file with the passphrase cannot be used', hint, { cause });
  }
}

/** Nothing of the answer is shown. */
function askHidden(question: string): Promise<string> {
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  return new Promise<string>((resolve, reject) => {
    lines.once('line', resolve);
    lines.once('close', () => reject(new VigieError('update', 'No passphrase was typed', 'Run it again')));
  }).finally(() => {
    lines.close();
    process.stderr.write('\n');
  });
}

/** @returns null when the key shall have none */
export async function newPassphrase(words: RepositoryWords): Promise<string | null> {
  const first = await passphraseFrom(words.newPassphrase);
  if (first === null || first === '' || process.env[passphraseFile]) return first || null;
  if ((await askHidden(words.again)) === first) return first;
  throw new VigieError('update', 'The two passphrases differ', 'Run it again');
}

/** The private keys that were named, and more that are private files already read. */
export async function keyringOf(flags: RepositoryFlags, more: readonly KeyFile[] = []): Promise<Keyring> {
  const named = await Promise.all((flags.signWith ?? []).map((file) => readKeyFile(resolve(file))));
  for (const key of named) {
    if (key.private) continue;
    throw new VigieError('update', `${key.file} is a public key and cannot sign`, 'Name the private one');
  }
  const kept = flags.keys === undefined ? [] : await keysIn(resolve(flags.keys));
  const words = wordsFor(flags);
  return new Keyring([...more, ...kept, ...named], async (file) => {
    const passphrase = await passphraseFrom(words.passphrase(file));
    if (passphrase !== null) return passphrase;
    throw new VigieError(
      'update',
      `${file} has a passphrase, and nobody can be asked for it`,
      `Run it at a terminal, or let ${passphraseFile} name a file that holds it`,
    );
  });
}

export const readKeys = (files: readonly string[]): Promise<KeyFile[]> =>
  Promise.all(files.map((file) => readKeyFile(resolve(file))));

/** One writer at a time; the lock ends with the process. A dry run takes none, as it writes nothing. */
export async function locked<T>(
  directory: string,
  use: () => Promise<T>,
  { make = false, dryRun = false } = {},
): Promise<T> {
  if (make && !dryRun) await makeServed(directory);
  if (!make && !existsSync(metadataDirectory(directory))) {
    const hint = 'Name the directory that holds metadata/, or make one with: vigie ota init';
    throw new VigieError('update', `${directory} is not a repository`, hint);
  }
  if (dryRun) return use();
  const unlock = await new LinuxCard().lock(join(directory, '.lock')).catch((cause: unknown) => {
    const hint = 'Wait until the other vigie ota command has ended, and look whether you may write there';
    throw new VigieError('update', `${directory} cannot be locked`, hint, { cause });
  });
  return use().finally(unlock);
}

/** Opens, changes, signs, publishes or stages, and tells. */
export async function change(
  directory: string,
  flags: RepositoryFlags,
  edit: (draft: Draft, repository: Repository) => Promise<void> | void,
  { more = [] as readonly KeyFile[], stage = false } = {},
): Promise<void> {
  const place = resolve(directory);
  const keyring = await keyringOf(flags, more);
  const options = applyOptions(flags, stage);
  const work = async (): Promise<void> => {
    const repository = await Repository.open(place);
    const draft = repository.draft(options.nowMs);
    await edit(draft, repository);
    tellOutcome(await repository.apply(draft, keyring, options), flags);
  };
  await locked(place, work, options);
}

export function applyOptions(flags: RepositoryFlags, stage = false): ApplyOptions {
  return { nowMs: Date.now(), stage: stage || flags.stage === true, dryRun: flags.dryRun === true };
}

export function tellOutcome(outcome: Outcome, flags: RepositoryFlags): void {
  if (flags.json) return print(JSON.stringify({ ...outcome, dryRun: flags.dryRun === true }, null, 2));
  const words = wordsFor(flags);
  const heads = {
    published: flags.dryRun ? words.wouldPublish : words.published,
    staged: flags.dryRun ? words.wouldStage : words.staged,
    nothing: words.nothing,
  };
  print(heads[outcome.kind]);
  for (const file of outcome.files) print(`  ${file}`);
  for (const missing of outcome.missing) print(`  ${words.missing(missing)}`);
  const publishing = outcome.missing.every(({ role }) => role === 'snapshot' || role === 'timestamp');
  if (outcome.kind === 'staged') print(publishing ? words.howToFinish : words.howToSign);
  if (outcome.kind === 'published' && !outcome.seamless) print(words.gap);
}

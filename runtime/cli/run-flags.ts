/** What `vigie run` and `vigie demo` take. Loads no part of a camera. */
import { type Command, InvalidArgumentError } from 'commander';
import { errorLine, VigieError } from '../../errors.js';
import type { Config } from '../config/schema.js';

export interface RunFlags {
  config?: string;
  state?: string;
  for?: number;
  report?: string;
  port?: number;
  language?: 'fr' | 'en';
  head?: true;
}

export interface RunOptions {
  configFile: string;
  stateDirectory: string;
  /** stop after this many seconds; null runs until a signal */
  forSeconds: number | null;
  reportFile: string | null;
  port: number | null;
  language: 'fr' | 'en' | null;
  /** print a one-time link to the console */
  printLink: boolean;
  /** what stands around the camera while it runs: nothing, but in a demonstration */
  around?: (config: Config) => { start(): Promise<void>; stop(): Promise<void> };
}

export function withRunFlags(command: Command): Command {
  return command
    .option(
      '--state <directory>',
      'where the store, users and authorisation are (default: docs/installation.md)',
    )
    .option('--for <seconds>', 'stop after this time', argument(secondsOption))
    .option('--report <file>', 'write the counts of the run as JSON (docs/measures.md)')
    .option('--port <number>', 'port of the console, 0 for a free one', argument(portOption))
    .option('--language <fr|en>', 'language of what is printed', argument(languageOption));
}

export function runOptions(
  flags: RunFlags,
  configFile: string,
  state: string,
  printLink: boolean,
): RunOptions {
  return {
    configFile,
    stateDirectory: state,
    forSeconds: flags.for ?? null,
    reportFile: flags.report ?? null,
    port: flags.port ?? null,
    language: flags.language ?? null,
    printLink,
  };
}

function languageOption(text: string): 'fr' | 'en' {
  if (text === 'fr' || text === 'en') return text;
  throw new VigieError('config', `--language takes fr or en, not "${text}"`, 'Write --language fr');
}

/** Gives commander the line it prints for a bad option. */
export function argument<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(errorLine(error));
    }
  };
}

/** @throws VigieError `config` when it is not a positive number */
export function secondsOption(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && Number.isFinite(seconds) && seconds > 0) return seconds;
  throw new VigieError(
    'config',
    `--for takes a number of seconds, not "${text}"`,
    'Write for example --for 30',
  );
}

/** @throws VigieError `config` when it is not a port */
export function portOption(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65535) return port;
  throw new VigieError(
    'config',
    `--port takes a port number, not "${text}"`,
    'Write for example --port 8480',
  );
}

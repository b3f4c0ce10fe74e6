/**
 * The `vigie` command line: every command answers --help; every error is one line that says what to do. Called by
 * cli/main.ts, which ends the process with its answer.
 */
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { systemClock } from '../../board/linux/clock.js';
import { asVigieError, errorLine, exitCodes, VigieError } from '../../errors.js';
import { openStateDirectory, stateDirectory } from '../config/paths.js';
import { demonstrationConfig, writeDemonstration } from '../demonstration.js';
import { headDemonstrationConfig, headStage } from '../demonstration-head.js';
import { build } from '../health/report.js';
import { alertsCommand } from './alerts.js';
import { cardCommand } from './card.js';
import { maskCommand } from './mask.js';
import { modelCommand } from './model.js';
import { noveltyCommand } from './novelty.js';
import { otaCommand } from './ota.js';
import { registerCommand } from './register.js';
import { portOption, type RunOptions, runCamera, secondsOption } from './run.js';
import { sceneCommand } from './scene.js';
import { storeCommand } from './store.js';
import { userCommand } from './user.js';

interface RunFlags {
  config?: string;
  state?: string;
  for?: number;
  report?: string;
  port?: number;
  language?: 'fr' | 'en';
  head?: true;
}

/** All commands, none of them run. */
export function vigieProgram(): Command {
  const vigie = new Command('vigie')
    .description('The software of a street camera: masks private zones first, recognises no one')
    .version(build().version)
    // A command may have a --version of its own.
    .enablePositionalOptions()
    .addCommand(runCommand())
    .addCommand(demoCommand())
    .addCommand(storeCommand())
    .addCommand(registerCommand())
    .addCommand(maskCommand())
    .addCommand(modelCommand())
    .addCommand(alertsCommand())
    .addCommand(noveltyCommand())
    .addCommand(cardCommand(argument(secondsOption)))
    .addCommand(sceneCommand())
    .addCommand(otaCommand())
    .addCommand(userCommand());
  settle(vigie);
  return vigie;
}

/** Settings that commander does not hand down to commands made elsewhere. */
function settle(command: Command): void {
  command.exitOverride().showHelpAfterError('Run it with --help to see what it takes.');
  for (const sub of command.commands) settle(sub);
}

function runCommand(): Command {
  return withRunFlags(new Command('run'))
    .description('Run the camera of a configuration file until Ctrl-C or SIGTERM')
    .requiredOption('--config <file>', 'configuration file (docs/configuration.md)')
    .action(async (flags: RunFlags) => {
      await runCamera(runOptions(flags, flags.config ?? '', flags.state ?? stateDirectory(), false));
    });
}

function demoCommand(): Command {
  return withRunFlags(new Command('demo'))
    .description('Run a demonstration camera on the virtual board, with a published clip as sensor')
    .option('--head', 'on a simulated head that turns, in a street drawn by code')
    .action(async (flags: RunFlags) => {
      const name = flags.head ? 'demo-head' : 'demo';
      const state = openStateDirectory(flags.state ?? `${stateDirectory()}/${name}`);
      const language = flags.language ?? localeLanguage();
      const config = flags.head ? headDemonstrationConfig(state, language) : demonstrationConfig(language);
      const configFile = writeDemonstration(state, config, systemClock.wallMs());
      const options = runOptions({ ...flags, language }, configFile, state, true);
      await runCamera({ ...options, ...(flags.head && { around: headStage }) });
    });
}

function withRunFlags(command: Command): Command {
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

function runOptions(flags: RunFlags, configFile: string, state: string, printLink: boolean): RunOptions {
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

function localeLanguage(): 'fr' | 'en' {
  const locale = process.env.LC_ALL ?? process.env.LC_MESSAGES ?? process.env.LANG ?? '';
  return locale.startsWith('fr') ? 'fr' : 'en';
}

/** Gives commander the line it prints for a bad option. */
function argument<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(errorLine(error));
    }
  };
}

/** Runs the command line; the promise never rejects. Returns the exit code. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  try {
    await vigieProgram().parseAsync(['node', 'vigie', ...args]);
    return typeof process.exitCode === 'number' ? process.exitCode : 0;
  } catch (error) {
    // Commander has printed its own: help and version end well, anything else was written wrongly.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.config;
    process.stderr.write(`vigie: ${errorLine(error)}\n`);
    return asVigieError(error).exitCode;
  }
}

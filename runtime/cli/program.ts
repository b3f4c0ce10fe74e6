/**
 * The `vigie` command line: every command answers --help; every error is one line that says what to do. Called by
 * cli/main.ts, which ends the process with its answer. Loads only the command that is asked for: a camera starts sooner and
 * is smaller without the others.
 */
import { Command, CommanderError } from 'commander';
import { asVigieError, errorLine, exitCodes } from '../../errors.js';
import { build } from '../health/report.js';

/** In the order of the help. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./run-command.js')).runCommand(),
  demo: async () => (await import('./demo.js')).demoCommand(),
  store: async () => (await import('./store.js')).storeCommand(),
  register: async () => (await import('./register.js')).registerCommand(),
  mask: async () => (await import('./mask.js')).maskCommand(),
  model: async () => (await import('./model.js')).modelCommand(),
  alerts: async () => (await import('./alerts.js')).alertsCommand(),
  novelty: async () => (await import('./novelty.js')).noveltyCommand(),
  card: async () => (await import('./card.js')).cardCommand(),
  scene: async () => (await import('./scene.js')).sceneCommand(),
  ota: async () => (await import('./ota.js')).otaCommand(),
  user: async () => (await import('./user.js')).userCommand(),
};

/** @param asked the first word of the command line; anything but the name of a command makes them all. Runs none */
export async function vigieProgram(asked?: string): Promise<Command> {
  const vigie = new Command('vigie')
    .description('The software of a street camera: masks private zones first, recognises no one')
    .version(build().version)
    // A command may have a --version of its own.
    .enablePositionalOptions();
  const one = asked !== undefined && Object.hasOwn(commands, asked) ? commands[asked] : undefined;
  for (const make of one ? [one] : Object.values(commands)) vigie.addCommand(await make());
  settle(vigie);
  return vigie;
}

/** Settings that commander does not hand down to commands made elsewhere. */
function settle(command: Command): void {
  command.exitOverride().showHelpAfterError('Run it with --help to see what it takes.');
  for (const sub of command.commands) settle(sub);
}

/** Runs the command line; the promise never rejects. Returns the exit code. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  try {
    const vigie = await vigieProgram(args[0]);
    await vigie.parseAsync(['node', 'vigie', ...args]);
    return typeof process.exitCode === 'number' ? process.exitCode : 0;
  } catch (error) {
    // Commander has printed its own: help and version end well, anything else was written wrongly.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.config;
    process.stderr.write(`vigie: ${errorLine(error)}\n`);
    return asVigieError(error).exitCode;
  }
}

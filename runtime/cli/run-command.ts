/** `vigie run`: the camera of a configuration file. */
import { Command } from 'commander';
import { stateDirectory } from '../config/paths.js';
import { beginWithPipeline } from './beginning.js';
import { type RunFlags, runOptions, withRunFlags } from './run-flags.js';

export function runCommand(): Command {
  return withRunFlags(new Command('run'))
    .description('Run the camera of a configuration file until Ctrl-C or SIGTERM')
    .requiredOption('--config <file>', 'configuration file (docs/configuration.md)')
    .action(async (flags: RunFlags) => {
      const options = runOptions(flags, flags.config ?? '', flags.state ?? stateDirectory(), false);
      await beginWithPipeline(async (beginning) => {
        const { runCamera } = await import('./run.js');
        await runCamera(options, beginning);
      });
    });
}

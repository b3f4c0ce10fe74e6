/** `vigie demo`: a camera on the virtual board, to look at. */
import { Command } from 'commander';
import { systemClock } from '../../board/linux/clock.js';
import { openStateDirectory, stateDirectory } from '../config/paths.js';
import { type Beginning, beginWithPipeline } from './beginning.js';
import { type RunFlags, runOptions, withRunFlags } from './run-flags.js';

export function demoCommand(): Command {
  return withRunFlags(new Command('demo'))
    .description('Run a demonstration camera on the virtual board, with a published clip as sensor')
    .option('--head', 'on a simulated head that turns, in a street drawn by code')
    .action(async (flags: RunFlags) => {
      await beginWithPipeline((beginning) => demonstrate(flags, beginning));
    });
}

async function demonstrate(flags: RunFlags, beginning: Beginning): Promise<void> {
  const { demonstrationConfig, writeDemonstration } = await import('../demonstration.js');
  const { headDemonstrationConfig, headStage } = await import('../demonstration-head.js');
  const { runCamera } = await import('./run.js');
  const name = flags.head ? 'demo-head' : 'demo';
  const state = openStateDirectory(flags.state ?? `${stateDirectory()}/${name}`);
  const language = flags.language ?? localeLanguage();
  const config = flags.head ? headDemonstrationConfig(state, language) : demonstrationConfig(language);
  const configFile = writeDemonstration(state, config, systemClock.wallMs());
  const options = runOptions({ ...flags, language }, configFile, state, true);
  await runCamera({ ...options, ...(flags.head && { around: headStage }) }, beginning);
}

function localeLanguage(): 'fr' | 'en' {
  const locale = process.env.LC_ALL ?? process.env.LC_MESSAGES ?? process.env.LANG ?? '';
  return locale.startsWith('fr') ? 'fr' : 'en';
}

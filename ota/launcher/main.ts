/** The launcher as a process: started by systemd or by hand, and by nothing else of the product. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Launcher, launcherDefaults } from './run.js';

const help = `Starts the camera from its slots, and the version before it when a new one is not well.

  node main.js --slots DIR [options] -- COMMAND...

  --slots DIR               directory that holds state.json
  --trial-seconds N         time that a new version has to be confirmed (${launcherDefaults.trialMs / 1000})
  --stop-seconds N          time that it has to end (${launcherDefaults.stopMs / 1000})
  --most-pause-seconds N    longest pause between two starts of what crashes (${launcherDefaults.mostPauseMs / 1000})
  --lock-seconds N          time that a launcher that is ending is waited for (${launcherDefaults.lockWaitSeconds})
  --help

COMMAND is what the version is given, for example: run --config /etc/vigie/camera.json
`;

const say = (line: string): void =>
  void process.stderr.write(`${new Date().toISOString()} launcher: ${line}\n`);

function seconds(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0)
    throw new Error(`${text} is no time in seconds`);
  return value;
}

async function launch(): Promise<number> {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    options: {
      slots: text,
      'trial-seconds': text,
      'stop-seconds': text,
      'most-pause-seconds': text,
      'lock-seconds': text,
      help: { type: 'boolean' },
    },
    allowPositionals: true,
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  if (values.slots === undefined) throw new Error('--slots is missing');
  const defaults = launcherDefaults;
  const launcher = new Launcher(say, {
    root: resolve(values.slots),
    args: positionals,
    trialMs: seconds(values['trial-seconds'], defaults.trialMs / 1000) * 1000,
    stopMs: seconds(values['stop-seconds'], defaults.stopMs / 1000) * 1000,
    mostPauseMs: seconds(values['most-pause-seconds'], defaults.mostPauseMs / 1000) * 1000,
    lockWaitSeconds: seconds(values['lock-seconds'], defaults.lockWaitSeconds),
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => launcher.stop(signal));
  return launcher.run();
}

// Whoever read the log may have gone: no reason to end a camera.
process.stderr.on('error', () => undefined);
try {
  process.exitCode = await launch();
} catch (error) {
  say(`${(error as Error).message}; --help tells what it takes`);
  process.exitCode = 64;
}

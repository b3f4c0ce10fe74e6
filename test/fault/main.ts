/** `npm run fault -- pipeline|mask|store|month|fuzz|ota [--json FILE]`: breaks things on purpose; exits 1 when a promise was broken. */
import { Command } from 'commander';
import { asVigieError, errorLine } from '../../errors.js';
import { type Row, reportOf, table, writeReport } from '../../runtime/health/report.js';
import { fuzzStore } from '../fuzz/store-fuzz-command.js';
import { faultMask } from './mask.js';
import { faultMaskCamera } from './mask-camera.js';
import { faultMonth } from './month.js';
import { faultOta } from './ota.js';
import { faultPipeline } from './pipeline.js';
import { faultCard } from './power-cut.js';
import { faultStore } from './store-kill.js';

interface Flags {
  json?: string;
}

interface Found {
  rows: Row[];
  violations: string[];
}

interface MaskFlags extends Flags {
  frames: number;
  seed: number;
  camera?: boolean;
  pipeline?: boolean;
}

const say = (line: string): boolean => process.stderr.write(`fault: ${line}\n`);

async function print(what: string, { rows, violations }: Found, { json }: Flags): Promise<void> {
  const report = { ...reportOf(what, rows), violations };
  process.stdout.write(`${table(report)}\n`);
  for (const violation of violations) process.stdout.write(`VIOLATION ${violation}\n`);
  if (json) await writeReport(json, report);
  process.exitCode = violations.length > 0 ? 1 : 0;
}

/** The pipeline process between stand-ins first, which is quick; then all of a camera. */
async function faultBothMasks({ frames, seed, camera, pipeline }: MaskFlags): Promise<Found> {
  const alone = pipeline ? frames : Math.ceil(frames / 5);
  const nothing: Found = { rows: [], violations: [] };
  const first = camera ? nothing : await faultMask(say, { frames: alone, seed });
  const whole = pipeline ? nothing : await faultMaskCamera(say, { frames, seed });
  return { rows: [...first.rows, ...whole.rows], violations: [...first.violations, ...whole.violations] };
}

const program = new Command('npm run fault --').description(
  'Breaks the camera on purpose and looks at what is left',
);
program
  .command('pipeline')
  .description('kill, stop and starve the pipeline process of a running camera')
  .option('--json <file>', 'write the rows as JSON')
  .action(async (flags: Flags) => print('fault pipeline', await faultPipeline(say), flags));
program
  .command('mask')
  .description(
    'turn, zoom and deceive a camera on a moving head, and search what comes out for private pixels',
  )
  .option('--json <file>', 'write the rows as JSON')
  .option(
    '--frames <count>',
    'frames of a whole camera; a fifth as many of the pipeline process alone',
    Number,
    10_000,
  )
  .option('--seed <number>', 'of the random choices', Number, 1)
  .option('--camera', 'only the whole camera')
  .option('--pipeline', 'only the pipeline process, as many frames')
  .action(async (flags: MaskFlags) => print('fault mask', await faultBothMasks(flags), flags));
program
  .command('store')
  .description('kill the writer and cut the power at its writes, and reopen what is left')
  .option('--json <file>', 'write the rows as JSON')
  .option('--kills <count>', 'kills of the writer', Number, 280)
  .option(
    '--cuts <count>',
    'power cuts: so many of single files, and as many of a card with a file system',
    Number,
    1000,
  )
  .option('--seed <number>', 'of the random choices', Number, 1)
  .action(async (flags: Flags & { kills: number; cuts: number; seed: number }) => {
    const files = await faultStore(say, flags);
    const card = await faultCard(say, flags);
    const rows = [...files.rows, ...card.rows];
    await print('fault store', { rows, violations: [...files.violations, ...card.violations] }, flags);
  });
program
  .command('month')
  .description(
    'months in minutes: cards that fail, clocks that jump, holds; compared with the truth, GOP by GOP',
  )
  .option('--json <file>', 'write the rows as JSON')
  .option('--months <count>', 'the planned one first, then others by chance', Number, 12)
  .option('--seed <number>', 'of the random choices', Number, 1)
  .action(async (flags: Flags & { months: number; seed: number }) =>
    print('fault month', await faultMonth(say, flags), flags),
  );
program
  .command('fuzz')
  .description('change the files of a store in many ways, and read what is left')
  .option('--json <file>', 'write the rows as JSON')
  .option('--cases <count>', 'changed stores', Number, 100_000)
  .option('--seed <number>', 'of the random choices', Number, 1)
  .option('--keep', 'add the cases that were taken in a new way to the corpus')
  .action(async (flags: Flags & { cases: number; seed: number; keep?: boolean }) =>
    print('fault fuzz', await fuzzStore(say, flags), flags),
  );
program
  .command('ota')
  .description('kill and cut updates everywhere, and show each attack and fault that they must survive')
  .option('--json <file>', 'write the rows as JSON')
  .option('--cuts <count>', 'half of them kills, half power cuts of a card with a file system', Number, 500)
  .option('--seed <number>', 'of the random choices', Number, 1)
  .action(async (flags: Flags & { cuts: number; seed: number }) =>
    print('fault ota', await faultOta(say, flags), flags),
  );

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`fault: ${errorLine(error)}\n`);
  process.exitCode = asVigieError(error).exitCode;
}
process.exit();

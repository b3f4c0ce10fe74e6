/** `npm run bench -- NAME [--json FILE]`. Prints a table; a missed goal is said and exits 0. */
import { Command, InvalidArgumentError } from 'commander';
import { asVigieError, errorLine } from '../errors.js';
import { benchAgainstMotion } from './against-motion.js';
import { benchAlert } from './alert.js';
import { benchAnonymise } from './anonymise.js';
import { benchDetect } from './detect.js';
import { benchEngines } from './engines.js';
import { benchFrame } from './frame.js';
import { benchMask } from './mask.js';
import { benchOta } from './ota.js';
import { benchPosture } from './posture.js';
import { benchQuality, setNames } from './quality/all.js';
import { type Row, reportOf, table, writeReport } from './report.js';
import { benchRetention } from './retention.js';
import { benchStore } from './store.js';

interface Flags {
  json?: string | undefined;
  gt?: string;
  input?: { width: number; height: number };
  threshold?: number;
}

const say = (line: string): boolean => process.stderr.write(`bench: ${line}\n`);

async function print(what: string, rows: Row[], { json }: Flags): Promise<void> {
  const report = reportOf(what, rows);
  process.stdout.write(
    `${report.what}, ${report.machine}, ${report.version} (${report.commit})\n${table(report)}\n`,
  );
  if (json) await writeReport(json, report);
}

function sizeOption(text: string): { width: number; height: number } {
  const [, width, height] = /^(\d+)x(\d+)$/.exec(text) ?? [];
  if (Number(width) % 32 === 0 && Number(height) % 32 === 0)
    return { width: Number(width), height: Number(height) };
  throw new InvalidArgumentError('Write for example 384x288, multiples of 32.');
}

function scoreOption(text: string): number {
  const score = Number(text);
  if (text.trim() !== '' && score > 0 && score < 1) return score;
  throw new InvalidArgumentError('Write a score between 0 and 1.');
}

const program = new Command('npm run bench --').description(
  'Measures speed, memory and quality (docs/measures.md)',
);
program
  .command('frame')
  .description('the path of a frame against bare gst-launch: throughput, CPU, latency, memory')
  .option('--json <file>', 'write the rows as JSON')
  .action(async (flags: Flags) => print('frame', await benchFrame(say), flags));
program
  .command('detect')
  .description('time for a look, and recall and precision when a ground truth is given')
  .option('--json <file>', 'write the rows as JSON')
  .option('--gt <file>', 'ground truth of the sample clip, MOT15 rows')
  .option('--input <WxH>', 'size the model looks at, multiples of 32', sizeOption)
  .option('--threshold <score>', 'lowest score that counts', scoreOption)
  .action(async ({ json, ...options }: Flags) => print('detect', await benchDetect(options), { json }));
program
  .command('engines')
  .description('what could run the detector against what does: both engines, and 8-bit integers')
  .option('--json <file>', 'write the rows as JSON')
  .option('--gt <file>', 'ground truth of the sample clip, MOT15 rows')
  .action(async ({ json, ...options }: Flags) => print('engines', await benchEngines(options), { json }));
program
  .command('posture')
  .description('whether a posture model tells someone lying from someone upright better than their box does')
  .option('--json <file>', 'write the rows as JSON')
  .requiredOption('--data <dir>', 'directory that holds urfall/, the clips of falls and their labels')
  .requiredOption('--weights <dir>', 'directory that holds movenet-lightning.json and .bin')
  .action(async ({ json, ...options }: Flags & { data: string; weights: string }) =>
    print('posture', await benchPosture(options), json ? { json } : {}),
  );
program
  .command('mask')
  .description('the mask on a head that moves: time a frame for 3, 20 and 100 zones')
  .option('--json <file>', 'write the rows as JSON')
  .action(async (flags: Flags) => print('mask', benchMask(), flags));
program
  .command('anonymise')
  .description('time to cover 50 people, and what of them stays uncovered when a ground truth is given')
  .option('--json <file>', 'write the rows as JSON')
  .option('--gt <file>', 'ground truth of the sample clip, MOT15 rows')
  .option('--pictures <dir>', 'write pictures of what was missed here')
  .action(async ({ json, ...options }: Flags & { pictures?: string }) =>
    print('anonymise', await benchAnonymise(say, options), { json }),
  );
program
  .command('quality')
  .description('people, novelty, falls and weather on footage with known answers')
  .option('--json <file>', 'write the rows as JSON')
  .option('--data <dir>', 'folder with the footage and its labels (docs/measures.md)')
  .option('--only <sets...>', `some of: ${setNames.join(', ')}`, [])
  .action(async ({ json, ...options }: Flags & { data?: string; only: string[] }) =>
    print('quality', await benchQuality(say, options), { json }),
  );
program
  .command('alert')
  .description('from an event in the picture to the alert at a connected client')
  .option('--json <file>', 'write the rows as JSON')
  .option('--events <count>', 'how many', Number, 100)
  .action(async ({ json, events }: Flags & { events: number }) =>
    print('alert', await benchAlert(say, { events }), { json }),
  );
program
  .command('motion')
  .description('CPU for each frame at 1080p25, looking and not, against the program motion')
  .option('--json <file>', 'write the rows as JSON')
  .option('--seconds <count>', 'of each run', Number, 60)
  .option('--rounds <count>', 'of all sides in turn', Number, 3)
  .action(async ({ json, seconds, rounds }: Flags & { seconds: number; rounds: number }) =>
    print('motion', await benchAgainstMotion(say, { seconds, rounds }), { json }),
  );
program
  .command('store')
  .description('the circular store: writing, bytes on the device, reading, start-up, memory')
  .option('--json <file>', 'write the rows as JSON')
  .option('--segments <count>', 'sealed segments of the larger ring whose start is measured', Number, 4000)
  .option('--directory <dir>', 'write the files here (default: where temporary files go)')
  .action(async ({ json, ...options }: Flags & { segments: number; directory?: string }) =>
    print('store', await benchStore(say, options), json ? { json } : {}),
  );
program
  .command('retention')
  .description('a look over every segment, and what the register writes and keeps')
  .option('--json <file>', 'write the rows as JSON')
  .option('--segments <count>', 'segments of the ring', Number, 57_600)
  .action(async (flags: Flags & { segments: number }) =>
    print('retention', await benchRetention(say, flags), flags),
  );
program
  .command('ota')
  .description('updates: sizes, time and memory to make and to apply, seconds without recording')
  .option('--json <file>', 'write the rows as JSON')
  .option('--rounds <count>', 'of applying, checking and updating a whole camera', Number, 3)
  .action(async ({ json, rounds }: Flags & { rounds: number }) =>
    print('ota', await benchOta(say, { rounds }), { json }),
  );

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`bench: ${errorLine(error)}\n`);
  process.exitCode = asVigieError(error).exitCode;
}

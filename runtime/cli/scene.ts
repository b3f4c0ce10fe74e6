/**
 * `vigie scene`: how the picture lies on the ground, and how well people are seen in each designated zone (docs/scene.md).
 * Called by cli/main.ts. Reads one configuration; opens no camera and writes nothing.
 */
import { Command, Option } from 'commander';
import { checkConfig } from '../config/checks.js';
import { inputSize } from '../config/detect.js';
import { checkSight, detected, inputHeight } from '../config/ground.js';
import { loadConfig } from '../config/load.js';
import type { Config, WatchedZone } from '../config/schema.js';
import type { Problem } from '../config/wording.js';
import { type Calibration, calibrate } from '../scene/calibration.js';
import { type ZoneSight, zoneSight } from '../scene/zone-sight.js';
import { printRows } from './keeping-flags.js';
import { figure, type SceneWords, sceneWords, type Verdict } from './scene-words.js';
import type { Language } from './store-words.js';

interface Flags {
  config: string;
  language?: Language;
  json?: boolean;
}

interface ZoneTold {
  zone: string;
  verdict: Verdict;
  sight: ZoneSight | null;
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** The `scene` command, to be added to `vigie`. */
export function sceneCommand(): Command {
  return new Command('scene')
    .description(
      'How the picture lies on the ground, and where people would be too small. Exit code 1 when a zone is refused',
    )
    .requiredOption('--config <file>', 'configuration file (docs/configuration.md)')
    .option('--json', 'print JSON')
    .addOption(new Option('--language <language>', 'language of what is printed').choices(['fr', 'en']))
    .action((flags: Flags) => {
      const config = loadConfig(flags.config, allButSight);
      const calibration = calibrationOf(config);
      const zones = config.zones.map((zone) => tell(zone, config, calibration));
      if (zones.some(({ verdict }) => verdict === 'blind' || verdict === 'horizon')) process.exitCode = 1;
      if (flags.json) print(JSON.stringify(asJson(config, calibration, zones), null, 2));
      else show(config, calibration, zones, sceneWords(flags.language));
    });
}

/** The zones refused for how they are seen are what this command is for. */
function allButSight(config: Config): Problem[] {
  const place = ({ path, text }: Problem): string => `${path.join('.')} ${text}`;
  const refused = new Set(checkSight(config).map(place));
  return checkConfig(config).filter((problem) => !refused.has(place(problem)));
}

function calibrationOf({ scene: { ground }, picture }: Config): Calibration | null {
  const found = ground && calibrate(ground, picture);
  return found && 'ground' in found ? found : null;
}

function tell(zone: WatchedZone, config: Config, calibration: Calibration | null): ZoneTold {
  const sight = calibration && zoneSight(zone.points, calibration.ground, inputHeight(config));
  return { zone: zone.name, verdict: verdictOf(zone, config, calibration, sight), sight };
}

function verdictOf(
  zone: WatchedZone,
  { scene }: Config,
  calibration: Calibration | null,
  sight: ZoneSight | null,
): Verdict {
  if (!calibration) return 'unknown';
  if (!detected(zone)) return 'other';
  if (!sight) return 'horizon';
  return sight.personPixels.worst >= scene.leastPersonPixels ? 'good' : 'blind';
}

function asJson(config: Config, calibration: Calibration | null, zones: ZoneTold[]): object {
  const ground = calibration && {
    from: calibration.from,
    off: calibration.off,
    offUnit: calibration.offUnit,
  };
  const { leastPersonPixels } = config.scene;
  const rows = zones.map(({ zone, verdict, sight }) => ({
    zone,
    verdict,
    pixelsPerMetre: sight?.pixelsPerMetre ?? null,
    personPixels: sight?.personPixels ?? null,
    squareMetres: sight?.squareMetres ?? null,
  }));
  return { ground, leastPersonPixels, zones: rows };
}

function show(config: Config, calibration: Calibration | null, zones: ZoneTold[], words: SceneWords): void {
  if (!calibration) print(words.noGround);
  else {
    const { from, off, offUnit } = calibration;
    print(words.from[from](off.length));
    if (from === 'points' && off.length === 4) print(words.exact);
    else
      for (const [i, value] of off.entries())
        print(words.off(`${from}[${i}]`, rounded(value, words), offUnit));
  }
  const { leastPersonPixels } = config.scene;
  const input = inputSize(config.picture, config.detect);
  print(words.input(input.inputWidth, input.inputHeight, String(leastPersonPixels)));
  if (zones.length === 0) return print(words.noZones);
  const { columns } = words;
  const heading = [columns.zone, columns.pixelsPerMetre, columns.person, columns.area, columns.verdict];
  printRows([heading, ...zones.map((zone) => rowOf(zone, words))]);
}

/** How far a mark is off, never less than it is. */
function rounded(value: number, words: SceneWords): string {
  return figure(Math.ceil(value * 100) / 100, 2, words);
}

function rowOf({ zone, verdict, sight }: ZoneTold, words: SceneWords): string[] {
  const verdictText = words.verdicts[verdict];
  if (!sight) return [zone, words.unknown, words.unknown, words.unknown, verdictText];
  const { pixelsPerMetre, personPixels, squareMetres } = sight;
  const span = ({ worst, best }: { worst: number; best: number }): string =>
    `${figure(worst, 1, words)} … ${figure(best, 1, words)}`;
  return [
    zone,
    span(pixelsPerMetre),
    `${span(personPixels)} px`,
    `${figure(squareMetres, 1, words)} m²`,
    verdictText,
  ];
}

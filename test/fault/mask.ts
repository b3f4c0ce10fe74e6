/**
 * `npm run fault -- mask`: a camera on a moving head looks at a street with private places in known colours. Is any of them
 * ever seen in what comes out, and how much of the street is hidden needlessly (docs/faults.md, "The mask")? The same
 * functions serve test/fault/mask.test.ts.
 */
import { atMost, type Row, row } from '../../runtime/health/report.js';
import { gentle } from './mask-head.js';
import { runMask } from './mask-run.js';
import { type SearchFound, type Share, search } from './mask-search.js';

export const FULL_GOAL_PERCENT = 5;
const CONTROL_FRAMES = 150;

/**
 * A sensor that takes long, on a head that turns gently: the picture moves as the head says, only later. That is what the
 * compensation of the latency is for; nothing else notices it.
 */
export const slowSensor = { readOutMs: 200, head: gentle, phases: ['sweep'] } as const;

export interface MaskFound extends SearchFound {
  /** replacements of the pipeline process that nobody asked for */
  failures: string[];
}

export async function examineMask(options: Parameters<typeof runMask>[0]): Promise<MaskFound> {
  const run = await runMask(options);
  return { ...(await search(run)), failures: run.failures };
}

/** Everything that may go wrong, then the two negative controls; rows of the report and whether a promise was broken. */
export async function faultMask(
  say: (line: string) => void,
  { frames, seed }: { frames: number; seed: number },
): Promise<{ rows: Row[]; violations: string[] }> {
  say(`${frames} frames`);
  const found = await examineMask({ frames, seed });
  for (const { mark, phase, pixels, state } of found.leakingFrames.slice(0, 20)) {
    say(`frame ${mark ?? 'without a number'} (${phase}, ${state}): ${pixels} pixels`);
  }
  say('negative control: no zones');
  const open = await examineMask({ frames: CONTROL_FRAMES, seed, zones: [], phases: ['presets'] });
  say('negative control: latency not compensated');
  const late = await examineMask({ frames: CONTROL_FRAMES, seed, ...slowSensor, compensated: false });
  const violations = violationsOf(found);
  if (leaksOf(open) === 0) violations.push('control: a camera without a mask shows nothing private');
  if (leaksOf(late) === 0) violations.push('control: a mask that is late hides everything all the same');
  const rows = [
    ...rowsOf(found),
    row('control, no zones: private pixels', leaksOf(open), 'pixels'),
    row('control, latency not compensated: private pixels', leaksOf(late), 'pixels'),
  ];
  return { rows, violations };
}

export function leaksOf(found: SearchFound): number {
  return found.privatePixels + found.zonePixels;
}

/** What no run may show. */
export function violationsOf(found: MaskFound): string[] {
  const broken: string[] = [];
  const { privatePixels, zonePixels, picturePixels, leakingFrames } = found;
  if (privatePixels > 0) broken.push(`${privatePixels} pixels of private colours came out of the encoder`);
  if (zonePixels > 0)
    broken.push(`${zonePixels} pixels of zones are not black in ${leakingFrames.length} frames`);
  if (picturePixels > 0) broken.push(`${picturePixels} pixels of private colours are in still pictures`);
  for (const failure of found.failures) broken.push(`the pipeline process was replaced: ${failure}`);
  return broken;
}

function rowsOf(found: MaskFound): Row[] {
  const shares = Object.entries(found.phases);
  const all = shares.map(([, share]) => share);
  const patrol = found.phases.patrol;
  return [
    row('frames searched', found.frames, 'frames'),
    row('of them without a number, searched for colours only', found.unmatched, 'frames'),
    atMost('private pixels', found.privatePixels, 'pixels', 0),
    atMost('pixels of zones that are not black', found.zonePixels, 'pixels', 0),
    row('still pictures searched', found.pictures, 'pictures'),
    atMost('private pixels in still pictures', found.picturePixels, 'pixels', 0),
    atMost('patrol: frames hidden as a whole', patrol ? fullPercent([patrol]) : 100, '%', FULL_GOAL_PERCENT),
    row('all phases: frames hidden as a whole', fullPercent(all), '%'),
    row('patrol: street needlessly hidden in the other frames', patrol ? hiddenPercent([patrol]) : 0, '%'),
    row('all phases: street needlessly hidden in the other frames', hiddenPercent(all), '%'),
    ...shares.map(([phase, share]) => row(`${phase}: frames hidden as a whole`, fullPercent([share]), '%')),
    ...shares.flatMap(([phase, share]) =>
      Object.entries(share.whys).map(([why, frames]) => row(`- ${phase}: hidden, ${why}`, frames, 'frames')),
    ),
    ...(Number.isFinite(found.offMs[0])
      ? [
          row('time of a frame before its exposure, at most', Math.max(0, -found.offMs[0]), 'ms'),
          row('time of a frame after its exposure, at most', Math.max(0, found.offMs[1]), 'ms'),
        ]
      : []),
  ];
}

export function fullPercent(shares: Share[]): number {
  return percent(sum(shares, 'full'), sum(shares, 'frames'));
}

export function hiddenPercent(shares: Share[]): number {
  return percent(sum(shares, 'hidden'), sum(shares, 'street'));
}

function sum(shares: Share[], what: 'frames' | 'full' | 'street' | 'hidden'): number {
  return shares.reduce((total, share) => total + share[what], 0);
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : (100 * part) / whole;
}

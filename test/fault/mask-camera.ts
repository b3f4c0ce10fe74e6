/**
 * `npm run fault -- mask --camera`: a whole camera on a simulated head is turned about by an operator while line, head and pipeline
 * process break. Is anything private on its card, in the live view, in still pictures (docs/faults.md, "The mask")? The same
 * functions serve test/fault/mask-camera.test.ts.
 */
import { atMost, type Row, row } from '../../runtime/health/report.js';
import { FULL_GOAL_PERCENT, fullPercent, hiddenPercent, leaksOf } from './mask.js';
import { type CameraFound, type CameraRunOptions, runWholeCamera } from './mask-camera-run.js';
import { type CameraSearch, searchCamera } from './mask-camera-search.js';

const CONTROL_FRAMES = 150;

/** What is told of the sensor's delay is wrong by so much, on a head that turns gently: nothing but the compensation notices. */
export const slowCamera = { readOutMs: 200, gentle: true, phases: ['sweep'] } as const;

export interface CameraExamined extends CameraSearch {
  found: CameraFound;
}

export async function examineCamera(options: CameraRunOptions): Promise<CameraExamined> {
  const found = await runWholeCamera(options);
  options.say?.('searching recording, live view and still pictures');
  return { found, ...(await searchCamera(found)) };
}

/** Everything that may go wrong, on a head of either kind, then the controls. */
export async function faultMaskCamera(
  say: (line: string) => void,
  { frames, seed }: { frames: number; seed: number },
): Promise<{ rows: Row[]; violations: string[] }> {
  const rows: Row[] = [];
  const violations: string[] = [];
  for (const protocol of ['visca', 'pelco-d'] as const) {
    say(`a whole camera, head by ${protocol}: ${Math.ceil(frames / 2)} frames`);
    const examined = await examineCamera({ frames: Math.ceil(frames / 2), seed, protocol, say });
    sayLeaks(say, examined);
    rows.push(...rowsOf(examined, protocol));
    violations.push(...violationsOf(examined).map((violation) => `${protocol}: ${violation}`));
  }
  say('a whole camera, negative control: no zones');
  const open = await examineCamera({ frames: CONTROL_FRAMES, seed, zones: [], phases: ['presets'] });
  say('a whole camera, negative control: latency not compensated');
  const late = await examineCamera({ frames: CONTROL_FRAMES, seed, ...slowCamera, compensated: false });
  for (const [control, { recorded, live }] of [
    ['no zones', open],
    ['latency not compensated', late],
  ] as const) {
    const [onCard, inLive] = [leaksOf(recorded), leaksOf(live)];
    rows.push(row(`camera, control, ${control}: private pixels recorded`, onCard, 'pixels'));
    rows.push(row(`camera, control, ${control}: private pixels in live view`, inLive, 'pixels'));
    if (onCard === 0 || inLive === 0) violations.push(`control, ${control}: nothing was found to leak`);
  }
  return { rows, violations };
}

function sayLeaks(say: (line: string) => void, { recorded, live }: CameraExamined): void {
  for (const [where, { leakingFrames }] of [
    ['recorded', recorded],
    ['live', live],
  ] as const) {
    for (const { mark, phase, pixels, state } of leakingFrames.slice(0, 20))
      say(`${where}: frame ${mark ?? 'without a number'} (${phase}, ${state}): ${pixels} pixels`);
  }
}

/** What no run may show. */
export function violationsOf({ recorded, live, found }: CameraExamined): string[] {
  const broken: string[] = [];
  for (const [where, { privatePixels, zonePixels, leakingFrames }] of [
    ['on the card', recorded],
    ['in the live view', live],
  ] as const) {
    if (privatePixels > 0) broken.push(`${privatePixels} pixels of private colours are ${where}`);
    if (zonePixels > 0)
      broken.push(`${zonePixels} pixels of zones are not black ${where}, in ${leakingFrames.length} frames`);
  }
  if (recorded.picturePixels > 0)
    broken.push(`${recorded.picturePixels} pixels of private colours are in still pictures`);
  for (const failure of found.failures) broken.push(failure);
  for (const finding of found.byLog.findings) broken.push(`mask check: ${finding}`);
  if (found.damages > 0) broken.push(`the store has ${found.damages} damages`);
  return broken;
}

function rowsOf({ recorded, live, states, found }: CameraExamined, protocol: string): Row[] {
  const shares = Object.entries(recorded.phases);
  const all = shares.map(([, share]) => share);
  const { patrol } = recorded.phases;
  const rows = [
    row('frames recorded', recorded.frames, 'frames'),
    row('frames in the live view', live.frames, 'frames'),
    row('of the recorded without a number, searched for colours only', recorded.unmatched, 'frames'),
    row('still pictures searched', recorded.pictures, 'pictures'),
    atMost('private pixels recorded', recorded.privatePixels, 'pixels', 0),
    atMost('pixels of zones that are not black, recorded', recorded.zonePixels, 'pixels', 0),
    atMost('private pixels in the live view', live.privatePixels, 'pixels', 0),
    atMost('pixels of zones that are not black, live view', live.zonePixels, 'pixels', 0),
    atMost('private pixels in still pictures', recorded.picturePixels, 'pixels', 0),
    atMost('patrol: frames hidden as a whole', patrol ? fullPercent([patrol]) : 100, '%', FULL_GOAL_PERCENT),
    ...Object.entries(patrol?.whys ?? {}).map(([why, n]) =>
      row(`patrol: hidden as a whole, ${why}`, n, 'frames'),
    ),
    row('patrol: street needlessly hidden in the other frames', patrol ? hiddenPercent([patrol]) : 0, '%'),
    row('all phases: street needlessly hidden in the other frames', hiddenPercent(all), '%'),
    ...shares.map(([phase, share]) => row(`${phase}: frames hidden as a whole`, fullPercent([share]), '%')),
    ...Object.entries(states).map(([state, frames]) =>
      row(`frames with the stamp ${state}`, frames, 'frames'),
    ),
    row('zones added over the control plane', found.edits.added, 'changes'),
    row('zones removed over the control plane', found.edits.removed, 'changes'),
    row('changes of zones that could not be made', found.edits.failed, 'changes'),
    row('pictures checked from the log alone', found.byLog.pictures, 'pictures'),
    atMost('findings of that check', found.byLog.findings.length, 'findings', 0),
    row('orders refused', found.refused, 'orders'),
    row('times the operator had to send the head home', found.homed, 'times'),
    row('phases after which the picture stayed hidden', found.stayedHidden.length, 'phases'),
  ];
  if (Number.isFinite(recorded.offMs[0])) {
    rows.push(row('time of a frame before its exposure, at most', Math.max(0, -recorded.offMs[0]), 'ms'));
    rows.push(row('time of a frame after its exposure, at most', Math.max(0, recorded.offMs[1]), 'ms'));
  }
  return rows.map((one) => ({ ...one, name: `camera, ${protocol}: ${one.name}` }));
}

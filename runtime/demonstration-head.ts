/**
 * The demonstration on a head that turns: a street drawn by code, seen by a simulated head behind a real serial device, its
 * private windows and doors as zones by directions, places to go to and a patrol. Written once like the other demonstration
 * (demonstration.ts), and then read like any camera's.
 */
import { resolve } from 'node:path';
import { virtualHeadLimits, virtualHeadOptions } from '../board/virtual/head.js';
import { HeadStage } from '../board/virtual/head-stage.js';
import { drawPanorama } from '../board/virtual/panorama.js';
import { VigieError } from '../errors.js';
import type { Config, ConfigInput } from './config/schema.js';
import { DEMONSTRATION_ID } from './demonstration.js';

const PROTOCOL = 'visca';
const SEED = 1;
/** From the exposure to the pipe, and the soonest from there to capture. */
const READ_OUT_MS = 40;
const ARRIVAL_MS = 1;

/** @param stateDirectory absolute: device and pipe appear in `head` in it */
export function headDemonstrationConfig(stateDirectory: string, language: 'fr' | 'en'): ConfigInput {
  const options = virtualHeadOptions(PROTOCOL, SEED);
  const { panDeg, tiltDeg, hfovDeg, ...speeds } = virtualHeadLimits(options);
  const pair = ([least, most]: readonly [number, number]): [number, number] => [least, most];
  return {
    camera: { id: DEMONSTRATION_ID, name: 'Démonstration sur tourelle', language },
    board: 'virtual',
    sensor: { kind: 'pipe', file: 'head/picture', stamped: true },
    picture: { width: 960, height: 544, framesPerSecond: 15 },
    mask: { zones: drawPanorama().zones.map((zone, index) => ({ ...zone, name: `Logement ${index + 1}` })) },
    head: {
      protocol: PROTOCOL,
      device: resolve(stateDirectory, 'head', 'line'),
      travel: {
        ...speeds,
        panDeg: pair(panDeg),
        tiltDeg: pair(tiltDeg),
        hfovDeg: pair(hfovDeg),
      },
      lens: { k1: -0.06, k2: 0.01, rollDeg: 1 },
      limits: { tiltDeg: [-40, 20], hfovDeg: [6, 60] },
      trust: { positionDelayMs: options.positionAgeMs },
      frameDelayMs: READ_OUT_MS + ARRIVAL_MS,
      presets: [
        { name: 'Vue large', panDeg: 0, tiltDeg: -4, hfovDeg: 60 },
        { name: 'Commerces', panDeg: 27, tiltDeg: 1, hfovDeg: 24 },
        { name: 'Rue est', panDeg: 85, tiltDeg: -8, hfovDeg: 45 },
        { name: 'Rue ouest', panDeg: -80, tiltDeg: -8, hfovDeg: 45 },
      ],
      patrols: [
        {
          name: 'Tour du quartier',
          stops: [
            { preset: 'Vue large', seconds: 8 },
            { preset: 'Rue est', seconds: 8 },
            { preset: 'Commerces', seconds: 8 },
            { preset: 'Rue ouest', seconds: 8 },
          ],
        },
      ],
    },
    detect: { enabled: false },
    record: { capacityMiB: 512 },
  };
}

/** What plays the head and the sensor that the configuration names. @throws VigieError `config` when it names others */
export function headStage({ head, sensor, picture }: Config): HeadStage {
  if (!head || sensor.kind !== 'pipe' || !sensor.stamped) {
    const hint = 'Use a state directory of its own with --state';
    throw new VigieError('config', 'This demonstration was made without a head', hint);
  }
  const { protocol, device, lens, frameDelayMs } = head;
  const { principal, k1, k2, rollDeg } = lens;
  return new HeadStage({
    protocol,
    device,
    pipe: sensor.file,
    ...picture,
    lens: { principal, k1, k2, rollDeg },
    delayMs: Math.max(0, frameDelayMs - ARRIVAL_MS),
    seed: SEED,
  });
}

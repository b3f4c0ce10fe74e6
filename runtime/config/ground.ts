/**
 * What must be true of the calibration and of the zones that need it. Part of checks.ts. It changes nothing; the figures it
 * refuses with are those of `vigie scene`.
 */
import { calibrate } from '../scene/calibration.js';
import { zoneSight } from '../scene/zone-sight.js';
import { inputSize } from './detect.js';
import type { Config } from './schema.js';
import type { Problem } from './wording.js';
import { behaviourNames, type WatchedZone } from './zones.js';

/** Height of the picture that the model sees, pixels. */
export function inputHeight({ detect, picture }: Config): number {
  return inputSize(picture, detect).inputHeight;
}

/** What is wrong with how the picture lies on the ground. */
export function checkGround(config: Config): Problem[] {
  const { ground } = config.scene;
  const problems = checkDensity(config);
  if (!ground) return problems;
  const path = ['scene', 'ground'];
  if (config.head) {
    const text = 'is given, but the head moves the camera: the marks are true of one view only';
    return [...problems, { path, text, hint: 'Remove it; a camera on a head tells no metres' }];
  }
  if ((ground.points === undefined) === (ground.people === undefined)) {
    const text = ground.points ? 'has both points and people' : 'has neither points nor people';
    return [
      ...problems,
      { path, text, hint: 'Give four or more marks, or three or more people of known height' },
    ];
  }
  if (ground.points && ground.hfovDeg !== undefined) {
    const text = 'is given with points, which tell the lens themselves';
    return [...problems, { path: [...path, 'hfovDeg'], text, hint: 'Remove it' }];
  }
  const found = calibrate(ground, config.picture);
  if ('ground' in found) return problems;
  const { index, text, hint } = found;
  const marks = [...path, ground.points ? 'points' : 'people'];
  return [...problems, { path: index === null ? marks : [...marks, index], text, hint }];
}

function checkDensity({ zones, scene }: Config): Problem[] {
  return zones.flatMap(({ density }, index) => {
    if (!density) return [];
    const path = ['zones', index, 'density'];
    if (density.capacity === undefined && density.perSquareMetre === undefined) {
      const hint = 'Give `capacity`, or `perSquareMetre` with `scene.ground`';
      return [{ path, text: 'does not say how many people are too many', hint }];
    }
    if (density.perSquareMetre === undefined || scene.ground) return [];
    const hint = 'Mark the ground in `scene.ground`, or give `capacity`';
    return [{ path: [...path, 'perSquareMetre'], text: 'needs to know how large the zone is', hint }];
  });
}

/** Zones where the detector would be blind, as far as the calibration tells. `vigie scene` shows them all the same. */
export function checkSight(config: Config): Problem[] {
  const { ground, leastPersonPixels } = config.scene;
  if (!ground || config.head) return [];
  const found = calibrate(ground, config.picture);
  if (!('ground' in found)) return [];
  return config.zones.flatMap((zone, index): Problem[] => {
    if (!detected(zone)) return [];
    const path = ['zones', index, 'points'];
    const sight = zoneSight(zone.points, found.ground, inputHeight(config));
    if (!sight) {
      const hint = 'Draw it lower, or check the marks of scene.ground';
      return [{ path, text: 'part of it is above the horizon, or next to it', hint }];
    }
    const { worst } = sight.personPixels;
    if (worst >= leastPersonPixels) return [];
    const text = `a person is only ${worst.toFixed(1)} pixels tall for the detector where they look smallest; ${leastPersonPixels} are needed`;
    const hint = 'Draw the zone nearer, raise detect.inputHeight and inputWidth, or use a longer lens';
    return [{ path, text, hint }];
  });
}

/** Whether the detector must see people or vehicles there; a fire or a weapon is for a model of its own. */
export function detected(zone: WatchedZone): boolean {
  return behaviourNames.some((name) => name !== 'fire' && name !== 'weapon' && zone[name]);
}

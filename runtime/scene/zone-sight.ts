/**
 * How well the camera sees people in a designated zone, from the calibration alone. Used by the check of the configuration,
 * which refuses a zone where the detector would be blind, and by `vigie scene`. Pure functions.
 */
import type { Point } from '../../pipelines/messages.js';
import { type PlaneGround, squareMetres } from './ground.js';

/** Height of the person who must be seen everywhere in a zone, metres. */
export const PERSON_METRES = 1.7;

/** Places looked at on each side of a zone. What is farthest lies on its border. */
const PLACES_A_SIDE = 16;

export interface ZoneSight {
  /** picture pixels, across, for one metre on the ground, where it is worst and where it is best */
  pixelsPerMetre: { worst: number; best: number };
  /** height of a person in the picture that the model sees, pixels */
  personPixels: { worst: number; best: number };
  squareMetres: number;
}

/**
 * @param inputHeight of the picture that the model sees, pixels
 * @returns null when part of the zone is above the horizon, or next to it
 */
export function zoneSight(
  points: readonly Point[],
  ground: PlaneGround,
  inputHeight: number,
): ZoneSight | null {
  const area = squareMetres(ground, points);
  const places = points.flatMap((from, i) => alongSide(from, points[(i + 1) % points.length] as Point));
  const across = places.map((place) => ground.pixelsPerMetre(place));
  const tall = places.map((place) => ground.personPixels(place, PERSON_METRES));
  if (area === null || !across.every((value) => value !== null)) return null;
  if (!tall.every((value) => value !== null)) return null;
  const shrunk = inputHeight / ground.size.height;
  return {
    pixelsPerMetre: { worst: Math.min(...across), best: Math.max(...across) },
    personPixels: { worst: Math.min(...tall) * shrunk, best: Math.max(...tall) * shrunk },
    squareMetres: area,
  };
}

function alongSide([x0, y0]: Point, [x1, y1]: Point): Point[] {
  return Array.from({ length: PLACES_A_SIDE }, (_, k) => {
    const share = k / PLACES_A_SIDE;
    return [x0 + share * (x1 - x0), y0 + share * (y1 - y0)];
  });
}

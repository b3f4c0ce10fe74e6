/**
 * Weather and light laid over the pictures of a clip: what wakes cameras for nothing. Used by tests and by weather-alarms.ts.
 * Each is a function of seed, strength and time alone, so that a failing case can be run again.
 */
import type { PictureSize } from '../../pipelines/frame.js';
import { Canvas, chance } from './weather-canvas.js';

export const weatherKinds = [
  'night',
  'insects',
  'rain',
  'snow',
  'headlights',
  'shadows',
  'shake',
  'lamps',
  'lightning',
] as const;
export type WeatherKind = (typeof weatherKinds)[number];

/** Changes an I420 picture in place. */
export type Overlay = (frame: Buffer, size: PictureSize, seconds: number) => void;

export interface OverlayOptions {
  seed: number;
  /** 1 is what a street camera sees in bad weather; 0 is none of it */
  strength: number;
}

export function overlay(kind: WeatherKind, { seed, strength }: OverlayOptions): Overlay {
  const draw = drawn[kind];
  return (frame, size, seconds) => {
    if (strength > 0) draw(new Canvas(frame, size, seed), seconds, strength, seed);
  };
}

type Draw = (canvas: Canvas, seconds: number, strength: number, seed: number) => void;

/** A sensor without light: little of it, no colour, gain noise. */
const night: Draw = (canvas, seconds, strength) => {
  canvas.light({ gain: 1 - 0.88 * Math.min(1, strength), colour: 0.35 });
  canvas.noise(7 * strength, seconds);
};

/** Under an infrared lamp: grey, bright in the middle; and insects near the lens, large, white, out of focus. */
const insects: Draw = (canvas, seconds, strength, seed) => {
  const { width, height } = canvas.size;
  canvas.light({ gain: 0.3, colour: 0 });
  canvas.lamp({ x: 0.5, y: 0.55, radius: 0.5, gain: 1.2 });
  canvas.noise(3, seconds);
  for (let slot = 0; slot < Math.round(5 * strength); slot++) {
    const every = 0.8 + 1.6 * chance(seed, slot);
    const flight = Math.floor(seconds / every + slot);
    const at = seconds / every + slot - flight;
    const own = (n: number): number => chance(seed, slot, flight, n);
    if (own(0) < 0.3) continue;
    const place = (share: number): [number, number] => [
      width * (own(1) + (own(2) - 0.5) * 1.6 * share + 0.05 * Math.sin(9 * share + 6 * own(3))),
      height * (own(4) + (own(5) - 0.5) * 1.6 * share + 0.06 * Math.sin(11 * share + 6 * own(6))),
    ];
    const radius = width * (0.008 + 0.03 * own(7) ** 2);
    // Exposed for a fiftieth of a second: a streak.
    for (let n = 0; n < 5; n++) {
      const [x, y] = place(at + (n * 0.004) / every);
      canvas.blob({ x, y, radius, luma: 235, cover: (0.18 + 0.25 * own(8)) * 0.6 });
    }
  }
};

/** Streaks that are elsewhere in every picture, and air that takes contrast. */
const rain: Draw = (canvas, seconds, strength, seed) => {
  const { width, height } = canvas.size;
  canvas.light({ gain: 1 - 0.15 * strength, offset: 12 * strength, colour: 0.8 });
  const moment = Math.round(seconds * 1000);
  const slant = 0.12 * Math.sin(seconds / 7);
  for (let drop = 0; drop < 350 * strength; drop++) {
    const own = (n: number): number => chance(seed, moment, drop, n);
    const near = own(0) ** 3;
    const length = height * (0.02 + 0.09 * near);
    const line = { x: own(1) * width, y: own(2) * height, length, slant, thick: 1 + Math.round(near * 1.5) };
    canvas.streak({ ...line, luma: 210, cover: 0.12 + 0.2 * own(3) });
  }
};

/** Flakes that fall and sway; the few near the lens are large and out of focus. */
const snow: Draw = (canvas, seconds, strength, seed) => {
  const { width, height } = canvas.size;
  canvas.light({ gain: 1 - 0.25 * strength, offset: 30 * strength, colour: 0.6 });
  for (let flake = 0; flake < 260 * strength; flake++) {
    const own = (n: number): number => chance(seed, flake, n);
    const near = own(0) ** 4;
    const fallen = own(1) + (seconds * (0.12 + 0.25 * own(2) + 0.7 * near)) / 1;
    const turn = Math.floor(fallen);
    const sway = 0.015 * Math.sin(seconds * (1 + 2 * own(3)) + 6 * own(4));
    const x = ((chance(seed, flake, turn, 5) + 0.1 * (fallen - turn) + sway + 1) % 1) * width;
    const radius = width * (0.0012 + 0.0015 * own(6) + 0.014 * near);
    canvas.blob({ x, y: (fallen - turn) * height, radius, luma: 235, cover: near > 0.3 ? 0.5 : 0.85 });
  }
};

/** A dark street, and now and then a car that comes nearer: two discs, their bloom, and their light on the ground. */
const headlights: Draw = (canvas, seconds, strength, seed) => {
  const { width, height } = canvas.size;
  canvas.light({ gain: 0.38, colour: 0.5 });
  canvas.noise(2.5, seconds);
  const every = 5;
  const car = Math.floor(seconds / every);
  const at = seconds / every - car;
  const own = (n: number): number => chance(seed, car, n);
  const fromLeft = own(0) < 0.5;
  const across = 0.1 + 0.8 * at;
  const near = 0.25 + at;
  const x = width * (fromLeft ? across : 1 - across);
  const y = height * (0.2 + 0.75 * at * (0.8 + 0.2 * own(1)));
  const ahead = fromLeft ? 0.08 : -0.08;
  const glow = 1.6 * strength;
  canvas.lamp({
    x: x / width + ahead * near,
    y: y / height + 0.1 * near,
    radius: 0.16 * near,
    gain: 1 + glow,
  });
  for (const side of [-1, 1]) {
    const lamp = { x: x + side * width * 0.022 * near, y, luma: 235 };
    canvas.blob({ ...lamp, radius: width * 0.06 * near, cover: 0.35 * strength });
    canvas.blob({ ...lamp, radius: width * 0.012 * near, cover: Math.min(1, 1.6 * strength) });
  }
};

/** Clouds that pass over the sun, and the long shadow of somebody who is not in the picture. */
const shadows: Draw = (canvas, seconds, strength, seed) => {
  const phase = 6 * chance(seed, 1);
  canvas.field((x, y) => {
    const cloud = Math.sin(5 * x + 2 * y - 0.9 * seconds + phase) + Math.sin(3 * y - 2 * x + 0.5 * seconds);
    const shade = 1 / (1 + Math.exp(-4 * cloud));
    return 1 - 0.4 * strength * shade;
  });
  const walked = ((seconds * 0.05 + chance(seed, 2)) % 1.3) - 0.15;
  const shadow = { x: walked, y: 0.35, length: 0.4, slant: 0.35, width: 0.02 };
  canvas.shadow({ ...shadow, gain: 1 - 0.45 * strength });
};

/** A mast in the wind. */
const shake: Draw = (canvas, seconds, strength, seed) => {
  const swing = (axis: number): number => {
    const rate = 2 + 4 * chance(seed, axis);
    return Math.sin(2 * Math.PI * (rate * seconds + chance(seed, axis, 1)));
  };
  const most = (canvas.size.width / 200) * strength;
  canvas.move(Math.round(most * swing(1)), Math.round(0.6 * most * swing(2)));
};

/** Public lighting that goes on and off: the step, and the exposure that follows it. */
const lamps: Draw = (canvas, seconds, strength) => {
  const every = 4;
  const on = Math.floor(seconds / every) % 2 === 0;
  const since = seconds % every;
  const settled = on ? 1 : 1 - 0.6 * strength;
  const overshoot = (on ? 0.35 : -0.25) * strength * Math.exp(-since / 0.4);
  canvas.light({ gain: Math.max(0.05, settled + overshoot), colour: on ? 1 : 0.6 });
  if (!on) canvas.noise(2.5 * strength, seconds);
};

/** A storm at dusk: flashes of a few tenths of a second, each of them flickering. */
const lightning: Draw = (canvas, seconds, strength, seed) => {
  canvas.light({ gain: 0.5, colour: 0.6 });
  canvas.noise(2, seconds);
  const every = 3;
  const storm = Math.floor(seconds / every);
  const since = seconds - storm * every - 2 * chance(seed, storm);
  if (since < 0 || since > 0.15 + 0.3 * chance(seed, storm, 1)) return;
  const flicker = 0.5 + 0.5 * Math.abs(Math.sin(40 * since + storm));
  canvas.light({ gain: 1 + 1.2 * strength * flicker, offset: 70 * strength * flicker, colour: 0.8 });
};

const drawn: Record<WeatherKind, Draw> = {
  night,
  insects,
  rain,
  snow,
  headlights,
  shadows,
  shake,
  lamps,
  lightning,
};

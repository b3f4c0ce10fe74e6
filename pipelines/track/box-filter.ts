/**
 * Where one object is and how fast it moves: a Kalman filter of constant velocity over the centre, width
 * and height of its box. Fed and read by track-state.ts; must never know how looks are matched.
 *
 * Noise weights are those of ByteTrack (Zhang et al., ECCV 2022, after DeepSORT, Wojke et al., ICIP 2017):
 * 1/20 of the box for position and 1/160 a frame for velocity. Two things differ, because looks come 1 to 10
 * times a second and not 30. Noise grows with time, as the continuous limit of ByteTrack's steps at 30 a
 * second, so predicting 0.2 s once or 0.1 s twice is the same. And the scale is the longer side of the box,
 * not its height, so that a long car is as uncertain as a tall person.
 *
 * The transition couples a coordinate only with its own velocity, every noise matrix is diagonal and each
 * coordinate is measured directly: the 8 x 8 covariance is four 2 x 2 blocks and stays so. Four filters of
 * two states are therefore exactly the one of eight, without a matrix library.
 */
import type { Box } from '../messages.js';

const POSITION_WEIGHT = 1 / 20;
const VELOCITY_WEIGHT = 1 / 160;
/** Frames a second for which those weights were chosen. */
const REFERENCE_RATE = 30;
/** Smallest side a prediction may shrink to, as a share of the picture. */
const LEAST_SIDE = 1e-4;

/** One coordinate: its value, its rate per second, and their covariance. */
interface Axis {
  value: number;
  rate: number;
  valueVariance: number;
  covariance: number;
  rateVariance: number;
}

export class BoxFilter {
  #x: Axis;
  #y: Axis;
  #width: Axis;
  #height: Axis;

  /**
   * @param box the first measurement, shares of the picture, sides above zero
   * @param aspect width of the picture over its height: a share across is that many times a share down
   */
  constructor(
    box: Box,
    readonly aspect: number,
  ) {
    const { across, down } = longSide(box, aspect);
    this.#x = firstAxis(box.x + box.width / 2, across);
    this.#y = firstAxis(box.y + box.height / 2, down);
    this.#width = firstAxis(box.width, across);
    this.#height = firstAxis(box.height, down);
  }

  /** An independent filter in the same state. */
  copy(): BoxFilter {
    const twin = new BoxFilter(this.box, this.aspect);
    twin.#x = { ...this.#x };
    twin.#y = { ...this.#y };
    twin.#width = { ...this.#width };
    twin.#height = { ...this.#height };
    return twin;
  }

  /**
   * Moves the state on by `seconds` (>= 0). With `keepSize` the box only moves: what nobody sees any more
   * must not grow or vanish on the strength of its last measurements.
   */
  predict(seconds: number, keepSize: boolean): void {
    const { across, down } = longSide(this.box, this.aspect);
    if (keepSize) {
      this.#width.rate = 0;
      this.#height.rate = 0;
    }
    advance(this.#x, seconds, across);
    advance(this.#y, seconds, down);
    advance(this.#width, seconds, across);
    advance(this.#height, seconds, down);
    this.#keepSides();
  }

  /** Takes in a measured box (shares of the picture). */
  correct(box: Box): void {
    const { across, down } = longSide(this.box, this.aspect);
    measure(this.#x, box.x + box.width / 2, across);
    measure(this.#y, box.y + box.height / 2, down);
    measure(this.#width, box.width, across);
    measure(this.#height, box.height, down);
    this.#keepSides();
  }

  /** The box as now believed, shares of the picture; may reach outside it. */
  get box(): Box {
    const width = this.#width.value;
    const height = this.#height.value;
    return { x: this.#x.value - width / 2, y: this.#y.value - height / 2, width, height };
  }

  /** Shares of the picture per second. */
  get velocity(): { x: number; y: number } {
    return { x: this.#x.rate, y: this.#y.rate };
  }

  /** Standard deviation of the centre over the longer side of the box; the same number across and down. */
  get doubt(): { x: number; y: number } {
    const { across, down } = longSide(this.box, this.aspect);
    return { x: Math.sqrt(this.#x.valueVariance) / across, y: Math.sqrt(this.#y.valueVariance) / down };
  }

  #keepSides(): void {
    this.#width.value = Math.max(LEAST_SIDE, this.#width.value);
    this.#height.value = Math.max(LEAST_SIDE, this.#height.value);
  }
}

/** The longer side of a box as seen in the picture, as a share of the picture's width and of its height. */
export function longSide(box: Box, aspect: number): { across: number; down: number } {
  const across = Math.max(box.width, box.height / aspect);
  return { across, down: across * aspect };
}

function firstAxis(value: number, scale: number): Axis {
  return {
    value,
    rate: 0,
    valueVariance: (2 * POSITION_WEIGHT * scale) ** 2,
    covariance: 0,
    rateVariance: (10 * VELOCITY_WEIGHT * REFERENCE_RATE * scale) ** 2,
  };
}

function advance(axis: Axis, t: number, scale: number): void {
  const valueNoise = (POSITION_WEIGHT * scale) ** 2 * REFERENCE_RATE;
  const rateNoise = (VELOCITY_WEIGHT * REFERENCE_RATE * scale) ** 2 * REFERENCE_RATE;
  axis.value += axis.rate * t;
  axis.valueVariance +=
    2 * t * axis.covariance + t * t * axis.rateVariance + valueNoise * t + (rateNoise * t ** 3) / 3;
  axis.covariance += t * axis.rateVariance + (rateNoise * t * t) / 2;
  axis.rateVariance += rateNoise * t;
}

function measure(axis: Axis, measured: number, scale: number): void {
  const noise = (POSITION_WEIGHT * scale) ** 2;
  const total = axis.valueVariance + noise;
  const gain = axis.valueVariance / total;
  const rateGain = axis.covariance / total;
  const surprise = measured - axis.value;
  axis.value += gain * surprise;
  axis.rate += rateGain * surprise;
  axis.rateVariance -= rateGain * axis.covariance;
  axis.covariance *= 1 - gain;
  axis.valueVariance *= 1 - gain;
}

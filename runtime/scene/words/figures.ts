/**
 * Figures in the words of an alert, rounded so that they never claim more than was measured. Read by reasons.ts and by the
 * words of each event; pure functions. There is no second place that rounds for an operator.
 */

/** Keeps guillemets with the name they enclose and a number with its unit, as French typography asks. */
export const NBSP = '\u00a0';

/** A tenth of a microsecond is given back: 2.3 in binary is a little less than 23 tenths. */
const BINARY = 1e-7;

export function floor(value: number, places: number): string {
  const scale = 10 ** places;
  return (Math.floor((value + BINARY) * scale) / scale).toFixed(places);
}

export function ceil(value: number, places: number): string {
  const scale = 10 ** places;
  return (Math.ceil((value - BINARY) * scale) / scale).toFixed(places);
}

/** A threshold as a person wrote it, at most three places. */
export function plain(value: number): string {
  return String(Number(value.toFixed(3)));
}

/** As French writes numbers. */
export function comma(figure: string): string {
  return figure.replace('.', ',');
}

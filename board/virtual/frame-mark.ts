/**
 * A number drawn into a picture, so that what comes out of an encoder can be matched to what went in. Written by
 * panorama-sensor.ts, read by tests. Two corners carry it: a mask may lie on either.
 */
import type { PictureSize } from '../../pipelines/frame.js';

const BLOCK = 8;
const BITS = 16;
const CHECK_BITS = 6;
const DARK = 60;
const BRIGHT = 220;
/** A block whose middle lies nearer to the border between the two than this is not believed. */
const DOUBT = 30;

/** Marks of one corner and of the other: bottom left, top right. */
function corners({ width, height }: PictureSize): { x: number; y: number }[] {
  return [
    { x: 0, y: height - BLOCK },
    { x: width - BLOCK * (BITS + CHECK_BITS), y: 0 },
  ];
}

/** @param number 0 to 65535 */
export function writeMark(picture: Uint8Array, size: PictureSize, number: number): void {
  const word = (number << CHECK_BITS) | checkOf(number);
  const half = size.width >> 1;
  const planes = [size.width * size.height, size.width * size.height + half * (size.height >> 1)];
  for (const corner of corners(size)) {
    const width = BLOCK * (BITS + CHECK_BITS);
    for (let bit = 0; bit < BITS + CHECK_BITS; bit++) {
      const luma = (word >> bit) & 1 ? BRIGHT : DARK;
      for (let y = corner.y; y < corner.y + BLOCK; y++) {
        const at = y * size.width + corner.x + bit * BLOCK;
        picture.fill(luma, at, at + BLOCK);
      }
    }
    for (const plane of planes) {
      for (let y = corner.y >> 1; y < (corner.y + BLOCK) >> 1; y++) {
        const at = plane + y * half + (corner.x >> 1);
        picture.fill(128, at, at + (width >> 1));
      }
    }
  }
}

/** The number in a picture; null when neither corner shows one. */
export function readMark(picture: Uint8Array, size: PictureSize): number | null {
  for (const corner of corners(size)) {
    const number = readAt(picture, size, corner);
    if (number !== null) return number;
  }
  return null;
}

/** Whether a pixel belongs to a mark, and thus shows nothing of the street. */
export function isMark({ width, height }: PictureSize, x: number, y: number): boolean {
  const long = BLOCK * (BITS + CHECK_BITS);
  return (x < long && y >= height - BLOCK) || (x >= width - long && y < BLOCK);
}

function readAt(
  picture: Uint8Array,
  { width }: PictureSize,
  corner: { x: number; y: number },
): number | null {
  let word = 0;
  for (let bit = 0; bit < BITS + CHECK_BITS; bit++) {
    const luma = picture[(corner.y + BLOCK / 2) * width + corner.x + bit * BLOCK + BLOCK / 2];
    if (luma < DARK - DOUBT || Math.abs(luma - (DARK + BRIGHT) / 2) < DOUBT) return null;
    if (luma > (DARK + BRIGHT) / 2) word |= 1 << bit;
  }
  const number = word >> CHECK_BITS;
  return checkOf(number) === (word & ((1 << CHECK_BITS) - 1)) ? number : null;
}

function checkOf(number: number): number {
  return (number * 37 + (number >> 8) * 11 + 21) & ((1 << CHECK_BITS) - 1);
}

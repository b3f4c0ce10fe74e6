/**
 * The file of what one zone has learned: numbers only. Written and read by store.ts, read by `vigie novelty`. What it cannot
 * vouch for it does not give out: the zone then starts over.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import type { Point } from '../../../pipelines/messages.js';
import { type Counts, shapeOfCounts } from './statistics.js';

/** Far more than a file takes. */
export const mostBytes = 1 << 20;

const table = (length: number) =>
  z
    .base64()
    .transform((text) => floatsOf(text))
    .refine((floats) => floats.length === length && floats.every((f) => Number.isFinite(f) && f >= 0));
const count = z.number().min(0).max(1e12);

const content = z.strictObject({
  zone: z.string().max(64),
  /** of the zone's corners and of the unit of its speeds, hex */
  basis: z.string().length(64),
  weight: count,
  learned: z.int().min(0),
  days: z.int().min(0),
  day: z.string().max(10).nullable(),
  tracks: table(shapeOfCounts.tracks),
  speed: table(shapeOfCounts.speed),
  size: table(shapeOfCounts.size),
  hours: table(shapeOfCounts.hours),
  scores: table(shapeOfCounts.scores),
});
const file = z.strictObject({ format: z.literal(1), sum: z.string().length(64), content: z.unknown() });

export interface Kept {
  zone: string;
  basis: string;
  counts: Counts;
}

/** @param stateDirectory absolute */
export function noveltyDirectory(stateDirectory: string): string {
  return join(stateDirectory, 'novelty');
}

/** What the counts depend on: another zone of the same name, or other units, cannot go on with them. */
export function basisOf(points: readonly Point[], aspect: number, ground: unknown): string {
  return sha256(JSON.stringify([points, Number(aspect.toFixed(4)), ground ?? null]));
}

/** Name of the file of a zone: any name of a zone makes one. */
export function fileName(zone: string): string {
  return `${sha256(zone).slice(0, 24)}.json`;
}

export function textOf({ zone, basis, counts }: Kept): string {
  const { tracks, speed, size, hours, scores, ...numbers } = counts;
  const tables = Object.entries({ tracks, speed, size, hours, scores }).map(([name, t]) => [name, base64(t)]);
  const kept = { zone, basis, ...numbers, ...Object.fromEntries(tables) };
  return `${JSON.stringify({ format: 1, sum: sha256(JSON.stringify(kept)), content: kept })}\n`;
}

/** Null when the text is not what `textOf` gave. */
export function parseKept(text: string): Kept | null {
  try {
    const outer = file.parse(JSON.parse(text));
    if (sha256(JSON.stringify(outer.content)) !== outer.sum) return null;
    const { zone, basis, ...counts } = content.parse(outer.content);
    return { zone, basis, counts };
  } catch {
    return null;
  }
}

/** Little-endian, whatever the machine. */
function base64(floats: Float32Array): string {
  const bytes = Buffer.alloc(floats.length * 4);
  floats.forEach((value, i) => {
    bytes.writeFloatLE(value, i * 4);
  });
  return bytes.toString('base64');
}

function floatsOf(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  return Float32Array.from({ length: Math.floor(bytes.length / 4) }, (_, i) => bytes.readFloatLE(i * 4));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

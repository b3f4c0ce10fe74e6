/**
 * What both processes say of the mask: zones and the table of them, the stamp of a picture, the lens, where the head looks. Part
 * of messages.ts, which gives it on.
 */
import { z } from 'zod';
import { hiddenBecause } from './frame.js';

const monoUs = z.int().min(0);

export const point = z.tuple([z.number().min(0).max(1), z.number().min(0).max(1)]);
export type Point = z.infer<typeof point>;

/** Pan and tilt, degrees: pan clockwise seen from above, tilt upwards, from where the head's zero is. */
export const direction = z.tuple([z.number().min(-360).max(360), z.number().min(-90).max(90)]);
export type Direction = z.infer<typeof direction>;

const zoneName = z.string().min(1).max(64);
/** `points`: fixed in the picture. `directions`: fixed in the world, its sides arcs of great circles. */
export const maskZone = z.union([
  z.strictObject({ name: zoneName, points: z.array(point).min(3).max(256) }),
  z.strictObject({ name: zoneName, directions: z.array(direction).min(3).max(256) }),
]);
export type MaskZone = z.infer<typeof maskZone>;

export const maskTable = z.strictObject({
  /** counts up with every change; never reused within a run of the runtime */
  version: z.int().min(1),
  zones: z.array(maskZone).max(256),
});
export type MaskTable = z.infer<typeof maskTable>;

const degrees = z.number().min(-720).max(720);
export const view = z.strictObject({
  panDeg: degrees,
  tiltDeg: degrees,
  hfovDeg: z.number().min(0).max(180),
  marginPixels: z.number().min(0).max(8192),
});

export const maskStamp = z.strictObject({
  version: z.int().min(0),
  digest: z.string().max(64),
  state: z.enum(['full', 'zones', 'both']),
  why: z.enum(hiddenBecause).optional(),
  view: view.optional(),
  next: z.strictObject({ version: z.int().min(1), digest: z.string().regex(/^[0-9a-f]{24}$/) }).optional(),
  people: z.enum(['covered', 'area']).optional(),
});

/** How directions become pixels (docs/mask.md, "Directions and the lens"). */
export const lens = z.strictObject({
  /** where the axis meets the picture, shares of it */
  principal: point,
  /** radial distortion by the tangent of the angle from the axis, Brown's model */
  k1: z.number().min(-1).max(1),
  k2: z.number().min(-1).max(1),
  /** of the mounting: the picture is turned clockwise by this */
  rollDeg: z.number().min(-180).max(180),
});
export type Lens = z.infer<typeof lens>;

/** A camera on a head that moves. */
export const headOptions = z.strictObject({
  lens,
  /** from the middle of the exposure to the time that a frame is given at capture, milliseconds */
  frameDelayMs: z.number().min(0).max(1000),
  /** a frame waits this long for the position that follows it; then it is hidden */
  holdMs: z.number().min(0).max(500),
});
export type HeadOptions = z.infer<typeof headOptions>;

/** Where the head was, as far as the runtime could find out. */
export const pose = z.strictObject({
  t: z.literal('pose'),
  /** when it was there */
  monoUs,
  panDeg: degrees,
  tiltDeg: degrees,
  /** 0 while the zoom is unknown */
  hfovDeg: z.number().min(0).max(180),
  /** how far off each of pan and tilt may be, degrees */
  uncertaintyDeg: z.number().min(0).max(360),
  /** how far off each may be while the picture does not confirm it, besides: what a lie may hide in; absent: nothing */
  doubtDeg: z.number().min(0).max(360).optional(),
  /** until the next position: how fast the axis turns at most, degrees a second; the field of view, share of it a second */
  speedDegPerS: z.number().min(0).max(1000),
  zoomPerS: z.number().min(0).max(100),
  /** how much these speeds change at most, a second; absent: not known */
  degPerS2: z.number().min(0).max(10_000).optional(),
  zoomPerS2: z.number().min(0).max(1000).optional(),
  /** why the whole picture is to be hidden from this time on; null when the position counts */
  hide: z.enum(hiddenBecause).nullable(),
});
export type Pose = z.infer<typeof pose>;

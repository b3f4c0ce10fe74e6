/**
 * What a check found: pictures that follow each other with the same fault are one finding (docs/mask-log.md). Filled by check.ts
 * and by the commands, printed by runtime/cli/mask.ts. Holds places and times, never a pixel.
 */

export const findingKinds = [
  /** private pixels are seen */
  'leak',
  /** the whole picture should be black, and is not */
  'not-full',
  /** people should be covered, and the picture does not say that they are */
  'people-shown',
  /** the table that the picture names is not kept */
  'no-table',
  /** zones are fixed in the world, and nothing says where the camera looked or through what */
  'no-view',
  /** a GOP gives another number of pictures than it has */
  'undecodable',
  /** a record that is damaged */
  'damaged',
] as const;
export type FindingKind = (typeof findingKinds)[number];

/** Pixels; the upper left corner is 0, 0. */
export interface PixelBox {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Finding {
  kind: FindingKind;
  /** of the first and of the last picture, milliseconds */
  fromMs: number;
  toMs: number;
  pictures: number;
  /** name of the zone, for `leak` */
  zone: string | null;
  /** digest of the table that the pictures name */
  digest: string;
  /** of the worst picture: how many, and where; 0 and null where no picture was looked at */
  pixels: number;
  box: PixelBox | null;
}

/** Pictures further apart than this are another finding. */
const apartMs = 2_000;

export class Findings {
  readonly all: Finding[] = [];
  readonly #open = new Map<string, Finding>();

  add(found: Omit<Finding, 'fromMs' | 'toMs'> & { atMs: number }): void {
    const { atMs, ...rest } = found;
    const key = `${found.kind} ${found.zone ?? ''} ${found.digest}`;
    const open = this.#open.get(key);
    if (!open || Math.abs(atMs - open.toMs) > apartMs) {
      const finding = { ...rest, fromMs: atMs, toMs: atMs };
      this.#open.set(key, finding);
      this.all.push(finding);
      return;
    }
    open.toMs = atMs;
    open.pictures += rest.pictures;
    if (rest.pixels <= open.pixels) return;
    open.pixels = rest.pixels;
    open.box = rest.box;
  }

  /** Takes over what another one found, in order. */
  take(other: Findings): void {
    for (const { fromMs, toMs, ...rest } of other.all) {
      this.add({ ...rest, atMs: fromMs });
      const key = `${rest.kind} ${rest.zone ?? ''} ${rest.digest}`;
      const open = this.#open.get(key);
      if (open) open.toMs = Math.max(open.toMs, toMs);
    }
  }
}

/**
 * A mask stamp as bytes and back (docs/store.md, "Record"): how the mask stood on a picture, why when it hid all of it, where
 * the camera looked, and how people were covered. Used by payload.ts, mask-log/ compares with it. The decoder takes bytes
 * that may be anything.
 */
import { hiddenBecause, type MaskStamp, type View } from '../../pipelines/frame.js';
import { decodeStamp, maskStateCode } from './record-header.js';

export const stampBytes = 72;
const hasView = 1;
const viewFields = ['panDeg', 'tiltDeg', 'hfovDeg', 'marginPixels'] as const;
const peopleCodes = ['covered', 'area'] as const;
const viewAt = 40;
const nextAt = 56;
const nextDigestBytes = 12;

/** Writes over bytes that are zero. */
export function writeStamp(into: Buffer, at: number, stamp: MaskStamp): void {
  const { version, state, digest, why, view, people, next } = stamp;
  into.writeUInt32LE(version, at);
  into.writeUInt8(maskStateCode(state), at + 4);
  if (why) into.writeUInt8(hiddenBecause.indexOf(why) + 1, at + 5);
  if (people) into.writeUInt8(peopleCodes.indexOf(people) + 1, at + 7);
  into.write(digest, at + 8, 32, 'hex');
  if (next) {
    into.writeUInt32LE(next.version, at + nextAt);
    into.write(next.digest, at + nextAt + 4, nextDigestBytes, 'hex');
  }
  if (!view) return;
  into.writeUInt8(hasView, at + 6);
  for (const [i, field] of viewFields.entries()) into.writeFloatLE(view[field], at + viewAt + i * 4);
}

/** Null for what is no stamp of ours: a state, reason or cover that does not exist, a view that is no number. */
export function readStamp(from: Buffer, at: number): MaskStamp | null {
  const digest = from.subarray(at + 8, at + 40);
  const stamp = decodeStamp(from.readUInt32LE(at), from.readUInt8(at + 4), digest);
  const reason = from.readUInt8(at + 5);
  const why = hiddenBecause[reason - 1];
  const flags = from.readUInt8(at + 6);
  const cover = from.readUInt8(at + 7);
  const people = peopleCodes[cover - 1];
  if (!stamp || (reason > 0 && why === undefined) || (flags & ~hasView) !== 0) return null;
  if (cover > 0 && people === undefined) return null;
  if (why) stamp.why = why;
  if (people) stamp.people = people;
  const nextVersion = from.readUInt32LE(at + nextAt);
  if (nextVersion > 0) {
    const start = from.toString('hex', at + nextAt + 4, at + nextAt + 4 + nextDigestBytes);
    stamp.next = { version: nextVersion, digest: start };
  }
  if ((flags & hasView) === 0) return stamp;
  const [panDeg = 0, tiltDeg = 0, hfovDeg = 0, marginPixels = 0] = viewFields.map((_, i) =>
    from.readFloatLE(at + viewAt + i * 4),
  );
  const view: View = { panDeg, tiltDeg, hfovDeg, marginPixels };
  return Object.values(view).every(Number.isFinite) ? { ...stamp, view } : null;
}

/** Whether two stamps say the same, the view included. */
export function sameStamp(a: MaskStamp, b: MaskStamp): boolean {
  return sameMask(a, b) && sameView(a.view, b.view);
}

/** Whether two stamps say the same of the mask and of people, wherever the camera looked. */
export function sameMask(a: MaskStamp, b: MaskStamp): boolean {
  if (a.version !== b.version || a.state !== b.state || a.digest !== b.digest) return false;
  if (a.why !== b.why || a.people !== b.people) return false;
  return a.next?.version === b.next?.version && a.next?.digest === b.next?.digest;
}

function sameView(a: View | undefined, b: View | undefined): boolean {
  return a === b || (!!a && !!b && viewFields.every((field) => a[field] === b[field]));
}

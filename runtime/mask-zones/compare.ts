/** Whether one set of private zones hides what another did, and both together. Pure; read by mask-zones.ts. */
import { maskDigest } from '../../pipelines/mask/table.js';
import type { MaskZone } from '../../pipelines/messages.js';

/** What the channel takes. */
export const mostZones = 256;
const mostNameLength = 64;

/** Hides everything, with a head or without. */
export const wholePicture: MaskZone = {
  name: 'Whole picture',
  points: [
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 1],
  ],
};

/** Names a set of zones whatever the version of its table. */
export function zonesDigest(zones: readonly MaskZone[]): string {
  return maskDigest({ version: 1, zones: [...zones] });
}

/** True unless each zone of before is there unchanged after it: what is not known to be as large counts as smaller. */
export function isSmaller(before: readonly MaskZone[], after: readonly MaskZone[]): boolean {
  const shapes = new Set(after.map(shapeOf));
  return before.some((zone) => !shapes.has(shapeOf(zone)));
}

/** Every zone of both, each shape once, under names that tell them apart. More than the channel takes: everything. */
export function bothOf(first: readonly MaskZone[], second: readonly MaskZone[]): MaskZone[] {
  const shapes = new Set<string>();
  const names = new Set<string>();
  const all: MaskZone[] = [];
  for (const zone of [...first, ...second]) {
    if (shapes.has(shapeOf(zone))) continue;
    shapes.add(shapeOf(zone));
    const name = freeName(zone.name, names);
    names.add(nameKey(name));
    all.push({ ...zone, name });
  }
  return all.length > mostZones ? [wholePicture] : all;
}

/** As the configuration compares names. */
export function nameKey(name: string): string {
  return name.normalize('NFC').trim().toLowerCase();
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(nameKey(name))) return name;
  for (let n = 2; ; n++) {
    const numbered = `${name.slice(0, mostNameLength - 6)} (${n})`;
    if (!taken.has(nameKey(numbered))) return numbered;
  }
}

function shapeOf(zone: MaskZone): string {
  return JSON.stringify('points' in zone ? ['points', zone.points] : ['directions', zone.directions]);
}

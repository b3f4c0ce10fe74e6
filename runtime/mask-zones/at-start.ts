/**
 * Which private zones are in force when a camera starts (docs/mask.md, Z2 to Z4). Pure; called by mask-zones.ts with what was found
 * in the state directory. In doubt it takes all that may have been in force, and when nothing is known, the whole picture.
 */
import type { MaskTable, MaskZone } from '../../pipelines/messages.js';
import { bothOf, isSmaller, wholePicture, zonesDigest } from './compare.js';
import type { Edit, KeptZones } from './zone-file.js';

/** `configuration`: its zones. `drawn`: an edit's. The others are in doubt, and hide more. */
export type Source = 'configuration' | 'drawn' | 'both' | 'recovered' | 'unknown';

/** Tables that the mask's log kept; `inForce` when it was not told of a later one. */
export type KeptTables = { table: MaskTable; inForce: boolean }[];

/** What the configuration says. */
export interface Configured {
  zones: MaskZone[];
  noneBecause: string | null;
}

export interface Found {
  kept: KeptZones;
  source: Source;
  /** what was in force before, as far as it is known */
  before: MaskTable | null;
}

export function atStart(
  loaded: KeptZones | 'none' | 'damaged',
  tables: KeptTables,
  { zones: configured }: Configured,
): Found {
  const lost = typeof loaded === 'string';
  const last = tables.filter(({ inForce }) => inForce).map(({ table }) => table);
  const edit = lost ? editOf(loaded, last, configured) : loaded.edit;
  const now = zonesDigest(configured);
  const apart = edit !== null && (edit.configured !== now || edit.origin !== 'drawn');
  const zones = !edit ? configured : apart ? bothOf(edit.zones, configured) : edit.zones;
  const before = lost ? newestOf(last) : { version: loaded.version, zones: loaded.zones };
  const same = before !== null && zonesDigest(before.zones) === zonesDigest(zones);
  const version = same ? before.version : nextVersion(lost ? null : loaded, tables);
  const lastVersion = Math.max(version, lost ? 0 : loaded.lastVersion);
  const source = !edit ? 'configuration' : edit.origin === 'drawn' && apart ? 'both' : edit.origin;
  return { kept: { version, lastVersion, zones, edit }, source, before };
}

/** One that no table had before. */
export function nextVersion(kept: KeptZones | null, tables: KeptTables): number {
  return 1 + Math.max(kept?.lastVersion ?? 0, ...tables.map(({ table }) => table.version));
}

/** What stands in for a file that is lost; null when it is known that there was no edit. */
function editOf(loaded: 'none' | 'damaged', last: readonly MaskTable[], configured: MaskZone[]): Edit | null {
  // The first table of a camera is its configuration's: without a file and a later one, nothing was ever changed.
  if (loaded === 'none' && last.every(({ version }) => version === 1)) return null;
  const zones = last.reduce((all, table) => bothOf(all, table.zones), [] as MaskZone[]);
  const shared = { configured: zonesDigest(configured), noneBecause: null };
  if (last.length === 0) return { origin: 'unknown', zones: [wholePicture], ...shared };
  // Nothing that was in force is missing from the configuration: nothing is in doubt.
  if (!isSmaller(zones, configured)) return null;
  return { origin: 'recovered', zones, ...shared };
}

function newestOf(tables: readonly MaskTable[]): MaskTable | null {
  return tables.reduce<MaskTable | null>(
    (newest, table) => (newest && newest.version > table.version ? newest : table),
    null,
  );
}

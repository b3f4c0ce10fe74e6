/**
 * Where what a check of the mask needs is kept, for the commands: the tables in `mask/` beside the keys of a store, and the
 * authorisation beside them (docs/mask-log.md). Writes nothing.
 */
import { dirname, join, resolve } from 'node:path';
import { inState } from '../camera-parts.js';
import { loadConfig } from '../config/load.js';
import { type PeopleDemand, readDemand } from '../mask-log/demand.js';
import { type KeptTable, readTables } from '../mask-log/tables.js';
import type { OpenedPlace, Place } from './store-places.js';

/** By digest; of two stores of one camera the tables are the same. */
export async function tablesOf(places: readonly Place[], asked?: string): Promise<Map<string, KeptTable>> {
  const directories = asked ? [resolve(asked)] : places.map(({ keys }) => join(dirname(keys), 'mask'));
  const tables = new Map<string, KeptTable>();
  for (const directory of new Set(directories)) {
    for (const [digest, kept] of await readTables(directory)) tables.set(digest, kept);
  }
  return tables;
}

/** When people must be covered in what these stores of one camera hold; null when nothing says so. */
export async function demandOn(
  places: readonly OpenedPlace[],
  { authorisation, config }: { authorisation?: string; config?: string },
): Promise<PeopleDemand | null> {
  const [first] = places;
  if (!first) return null;
  const { cameraId } = first.reader.description;
  if (authorisation !== undefined) return readDemand(resolve(authorisation), cameraId, true);
  const named = config === undefined ? 'authorisation.json' : loadConfig(config).access.authorisationFile;
  return readDemand(inState(dirname(first.keys), named), cameraId, false);
}

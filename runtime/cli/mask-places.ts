/** Where the mask tables of a store are kept, for the commands: in `mask/` beside its keys (docs/mask-log.md). Writes nothing. */
import { dirname, join, resolve } from 'node:path';
import { type KeptTable, readTables } from '../mask-log/tables.js';
import type { Place } from './store-places.js';

/** By digest; of two stores of one camera the tables are the same. */
export async function tablesOf(places: readonly Place[], asked?: string): Promise<Map<string, KeptTable>> {
  const directories = asked ? [resolve(asked)] : places.map(({ keys }) => join(dirname(keys), 'mask'));
  const tables = new Map<string, KeptTable>();
  for (const directory of new Set(directories)) {
    for (const [digest, kept] of await readTables(directory)) tables.set(digest, kept);
  }
  return tables;
}

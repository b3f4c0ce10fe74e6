/**
 * Which stores a command looks into, and opens them: the one that is named, those of a configuration, or the usual one.
 * Used by store.ts. Writes nothing.
 */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { FileVault } from '../../board/linux/file-vault.js';
import { errorLine, VigieError } from '../../errors.js';
import { inState } from '../camera-parts.js';
import { loadConfig } from '../config/load.js';
import { stateDirectory } from '../config/paths.js';
import { StoreReader } from '../record/reader.js';

export interface PlaceFlags {
  directory?: string;
  config?: string;
  state?: string;
  keys?: string;
}

export interface Place {
  directory: string;
  /** directory of its keys */
  keys: string;
  /** it is what the first refused */
  second: boolean;
}

export interface OpenedPlace extends Place {
  reader: StoreReader;
}

/**
 * At least one. Of two, one that cannot be opened is told on standard error, and makes the exit code 1.
 * @throws VigieError when none can be opened, or for options that exclude each other
 */
export async function openPlaces(flags: PlaceFlags): Promise<OpenedPlace[]> {
  const places = placesOf(flags);
  const opened: OpenedPlace[] = [];
  const refused: unknown[] = [];
  for (const place of places) {
    try {
      const vault = new FileVault({ file: join(place.keys, 'device.key') });
      const keys = { vault, directory: place.keys };
      opened.push({ ...place, reader: await StoreReader.open(place.directory, { keys }) });
    } catch (error) {
      refused.push(error);
    }
  }
  if (opened.length === 0) throw refused[0];
  for (const error of refused) {
    process.stderr.write(`vigie: ${errorLine(error)}\n`);
    process.exitCode = 1;
  }
  return opened;
}

/** @throws VigieError for options that exclude each other */
export function placesOf(flags: PlaceFlags): Place[] {
  if (flags.config === undefined) {
    if (flags.state !== undefined)
      throw new VigieError('config', '--state says where a camera of --config keeps its state', 'Give both');
    const directory = resolve(flags.directory ?? usualDirectory());
    return [{ directory, keys: keysOf(flags, directory), second: false }];
  }
  if (flags.directory !== undefined) {
    throw new VigieError('config', '--directory and --config exclude each other', 'Give one of them');
  }
  const { record } = loadConfig(flags.config);
  const state = resolve(flags.state ?? stateDirectory());
  const keys = flags.keys ? resolve(flags.keys) : join(state, 'keys');
  const first = { directory: inState(state, record.directory), keys, second: false };
  if (!record.second) return [first];
  return [first, { directory: inState(state, record.second.directory), keys, second: true }];
}

/** Beside the store, where they are unless record.directory is on a card of its own. */
function keysOf({ keys }: PlaceFlags, directory: string): string {
  if (keys) return resolve(keys);
  const beside = join(dirname(directory), 'keys');
  return existsSync(beside) ? beside : join(stateDirectory(), 'keys');
}

/** The store of `vigie run`, else that of `vigie demo`, under the state directory. */
function usualDirectory(): string {
  const own = join(stateDirectory(), 'store');
  const demonstration = join(stateDirectory(), 'demo', 'store');
  return !existsSync(own) && existsSync(demonstration) ? demonstration : own;
}

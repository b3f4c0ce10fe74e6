/**
 * Where files go on this machine: the cache (models, sample clip; can be fetched again), the models of a version in a slot, and
 * the state (store, users, authorisation; cannot be fetched again). Read by cli/ and the composition root. It never makes the state directory
 * readable by anyone but its owner. setup/ computes the cache directory the same way.
 */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VigieError } from '../../errors.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** A variable that is set to nothing counts as absent (XDG Base Directory Specification 0.8). */
function fromEnvironment(env: Environment, name: string): string | undefined {
  const value = env[name];
  return value === undefined || value === '' ? undefined : value;
}

/** XDG variables count only when absolute (same source); the specification asks to ignore others. */
function xdg(env: Environment, name: string, ...fallback: string[]): string {
  const value = fromEnvironment(env, name);
  return value !== undefined && isAbsolute(value) ? value : join(homedir(), ...fallback);
}

/** Directory of what set-up fetched: `VIGIE_CACHE`, else `vigie` in the user's cache directory. Absolute. */
export function cacheDirectory(env: Environment = process.env): string {
  const own = fromEnvironment(env, 'VIGIE_CACHE');
  return own === undefined ? join(xdg(env, 'XDG_CACHE_HOME', '.cache'), 'vigie') : resolve(own);
}

/** Above dist/: the clone, or the slot that this version was installed in. */
const installation = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * Directory that holds `models/`: a version in a slot brings its own and uses no others (docs/updates-integrator.md, "Bundles"); elsewhere it
 * is the cache. Absolute.
 */
export function modelDirectory(env: Environment = process.env, above: string = installation): string {
  return existsSync(join(above, 'bundle.json')) ? resolve(above) : cacheDirectory(env);
}

/** Directory of what the camera must keep: `VIGIE_STATE`, else `vigie` in the user's state directory. Absolute. */
export function stateDirectory(env: Environment = process.env): string {
  const own = fromEnvironment(env, 'VIGIE_STATE');
  return own === undefined ? join(xdg(env, 'XDG_STATE_HOME', '.local', 'state'), 'vigie') : resolve(own);
}

/**
 * Makes the state directory when it is not there (mode 0700) and returns its absolute path.
 * @throws VigieError `config` when it cannot be made, is no directory, or others may enter it
 */
export function openStateDirectory(directory: string = stateDirectory()): string {
  const path = resolve(directory);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const hint = 'Name a directory this user may write with --state or VIGIE_STATE';
    throw new VigieError('config', `The state directory ${path} cannot be made`, hint, { cause });
  }
  const mode = statSync(path).mode & 0o777;
  if ((mode & 0o077) !== 0) {
    const shownMode = mode.toString(8).padStart(4, '0');
    const hint = `Close it: chmod 0700 ${path}`;
    throw new VigieError('config', `Others may enter the state directory ${path} (mode ${shownMode})`, hint);
  }
  return path;
}

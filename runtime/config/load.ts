/**
 * The only way a configuration comes in: read, checked against the schema, checked for what the schema cannot
 * say. Fed by cli/ with a file or an object; read by the composition root. It returns a configuration that
 * may start a camera or throws one VigieError; it never repairs, guesses or drops what it does not know.
 */
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { VigieError } from '../../errors.js';
import { checkConfig } from './checks.js';
import { JsonError, type Position, readJson } from './json.js';
import { type Config, type ConfigInput, config } from './schema.js';
import { type Problem, pathText, problemsOf } from './wording.js';

/** A configuration is a few kilobytes; more than this is another file. */
const maxBytes = 1024 * 1024;
/** Problems that one message names; the others are counted. */
const maxNamed = 5;

type Check = (config: Config) => Problem[];
type Locate = (path: readonly PropertyKey[]) => Position | undefined;

/**
 * The configuration with every default filled in.
 * @param source path of a JSON file (its relative file names are then taken from its directory), or the
 *   object itself
 * @param check what must be true beyond the schema; less of it only where no camera is started
 * @throws VigieError `config`, one line that names every key that is wrong, with its line in the file
 */
export function loadConfig(source: string | ConfigInput | object, check: Check = checkConfig): Config {
  if (typeof source !== 'string') return checked(source, 'The configuration', () => undefined, check);
  const text = readText(source);
  try {
    const { value, positionOf } = readJson(text);
    return withAbsoluteFiles(checked(value, source, positionOf, check), dirname(resolve(source)));
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    const { line, column } = error.position;
    const hint = 'Correct it there; docs/configuration.md has a complete example';
    throw new VigieError('config', `${source}:${line}:${column}: ${error.reason}`, hint, { cause: error });
  }
}

function readText(file: string): string {
  try {
    if (statSync(file).size > maxBytes) {
      const hint = 'Name the configuration of the camera, a JSON file of a few kilobytes';
      throw new VigieError('config', `${file} is too large for a configuration`, hint);
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (cause) {
    if (cause instanceof VigieError) throw cause;
    throw new VigieError('config', `${file} cannot be read: ${readFailure(cause)}`, readHint, { cause });
  }
}

const readHint = 'Check the path given with --config';

function readFailure(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'this user may not read it';
  if (code === 'EISDIR') return 'it is a directory';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'it is not UTF-8 text';
  return code ?? 'unknown reason';
}

function checked(value: unknown, origin: string, locate: Locate, check: Check): Config {
  const parsed = config.safeParse(value);
  const problems = parsed.success ? check(parsed.data) : problemsOf(parsed.error.issues, value);
  if (parsed.success && problems.length === 0) return parsed.data;
  throw problemsError(problems, origin, locate);
}

function problemsError(problems: readonly Problem[], origin: string, locate: Locate): VigieError {
  const [only] = problems;
  if (problems.length === 1 && only) {
    return new VigieError('config', `${origin}: ${problemLine(only, locate)}`, only.hint);
  }
  const named = problems
    .slice(0, maxNamed)
    .map((problem) => `${problemLine(problem, locate)} (${problem.hint})`);
  const rest = problems.length - named.length;
  if (rest > 0) named.push(`and ${rest} more`);
  const message = `${origin} has ${problems.length} mistakes: ${named.join('; ')}`;
  return new VigieError('config', message, 'Correct them; docs/configuration.md says what each key takes');
}

function problemLine({ path, text }: Problem, locate: Locate): string {
  const at = locate(path);
  const where = at === undefined ? '' : ` (line ${at.line})`;
  return path.length === 0 ? text : `${pathText(path)}${where}: ${text}`;
}

function withAbsoluteFiles(value: Config, directory: string): Config {
  const { sensor, control, ota } = value;
  const absolute = (file: string): string => resolve(directory, file);
  const { tls } = control;
  return {
    ...value,
    sensor:
      sensor.kind === 'clip' || sensor.kind === 'pipe' ? { ...sensor, file: absolute(sensor.file) } : sensor,
    control: tls === undefined ? control : { ...control, tls: absoluteTls(tls, absolute) },
    ...(ota?.caFile !== undefined && { ota: { ...ota, caFile: absolute(ota.caFile) } }),
  };
}

type Tls = NonNullable<Config['control']['tls']>;

function absoluteTls(tls: Tls, absolute: (file: string) => string): Tls {
  const { certificateFile, keyFile, clientAuthorityFile } = tls;
  return {
    certificateFile: absolute(certificateFile),
    keyFile: absolute(keyFile),
    ...(clientAuthorityFile === undefined ? {} : { clientAuthorityFile: absolute(clientAuthorityFile) }),
  };
}

/**
 * Runs the tests: the quick kinds side by side, then those that start whole processes one after the other.
 * Called by `npm test`; words after `--` choose the files whose path contains one of them, so
 * `npm test -- unit` or `npm test -- store`. Prints one closing block of totals for all of them.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { run } from 'node:test';
import { spec as Spec } from 'node:test/reporters';
import { root } from './paths.mjs';

const sideBySide = ['rules', 'unit', 'contract', 'fuzz'];
const oneByOne = ['system', 'fault'];
/** A test file that hangs fails after this. */
const fileTimeoutMs = 3 * 60_000;

const filters = process.argv.slice(2);
process.chdir(root);
const groups = [
  { files: filesOf(sideBySide), concurrency: 2 },
  { files: filesOf(oneByOne), concurrency: 1 },
].filter(({ files }) => files.length > 0);

if (groups.length === 0) {
  const text =
    filters.length === 0
      ? 'There are no tests in dist/test'
      : `No test file has ${filters.join(' or ')} in its path`;
  process.stderr.write(`${text}\n`);
  process.exitCode = 2;
} else {
  Readable.from(events(groups)).compose(new Spec()).pipe(process.stdout);
}

/** @param {string[]} kinds */
function filesOf(kinds) {
  return kinds
    .map((kind) => join('dist', 'test', kind))
    .filter((directory) => existsSync(directory))
    .flatMap((directory) =>
      readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => join(directory, name)),
    )
    .filter((file) => file.endsWith('.test.js'))
    .filter(
      (file) =>
        filters.length === 0 || filters.some((word) => file.slice('dist/test/'.length).includes(word)),
    )
    .sort();
}

/**
 * The events of all groups as if they were one run: the totals of each are added up.
 * @param {{files: string[], concurrency: number}[]} list
 */
async function* events(list) {
  const totals = new Map();
  for (const { files, concurrency } of list) {
    for await (const event of run({ files, concurrency, timeout: fileTimeoutMs })) {
      if (event.type === 'test:fail' && !event.data.todo) process.exitCode = 1;
      const total =
        event.type === 'test:diagnostic' && event.data.nesting === 0 ? totalOf(event.data.message) : null;
      if (total === null) yield event;
      else totals.set(total.name, (totals.get(total.name) ?? 0) + total.value);
    }
  }
  for (const [name, value] of totals) yield diagnostic(`${name} ${Math.round(value)}`);
}

/** @param {string} message @returns {{name: string, value: number} | null} */
function totalOf(message) {
  const match = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)$/.exec(message);
  return match === null ? null : { name: match[1] ?? '', value: Number(match[2]) };
}

/** @param {string} message */
function diagnostic(message) {
  return { type: 'test:diagnostic', data: { message, nesting: 0 } };
}

/**
 * Runs the tests: the quick kinds side by side, then those that start whole processes two at a time, as they mostly wait.
 * What takes long begins first, so that no core is idle at the end.
 * Called by `npm test`; words after `--` choose the files whose path contains one of them, so
 * `npm test -- unit` or `npm test -- store`. Prints one closing block of totals for all of them.
 */
import { accessSync, constants, existsSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { run } from 'node:test';
import { spec as Spec } from 'node:test/reporters';
import { root } from './paths.mjs';

/** One more than the cores of the smallest machine: many wait for the disk. */
const quick = { kinds: ['rules', 'unit', 'contract', 'fuzz'], concurrency: 3 };
const whole = { kinds: ['system', 'fault'], concurrency: 2 };
/** What takes longest, in an order that puts no two cameras on a head that turns side by side. */
const longFirst = [
  'unit/store-month',
  'unit/retention-month',
  'contract/supervision',
  'fuzz/store-fuzz',
  'unit/sight-faults',
  'contract/control-http',
  'contract/head-camera',
  'unit/register-years',
  'fault/mask-camera',
  'system/ota-whole',
  'system/model-refused',
  'fault/mask',
  'system/mask-check',
  'system/person-mask',
  'system/head-demo',
  'system/card-camera',
  'system/record-motion',
  'system/retention-camera',
  'system/console',
  'system/record-terminus',
  'fault/power-cut',
  'fault/ota-kill',
  'system/ota-bundle',
  'fault/ota-cut',
  'system/ota-camera',
  'fault/store-kill',
  'fault/pipeline',
  'system/bad-input',
];
/** A test file that hangs fails after this. */
const fileTimeoutMs = 3 * 60_000;

/** Less than this is not taken for files. */
const memoryBytes = 2 ** 31;
const diskDirectory = tmpdir();
/** @type {string | null} */
let memory = null;
process.once('exit', clearMemory);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

const filters = process.argv.slice(2);
process.chdir(root);
const groups = [
  { files: filesOf(quick.kinds), concurrency: quick.concurrency, inMemory: true },
  { files: filesOf(whole.kinds), concurrency: whole.concurrency, inMemory: false },
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
    .sort((a, b) => placeOf(a) - placeOf(b) || (a < b ? -1 : 1));
}

/** @param {string} file */
function placeOf(file) {
  const place = longFirst.indexOf(file.slice('dist/test/'.length, -'.test.js'.length));
  return place < 0 ? longFirst.length : place;
}

/**
 * The events of all groups as if they were one run: the totals of each are added up.
 * @param {{files: string[], concurrency: number, inMemory: boolean}[]} list
 */
async function* events(list) {
  const totals = new Map();
  for (const { files, concurrency, inMemory } of list) {
    memory = inMemory ? memoryDirectory() : null;
    process.env.TMPDIR = memory ?? diskDirectory;
    for await (const event of run({ files, concurrency, timeout: fileTimeoutMs })) {
      if (event.type === 'test:fail' && !event.data.todo) process.exitCode = 1;
      const total =
        event.type === 'test:diagnostic' && event.data.nesting === 0 ? totalOf(event.data.message) : null;
      if (total === null) yield event;
      else totals.set(total.name, (totals.get(total.name) ?? 0) + total.value);
    }
    clearMemory();
  }
  for (const [name, value] of totals) yield diagnostic(`${name} ${Math.round(value)}`);
}

/**
 * Where the quick tests keep their files: in memory, where a sync costs nothing, if there is enough of it. What syncs mean
 * is tested by simulated and by real cards; the whole cameras write to the disk.
 */
function memoryDirectory() {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm');
    accessSync('/dev/shm', constants.W_OK);
    return bavail * bsize < memoryBytes ? null : mkdtempSync('/dev/shm/vigie-tests-');
  } catch {
    return null;
  }
}

function clearMemory() {
  if (memory !== null) rmSync(memory, { recursive: true, force: true });
  memory = null;
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

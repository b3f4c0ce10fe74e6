/**
 * The part of `vigie ota` that makes bundles (docs/updates-integrator.md, "Bundles"): `build` and `inspect`. Run where the integrator works, in
 * a built clone of the repository; it signs nothing and sends nothing.
 */
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import { VigieError } from '../../errors.js';
import { buildBundle, type Plan, planBundle } from '../../ota/bundle/build.js';
import { type MadeDelta, makeDelta } from '../../ota/bundle/delta.js';
import type { PackedBundle } from '../../ota/bundle/pack.js';
import { inspectBundle, sha256OfFile } from '../../ota/bundle/unpack.js';
import { versionText } from '../../ota/release.js';
import { cacheDirectory } from '../config/paths.js';
import { languageOf, printRows } from './keeping-flags.js';
import { type BuildWords, buildWords } from './ota-build-words.js';
import type { Language } from './store-words.js';

interface Flags {
  out: string;
  version?: string;
  board?: string[];
  arch: 'x64' | 'arm64';
  deltaFrom?: string[];
  notes?: string;
  level: number;
  dirty?: true;
  dryRun?: true;
  json?: true;
  language?: Language;
}

/** Above dist/: the clone that this command belongs to. */
const root = resolve(fileURLToPath(new URL('../../../', import.meta.url)));
const mostNotesBytes = 64 * 1024;

const print = (text: string): void => void process.stdout.write(`${text}\n`);

export function buildCommands(): Command[] {
  return [buildCommand(), inspectCommand()];
}

function buildCommand(): Command {
  return withLanguage(new Command('build'))
    .description('Make a bundle of this repository as it was committed: same commit, same bytes')
    .option('--out <directory>', 'where the bundle goes', 'dist/bundles')
    .option('--version <version>', 'version of the bundle (default: that of package.json)')
    .option('--board <name...>', 'profiles of boards to take (default: all)')
    .addOption(
      new Option('--arch <arch>', 'architecture; natives of another must be installed here')
        .choices(['x64', 'arm64'])
        .default(process.arch),
    )
    .option('--delta-from <bundle...>', 'also make the difference from these earlier bundles')
    .option('--notes <file>', 'text of the release notes, a few KiB (default: version and commit)')
    .option('--level <1-19>', 'of compression; a low one for trials', levelOption, 19)
    .option('--dirty', 'take what is not committed too; for trials')
    .option('--dry-run', 'say what would be in it and write nothing')
    .action(build);
}

function inspectCommand(): Command {
  return withLanguage(new Command('inspect'))
    .description('Show what is in a bundle, every file and model verified')
    .argument('<file>', 'bundle, as vigie ota build made it')
    .action(async (file: string, flags: Flags) => {
      const words = buildWords(languageOf(flags));
      const found = await untilCalledOff((signal) => inspectBundle(resolve(file), tmpdir(), signal));
      if (flags.json) return print(JSON.stringify({ ...found, manifest: { ...found.manifest } }, null, 2));
      const { components, models } = found;
      const about = { ...found.manifest, files: found.manifest.files.length };
      printRows([
        ...aboutRows(about, words),
        [words.models, models.map(({ name, task }) => `${name} (${task})`).join(', ') || words.none],
        [words.components, String(components ?? words.none)],
      ]);
      print('');
      printRows(sizeRows(found, found.fileSha256, words));
      if (found.notes) print(`\n${words.notes}\n\n${found.notes.replace(/[^\P{C}\n\t]/gu, '?').trim()}\n`);
      print(words.verified);
    });
}

function withLanguage(command: Command): Command {
  return command
    .option('--json', 'print JSON')
    .addOption(new Option('--language <language>', 'language of what is printed').choices(['fr', 'en']));
}

async function build(flags: Flags): Promise<void> {
  const words = buildWords(languageOf(flags));
  const options = {
    root,
    cache: cacheDirectory(),
    version: versionOf(flags),
    arch: flags.arch,
    boards: flags.board ?? [],
    notes: flags.notes === undefined ? null : await notesIn(resolve(flags.notes)),
    dirty: flags.dirty ?? false,
  };
  await untilCalledOff(async (signal) => {
    const plan = await planBundle(options, signal);
    if (!flags.json) tellPlan(plan, words);
    if (flags.dryRun) return flags.json ? tellJson(plan) : print(words.planned);
    const out = resolve(flags.out);
    const onProgress = progressLine(words);
    const packed = await buildBundle(plan, out, { level: flags.level, onProgress }, signal);
    const deltas: MadeDelta[] = [];
    for (const from of flags.deltaFrom ?? [])
      deltas.push(await deltaOf(from, packed, { words, level: flags.level }, signal));
    if (flags.json) return tellJson(plan, packed, deltas);
    await tellBuilt(packed, deltas, words);
  });
}

async function deltaOf(
  from: string,
  packed: PackedBundle,
  { words, level }: { words: BuildWords; level: number },
  signal: AbortSignal,
): Promise<MadeDelta> {
  const out = dirname(packed.file);
  process.stderr.write(`${words.making(basename(from))}\n`);
  const name = (version: string): string => join(out, `vigie-${packed.manifest.version}-from-${version}.zst`);
  return makeDelta({ from: resolve(from), to: packed.file }, name, { scratch: out, level }, signal);
}

function tellPlan(plan: Plan, words: BuildWords): void {
  printRows([
    ...aboutRows({ ...plan, files: plan.entries.length }, words),
    [words.packages, String(plan.packages.length)],
    [words.models, plan.models.join(', ') || words.none],
  ]);
}

type About = Pick<Plan, 'version' | 'commit' | 'arch' | 'boards'> & { files: number };

function aboutRows({ version, commit, arch, boards, files }: About, words: BuildWords): string[][] {
  return [
    [words.version, version],
    [words.commit, commit],
    [words.machine, arch],
    [words.boards, boards.join(', ')],
    [words.files, String(files)],
  ];
}

function sizeRows(packed: PackedBundle, fileSha256: string, words: BuildWords): string[][] {
  return [
    [words.bundle, words.size(packed.fileBytes), fileSha256],
    [words.tar, words.size(packed.tarBytes), packed.tarSha256],
    [words.tree, words.size(packed.treeBytes), ''],
    [words.manifest, '', packed.manifestSha256],
  ];
}

async function tellBuilt(
  packed: PackedBundle,
  deltas: readonly MadeDelta[],
  words: BuildWords,
): Promise<void> {
  const rows = sizeRows(packed, await sha256OfFile(packed.file), words);
  for (const { fromVersion, fileBytes, file } of deltas) {
    rows.push([words.delta(fromVersion), words.size(fileBytes), await sha256OfFile(file)]);
  }
  printRows(rows);
  for (const { file } of [packed, ...deltas]) print(words.built(file));
}

function tellJson(plan: Plan, packed?: PackedBundle, deltas: readonly MadeDelta[] = []): void {
  const { version, commit, arch, boards, packages, models, entries } = plan;
  const { manifest: _, ...bundle } = packed ?? { manifest: null };
  const about = { version, commit, arch, boards, packages, models, files: entries.map(({ path }) => path) };
  print(JSON.stringify({ ...about, bundle: packed ? bundle : null, deltas }, null, 2));
}

/** On a terminal the line counts up in place; in a log each tenth is said once. Never on the output that is read by machines. */
function progressLine(words: BuildWords): (bytes: number, of: number) => void {
  const started = performance.now();
  let told = -1;
  return (bytes, of) => {
    const share = bytes / of;
    const step = Math.floor(share * (process.stderr.isTTY ? 100 : 10));
    if (step === told) return;
    told = step;
    const seconds = (performance.now() - started) / 1000;
    const text = words.packing(share, share > 0.05 && share < 1 ? (seconds / share) * (1 - share) : null);
    if (!process.stderr.isTTY) process.stderr.write(`${text}\n`);
    else process.stderr.write(`\r\x1b[K${text}${share === 1 ? '\n' : ''}`);
  };
}

/** Ctrl-C ends the child processes, and what was half written goes. */
async function untilCalledOff<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const off = new AbortController();
  const stop = (): void =>
    off.abort(new VigieError('update', 'Called off', 'What was half written was removed'));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    return await work(off.signal);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

function levelOption(text: string): number {
  if (/^(1?[1-9]|10)$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It takes a number from 1 to 19.');
}

function versionOf({ version }: Flags): string | null {
  if (version === undefined || versionText.safeParse(version).success) return version ?? null;
  throw new VigieError('config', `--version takes a version, not "${version}"`, 'Write for example 1.2.0');
}

async function notesIn(file: string): Promise<string> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new VigieError('config', `${file} cannot be read`, 'Name a text with --notes', { cause });
  });
  if (bytes.length <= mostNotesBytes && !bytes.includes(0)) return bytes.toString('utf8');
  throw new VigieError('config', `${file} is no text of a few KiB`, 'Name a text with --notes');
}

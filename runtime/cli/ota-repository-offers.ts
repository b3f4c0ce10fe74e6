/** `vigie ota publish | rollout | withdraw`: what a channel offers, and to how many. */
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { VigieError } from '../../errors.js';
import { inspectBundle } from '../../ota/bundle/unpack.js';
import { channel, type Release } from '../../ota/release.js';
import {
  baseNamed,
  checkDelta,
  type DeltaFacts,
  fitsPlace,
  layPlan,
  type Plan,
  raucPlan,
  treePlan,
} from '../../ota/repository/contents.js';
import type { Draft } from '../../ota/repository/draft.js';
import {
  checkedPart,
  mayFollow,
  type Offered,
  offer,
  offers,
  type Place,
  sameFolder,
  withdraw,
} from '../../ota/repository/offers.js';
import { targetFile } from '../../ota/repository/places.js';
import type { Repository } from '../../ota/repository/repository.js';
import {
  change,
  each,
  print,
  type RepositoryFlags,
  wholeNumber,
  withSigning,
  wordsFor,
} from './ota-repository-flags.js';
import { checkedCustomer } from './ota-repository-roles.js';
import { progressLine } from './store.js';

interface PlaceFlags extends RepositoryFlags {
  customer: string;
  board: string;
  channel: Place['channel'];
}

interface RolloutFlags extends PlaceFlags {
  percent?: number;
  group?: string[];
}

interface PublishFlags extends RolloutFlags {
  bundle?: string;
  delta?: string[];
  base?: string[];
  rauc?: string;
  raucCompatible?: string;
  raucVersion?: string;
  commit?: string;
  arch?: 'x64' | 'arm64';
  notesFr?: string;
  notesEn?: string;
  downgradeAnyway?: boolean;
}

function withPlace(command: Command): Command {
  return withSigning(command)
    .argument('<repository>')
    .requiredOption('--customer <name>', 'as vigie ota repository shows it')
    .requiredOption('--board <name>', 'kind of board')
    .addOption(
      new Option('--channel <channel>', 'which cameras').choices(channel.options).makeOptionMandatory(),
    );
}

function withRollout(command: Command): Command {
  return withPlace(command)
    .option(
      '--percent <number>',
      'share of the cameras; raising it keeps those that have it',
      wholeNumber(0, 100),
    )
    .option('--group <name>', 'only cameras of this group; once for each', each);
}

const placeOf = (flags: PlaceFlags): Place => ({
  customer: checkedCustomer(flags.customer),
  board: checkedPart('board', flags.board),
  channel: flags.channel,
});

export function publishCommand(): Command {
  return withRollout(new Command('publish'))
    .description('Offer a bundle to the cameras of a channel. Bundle and deltas are verified first')
    .option('--bundle <file>', 'what vigie ota build made')
    .option('--delta <file>', 'difference that makes the bundle of an older one; once for each', each)
    .option('--base <file>', 'older bundle that a delta starts from, unless it is offered here now', each)
    .option('--rauc <file>', 'a bundle for RAUC, in place of --bundle')
    .option('--rauc-version <version>', 'version of what is in it')
    .option('--rauc-compatible <name>', 'compatible of it (default: vigie-BOARD)')
    .option('--commit <hash>', 'commit it was made of, with --rauc')
    .addOption(new Option('--arch <arch>', 'processor, with --rauc').choices(['x64', 'arm64']))
    .option('--notes-fr <file>', 'release notes in French (default: those of the bundle)')
    .option('--notes-en <file>', 'release notes in English (default: those of the bundle)')
    .option('--downgrade-anyway', 'offer a lower version; cameras that took the higher one refuse it')
    .action((directory: string, flags: PublishFlags) => {
      const place = placeOf(flags);
      return change(directory, flags, (draft, repository) => publish(draft, repository, place, flags));
    });
}

async function publish(
  draft: Draft,
  repository: Repository,
  place: Place,
  flags: PublishFlags,
): Promise<void> {
  // Whoever has no such customer or board is told so before a large file is read.
  draft.holdersNow(`${place.customer}.${place.board}`);
  const known = await offers(repository.directory, draft.base);
  const aborting = new AbortController();
  const stop = (): void => aborting.abort(new VigieError('update', 'Stopped', 'Nothing was published'));
  process.once('SIGINT', stop);
  try {
    const { head, plan } = await (flags.rauc === undefined
      ? treeOf(repository, known, place, flags, aborting.signal)
      : raucOf(flags.rauc, place, flags));
    const before = known.find((one) => sameFolder(one.place, place));
    const again = before?.release.version === head.version ? before.release.rollout : null;
    const rollout = rolloutOf(flags, again ?? { percent: 100, groups: [] });
    const release = { ...head, rollout, content: plan.content };
    mayFollow(before?.release, release, flags.downgradeAnyway === true);
    const words = wordsFor(flags);
    const dryRun = flags.dryRun === true;
    const files = await layPlan(repository.directory, plan, { dryRun, onShare: progressLine(words.copying) });
    aborting.signal.throwIfAborted();
    await offer(repository.directory, draft, { release, files }, { dryRun });
  } finally {
    process.removeListener('SIGINT', stop);
  }
}

interface Planned {
  head: Omit<Release, 'content' | 'rollout'>;
  plan: Plan;
}

async function treeOf(
  repository: Repository,
  known: readonly Offered[],
  place: Place,
  flags: PublishFlags,
  signal: AbortSignal,
): Promise<Planned> {
  if (flags.bundle === undefined) {
    throw new VigieError('update', 'No bundle was named', 'Give --bundle FILE, made with vigie ota build');
  }
  const words = wordsFor(flags);
  const say = (text: string): void => void (flags.json ? 0 : process.stderr.write(`${text}\n`));
  say(words.checking);
  const bundle = await inspectBundle(resolve(flags.bundle), tmpdir(), signal);
  fitsPlace(bundle, place);
  const deltas: DeltaFacts[] = [];
  for (const delta of (flags.delta ?? []).map((file) => resolve(file))) {
    say(words.checkingDelta(delta));
    const base = baseOf(repository, known, delta, flags);
    deltas.push(await checkDelta({ delta, base, bundle }, tmpdir(), signal));
  }
  const { version, commit, arch } = bundle.manifest;
  const head = await headOf({ version, commit, arch }, place, flags, bundle.notes);
  return { head, plan: treePlan(place, bundle, deltas) };
}

/** The bundle that a delta starts from: one that was named, or one that is offered here. */
function baseOf(
  { directory }: Repository,
  known: readonly Offered[],
  delta: string,
  flags: PublishFlags,
): string {
  const version = baseNamed(delta);
  const bases = flags.base ?? [];
  const named = bases.filter((file) => version !== null && file.endsWith(`vigie-${version}.tar.zst`));
  const [base = bases.length === 1 ? bases[0] : undefined] = named;
  if (base !== undefined) return resolve(base);
  for (const { release, files } of known) {
    const entry = release.content.kind === 'tree' ? files.get(release.content.path) : undefined;
    if (release.version === version && entry !== undefined) {
      return targetFile(directory, release.content.path, entry.hashes.sha256);
    }
  }
  throw new VigieError(
    'update',
    `Which bundle ${delta} starts from is not known`,
    'Name it with --base FILE',
  );
}

async function raucOf(file: string, place: Place, flags: PublishFlags): Promise<Planned> {
  const { raucVersion: version, arch, commit = '' } = flags;
  if (version === undefined || arch === undefined || flags.bundle !== undefined) {
    const hint = 'Give --rauc FILE with --rauc-version and --arch, and no --bundle';
    throw new VigieError('update', 'What is in the RAUC bundle is not known', hint);
  }
  const compatible = flags.raucCompatible ?? `vigie-${place.board}`;
  const plan = await raucPlan(place, { file: resolve(file), version, compatible });
  return { head: await headOf({ version, commit, arch }, place, flags, null), plan };
}

async function headOf(
  made: Pick<Release, 'version' | 'commit' | 'arch'>,
  place: Place,
  flags: PublishFlags,
  notes: string | null,
): Promise<Omit<Release, 'content' | 'rollout'>> {
  const [fr, en] = await Promise.all([flags.notesFr, flags.notesEn].map(notesIn));
  const usual = (notes ?? '').slice(0, 4000);
  return {
    format: 1,
    ...made,
    ...place,
    publishedMs: Date.now(),
    notes: { fr: fr ?? en ?? usual, en: en ?? fr ?? usual },
  };
}

async function notesIn(file: string | undefined): Promise<string | null> {
  if (file === undefined) return null;
  const text = await readFile(resolve(file), 'utf8').catch((cause: unknown) => {
    throw new VigieError('update', `The notes ${file} cannot be read`, 'Name a text file', { cause });
  });
  if (text.length <= 4000) return text.trim();
  throw new VigieError('update', `The notes ${file} are longer than 4000 characters`, 'Shorten them');
}

function rolloutOf({ percent, group }: RolloutFlags, before: Release['rollout']): Release['rollout'] {
  const groups = group?.map((name) => checkedPart('group', name)) ?? before.groups;
  return { percent: percent ?? before.percent, groups };
}

export function rolloutCommand(): Command {
  return withRollout(new Command('rollout'))
    .description('Change to how many cameras a channel makes its offer')
    .option('--all-groups', 'to cameras of any group again')
    .action((directory: string, flags: RolloutFlags & { allGroups?: boolean }) => {
      if (flags.percent === undefined && flags.group === undefined && !flags.allGroups) {
        throw new VigieError('update', 'No change was named', 'Give --percent, --group or --all-groups');
      }
      return change(directory, flags, async (draft, repository) => {
        const { release, files } = await offeredIn(repository, draft, placeOf(flags));
        const before = flags.allGroups ? { ...release.rollout, groups: [] } : release.rollout;
        const next = { ...release, rollout: rolloutOf(flags, before) };
        const dryRun = flags.dryRun === true;
        await offer(repository.directory, draft, { release: next, files }, { dryRun });
      });
    });
}

export function withdrawCommand(): Command {
  return withPlace(new Command('withdraw'))
    .description('Have a channel offer nothing')
    .action((directory: string, flags: PlaceFlags) =>
      change(directory, flags, async (draft, repository) => {
        const place = placeOf(flags);
        await offeredIn(repository, draft, place);
        withdraw(draft, place);
        if (!flags.json) print(wordsFor(flags).withdrawn);
      }),
    );
}

async function offeredIn({ directory }: Repository, draft: Draft, place: Place): Promise<Offered> {
  const found = (await offers(directory, draft.base)).find((one) => sameFolder(one.place, place));
  if (found !== undefined) return found;
  const { customer, board, channel } = place;
  throw new VigieError(
    'update',
    `${customer}/${board}/${channel} offers nothing`,
    'See what is offered: vigie ota repository REPO',
  );
}

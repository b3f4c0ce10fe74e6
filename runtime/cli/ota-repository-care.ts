/** `vigie ota refresh | repository | prune | serve`: keeping the repository alive, looking at it, and serving it on the bench. */
import { once } from 'node:events';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { exitCodes } from '../../errors.js';
import { prepare } from '../../ota/repository/publication.js';
import { type RepositoryStatus, refresh, statusOf } from '../../ota/repository/refresh.js';
import { Repository } from '../../ota/repository/repository.js';
import { serveRepository } from '../../ota/repository/serve.js';
import { removeUnlisted, unlisted } from '../../ota/repository/unlisted.js';
import { printRows } from './keeping-flags.js';
import {
  applyOptions,
  each,
  keyringOf,
  locked,
  print,
  type RepositoryFlags,
  tellOutcome,
  wholeNumber,
  withLanguage,
  withSigning,
  wordsFor,
} from './ota-repository-flags.js';
import type { RepositoryWords } from './ota-repository-words.js';

export function refreshCommand(): Command {
  return withSigning(new Command('refresh'))
    .description(
      'Renew the timestamp, what is half over and can be signed, and publish what has all signatures',
    )
    .argument('<repository>')
    .option('--role <role>', 'renew this one however long it has; once for each', each)
    .action(async (directory: string, flags: RepositoryFlags & { role?: string[] }) => {
      const place = resolve(directory);
      const keyring = await keyringOf(flags);
      const options = { ...applyOptions(flags), always: flags.role ?? [] };
      const work = async (): Promise<void> => {
        const outcome = await refresh(await Repository.open(place), keyring, options);
        tellOutcome(outcome, flags);
        // Whoever has this in cron hears of it.
        const asked = outcome.kind === 'published' || (outcome.kind === 'staged' && flags.stage === true);
        if (!asked) process.exitCode = exitCodes.update;
      };
      await locked(place, work, options);
    });
}

export function repositoryCommand(): Command {
  return withLanguage(new Command('repository'))
    .description('What is offered to whom, which keys sign, and when it expires. Exit code 11 when it has')
    .argument('<repository>')
    .action(async (directory: string, flags: RepositoryFlags) => {
      const repository = await Repository.open(resolve(directory));
      const nowMs = Date.now();
      const draft = repository.stagedDraft(nowMs);
      const keyring = await keyringOf({});
      const waits = draft === null ? [] : (await prepare(draft, keyring, { nowMs })).missing;
      const status = await statusOf(repository, nowMs, waits);
      if (status.warnings.some(({ what }) => what === 'expired')) process.exitCode = exitCodes.update;
      if (flags.json) print(JSON.stringify(plain(status), null, 2));
      else tellStatus(status, wordsFor(flags));
    });
}

const plain = ({ offers, ...rest }: RepositoryStatus) => ({
  ...rest,
  offers: offers.map(({ release }) => release),
});

function tellStatus({ roles, offers, waits, warnings }: RepositoryStatus, words: RepositoryWords): void {
  const rows = roles.map(({ role, version, expires, threshold, keys }) => {
    const names = keys.map(({ id, name }) => `${name ?? '?'} (${id.slice(0, 12)})`);
    return [role, String(version), expires, words.threshold(threshold, keys.length), names.join(', ')];
  });
  if (rows.length > 0) printRows([words.roleColumns, ...rows]);
  print('');
  const offered = offers.map(({ place, release }) => {
    const { percent, groups } = release.rollout;
    const deltas = release.content.kind === 'tree' ? String(release.content.deltas.length) : '-';
    return [place.customer, place.board, place.channel, release.version, words.who(percent, groups), deltas];
  });
  if (offered.length > 0) printRows([words.offerColumns, ...offered]);
  else print(words.noOffers);
  if (warnings.length + waits.length > 0) print('');
  for (const { what, of } of warnings) print(words.warning[what](of));
  for (const missing of waits) print(`  ${words.missing(missing)}`);
}

export function pruneCommand(): Command {
  return withLanguage(new Command('prune'))
    .description('Remove bundles that nothing lists any more; published metadata is not touched')
    .argument('<repository>')
    .option('--days <number>', 'only those that were laid down so long ago', wholeNumber(0, 3660), 30)
    .option('--dry-run', 'say what would be removed, and remove nothing')
    .action(async (directory: string, flags: RepositoryFlags & { days: number }) => {
      const place = resolve(directory);
      const dryRun = flags.dryRun === true;
      const work = async (): Promise<void> => {
        const repository = await Repository.open(place);
        const files = await unlisted(repository, Date.now() - flags.days * 86_400_000);
        if (!dryRun) await removeUnlisted(repository, files);
        if (flags.json) return print(JSON.stringify({ files, dryRun }, null, 2));
        const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
        for (const { path } of files) print(`  ${path}`);
        print(wordsFor(flags).pruned(files.length, Math.round(bytes / 2 ** 20), dryRun));
      };
      await locked(place, work, { dryRun });
    });
}

interface ServeFlags extends RepositoryFlags {
  host: string;
  port: number;
  rate?: number;
}

export function serveCommand(): Command {
  return withLanguage(new Command('serve'))
    .description('Serve a repository over HTTP, for the bench only; a fleet takes any static web server')
    .argument('<repository>')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port, 0 for a free one', wholeNumber(0, 65_535), 8123)
    .option('--rate <bytes>', 'bytes a second of each answer', wholeNumber(1, 2 ** 40))
    .action(async (directory: string, flags: ServeFlags) => {
      const place = resolve(directory);
      await Repository.open(place);
      const { host, port } = flags;
      const serving = await serveRepository({ directory: place, host, port, rate: flags.rate ?? null });
      print(flags.json ? JSON.stringify({ url: serving.url }) : wordsFor(flags).serving(serving.url));
      await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
      await serving.close();
    });
}

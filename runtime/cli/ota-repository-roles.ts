/** `vigie ota init | customer | board | rotate | revoke | unstage`: who may sign what. */
import { resolve } from 'node:path';
import { Command } from 'commander';
import { VigieError } from '../../errors.js';
import { customerName, type Lifetimes, lifetimes, topRoles } from '../../ota/repository/formats.js';
import { checkedPart } from '../../ota/repository/offers.js';
import { Repository, usualLifetimes } from '../../ota/repository/repository.js';
import { revoke, rotate } from '../../ota/repository/rotation.js';
import { dropStaged } from '../../ota/repository/staged.js';
import {
  applyOptions,
  change,
  each,
  keyringOf,
  locked,
  print,
  type RepositoryFlags,
  readKeys,
  tellOutcome,
  wholeNumber,
  withLanguage,
  withSigning,
  wordsFor,
} from './ota-repository-flags.js';

interface InitFlags extends RepositoryFlags {
  rootKey: string[];
  targetsKey: string[];
  snapshotKey: string[];
  timestampKey: string[];
  rootThreshold: number;
  expires?: string;
}

interface RoleFlags extends RepositoryFlags {
  key: string[];
  threshold: number;
}

export function initCommand(): Command {
  return withSigning(new Command('init'))
    .description('Make a repository. Keys may be public ones: the file to sign then waits in metadata/staged')
    .argument('<repository>', 'directory that a web server will serve')
    .requiredOption('--root-key <file>', 'key of a root holder; once for each', each)
    .requiredOption('--targets-key <file>', 'key that delegates to customers; once for each', each)
    .requiredOption('--snapshot-key <file>', 'key that says which files belong together; once for each', each)
    .requiredOption('--timestamp-key <file>', 'key that says what is current; once for each', each)
    .option('--root-threshold <number>', 'root holders who must sign together', wholeNumber(1, 32), 2)
    .option('--expires <list>', 'days of each role', 'root=365,targets=90,snapshot=14,timestamp=7')
    .action(async (directory: string, flags: InitFlags) => {
      const [root = [], targets = [], snapshot = [], timestamp = []] = await Promise.all(
        [flags.rootKey, flags.targetsKey, flags.snapshotKey, flags.timestampKey].map(readKeys),
      );
      const keys = { root, targets, snapshot, timestamp };
      const keyring = await keyringOf(flags, Object.values(keys).flat());
      const options = applyOptions(flags, true);
      const founding = {
        keys,
        rootThreshold: flags.rootThreshold,
        lifetimes: lifetimesOf(flags.expires ?? ''),
        nowMs: options.nowMs,
      };
      const place = resolve(directory);
      const work = async (): Promise<void> => {
        const { repository, draft } = await Repository.found(place, founding, options);
        tellOutcome(await repository.apply(draft, keyring, options), flags);
      };
      await locked(place, work, { make: true, dryRun: flags.dryRun === true });
    });
}

function lifetimesOf(text: string): Lifetimes {
  const given = text.split(',').map((part) => part.split('='));
  const named = Object.fromEntries(given.map(([role, days]) => [role?.trim(), Number(days)]));
  const parsed = lifetimes.safeParse({ ...usualLifetimes, ...named });
  if (parsed.success) return parsed.data;
  const hint = `Write --expires root=365,targets=90; roles: ${topRoles.join(', ')}, days 1 to 3660`;
  throw new VigieError('update', `--expires cannot be "${text}"`, hint);
}

function withRole(command: Command, who: string): Command {
  return withSigning(command)
    .requiredOption('--key <file>', `key of ${who}, public or private; once for each`, each)
    .option('--threshold <number>', 'how many of these keys must sign together', wholeNumber(1, 32), 1);
}

export function customerCommand(): Command {
  const add = withRole(new Command('add'), 'who answers for the customer')
    .description('Let a key answer for everything that one customer’s cameras take')
    .argument('<repository>')
    .argument('<customer>', 'lower-case letters, digits, _ and -; such as ville-exemple')
    .action(async (directory: string, name: string, flags: RoleFlags) => {
      const customer = checkedCustomer(name);
      const keys = await readKeys(flags.key);
      await change(directory, flags, (d) => d.addRole(customer, `${customer}/*/*/*`, keys, flags.threshold), {
        more: keys,
      });
    });
  const remove = withSigning(new Command('remove'))
    .description('Offer a customer nothing any more; his boards go with him')
    .argument('<repository>')
    .argument('<customer>', 'as vigie ota repository shows it')
    .action((directory: string, name: string, flags: RepositoryFlags) =>
      change(directory, flags, (draft) => draft.removeRole(checkedCustomer(name))),
    );
  return new Command('customer')
    .description('Whose cameras the repository serves')
    .addCommand(add)
    .addCommand(remove);
}

export function boardCommand(): Command {
  const add = withRole(new Command('add'), 'who publishes for the board')
    .description('Let a key publish for the boards of one kind of one customer')
    .argument('<repository>')
    .argument('<customer>')
    .argument('<board>', 'profile of the board, such as raspberry-pi-5')
    .action(async (directory: string, customer: string, name: string, flags: RoleFlags) => {
      const [owner, board] = [checkedCustomer(customer), checkedPart('board', name)];
      const keys = await readKeys(flags.key);
      await change(
        directory,
        flags,
        (draft) => draft.addRole(`${owner}.${board}`, `${owner}/${board}/*/*`, keys, flags.threshold),
        { more: keys },
      );
    });
  const remove = withSigning(new Command('remove'))
    .description('Offer these boards nothing any more')
    .argument('<repository>')
    .argument('<customer>')
    .argument('<board>')
    .action((directory: string, customer: string, board: string, flags: RepositoryFlags) =>
      change(directory, flags, (draft) =>
        draft.removeRole(`${checkedCustomer(customer)}.${checkedPart('board', board)}`),
      ),
    );
  return new Command('board')
    .description('The kinds of boards of a customer')
    .addCommand(add)
    .addCommand(remove);
}

export function checkedCustomer(name: string): string {
  if (customerName.safeParse(name).success) return name;
  const hint = 'Use lower-case letters, digits, _ and -, and no name of a role';
  throw new VigieError('update', `"${name}" is no name of a customer`, hint);
}

export function rotateCommand(): Command {
  return withSigning(new Command('rotate'))
    .description('Put a new key in the place of one, and sign again what it had signed')
    .argument('<repository>')
    .requiredOption('--role <role>', `${topRoles.join(', ')}, CUSTOMER or CUSTOMER.BOARD`)
    .requiredOption('--old-key <key>', 'its name, its ID or the start of it')
    .requiredOption('--new-key <file>', 'the new one, public or private')
    .action(
      async (
        directory: string,
        flags: RepositoryFlags & { role: string; oldKey: string; newKey: string },
      ) => {
        const more = await readKeys([flags.newKey]);
        const [next] = more;
        if (next === undefined) return;
        const edit = (draft: Parameters<typeof rotate>[0]): void =>
          rotate(draft, flags.role, flags.oldKey, next);
        await change(directory, flags, edit, { more, stage: true });
      },
    );
}

export function revokeCommand(): Command {
  return withSigning(new Command('revoke'))
    .description('Take a key away from every role it has, and sign again what it had signed')
    .argument('<repository>')
    .requiredOption('--key <key>', 'its name, its ID or the start of it')
    .option('--new-key <file>', 'takes its place, where too few keys would be left')
    .action(async (directory: string, flags: RepositoryFlags & { key: string; newKey?: string }) => {
      const more = await readKeys(flags.newKey === undefined ? [] : [flags.newKey]);
      const edit = (draft: Parameters<typeof revoke>[0]): void => {
        const roles = revoke(draft, flags.key, more[0] ?? null);
        if (!flags.json) print(wordsFor(flags).revoked(roles.join(', ')));
      };
      await change(directory, flags, edit, { more, stage: true });
    });
}

export function unstageCommand(): Command {
  return withLanguage(new Command('unstage'))
    .description('Drop what waits for signatures in metadata/staged')
    .argument('<repository>')
    .action(async (directory: string, flags: RepositoryFlags) => {
      const place = resolve(directory);
      await locked(place, () => dropStaged(place));
      print(flags.json ? JSON.stringify({ dropped: true }) : wordsFor(flags).dropped);
    });
}

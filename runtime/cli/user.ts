/**
 * `vigie user add | list | remove`. Called by cli/main.ts. A running camera notices the change within 5 s and ends
 * the sessions of who is gone. Prints a secret once, at its making, and keeps it nowhere.
 */
import { join } from 'node:path';
import { Command } from 'commander';
import { systemClock } from '../../board/linux/clock.js';
import { parseRights, right } from '../access/rights.js';
import { Users } from '../access/users.js';
import { openStateDirectory, stateDirectory } from '../config/paths.js';

interface Flags {
  state?: string;
  file?: string;
  rights: string;
  json?: boolean;
}

export function userCommand(): Command {
  return new Command('user')
    .description('People who may log in, and their rights')
    .addCommand(addCommand())
    .addCommand(listCommand())
    .addCommand(removeCommand());
}

function addCommand(): Command {
  return withDirectory(new Command('add'))
    .description('Add a user and print the secret to log in with, once')
    .argument('<name>', 'lower-case letters, digits, and . _ - inside')
    .requiredOption('--rights <list>', `what the user may do, of: ${right.options.join(', ')}`)
    .action(async (name: string, flags: Flags) => {
      const rights = parseRights(flags.rights);
      const secret = await openUsers(flags).add(name, rights, systemClock.wallMs());
      process.stdout.write(`User ${name} may: ${rights.join(', ')}\nSecret, shown this once: ${secret}\n`);
    });
}

function listCommand(): Command {
  return withDirectory(new Command('list'))
    .description('List users and their rights')
    .option('--json', 'as JSON')
    .action(async (flags: Flags) => {
      const users = openUsers(flags);
      await users.refresh();
      const list = users.list();
      if (flags.json) process.stdout.write(`${JSON.stringify(list)}\n`);
      else if (list.length === 0)
        process.stdout.write('No users. Add one: vigie user add NAME --rights live,alerts\n');
      for (const { name, rights, addedMs } of flags.json ? [] : list) {
        process.stdout.write(
          `${name.padEnd(32)}  ${new Date(addedMs).toISOString().slice(0, 10)}  ${rights.join(', ')}\n`,
        );
      }
    });
}

function removeCommand(): Command {
  return withDirectory(new Command('remove'))
    .description('Remove a user; open sessions of that user end')
    .argument('<name>', 'as `vigie user list` shows it')
    .action(async (name: string, flags: Flags) => {
      await openUsers(flags).remove(name);
      process.stdout.write(`User ${name} is removed\n`);
    });
}

function withDirectory(command: Command): Command {
  return command
    .option('--state <directory>', 'state directory of the camera (default: docs/installation.md)')
    .option('--file <name>', 'users file in it, access.usersFile of the configuration', 'users.json');
}

function openUsers(flags: Flags): Users {
  const directory = openStateDirectory(flags.state ?? stateDirectory());
  return new Users({ file: join(directory, flags.file ?? 'users.json') });
}

/** `vigie ota keys new | show | list` and `vigie ota sign`: what holders of keys do, on machines of their own. */
import { basename, resolve } from 'node:path';
import { Command } from 'commander';
import { countersign, readForSigning } from '../../ota/repository/countersign.js';
import type { Envelope } from '../../ota/repository/formats.js';
import {
  type KeyFile,
  keyPlaceFree,
  keysIn,
  makeKey,
  publicPlace,
  readKeyFile,
} from '../../ota/repository/keys.js';
import { Repository } from '../../ota/repository/repository.js';
import { printRows } from './keeping-flags.js';
import {
  applyOptions,
  each,
  keyringOf,
  locked,
  newPassphrase,
  print,
  type RepositoryFlags,
  tellOutcome,
  withLanguage,
  wordsFor,
} from './ota-repository-flags.js';
import type { RepositoryWords } from './ota-repository-words.js';

export function keysCommand(): Command {
  return new Command('keys')
    .description('The keys that sign what a fleet may take')
    .addCommand(newCommand())
    .addCommand(showCommand())
    .addCommand(listCommand());
}

function newCommand(): Command {
  return withLanguage(new Command('new'))
    .description(
      'Make a key. A passphrase is asked for, or read from the file VIGIE_OTA_PASSPHRASE_FILE names',
    )
    .argument('<name>', 'lower-case letters, digits, and . _ - inside; it is public')
    .requiredOption('--out <file>', 'where the private key goes; the public one goes beside it')
    .action(async (name: string, flags: RepositoryFlags & { out: string }) => {
      const words = wordsFor(flags);
      const out = resolve(flags.out);
      await keyPlaceFree(out);
      const key = await makeKey(name, out, await newPassphrase(words));
      if (flags.json) return print(JSON.stringify(shown(key), null, 2));
      print(words.keyMade(key.name, key.id));
      print(words.keyPrivate(key.file));
      if (!key.encrypted) print(words.keyOpen);
      print(words.keyPublic(publicPlace(key.file)));
    });
}

function showCommand(): Command {
  return withLanguage(new Command('show'))
    .description('Name and ID of a key, private or public')
    .argument('<file>', 'key in PEM')
    .action(async (file: string, flags: RepositoryFlags) => tell([await readKeyFile(resolve(file))], flags));
}

function listCommand(): Command {
  return withLanguage(new Command('list'))
    .description('The keys of a directory')
    .argument('<directory>', 'where keys are')
    .action(async (directory: string, flags: RepositoryFlags) =>
      tell(await keysIn(resolve(directory)), flags),
    );
}

const shown = ({ name, id, file, publicHex, private: isPrivate, encrypted }: KeyFile) => ({
  ...{ name, id, file, public: publicHex, private: isPrivate, encrypted },
});

function tell(keys: readonly KeyFile[], flags: RepositoryFlags): void {
  if (flags.json) return print(JSON.stringify(keys.map(shown), null, 2));
  const words = wordsFor(flags);
  const kind = (key: KeyFile): string =>
    key.encrypted ? words.encrypted : key.private ? words.private : words.public;
  printRows([words.keyColumns, ...keys.map((key) => [key.name, key.id, key.file, kind(key)])]);
}

export function signCommand(): Command {
  return withLanguage(new Command('sign'))
    .description('Add signatures to a file of metadata/staged, or to a copy of one on another machine')
    .argument('<file>', 'such as 2.root.json, under the name that it has')
    .option('--key <file>', 'private key; once for each', each)
    .option('--merge <file>', 'a copy that another holder signed, to take its signatures from', each)
    .option('--sign-with <file>', 'key of snapshot or timestamp, to publish when all have signed', each)
    .option('--keys <directory>', 'directory of such keys')
    .action(async (file: string, flags: RepositoryFlags & { key?: string[]; merge?: string[] }) => {
      const path = resolve(file);
      const words = wordsFor(flags);
      const keyring = await keyringOf({ signWith: flags.key ?? [] });
      const all = { ...flags, signWith: [...(flags.key ?? []), ...(flags.signWith ?? [])] };
      if (!flags.json) showSigned(await readForSigning(path), basename(path), words);
      const {
        added,
        foreign,
        file: signed,
      } = await countersign(
        path,
        keyring,
        (flags.merge ?? []).map((one) => resolve(one)),
      );
      if (!flags.json) print(words.signed(added.length));
      if (!flags.json) for (const id of foreign) print(words.foreign(id));
      const repository = /^(.*)\/metadata\/staged\/[^/]+$/.exec(path)?.[1];
      if (repository === undefined) {
        const signatures = signed.signatures.length;
        if (flags.json) print(JSON.stringify({ added, signatures }, null, 2));
        return;
      }
      await locked(repository, async () => {
        const opened = await Repository.open(repository);
        const options = applyOptions(flags, true);
        const draft = opened.stagedDraft(options.nowMs);
        if (draft !== null) tellOutcome(await opened.apply(draft, await keyringOf(all), options), flags);
      });
    });
}

/** What a holder puts his name to. */
function showSigned({ signed }: Envelope, name: string, words: RepositoryWords): void {
  print(words.signing);
  const rows = [[`  ${name}`, signed.expires]];
  if (signed._type === 'root') {
    for (const [role, { keyids, threshold }] of Object.entries(signed.roles)) {
      const names = keyids.map((id) => `${signed.keys[id]?.['x-vigie-name'] ?? '?'} (${id.slice(0, 12)})`);
      rows.push([`    ${role}`, `${words.threshold(threshold, keyids.length)}: ${names.join(', ')}`]);
    }
  }
  if (signed._type === 'targets') {
    for (const { name: role, keyids, threshold } of signed.delegations?.roles ?? []) {
      const names = keyids.map((id) => signed.delegations?.keys[id]?.['x-vigie-name'] ?? id.slice(0, 12));
      rows.push([`    ${role}`, `${words.threshold(threshold, keyids.length)}: ${names.join(', ')}`]);
    }
    for (const [path, { length }] of Object.entries(signed.targets))
      rows.push([`    ${path}`, `${length} B`]);
  }
  printRows(rows);
}

/**
 * The part of `vigie ota` for boards with two root partitions (docs/updates-system.md): the files that a
 * board needs, and the bundles for it. On the integrator's machine; asks no camera.
 */
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { checkSystemTree } from '../../ota/slots/rauc-check.js';
import {
  type BootStore,
  type BundleFormat,
  makeSystemBundle,
  type Recipe,
  writeRecipe,
} from '../../ota/slots/rauc-recipe.js';

interface RecipeFlags {
  board: string;
  slotA: string;
  slotB: string;
  slotType: Recipe['slotType'];
  store: BootStore;
  storeFile?: string;
  group: string;
  vigie: string;
  format: BundleFormat[];
  out: string;
}

interface BundleFlags {
  rootfs: string;
  board: string;
  release: string;
  build?: string;
  format: BundleFormat;
  cert: string;
  key: string;
  keyring: string;
  out: string;
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

export function systemCommands(): Command[] {
  return [recipeCommand(), bundleCommand(), checkCommand()];
}

function recipeCommand(): Command {
  return new Command('system-recipe')
    .description('Write what RAUC, D-Bus and systemd need on a board with two root partitions')
    .requiredOption('--board <name>', 'name of the board, as in its profile')
    .requiredOption('--slot-a <device>', 'partition of the slot that boots as A')
    .requiredOption('--slot-b <device>', 'partition of the slot that boots as B')
    .addOption(new Option('--slot-type <type>', 'how it is written').choices(['raw', 'ext4']).default('raw'))
    .addOption(
      new Option('--store <kind>', 'where the bootloader keeps its variables')
        .choices(['uboot', 'grub', 'file'])
        .makeOptionMandatory(),
    )
    .option('--store-file <file>', 'the file of a store of the kind grub or file')
    .option('--group <name>', 'group that the camera runs in', 'vigie')
    .option('--vigie <directory>', 'where Vigie lies on the root', '/opt/vigie')
    .addOption(
      new Option('--format <formats...>', 'formats of bundles that the board takes')
        .choices(['verity', 'plain'])
        .default(['verity']),
    )
    .requiredOption('--out <directory>', 'where they are written')
    .action(async (flags: RecipeFlags) => {
      const { out, format, ...rest } = flags;
      const fixed = { etc: '/etc/rauc', status: '/var/lib/vigie/rauc.status' };
      const places = await writeRecipe({ ...rest, ...fixed, formats: format }, out);
      for (const [name, place] of Object.entries(places)) print(`${name}  goes to ${place}`);
      print('keyring.pem  the authority of your certificate, goes to /etc/rauc/keyring.pem');
    });
}

function bundleCommand(): Command {
  return new Command('system-bundle')
    .description('Make a signed RAUC bundle of a root file system')
    .requiredOption(
      '--rootfs <path>',
      'image (.ext4, .squashfs, .img) or directory, of which a squashfs is made',
    )
    .requiredOption('--board <name>', 'name of the board, as in its profile')
    .requiredOption('--release <version>', 'version of the camera in it')
    .option('--build <name>', 'commit it was built from')
    .addOption(
      new Option('--format <format>', 'verity for boards, plain for a bench without device-mapper')
        .choices(['verity', 'plain'])
        .default('verity'),
    )
    .requiredOption('--cert <file>', 'certificate for code signing, PEM or PKCS#11 URL')
    .requiredOption('--key <file>', 'its key, PEM or PKCS#11 URL')
    .requiredOption('--keyring <file>', 'the authority that the boards trust; the bundle is verified with it')
    .requiredOption('--out <file>', 'the bundle, e.g. vigie-1.4.0.raucb')
    .action(async ({ cert, key, release, ...bundle }: BundleFlags) => {
      await makeSystemBundle({ ...bundle, version: release, signing: { cert, key } });
      print(`${bundle.out}  ${bundle.format}, version ${release} for ${bundle.board}, verified`);
    });
}

function checkCommand(): Command {
  return new Command('system-check')
    .description('Look into the root of another version: whether Vigie in it may run on this board')
    .argument('<root>', 'where that root is mounted')
    .option('--tree <directory>', 'where Vigie lies on it', '/opt/vigie')
    .action(async (root: string, { tree }: { tree: string }) => {
      const { version, models } = await checkSystemTree(join(root, tree), new AbortController().signal);
      print(
        `Vigie ${version} is as it was built; models: ${models.map(({ name }) => name).join(', ') || 'none'}`,
      );
    });
}

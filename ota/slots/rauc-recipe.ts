/**
 * The files that a board with two root partitions needs, and the bundle that goes into one of them: ota/rauc/ with its gaps
 * filled. Used by `vigie ota system-recipe` and `system-bundle`, on the integrator's machine; nothing of it runs on a camera.
 */
import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BundleSigning, signRaucBundle, squashDirectory } from '../../board/linux/rauc.js';
import { VigieError } from '../../errors.js';
import { pathPart, versionText } from '../release.js';

const templates = fileURLToPath(new URL('../rauc/', import.meta.url));

export type BundleFormat = 'plain' | 'verity';
export type BootStore = 'file' | 'uboot' | 'grub';

export interface Recipe {
  board: string;
  /** partitions, or files on a bench */
  slotA: string;
  slotB: string;
  /** `ext4`: may be written while it runs; `raw`: squashfs, or any image as it is */
  slotType: 'ext4' | 'raw';
  /** what the board takes, e.g. `verity` */
  formats: readonly BundleFormat[];
  store: BootStore;
  /** of the store: a file, or GRUB's environment block; nothing for `uboot` */
  storeFile?: string;
  /** the group that the camera runs in */
  group: string;
  /** where the files will lie on the board */
  etc: string;
  /** where Vigie lies on the root: what `vigie ota build` made, unpacked */
  vigie: string;
  /** the same place in the next version; as `vigie` when absent */
  tree?: string;
  /** RAUC's own notes: on the partition for data */
  status: string;
}

/** As system.conf and a bundle's manifest say it. */
export function compatibleOf(board: string): string {
  return `vigie-${board}`;
}

interface RecipeFile {
  name: string;
  text: string;
  mode: number;
  /** on the board */
  place: string;
}

/** @throws VigieError `update` when something in it could not stand in those files as it is */
export async function recipeFiles(recipe: Recipe): Promise<RecipeFile[]> {
  const gaps = gapsOf(recipe);
  const filled = async (name: string): Promise<string> =>
    (await readFile(join(templates, name), 'utf8')).replace(/@([A-Z_]+)@/g, (whole, gap: string) => {
      return gaps[gap] ?? whole;
    });
  const file = recipe.storeFile === undefined ? [] : [`FILE='${recipe.storeFile}'`];
  const etc = (name: string): string => join(recipe.etc, name);
  const one = async (name: string, place: string, mode = 0o644): Promise<RecipeFile> => {
    return { name, place, mode, text: await filled(name) };
  };
  return [
    await one('system.conf', etc('system.conf')),
    await one('bootloader.sh', etc('bootloader.sh'), 0o755),
    {
      name: 'bootloader.conf',
      place: etc('bootloader.conf'),
      mode: 0o644,
      text: `${[`STORE=${recipe.store}`, ...file].join('\n')}\n`,
    },
    await one('ended.sh', etc('ended.sh'), 0o755),
    await one('check-slot.sh', etc('check-slot.sh'), 0o755),
    await one('de.pengutronix.rauc.conf', '/etc/dbus-1/system.d/de.pengutronix.rauc.conf'),
    await one('rauc.service.conf', '/etc/systemd/system/rauc.service.d/vigie.conf'),
    await one('vigie.service.conf', '/etc/systemd/system/vigie.service.d/rauc.conf'),
  ];
}

function gapsOf(recipe: Recipe): Record<string, string> {
  const paths = [
    recipe.slotA,
    recipe.slotB,
    recipe.etc,
    recipe.vigie,
    recipe.tree ?? '/',
    recipe.status,
    recipe.storeFile ?? '/',
  ];
  const odd = paths.find((path) => !/^\/[\w./:@%+=-]*$/.test(path));
  if (odd !== undefined) throw problem(`${odd} is no plain absolute path`, 'Name the device by its path');
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(recipe.group)) {
    throw problem(`${recipe.group} is no name of a group`, 'Name the group that the camera runs in');
  }
  if (recipe.slotA === recipe.slotB) throw problem('Both slots are the same', 'Name two partitions');
  if ((recipe.store === 'uboot') === (recipe.storeFile !== undefined)) {
    throw problem(
      'A store of the kind file or grub has a file, uboot has none',
      'Give or leave --store-file',
    );
  }
  return {
    COMPATIBLE: compatibleOf(boardName(recipe.board)),
    FORMATS: recipe.formats.join(' '),
    STATUS: recipe.status,
    KEYRING: join(recipe.etc, 'keyring.pem'),
    ENDED: join(recipe.etc, 'ended.sh'),
    CHECK: join(recipe.etc, 'check-slot.sh'),
    VIGIE: recipe.vigie,
    TREE: recipe.tree ?? recipe.vigie,
    BACKEND: join(recipe.etc, 'bootloader.sh'),
    SLOT_A: recipe.slotA,
    SLOT_B: recipe.slotB,
    SLOT_TYPE: recipe.slotType,
    GROUP: recipe.group,
  };
}

/** @returns where each file goes on the board */
export async function writeRecipe(recipe: Recipe, directory: string): Promise<Record<string, string>> {
  const files = await recipeFiles(recipe);
  await mkdir(directory, { recursive: true });
  for (const { name, text, mode } of files) {
    await writeFile(join(directory, name), text, { mode });
    await chmod(join(directory, name), mode);
  }
  return Object.fromEntries(files.map(({ name, place }) => [name, place]));
}

export interface SystemBundle {
  /** `.ext4`, `.squashfs` or `.img`; of a directory a squashfs is made */
  rootfs: string;
  board: string;
  version: string;
  /** git commit or the like; left out when empty */
  build?: string;
  format: BundleFormat;
  signing: BundleSigning;
  /** the authority that the boards trust: the bundle is verified with it */
  keyring: string;
  out: string;
}

const imageEnds = ['.ext4', '.squashfs', '.img'];

/** Leaves nothing at `out` when it fails. */
export async function makeSystemBundle(bundle: SystemBundle): Promise<void> {
  const version = versionText.safeParse(bundle.version);
  if (!version.success) throw problem(`${bundle.version} is no version`, 'Write it as 1.4.0');
  const { cert, key } = bundle.signing;
  // Whoever lists the processes of the machine would read it.
  if ([cert, key].some((place) => /^pkcs11:.*pin-value=/i.test(place)))
    throw problem('A PIN does not belong on a command line', 'Put it into the environment: RAUC_PKCS11_PIN');
  if (await stat(bundle.out).catch(() => null)) throw problem(`${bundle.out} is there already`, 'Remove it');
  const directory = await mkdtemp(join(dirname(resolve(bundle.out)), '.system-bundle-'));
  try {
    const content = join(directory, 'content');
    await mkdir(content, { mode: 0o755 });
    const image = await placeImage(bundle.rootfs, content);
    await writeFile(join(content, 'manifest.raucm'), manifestOf(bundle, image), { mode: 0o644 });
    if (keepsIdentity(image)) {
      await copyFile(join(templates, 'hook.sh'), join(content, 'hook.sh'));
      await chmod(join(content, 'hook.sh'), 0o755);
    }
    const conf = join(directory, 'system.conf');
    const formats = `bundle-formats=${bundle.format}`;
    const keyring = `[keyring]\npath=${resolve(bundle.keyring)}\ncheck-purpose=codesign\n`;
    await writeFile(conf, `[system]\ncompatible=x\nbootloader=noop\n${formats}\n${keyring}`);
    await signRaucBundle({ conf, content, out: resolve(bundle.out) }, bundle.signing);
  } catch (error) {
    await rm(bundle.out, { force: true });
    throw error;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function placeImage(rootfs: string, content: string): Promise<string> {
  const found = await stat(rootfs).catch(() => null);
  if (!found) throw problem(`${rootfs} is not there`, 'Name the root of the system: an image or a directory');
  if (found.isDirectory()) {
    await squashDirectory(rootfs, join(content, 'rootfs.squashfs'));
    return 'rootfs.squashfs';
  }
  const end = extname(rootfs);
  if (!imageEnds.includes(end))
    throw problem(`${rootfs} does not end in ${imageEnds.join(', ')}`, 'Rename it');
  await copyFile(rootfs, join(content, `rootfs${end}`), constants.COPYFILE_FICLONE);
  await chmod(join(content, `rootfs${end}`), 0o644);
  return `rootfs${end}`;
}

function keepsIdentity(image: string): boolean {
  return image.endsWith('.ext4');
}

function manifestOf({ board, version, build, format }: SystemBundle, image: string): string {
  const name = /^[\w.-]{1,64}$/;
  if (build !== undefined && !name.test(build))
    throw problem(`${build} is no name of a build`, 'Name the commit');
  const hook = keepsIdentity(image);
  return [
    '[update]',
    `compatible=${compatibleOf(boardName(board))}`,
    `version=${version}`,
    ...(build === undefined ? [] : [`build=${build}`]),
    '',
    '[bundle]',
    `format=${format}`,
    '',
    ...(hook ? ['[hooks]', 'filename=hook.sh', ''] : []),
    '[image.rootfs]',
    `filename=${image}`,
    ...(hook ? ['hooks=post-install'] : []),
    '',
  ].join('\n');
}

function boardName(board: string): string {
  if (pathPart.safeParse(board).success) return board;
  throw problem(
    `${board} is no name of a board`,
    'Name it as its profile is named: lower case, digits, dots',
  );
}

function problem(message: string, hint: string): VigieError {
  return new VigieError('update', message, hint);
}

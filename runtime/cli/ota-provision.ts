/**
 * `vigie ota provision`: what an integrator does once on a new board (docs/updates.md, "Installing a board"). Run on the board
 * itself, as the user that will run the camera, with the vigie of a clone or of an unpacked bundle.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { arch, userInfo } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { LinuxCard } from '../../board/linux/card.js';
import { systemClock } from '../../board/linux/clock.js';
import { makePluginList } from '../../board/linux/plugin-list.js';
import { VigieError } from '../../errors.js';
import { type InspectedBundle, inspectBundle, unpackBundle } from '../../ota/bundle/unpack.js';
import { checkTrust, provision } from '../../ota/slots/provision.js';
import { serviceUnit } from '../../ota/slots/service-unit.js';
import { loadConfig } from '../config/load.js';
import { openStateDirectory, stateDirectory } from '../config/paths.js';
import type { Config } from '../config/schema.js';
import { type ProvisionWords, provisionWords } from './ota-provision-words.js';
import type { Language } from './store-words.js';

interface Flags {
  slots: string;
  bundle: string;
  trust: string;
  config?: string;
  state?: string;
  sha256?: string;
  replace?: true;
  language?: Language;
}

/** Where the unit expects the configuration when none was named. */
const usualConfig = '/etc/vigie/camera.json';

const print = (text: string): void => void process.stdout.write(`${text}\n`);

export function provisionCommands(): Command[] {
  return [
    new Command('provision')
      .description('Install the first version on a new board, into slots that updates will go to')
      .requiredOption('--slots <directory>', 'where the versions will be, on a disk of this board')
      .requiredOption('--bundle <file>', 'what vigie ota build made')
      .requiredOption('--trust <file>', 'root.json of the repository that this camera will ask')
      .option('--config <file>', `configuration of the camera (default for the service: ${usualConfig})`)
      .option(
        '--state <directory>',
        'where the store, users and authorisation are (default: docs/installation.md)',
      )
      .option('--sha256 <hex>', 'refuse the bundle when its file has another hash')
      .option('--replace', 'instead of a camera that is installed there already')
      .addOption(new Option('--language <language>', 'language of what is printed').choices(['fr', 'en']))
      .action(install),
  ];
}

async function install(flags: Flags): Promise<void> {
  const stop = new AbortController();
  const abort = (): void => stop.abort(stopped());
  process.once('SIGINT', abort).once('SIGTERM', abort);
  try {
    await installUntil(stop.signal, flags, provisionWords(flags.language));
  } finally {
    process.off('SIGINT', abort).off('SIGTERM', abort);
  }
}

async function installUntil(signal: AbortSignal, flags: Flags, words: ProvisionWords): Promise<void> {
  const root = resolve(flags.slots);
  const trust = await fileOf(flags.trust, 'root.json');
  const expires = checkTrust(trust);
  if (expires.getTime() < systemClock.wallMs()) print(words.trustExpired(expires.toISOString().slice(0, 10)));
  const bundle = await inspected(flags, words, signal);
  const { manifest, manifestSha256, tarSha256, tarBytes, treeBytes, file } = bundle;
  const expected = { manifestSha256, tarSha256, tarBytes };
  const card = new LinuxCard();
  await provision(
    { space: (path) => card.space(path) },
    {
      root,
      version: manifest.version,
      manifestSha256,
      treeBytes,
      unpack: async (directory, stop) => {
        await unpackBundle({ kind: 'full', file, expected }, directory, stop);
      },
      trust,
      replace: flags.replace ?? false,
    },
    (step) => print(words.steps[step]),
    signal,
  );
  await makeBoardFiles(flags, root, words, signal);
  print(words.done(manifest.version, root));
  tellNext(flags, root, words);
}

/** Everything about the bundle that can be known before anything is written. */
async function inspected(flags: Flags, words: ProvisionWords, signal: AbortSignal): Promise<InspectedBundle> {
  print(words.inspecting);
  const file = resolve(flags.bundle);
  const beside = resolve(flags.slots, '..');
  await mkdir(beside, { recursive: true });
  const bundle = await inspectBundle(file, beside, signal);
  const { manifest, fileSha256, treeBytes, models } = bundle;
  if (flags.sha256 !== undefined && flags.sha256.toLowerCase() !== fileSha256) {
    const hint = 'Fetch the bundle again, and compare with what vigie ota build printed';
    throw new VigieError('update', `The bundle has the hash ${fileSha256}, not the one that was given`, hint);
  }
  if (manifest.arch !== arch()) {
    const hint = `Take a bundle that was built for ${arch()}`;
    throw new VigieError('update', `This bundle is for ${manifest.arch}, and this board is ${arch()}`, hint);
  }
  const board = flags.config === undefined ? null : loadConfig(flags.config).board;
  if (board !== null && !manifest.boards.includes(board)) {
    const hint = `Take a bundle that was built with --board ${board}`;
    throw new VigieError('update', `This bundle has no profile of the board ${board}`, hint);
  }
  print(words.bundle(manifest.version, manifest.commit, Math.ceil(treeBytes / 2 ** 20), models.length));
  return bundle;
}

/** What belongs to this board and to no version: the list of plug-ins and the service. */
async function makeBoardFiles(
  flags: Flags,
  root: string,
  words: ProvisionWords,
  signal: AbortSignal,
): Promise<void> {
  print(words.pluginList);
  const list = join(root, 'cache', `gst-registry-${arch()}.bin`);
  if (!(await makePluginList(list, signal))) print(words.noPluginList);
  if (userInfo().uid === 0) print(words.asRoot);
  const unit = serviceUnit({
    node: process.execPath,
    user: userInfo().username,
    slots: root,
    state: openStateDirectory(resolve(flags.state ?? stateDirectory())),
    config: resolve(flags.config ?? usualConfig),
    stores: flags.config === undefined ? [] : await storesIn(loadConfig(flags.config)),
  });
  await writeFile(join(root, 'vigie.service'), unit, { mode: 0o644 });
}

/** A store outside the state directory: the service may write there only when its file says so. */
async function storesIn({ record }: Config): Promise<string[]> {
  const places: string[] = [];
  for (const { directory, mountPoint } of [record, ...(record.second ? [record.second] : [])]) {
    if (!isAbsolute(directory)) continue;
    places.push(mountPoint ?? directory);
    // Of a card that may be taken out nothing is made here; any other store is made by the camera, below what is there.
    if (mountPoint === undefined) await mkdir(directory, { recursive: true, mode: 0o700 }).catch(() => {});
  }
  return places;
}

function tellNext(flags: Flags, root: string, words: ProvisionWords): void {
  const config = resolve(flags.config ?? usualConfig);
  const state = resolve(flags.state ?? stateDirectory());
  const launcher = `node ${root}/launcher/main.js --slots ${root}`;
  const byHand = `VIGIE_CACHE=${root}/cache ${launcher} -- run --config ${config} --state ${state}`;
  print(words.next({ unit: `${root}/vigie.service`, config, hasConfig: flags.config !== undefined, byHand }));
}

async function fileOf(path: string, what: string): Promise<Buffer> {
  return readFile(path).catch((cause: unknown) => {
    throw new VigieError('update', `${what} cannot be read: ${path}`, 'Check the path', { cause });
  });
}

function stopped(): VigieError {
  return new VigieError('update', 'Stopped before it was installed', 'Run the same command again');
}

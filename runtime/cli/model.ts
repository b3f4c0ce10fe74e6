/**
 * `vigie model list | check | sign`: which models may run, whether they are what their list says, and if not why. Called by
 * cli/main.ts, on a camera or, for an inspector, without one. It runs no model; only `sign` writes, and it never asks for
 * a key that the camera holds.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { asVigieError, errorLine, exitCodes, VigieError } from '../../errors.js';
import { admit } from '../../models/gate.js';
import { modelPaths, modelTask, shippedManifest } from '../../models/manifest.js';
import { type Refusal, refusalOf, refusalWords } from '../../models/refusal.js';
import { readList, readTrustedPem, signList, trustedKey } from '../../models/signed-list.js';
import { boundedBytes, verifiedBytes } from '../../models/verify.js';
import { inState } from '../camera-parts.js';
import { loadConfig } from '../config/load.js';
import { modelDirectory, stateDirectory } from '../config/paths.js';
import { printRows } from './keeping-flags.js';
import { type ModelWords, modelWords } from './model-words.js';
import type { Language } from './store-words.js';

interface Flags {
  config?: string;
  state?: string;
  manifest?: string;
  key?: string;
  out?: string;
  language?: Language;
  json?: boolean;
}

/** Why something is refused: for machines, and as the check told it. */
interface Why {
  reason: Refusal | null;
  message: string;
}

interface Found {
  name: string;
  task: string;
  from: 'vigie' | 'integrator';
  file: string;
  sha256: string;
  classes: string[];
  licence: string;
  accuracy: string;
  /** null: verified */
  refused: Why | null;
}

interface Report {
  tasks: readonly string[];
  models: Found[];
  /** why the signed list as a whole counts for nothing; null when it counts, or none was named */
  list: Why | null;
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** The `model` command, to be added to `vigie`. */
export function modelCommand(): Command {
  return new Command('model')
    .description('The models that may run, what they are for, and whether they are what their list says')
    .addCommand(listCommand())
    .addCommand(checkCommand())
    .addCommand(signCommand());
}

function listCommand(): Command {
  return withLanguage(new Command('list'))
    .description('Show the models of this camera and check them. Exit code 4 when one is refused')
    .option('--config <file>', 'configuration of the camera, for the models of its integrator')
    .option('--state <directory>', 'state directory of the camera (default: docs/installation.md)')
    .action(async (flags: Flags) => {
      const models = await shipped();
      const named = flags.config === undefined ? undefined : loadConfig(flags.config).models;
      const state = resolve(flags.state ?? stateDirectory());
      const brought = named
        ? await listed(inState(state, named.manifestFile), inState(state, named.trustFile))
        : { models: [], list: null };
      tell({ ...brought, models: [...models, ...brought.models] }, flags, named === undefined);
    });
}

function checkCommand(): Command {
  return withLanguage(new Command('check'))
    .description(
      'Check a signed list and its files against a public key, without a camera. Exit code 4 as above',
    )
    .requiredOption('--manifest <file>', 'the signed list, with the model files beside it')
    .requiredOption('--key <file>', 'public key that must have signed it (Ed25519, PEM)')
    .action(async ({ manifest = '', key = '', ...flags }: Flags) => {
      tell(await listed(resolve(manifest), resolve(key)), flags, false);
    });
}

function signCommand(): Command {
  return withLanguage(new Command('sign'))
    .description('Sign a list of models, where the private key is kept; never on the camera')
    .requiredOption('--manifest <file>', 'the list as JSON (docs/models.md, "The signed list")')
    .requiredOption('--key <file>', 'private key (Ed25519, PEM)')
    .requiredOption('--out <file>', 'where the signed list goes; it must not be there yet')
    .action(async ({ manifest = '', key = '', out = '', language, json }: Flags) => {
      const hint = 'Give --manifest the list as JSON, a few KiB';
      const text = (await boundedBytes(resolve(manifest), 64 * 1024, hint)).toString('utf8');
      const file = resolve(out);
      await writeNew(file, signList(text, await privateKey(resolve(key))));
      print(json ? JSON.stringify({ file }, null, 2) : modelWords(language).signed(file));
    });
}

function withLanguage(command: Command): Command {
  return command
    .option('--json', 'print JSON')
    .addOption(new Option('--language <language>', 'language of what is printed').choices(['fr', 'en']));
}

async function shipped(): Promise<Found[]> {
  return Promise.all(
    shippedManifest().models.map(async (model) => {
      const { name, task, about, onnx, licence, classes } = model;
      const file = modelPaths(model, modelDirectory()).onnxFile;
      const { sha256 } = onnx;
      return {
        ...{ name, task, from: 'vigie' as const, file, sha256 },
        classes: [...new Set(classes.map((one) => one.class))],
        licence: `${licence.package}; training: ${licence.training}; data: ${licence.data}`,
        accuracy: about,
        refused: await whyNot(() => verifiedBytes({ path: file, sha256 })),
      };
    }),
  );
}

async function listed(listFile: string, keyFile: string): Promise<Pick<Report, 'models' | 'list'>> {
  const models: Found[] = [];
  const list = await whyNot(async () => {
    const publicKey = await readTrustedPem(keyFile);
    for (const model of (await readList(listFile, trustedKey(publicKey))).models) {
      const { name, task, sha256, classes, licence, accuracy } = model;
      const file = join(dirname(listFile), model.file);
      const refused = await whyNot(() => admit({ listFile, publicKey, name }));
      models.push({ name, task, from: 'integrator', file, sha256, classes, licence, accuracy, refused });
    }
  });
  return { models, list };
}

/** What a check threw of models; anything else is thrown on. */
async function whyNot(check: () => Promise<unknown>): Promise<Why | null> {
  try {
    await check();
    return null;
  } catch (error) {
    if (asVigieError(error).kind !== 'model') throw error;
    return { reason: refusalOf(error), message: errorLine(error) };
  }
}

function tell(found: Pick<Report, 'models' | 'list'>, flags: Flags, noList: boolean): void {
  const report: Report = { tasks: modelTask.options, ...found };
  const refused = report.models.filter((model) => model.refused).length;
  if (refused > 0 || report.list) process.exitCode = exitCodes.model;
  if (flags.json) print(JSON.stringify(report, null, 2));
  else printReport(report, noList, modelWords(flags.language));
}

function printReport({ models, list, tasks }: Report, noList: boolean, words: ModelWords): void {
  if (models.length > 0) printRows([words.columns, ...models.map((model) => rowOf(model, words))]);
  for (const { name, licence, accuracy, classes } of models) {
    print(`\n${name}`);
    printRows([
      ['', words.classes, classes.join(', ')],
      ['', words.licence, licence],
      ['', words.accuracy, accuracy],
    ]);
  }
  if (models.length > 0) print('');
  if (list) print(words.listRefused(wordsOf(list, words)));
  if (noList) print(words.noList);
  const refused = models.filter((model) => model.refused).length;
  print(words.outcome(models.length - refused, refused));
  print(words.tasks(tasks.join(', ')));
}

function rowOf({ name, task, from, sha256, refused }: Found, words: ModelWords): string[] {
  const verdict = refused ? words.refused(wordsOf(refused, words)) : words.admitted;
  return [name, task, words.from[from], sha256.slice(0, 12), verdict];
}

/** The reason in the language asked for, and what the check told of this file. */
function wordsOf({ reason, message }: Why, { language }: ModelWords): string {
  return reason === null ? message : `${refusalWords[reason][language]} (${message})`;
}

async function privateKey(file: string): Promise<KeyObject> {
  try {
    return createPrivateKey(await readFile(file));
  } catch (cause) {
    const hint = 'Make one with: openssl genpkey -algorithm ed25519';
    throw new VigieError('config', `${file} is not a private key in PEM`, hint, { cause });
  }
}

/** A signed list is never written over. */
async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (cause) {
    throw new VigieError('config', `${file} cannot be written, or is there already`, 'Name another file', {
      cause,
    });
  }
}

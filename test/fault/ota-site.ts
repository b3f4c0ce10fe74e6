/**
 * A camera of two slots as the fault runs of updates use it: provisioned, started by the real launcher as a process, its slots
 * changed by the real back end. Reads of the slots only what a version that starts says of itself.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleManifest, manifestName } from '../../ota/bundle/manifest.js';
import { nextStart } from '../../ota/launcher/next-start.js';
import { slotIn, writeMarker } from '../../ota/launcher/slot-marker.js';
import type { SlotName, SlotRecord } from '../../ota/launcher/slot-state.js';
import { writeState } from '../../ota/launcher/state-file.js';
import type { Reached } from '../../ota/slots/backend.js';
import { DirSlots } from '../../ota/slots/dir.js';
import { syncTree } from '../../ota/slots/slot-tree.js';
import { installable, type Report, report, type TinyVersion } from './ota-bundles.js';

const launcher = join(import.meta.dirname, '../../ota/launcher/main.js');
/** A launcher that has started nothing by then never will. */
const patienceMs = 60_000;
const signal = new AbortController().signal;
const quiet = { info: () => {}, warn: () => {}, error: () => {} };

/** Slot a holds this version, confirmed; slot b is empty. */
export async function provision(root: string, version: TinyVersion): Promise<void> {
  for (const slot of ['a', 'b'] as const) await mkdir(slotIn(root, slot), { recursive: true });
  const { content, manifestSha256 } = installable(version);
  if (content.kind === 'tree') await content.unpack(slotIn(root, 'a'), signal);
  await syncTree(slotIn(root, 'a'), signal);
  const record: SlotRecord = { condition: 'good', version: version.version, manifestSha256 };
  const { serial } = await writeState(root, {
    format: 1,
    serial: 0,
    active: 'a',
    trial: null,
    slots: { a: record, b: null },
    returned: null,
    failed: [],
  });
  await writeMarker(root, 'a', record, serial);
}

/** The back end, as the version in this slot has it. There is room: how much is left is not what is tried here. */
export function slotsOf(root: string, running: SlotName, reached?: Reached): DirSlots {
  const space = async (): Promise<{ freeBytes: number; totalBytes: number }> => ({
    freeBytes: 2 ** 40,
    totalBytes: 2 ** 40,
  });
  return new DirSlots({ log: quiet, space }, { root, running, ...(reached && { reached }) });
}

/** As the updater does it: the leftovers first, a version on trial kept, then the new one. */
export async function installOver(
  root: string,
  running: SlotName,
  version: TinyVersion,
  reached?: Reached,
): Promise<void> {
  const slots = slotsOf(root, running, reached);
  await slots.start(signal);
  await slots.confirm();
  await slots.install(installable(version), { asked: ['frames'], onShare: () => {} }, signal);
  await slots.stop();
}

export interface BootOptions {
  /** `1.2.0=1`: how a version ends, see ota-bundles.ts */
  words?: readonly string[];
  /** until this many versions have started; 1 when left out */
  starts?: number;
  trialMs?: number;
}

/** How the launcher is started; what is short here is a pause that nobody should wait for. */
export function launcherCommand(
  root: string,
  { words = [], trialMs = 180_000 }: BootOptions,
): [program: string, args: string[]] {
  const times = { 'trial-seconds': trialMs / 1000, 'most-pause-seconds': 0.6, 'stop-seconds': 0.5 };
  const options = Object.entries(times).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return [process.execPath, [launcher, '--slots', root, ...options, '--', ...words]];
}

/** Starts the launcher, and ends it in the usual way when so many versions have said what they are. */
export async function boot(root: string, options: BootOptions = {}): Promise<Report[]> {
  const { starts = 1 } = options;
  return (await launch(root, options, (reports) => reports.length >= starts)).reports;
}

/**
 * Starts the launcher, and ends it when this version has said what it is.
 * @returns the versions in the order in which they were started, also those that said nothing
 */
export async function bootUntil(root: string, version: string, options: BootOptions): Promise<string[]> {
  const { log } = await launch(root, options, (reports) => reports.at(-1)?.version === version);
  return [...log.matchAll(/ starts (\S+) from slot/g)].map(([, started]) => started ?? '');
}

async function launch(
  root: string,
  options: BootOptions,
  enough: (reports: readonly Report[]) => boolean,
): Promise<{ reports: Report[]; log: string }> {
  const [program, args] = launcherCommand(root, options);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  let log = '';
  const reports = (): Report[] => {
    const lines = text.split('\n').slice(0, -1);
    return lines.map((line) => report.parse(JSON.parse(line)));
  };
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (enough(reports())) child.kill('SIGTERM');
  });
  const patience = setTimeout(() => child.kill('SIGTERM'), patienceMs);
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(patience);
  if (!enough(reports())) throw new Error(`nothing started: ${log.slice(-400)}`);
  return { reports: reports(), log };
}

/**
 * What the launcher would start, with its own decisions and writes, but in this process and without the start: a twentieth of
 * the time. The files of the slot are looked at here as the version itself does.
 */
export async function bootHere(root: string): Promise<Report> {
  const start = await nextStart(root, false, () => {});
  if (start === null) throw new Error('nothing started: neither slot can be');
  return reportOn(slotIn(root, start.slot), start.slot);
}

async function reportOn(directory: string, slot: SlotName): Promise<Report> {
  const text = await readFile(join(directory, manifestName));
  const { version, files } = bundleManifest.parse(JSON.parse(text.toString('utf8')));
  const wrong: string[] = [];
  for (const { path, bytes, sha256 } of files) {
    const content = await readFile(join(directory, path)).catch(() => null);
    if (content?.length !== bytes || hashOf(content) !== sha256) wrong.push(path);
  }
  return { version, slot, manifestSha256: hashOf(text), wrong };
}

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

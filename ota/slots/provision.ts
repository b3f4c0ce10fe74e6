/**
 * The first installation of a camera in slots (docs/updates.md, "Installing a board"): the tree, the launcher, the first
 * version in slot a, the keys it will trust. Called by `vigie ota provision` on the board itself; the state is written last,
 * so that a cut leaves what is told to be incomplete and can be made again.
 */
import { join } from 'node:path';
import { Metadata, MetadataKind, type Root } from '@tufjs/models';
import type { CardPort } from '../../board/ports.js';
import { VigieError } from '../../errors.js';
import { writeDurably } from '../launcher/durable-file.js';
import { takeLock } from '../launcher/lock.js';
import { slotIn, writeMarker } from '../launcher/slot-marker.js';
import type { SlotRecord, SlotState } from '../launcher/slot-state.js';
import { writeState } from '../launcher/state-file.js';
import { verifySlot } from '../launcher/verify-slot.js';
import {
  copyLauncher,
  findInstalled,
  launcherLock,
  makeDirectories,
  makeRoot,
  removeInstalled,
} from './first-tree.js';
import { asUpdateError, noRoom, notAsSent } from './refusals.js';
import { syncTree } from './slot-tree.js';

export interface Provision {
  /** directory of the slots, absolute */
  root: string;
  version: string;
  /** of the `bundle.json` of the bundle that was verified */
  manifestSha256: string;
  treeBytes: number;
  /** writes the files of the bundle under an empty directory */
  unpack: (directory: string, signal: AbortSignal) => Promise<void>;
  /** `root.json` of the repository */
  trust: Buffer;
  /** instead of an installation that is there */
  replace: boolean;
}

export type ProvisionStep = 'tree' | 'unpack' | 'sync' | 'verify' | 'launcher' | 'state';

const reserveBytes = 32 * 1024 * 1024;
const mostTrustBytes = 512 * 1024;

/** @throws VigieError `update` with what is in the way, before anything is written wherever that can be known */
export async function provision(
  { space }: { space: CardPort['space'] },
  wanted: Provision,
  onStep: (step: ProvisionStep) => void,
  signal: AbortSignal,
): Promise<void> {
  checkTrust(wanted.trust);
  const { root, replace } = wanted;
  try {
    const found = await findInstalled(root);
    if (found === 'foreign') throw notOurs();
    if (found === 'installed' && !replace) throw alreadyThere();
    await makeRoot(root);
    const lock = await takeLock(join(root, launcherLock));
    if (!lock.held && lock.why === 'other') throw running();
    try {
      onStep('tree');
      await removeInstalled(root);
      await makeDirectories(root);
      const { freeBytes } = await space(root);
      if (freeBytes < wanted.treeBytes + reserveBytes)
        throw noRoom(wanted.treeBytes + reserveBytes, freeBytes);
      await fill(wanted, onStep, signal);
    } finally {
      if (lock.held) await lock.release();
    }
  } catch (error) {
    throw asUpdateError(error);
  }
}

async function fill(
  { root, version, manifestSha256, unpack, trust }: Provision,
  onStep: (step: ProvisionStep) => void,
  signal: AbortSignal,
): Promise<void> {
  const slot = slotIn(root, 'a');
  onStep('unpack');
  await unpack(slot, signal);
  onStep('sync');
  await syncTree(slot, signal);
  onStep('verify');
  const { intact, wrong } = await verifySlot(slot, manifestSha256, { fromDisk: true, signal });
  if (!intact) throw notAsSent(wrong);
  onStep('launcher');
  if (!(await copyLauncher(slot, root, signal))) throw noLauncher();
  await writeDurably(join(root, 'trust'), 'root.json', trust);
  onStep('state');
  const record: SlotRecord = { condition: 'good', version, manifestSha256 };
  const state: SlotState = {
    ...{ format: 1, serial: 0, active: 'a', trial: null, returned: null, failed: [] },
    slots: { a: record, b: null },
  };
  await writeMarker(root, 'a', record, 1);
  await writeState(root, state);
}

/** A `root.json` of The Update Framework that its own keys have signed. @returns when it expires */
export function checkTrust(bytes: Buffer): Date {
  const hint = 'Take metadata/root.json of the repository that will publish for this camera';
  if (bytes.length > mostTrustBytes) throw new VigieError('update', 'root.json is too long', hint);
  try {
    const metadata = Metadata.fromJSON(MetadataKind.Root, JSON.parse(bytes.toString('utf8')) as never);
    const root = metadata as Metadata<Root>;
    root.verifyDelegate('root', root);
    return new Date(root.signed.expires);
  } catch (cause) {
    throw new VigieError('update', 'root.json is not one that its own keys have signed', hint, { cause });
  }
}

function notOurs(): VigieError {
  return new VigieError(
    'update',
    'That directory holds something else',
    'Name one that is empty, or that is not there yet',
  );
}

function alreadyThere(): VigieError {
  return new VigieError(
    'update',
    'A camera is installed there already',
    'Name another directory, or add --replace to lose that one: its versions, and the keys it trusts',
  );
}

function running(): VigieError {
  return new VigieError('update', 'The camera there is running', 'Stop it first: systemctl stop vigie');
}

function noLauncher(): VigieError {
  return new VigieError(
    'update',
    'This bundle holds no launcher',
    'Take a bundle that vigie ota build made of this version or a later one',
  );
}

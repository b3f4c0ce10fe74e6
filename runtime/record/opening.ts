/**
 * Opens the ring of a store for writing (docs/store.md, P1, P4 and P8): lock, description, index, key slots, and what writes
 * into them. Called by store.ts at its start, and again whenever the card was let go. Leaves nothing open when it fails.
 */
import { mkdir, stat } from 'node:fs/promises';
import { otherStore, refusal } from './card-refusal.js';
import {
  createRing,
  type OnProgress,
  type RingShape,
  removeCutCreation,
  writeDescription,
} from './create.js';
import { describeRing, keySlotsFile, lockFile, ringDirectory } from './description.js';
import { KeySlots } from './key-slots.js';
import { believeTimes } from './load-times.js';
import { type LoadedRing, loadRing, type RingEnd } from './ring.js';
import { refuseOther } from './ring-shape.js';
import { type OpenSegment, onCard } from './segment-file.js';
import { SegmentMaker } from './segment-maker.js';
import { acceptingSequence, type Spell, spentIn } from './slot-probe.js';
import type { StoreDeps, StoreOptions } from './store.js';
import { TimeTelling } from './time-telling.js';
import { RingWriter, type WriterCounts } from './writer.js';

/** Pictures of one segment lie within this by default. */
const usualSpanMs = 60_000;

/** Segments that may have become unreadable while the card was let go: bad blocks, and not a card that fails. */
const badAtOnce = 3;

/** A ring that is open, or was until its card was let go. */
export interface Running {
  /** null once the card was let go */
  unlock: (() => Promise<void>) | null;
  loaded: LoadedRing;
  keys: KeySlots;
  maker: SegmentMaker;
  writer: RingWriter;
  times: TimeTelling;
  spell: Spell;
}

export interface OpeningDeps extends StoreDeps {
  open: OpenSegment;
  counts: WriterCounts;
}

export interface Opening extends StoreOptions {
  shape: RingShape;
  /** hex, 8 bytes */
  run: string;
  /** of this store, until its card was let go; null at the start */
  former: Running | null;
  /** the card was let go, or was not there at the start */
  again: boolean;
  signal: AbortSignal;
  onProgress: OnProgress;
}

/** @throws VigieError `store`, as Store.start */
export async function openRing(deps: OpeningDeps, opening: Opening): Promise<Running> {
  const { card } = deps;
  const { directory, mountPoint, again } = opening;
  if (mountPoint !== undefined && !(await card.mounted(mountPoint))) {
    throw refusal('ENODEV', `No card is mounted at ${mountPoint}`, 'Check that the card is in place');
  }
  const make = !again || mountPoint !== undefined;
  if (!make && !(await hasRing(directory))) throw notThere(directory);
  await onCard(`Cannot make ${directory}`, () => mkdir(directory, { recursive: true, mode: 0o700 }));
  const unlock = await card.lock(lockFile(directory));
  try {
    return { unlock, ...(await opened(deps, opening)) };
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function hasRing(directory: string): Promise<boolean> {
  return onCard(`Cannot read ${directory}`, () => stat(ringDirectory(directory))).then(
    () => true,
    (error: { cause?: NodeJS.ErrnoException }) => {
      if (error.cause?.code === 'ENOENT') return false;
      throw error;
    },
  );
}

function notThere(directory: string): Error {
  const hint =
    'Put the right card in place; a new one is begun at the next start, or where record.mountPoint is set';
  return refusal(otherStore, `There is no store in ${directory}`, hint);
}

async function opened(deps: OpeningDeps, opening: Opening): Promise<Omit<Running, 'unlock'>> {
  const { open, card } = deps;
  const { directory, shape, signal, onProgress, former } = opening;
  await removeCutCreation(directory);
  const found = (await describeRing(directory, open)) ?? {
    description: await createRing(card, directory, shape, signal, onProgress),
    rebuilt: false,
  };
  refuseOther(found.description, shape, directory);
  const again = former?.loaded.description.storeId === found.description.storeId ? former : null;
  // P8.4
  const next = again ? await acceptingSequence(again, ringDirectory(directory), open) : 0;
  const loaded = await loadRing(directory, found, open, signal);
  const bearable = again ? again.loaded.unreadable + badAtOnce : shape.segmentCount / 2;
  if (loaded.unreadable > bearable) {
    throw refusal('EIO', `Too many segments of ${directory} cannot be read`, 'The card fails: replace it');
  }
  tellRemarks(deps, loaded);
  if (loaded.descriptionRebuilt) await writeDescription(ringDirectory(directory), loaded.description);
  const end = again ? endAfterFailure(loaded, again.writer.nextRecord, next) : loaded.end;
  const keys = again?.keys ?? (await openKeys(deps, opening, loaded));
  const refused = await believeTimes({ index: loaded.index, keys, path: ringDirectory(directory), open });
  if (refused > 0) deps.log.warn(`Store: ${refused} time correction(s) do not hold and are ignored`);
  const spell = { refused: 0, spent: again ? spentIn(again) : [] };
  return { loaded, keys, spell, ...writing(deps, opening, { loaded, keys, end, wary: again !== null }) };
}

/** P8.5 and P8.6: what was never acknowledged is left out, and nothing is added behind it. */
function endAfterFailure({ index, end }: LoadedRing, nextRecord: number, next: number): RingEnd {
  let newest = index.segments().at(-1);
  for (const entries of index.segments()) {
    while ((entries.last()?.record ?? 0) >= nextRecord) entries.dropLast();
  }
  newest = newest?.sequence === end.sequence ? newest : undefined;
  const empty = newest !== undefined && newest.rows === 0;
  const newestLeft = empty ? end.sequence - 1 : end.sequence;
  return { ...end, sequence: Math.max(newestLeft, next - 1), sealed: true, nextRecord };
}

function tellRemarks({ log }: OpeningDeps, loaded: LoadedRing): void {
  for (const remark of loaded.remarks) log.warn(`Store: ${remark}`);
  if (loaded.tornTail) log.warn('Store: the last GOP was cut short and is left out');
  if (loaded.descriptionRebuilt) {
    log.warn('Store: its description was missing or damaged, and is written again');
  }
}

async function openKeys(
  { vault, clock, log, clockTrusted, openKeys: open, onFound }: OpeningDeps,
  { keysDirectory }: Opening,
  { description, end }: LoadedRing,
): Promise<KeySlots> {
  const { storeId, segmentCount: slots } = description;
  await onFound?.(storeId);
  const deps = { vault, clock, log, ...(clockTrusted && { clockTrusted }), ...(open && { open }) };
  const keys = new KeySlots(deps, { storeId, slots, file: keySlotsFile(keysDirectory, storeId) });
  const { made } = await keys.start();
  if (made && end.sequence > 0) {
    log.error('The key slots were missing: what was recorded until now cannot be read. Recording goes on');
  }
  return keys;
}

function writing(
  deps: OpeningDeps,
  { directory, maxSpanMs, run }: Opening,
  ring: { loaded: LoadedRing; keys: KeySlots; end: RingEnd; wary: boolean },
): Pick<Running, 'maker' | 'writer' | 'times'> {
  const { onSegment = () => {}, held = () => false, log, counts } = deps;
  const { keys, end, wary, loaded } = ring;
  const { description, index } = loaded;
  const { storeId, segmentBytes } = description;
  const maker = new SegmentMaker(
    { ...deps, keys, index, onSegment, held: (segment) => held(segment, storeId) },
    { path: ringDirectory(directory), description, end, maxSpanMs: maxSpanMs ?? usualSpanMs, wary },
  );
  const { nextRecord } = end;
  const writer = new RingWriter({ log, maker, counts, keys }, { run, segmentBytes, nextRecord, wary });
  return { maker, writer, times: new TimeTelling({ index, maker, writer, log, run }) };
}

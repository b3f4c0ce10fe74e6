/**
 * The store at work on a card that is cut: it says each of its steps and each thing it told, so that a cut at any point
 * knows what must hold. Used by power-cut-run.ts. `ignoreSyncs` is the negative control: a store that does not sync.
 */
import { join } from 'node:path';
import type { SegmentEvent } from '../../runtime/record/segment-events.js';
import { type OpenSegment, openSegment } from '../../runtime/record/segment-file.js';
import { Store } from '../../runtime/record/store.js';
import { fakeGop, keysDirectory, storeDeps } from '../unit/store-fake.js';
import type { Entry, Work } from './power-cut-history.js';
import { Account, segments, work } from './store-work.js';

/** Small, so that the ring turns often: a dozen GOPs of the tests fit. */
const segmentBytes = 128 * 1024;

export type IgnoredSyncs = 'none' | 'all' | 'keys';

export interface WorkOptions {
  random: () => number;
  ignoreSyncs: IgnoredSyncs;
  /** things told until it ends */
  lines: number;
  /** pictures of a segment lie within this: short, and segments are sealed early; long, and they are filled */
  maxSpanMs: number;
}

class Enough extends Error {
  override readonly name = 'Enough';
}

/** Says what the store writes and syncs before it does. */
function stepping(
  say: (entry: Entry) => void,
  ignoreSyncs: IgnoredSyncs,
  destroying: () => boolean,
): OpenSegment {
  return async (path, mode) => {
    const file = await openSegment(path, mode);
    const ring = path.endsWith('.seg');
    const size = await file.bytes();
    let now: Work = 'record';
    return {
      ...file,
      async write(data, position) {
        if (!ring) now = destroying() ? 'destroy' : 'wrap';
        else if (position === 0) now = 'wrap';
        else now = position + data.length === size ? 'seal' : 'record';
        say({ kind: 'step', work: now });
        await file.write(data, position);
      },
      async datasync() {
        say({ kind: 'step', work: now });
        if (ignoreSyncs === 'all' || (ignoreSyncs === 'keys' && !ring)) return;
        await file.datasync();
      },
    };
  };
}

async function openStore(
  card: string,
  maxSpanMs: number,
  tell: (line: string) => void,
  open: OpenSegment,
  run?: string,
): Promise<Store> {
  const directory = join(card, 'store');
  const deps = { ...(await storeDeps(directory)), open, openKeys: open, ...(run && { run }) };
  const onSegment = (event: SegmentEvent): void => {
    if (event.kind === 'overwritten') tell(`destroyed ${event.segment} ${event.class}`);
  };
  const store = new Store(
    { ...deps, onSegment },
    {
      directory,
      keysDirectory: keysDirectory(directory),
      capacityBytes: segments * segmentBytes,
      segmentBytes,
      cameraId: 'cam-1',
      maxSpanMs,
    },
  );
  await store.start(new AbortController().signal);
  return store;
}

/** Starts the store on a mounted card, and records, copies, seals and destroys. Ends with the store stopped. */
export async function workOn(card: string, say: (entry: Entry) => void, options: WorkOptions): Promise<void> {
  const { random, ignoreSyncs, maxSpanMs } = options;
  let { lines } = options;
  let destroying = false;
  const tell = (line: string): void => {
    destroying = line.startsWith('destroying');
    say({ kind: 'told', line });
  };
  const run = Math.floor(random() * 2 ** 32)
    .toString(16)
    .padStart(16, '0');
  const open = stepping(say, ignoreSyncs, () => destroying);
  const store = await openStore(card, maxSpanMs, tell, open, run);
  try {
    await work(store, run, random, (line) => {
      tell(line);
      lines -= 1;
      if (lines <= 0) throw new Enough();
    });
  } catch (error) {
    if (!(error instanceof Enough)) throw error;
  } finally {
    await store.stop();
  }
}

/**
 * What is wrong with a mounted card, by what was told before the cut: as a reader sees it, then after the store was
 * started on it and has recorded again. What is told meanwhile is added to `told`.
 */
export async function examine(card: string, told: string[], random: () => number): Promise<string[]> {
  const wrong = await compare(card, told);
  if (wrong.length > 0) return wrong;
  try {
    const store = await openStore(card, 60_000, (line) => void told.push(line), openSegment);
    try {
      const content = Math.floor(random() * 1000);
      const record = await store.append(fakeGop(content));
      const { sequence = 0 } = store.segments().at(-1) ?? {};
      told.push(`stored ${record} ${sequence} communal ${record} ${content}`);
    } finally {
      await store.stop();
    }
  } catch (error) {
    return [`the store does not start again: ${String(error)}`];
  }
  return (await compare(card, told)).map((what) => `after the next start, ${what}`);
}

async function compare(card: string, told: readonly string[]): Promise<string[]> {
  const account = new Account();
  for (const line of told) account.take(line);
  try {
    return await account.examine(join(card, 'store'));
  } catch (error) {
    // A cut before the ring was made leaves none, and nothing was told.
    if (told.length === 0 && /There is no store/.test(String(error))) return [];
    return [`the store cannot be read: ${String(error)}`];
  }
}

/** What the tests of the store share: GOPs of random bytes, a small store in a directory of its own, and a card that fails. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { LinuxCard } from '../../board/linux/card.js';
import { FileVault } from '../../board/linux/file-vault.js';
import type { Clock, Log } from '../../board/ports.js';
import { ManualClock } from '../../board/virtual/clock.js';
import type { Unit } from '../../pipelines/messages.js';
import type { CheckReport } from '../../runtime/record/check.js';
import { segmentPath } from '../../runtime/record/description.js';
import type { Gop, GopUnit, StoredGop } from '../../runtime/record/gop.js';
import { type KeyAccess, StoreReader } from '../../runtime/record/reader.js';
import { type OpenSegment, openSegment, type SegmentFile } from '../../runtime/record/segment-file.js';
import { Store, type StoreDeps, type StoreOptions } from '../../runtime/record/store.js';
import { seeded } from '../random.js';

export const startMs = Date.UTC(2026, 2, 1, 12);
export const segmentBytes = 64 * 1024;

export class MemoryLog implements Log {
  lines: string[] = [];
  info = (message: string): void => void this.lines.push(`info ${message}`);
  warn = (message: string): void => void this.lines.push(`warn ${message}`);
  error = (message: string): void => void this.lines.push(`error ${message}`);
}

/** Unit number `seq`, 40 ms after the one before; random bytes that are the same for the same number. */
export function fakeUnit(seq: number, rest: Partial<Unit> = {}, bytes = 200 + ((seq * 37) % 400)): Unit {
  const random = seeded(seq);
  return {
    t: 'unit',
    seq,
    monoUs: 5_000_000 + seq * 40_000,
    wallMs: startMs + seq * 40,
    key: seq % 25 === 0,
    mask: { version: 1, digest: 'ab'.repeat(32), state: 'zones' },
    data: Uint8Array.from({ length: bytes }, () => Math.floor(random() * 256)),
    ...rest,
  };
}

/** The unit as it lies in a GOP. */
export function gopUnit({ seq, monoUs, wallMs, key, mask, data }: Unit): GopUnit {
  return { seq, monoUs, wallMs, key, mask, data };
}

/** GOP number `n`: 25 units, about 10 kB, one second. */
export function fakeGop(n: number, rest: Partial<Gop> = {}): Gop {
  const units = Array.from({ length: 25 }, (_, i): GopUnit => gopUnit(fakeUnit(n * 25 + i)));
  const flags = { clockTrusted: true, interrupted: false, continues: false, class: 'communal' } as const;
  return { units, width: 64, height: 48, ...flags, ...rest };
}

/** What a stored GOP shares with the one handed over. */
export function plain(gop: Gop): unknown {
  const { width, height, clockTrusted, interrupted, continues, class: of } = gop;
  const units = gop.units.map((unit) => ({ ...unit, data: Buffer.from(unit.data).toString('hex') }));
  return { width, height, clockTrusted, interrupted, continues, of, units };
}

/** The keys of a test's store lie beside its ring. */
export const keysDirectory = (directory: string): string => join(directory, 'keys');
export const keysIn = (directory: string): KeyAccess => ({
  vault: new FileVault({ file: join(keysDirectory(directory), 'device.key') }),
  directory: keysDirectory(directory),
});

/** What a store in this directory needs, its device key made. */
export async function storeDeps(
  directory: string,
  { clock = new ManualClock(startMs), log = new MemoryLog() }: { clock?: Clock; log?: Log } = {},
): Promise<StoreDeps> {
  const vault = new FileVault({ file: join(keysDirectory(directory), 'device.key') });
  await vault.start();
  return { card: new LinuxCard(), clock, log, vault };
}

export const openReader = (directory: string): Promise<StoreReader> =>
  StoreReader.open(directory, { keys: keysIn(directory) });

export interface Bench {
  directory: string;
  options: StoreOptions;
  clock: ManualClock;
  log: MemoryLog;
  /** a new Store on the same directory, started */
  start(open?: OpenSegment, rest?: Partial<StoreDeps>): Promise<Store>;
  check(): Promise<CheckReport>;
  /** path of the segment file in this slot */
  segment(slot: number): string;
}

/** A store of `segments` small segments in a directory that goes with the test. */
export async function bench(t: TestContext, segments = 4): Promise<Bench> {
  const directory = await mkdtemp(join(tmpdir(), 'vigie-store-'));
  const stores: Store[] = [];
  t.after(async () => {
    for (const store of stores) await store.stop();
    await rm(directory, { recursive: true, force: true });
  });
  const capacityBytes = segments * segmentBytes;
  const options = {
    directory,
    keysDirectory: keysDirectory(directory),
    capacityBytes,
    segmentBytes,
    cameraId: 'cam-1',
  };
  const clock = new ManualClock(startMs);
  const log = new MemoryLog();
  return {
    directory,
    options,
    clock,
    log,
    async start(open = openSegment, rest = {}) {
      const deps = await storeDeps(directory, { clock, log });
      const store = new Store({ ...deps, open, ...rest }, options);
      await store.start(new AbortController().signal);
      stores.push(store);
      return store;
    },
    check: async () => (await openReader(directory)).check(),
    segment: (slot) => segmentPath(join(directory, 'ring'), slot),
  };
}

export async function readAll(store: Store): Promise<StoredGop[]> {
  const gops: StoredGop[] = [];
  for await (const gop of store.range(0, Number.MAX_SAFE_INTEGER / 1000)) gops.push(gop);
  return gops;
}

/** Changes a file on the disk, as damage does. */
export async function damageFile(path: string, change: (bytes: Buffer) => Buffer | undefined): Promise<void> {
  const bytes = await readFile(path);
  await writeFile(path, change(bytes) ?? bytes);
}

/** Which call of a segment file is to fail. */
export type Fault = (call: {
  what: 'write' | 'datasync' | 'read' | 'open';
  slot: number;
  position: number;
}) => boolean;

/** A card on which some calls fail with EIO. A failing write leaves half of its bytes. */
export function faulty(fault: Fault): OpenSegment {
  const eio = (): Error => Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
  return async (path, mode) => {
    const slot = Number(/(\d+)\.seg$/.exec(path)?.[1]);
    if (mode === 'write' && fault({ what: 'open', slot, position: 0 })) throw eio();
    const file = await openSegment(path, mode);
    const failing: SegmentFile = {
      ...file,
      async read(into, position) {
        if (fault({ what: 'read', slot, position })) throw eio();
        return file.read(into, position);
      },
      async write(data, position) {
        if (!fault({ what: 'write', slot, position })) return file.write(data, position);
        await file.write(data.subarray(0, data.length >> 1), position);
        throw eio();
      },
      async datasync() {
        if (fault({ what: 'datasync', slot, position: 0 })) throw eio();
        return file.datasync();
      },
    };
    return failing;
  };
}

/** What the measures of bench/store.ts share: GOPs like the camera's, a store in a directory, plain writes beside it. */
import { randomFillSync } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { LinuxCard } from '../board/linux/card.js';
import { systemClock } from '../board/linux/clock.js';
import { FileVault } from '../board/linux/file-vault.js';
import type { Log } from '../board/ports.js';
import type { Gop } from '../runtime/record/gop.js';
import { type OpenSegment, openSegment } from '../runtime/record/segment-file.js';
import { Store } from '../runtime/record/store.js';

const quiet: Log = { info: () => undefined, warn: console.error, error: console.error };
const mask = { version: 1, digest: 'ab'.repeat(32), state: 'zones' } as const;
const framesPerSecond = 25;

/** GOP number `n`: one second of this many bytes, of noise, as encrypted or encoded video is. */
export function benchGop(n: number, bytes: number, pool = noise(bytes)): Gop {
  const size = Math.floor(bytes / framesPerSecond);
  const units = Array.from({ length: framesPerSecond }, (_, i) => ({
    seq: n * framesPerSecond + i,
    monoUs: (n * framesPerSecond + i) * 40_000,
    wallMs: Date.UTC(2026, 0, 1) + (n * framesPerSecond + i) * 40,
    key: i === 0,
    mask,
    data: pool.subarray(i * size, (i + 1) * size),
  }));
  const flags = { clockTrusted: true, interrupted: false, continues: false, class: 'communal' } as const;
  return { units, width: 1920, height: 1080, ...flags };
}

export function noise(bytes: number): Buffer {
  return randomFillSync(Buffer.alloc(bytes));
}

export interface StoreShape {
  segmentBytes: number;
  segments: number;
}

/** A store that is started. `synced: false` fills one quickly: its syncs are left out. */
export async function openBenchStore(
  directory: string,
  { segmentBytes, segments }: StoreShape,
  { synced = true }: { synced?: boolean } = {},
): Promise<Store> {
  const keysDirectory = join(directory, 'keys');
  const vault = new FileVault({ file: join(keysDirectory, 'device.key') });
  await vault.start();
  const lazy: OpenSegment = async (path, mode) => ({
    ...(await openSegment(path, mode)),
    datasync: async () => undefined,
  });
  const opened = synced ? {} : { open: lazy, openKeys: lazy };
  const store = new Store(
    { card: new LinuxCard(), clock: systemClock, log: quiet, vault, ...opened },
    { directory, keysDirectory, segmentBytes, capacityBytes: segments * segmentBytes, cameraId: 'bench' },
  );
  await store.start(new AbortController().signal);
  return store;
}

export interface Effort {
  wallMs: number;
  /** of this process, user and system */
  cpuMs: number;
}

export async function effortOf(work: () => Promise<unknown>): Promise<Effort> {
  const cpu = process.cpuUsage();
  const from = performance.now();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { wallMs: performance.now() - from, cpuMs: (user + system) / 1000 };
}

/** The other side: the same bytes, in the same steps, each synced, into preallocated files of the same size. */
export class PlainFiles {
  #at = 0;

  constructor(
    private readonly directory: string,
    private readonly shape: StoreShape,
  ) {}

  async start(): Promise<void> {
    await mkdir(this.directory, { recursive: true });
    const card = new LinuxCard();
    for (let i = 0; i < this.shape.segments; i++)
      await card.preallocate(this.#path(i), this.shape.segmentBytes);
  }

  /** Writes `count` chunks front to back, from one file to the next, around. */
  async write(chunk: Buffer, count: number): Promise<void> {
    const { segmentBytes, segments } = this.shape;
    const perFile = Math.floor(segmentBytes / chunk.length);
    for (let n = 0; n < count; n++, this.#at++) {
      const handle = await open(this.#path(Math.floor(this.#at / perFile) % segments), 'r+');
      await handle.write(chunk, 0, chunk.length, (this.#at % perFile) * chunk.length);
      await handle.datasync();
      await handle.close();
    }
  }

  #path(i: number): string {
    return join(this.directory, `${i}.bin`);
  }
}

/**
 * A card that loses its power: what was written and not yet synced survives sector by sector, or not, as chance has it.
 * Put under a Store by store-kill.ts. With `ignoreSyncs` it is the negative control: a card, or a writer, that never
 * really syncs.
 */
import { open } from 'node:fs/promises';
import { type OpenSegment, openSegment, type SegmentFile } from '../../runtime/record/segment-file.js';

const sectorBytes = 512;

interface Unsynced {
  path: string;
  position: number;
  /** what stood there, whole sectors */
  before: Buffer;
}

export class PowerCut extends Error {
  override readonly name = 'PowerCut';
}

export class CuttableCard {
  #unsynced: Unsynced[] = [];
  #left: number;
  #dead = false;

  /** @param calls writes and syncs until the cut */
  constructor(
    calls: number,
    private readonly random: () => number,
    private readonly ignoreSyncs: 'none' | 'all' | 'keys' = 'none',
  ) {
    this.#left = calls;
  }

  readonly open: OpenSegment = async (path, mode) => {
    const file = await openSegment(path, mode);
    const cuttable: SegmentFile = {
      ...file,
      write: async (data, position) => {
        this.#alive();
        const from = Math.floor(position / sectorBytes) * sectorBytes;
        const to = Math.ceil((position + data.length) / sectorBytes) * sectorBytes;
        const before = Buffer.alloc(to - from);
        await file.read(before, from);
        this.#unsynced.push({ path, position: from, before });
        await file.write(data, position);
        this.#count();
      },
      datasync: async () => {
        this.#alive();
        this.#count();
        if (this.#honours(path)) this.#unsynced = this.#unsynced.filter((write) => write.path !== path);
      },
    };
    return cuttable;
  };

  /** Takes back what the cut destroyed. To be called when the store has stopped. */
  async settle(): Promise<void> {
    for (const { path, position, before } of this.#unsynced.reverse()) {
      const handle = await open(path, 'r+');
      for (let at = 0; at < before.length; at += sectorBytes) {
        if (this.random() < 0.5) continue;
        await handle.write(before, at, Math.min(sectorBytes, before.length - at), position + at);
      }
      await handle.close();
    }
    this.#unsynced = [];
  }

  /** Whether the cut has come. */
  get isCut(): boolean {
    return this.#dead;
  }

  #honours(path: string): boolean {
    if (this.ignoreSyncs === 'none') return true;
    return this.ignoreSyncs === 'keys' && path.endsWith('.seg');
  }

  #alive(): void {
    if (this.#dead) throw new PowerCut();
  }

  #count(): void {
    this.#left -= 1;
    if (this.#left > 0) return;
    this.#dead = true;
    throw new PowerCut();
  }
}

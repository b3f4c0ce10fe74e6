/**
 * The cards of month-camera.ts: they fail on command, are torn when the power goes, and say where each record went.
 */
import { open, statfs } from 'node:fs/promises';
import type { CardPort } from '../../board/ports.js';
import type { RecordClass } from '../../runtime/record/key-sector.js';
import { type OpenSegment, openSegment, type SegmentFile } from '../../runtime/record/segment-file.js';
import type { Store } from '../../runtime/record/store.js';
import type { PairedStore } from '../../runtime/record/store-pair.js';

/** Records that may lie behind the one that was just acknowledged. */
const recordsBehind = 16;

/** Files are made long, not filled: a month makes hundreds of them. */
export const quickCard: Pick<CardPort, 'preallocate' | 'space'> = {
  async preallocate(path, bytes) {
    const file = await open(path, 'wx', 0o600);
    await file.truncate(bytes).finally(() => file.close());
  },
  async space(path) {
    const { bavail, blocks, bsize } = await statfs(path);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  },
};

/** The power of the camera: `tearing` leaves half of the next write, and is `off` from then on. */
export interface Power {
  state: 'on' | 'tearing' | 'off';
}

const eio = (): Error => Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });

/** @param refuses whether reads or writes fail now; a refused write leaves half of its bytes */
export function sickCard(power: Power, refuses: (write: boolean) => boolean): OpenSegment {
  const must = (write: boolean): void => {
    if (power.state === 'off' || refuses(write)) throw eio();
  };
  return async (path, mode) => {
    must(mode === 'write');
    const file = await openSegment(path, mode);
    const sick: SegmentFile = {
      ...file,
      async read(into, position) {
        must(false);
        return file.read(into, position);
      },
      async write(data, position) {
        if (power.state === 'on' && !refuses(true)) return file.write(data, position);
        if (power.state !== 'off') await file.write(data.subarray(0, data.length >> 1), position);
        if (power.state === 'tearing') power.state = 'off';
        throw eio();
      },
      async datasync() {
        must(true);
        return file.datasync();
      },
    };
    return sick;
  };
}

/** A record that a store acknowledged. */
export interface Acknowledged {
  storeId: string;
  segment: number;
  class: RecordClass;
  /** frame number of its first picture */
  seq: number;
}

/** A store that says where each record went. */
export function accounted(store: Store, onStored: (stored: Acknowledged) => void): PairedStore {
  /** frame number of the first picture, by record */
  const known = new Map<number, number>();
  const tell = (record: number, seq: number): void => {
    const entry = store.newest(recordsBehind).find((candidate) => candidate.record === record);
    if (!entry) throw new Error(`record ${record} was acknowledged and is not in the index`);
    onStored({ storeId: store.storeId ?? '', segment: entry.segment, class: entry.class, seq });
  };
  return {
    async append(gop, lost) {
      const record = await store.append(gop, lost);
      const seq = gop.units[0]?.seq ?? -1;
      known.set(record, seq);
      tell(record, seq);
      return record;
    },
    async keep(record) {
      const copy = await store.keep(record);
      if (copy !== null) tell(copy, known.get(record) ?? -1);
      return copy;
    },
    stats: () => store.stats(),
    get failure() {
      return store.failure;
    },
    get maxGopBytes() {
      return store.maxGopBytes;
    },
    get storeId() {
      return store.storeId;
    },
  };
}

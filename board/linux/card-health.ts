/**
 * The health of the card as Linux tells it: the table of mounts, sysfs, and the counters of the block layer and of ext4.
 * Read by runtime/health/card-watch.ts. Never reads or writes the card itself: a dying one may hold whoever asks it.
 */
import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { VigieError } from '../../errors.js';
import type { CardHealthPort, CardPort, CardReading } from '../ports.js';
import { type Mount, mountOf } from './mount-table.js';

/** Unit of the block layer's counters, whatever the device's own sectors are (Documentation/block/stat.rst). */
const sectorBytes = 512;

export interface CardHealthOptions {
  /** absolute path of the store, or of the state directory; need not exist */
  directory: string;
  /** default `/sys` and `/proc` */
  sysRoot?: string;
  procRoot?: string;
}

/** Where sysfs describes the file system's device, and the whole device that it is a part of. */
interface Device {
  own: string;
  whole: string;
}

/** @implements CardHealthPort */
export class LinuxCardHealth implements CardHealthPort {
  readonly #sys: string;
  readonly #mountTable: string;
  /** the store's path without symbolic links, once it was there */
  #path: string | null = null;
  /** where the card was mounted when it was last seen */
  #point: string | null = null;
  /** sysfs showed its device once: from then on, none is a card taken out */
  #deviceSeen = false;

  constructor(
    private readonly deps: { card: Pick<CardPort, 'space'> },
    private readonly options: CardHealthOptions,
  ) {
    this.#sys = options.sysRoot ?? '/sys';
    this.#mountTable = join(options.procRoot ?? '/proc', 'self/mountinfo');
  }

  async read(): Promise<CardReading> {
    const mount = await this.#mount();
    const device = mount && (await this.#device(mount));
    if (!mount || (!device && this.#deviceSeen)) return gone;
    this.#deviceSeen ||= device !== null;
    const readOnly = mount.readOnly || (device !== null && (await text(device.own, 'ro')) === '1');
    const space = await this.deps.card.space(mount.point).catch(() => null);
    return {
      place: readOnly ? 'read-only' : 'writable',
      space,
      ...(await this.#counters(mount, device)),
      wear: device && (await wearOf(device.whole)),
      name: device && (await nameOf(device.whole)),
      device: mount.device,
    };
  }

  /** Null when the file system that held the store is not there any more: the path then lies on the one below it. */
  async #mount(): Promise<Mount | null> {
    const table = await readFile(this.#mountTable, 'utf8').catch((cause: unknown) => {
      throw new VigieError('store', `Cannot read ${this.#mountTable}`, 'Mount /proc', { cause });
    });
    const known = this.#path ?? (await realpath(this.options.directory).catch(() => null));
    if (known !== this.#path) {
      this.#path = known;
      this.#point = null;
    }
    const mount = mountOf(table, known ?? this.options.directory);
    if (mount && this.#point !== null && mount.point.length < this.#point.length) return null;
    // A card that comes back, perhaps as another device: what was known of the old one does not count.
    if (mount && mount.point !== this.#point) this.#deviceSeen = false;
    this.#point = mount?.point ?? this.#point;
    return mount;
  }

  /** Null when sysfs shows none: it was taken out, or the file system has no block device (tmpfs, overlay). */
  async #device({ device, source }: Mount): Promise<Device | null> {
    const link = device.startsWith('0:')
      ? join(this.#sys, 'class/block', basename(source))
      : join(this.#sys, 'dev/block', device);
    const own = await realpath(link).catch(() => null);
    if (own === null || (await text(own, 'stat')) === null) return null;
    const partition = await stat(join(own, 'partition')).catch(() => null);
    return { own, whole: partition ? dirname(own) : own };
  }

  async #counters(
    { type }: Mount,
    device: Device | null,
  ): Promise<Pick<CardReading, 'deviceBytesWritten' | 'fileSystemBytesWritten' | 'fileSystemErrors'>> {
    const unknown = { deviceBytesWritten: null, fileSystemBytesWritten: null, fileSystemErrors: null };
    if (!device) return unknown;
    const stats = ((await text(device.whole, 'stat')) ?? '').split(/\s+/);
    const deviceBytesWritten = scaled(stats[6], sectorBytes);
    if (!type.startsWith('ext')) return { ...unknown, deviceBytesWritten };
    const ext4 = join(this.#sys, 'fs/ext4', basename(device.own));
    return {
      deviceBytesWritten,
      fileSystemBytesWritten: scaled(await text(ext4, 'lifetime_write_kbytes'), 1024),
      fileSystemErrors: scaled(await text(ext4, 'errors_count'), 1),
    };
  }
}

const gone: CardReading = {
  place: 'gone',
  space: null,
  deviceBytesWritten: null,
  fileSystemBytesWritten: null,
  fileSystemErrors: null,
  wear: null,
  name: null,
  device: null,
};

/** What a file of sysfs says, without its line end; null when there is none. */
async function text(directory: string, name: string): Promise<string | null> {
  return readFile(join(directory, name), 'utf8').then(
    (content) => content.trim(),
    () => null,
  );
}

/** @returns null for what is not a whole number */
function scaled(digits: string | null | undefined, unit: number): number | null {
  return digits && /^\d{1,15}$/.test(digits) ? Number(digits) * unit : null;
}

/** `0x02 0x01` for the two kinds of memory in an eMMC: the more worn one counts. 0 is a card that does not say. */
async function wearOf(whole: string): Promise<CardReading['wear']> {
  const lifeTime = Math.max(...hexadecimal(await text(whole, 'device/life_time')));
  const preEndOfLife = Math.max(...hexadecimal(await text(whole, 'device/pre_eol_info')));
  if (lifeTime === 0 && preEndOfLife === 0) return null;
  return { lifeTime: lifeTime || null, preEndOfLife: preEndOfLife || null };
}

function hexadecimal(said: string | null): number[] {
  const values = (said ?? '').split(/\s+/).filter((value) => /^0x[0-9a-f]{1,2}$/i.test(value));
  return [0, ...values.map(Number)];
}

async function nameOf(whole: string): Promise<string | null> {
  const words = await Promise.all(['type', 'name'].map((name) => text(whole, `device/${name}`)));
  const name = words
    .filter((word) => word !== null && /^[\w .-]{1,32}$/.test(word))
    .join(' ')
    .trim();
  return name || null;
}

/** What the tests of the card share: a machine that is a tree of files, as the kernel would show it. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { LinuxCardHealth } from '../../board/linux/card-health.js';
import { ManualClock } from '../../board/virtual/clock.js';
import type { VigieError } from '../../errors.js';
import { AppendPace } from '../../runtime/health/append-pace.js';
import { CardWatch } from '../../runtime/health/card-watch.js';
import { cardError } from '../../runtime/record/segment-file.js';
import { MemoryLog, startMs } from './store-fake.js';

const others = [
  '22 27 0:21 / /proc rw,relatime - proc proc rw',
  '27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw',
  '30 27 0:25 / /card-of-another rw - tmpfs tmpfs rw,size=4k',
];
const onCard = 'devices/platform/mmc/mmc_host/mmc0/mmc0:0001';

/** A board with an eMMC, its second partition mounted on /card. */
export class FakeMachine {
  space = { freeBytes: 5e9, totalBytes: 64e9 };
  disk = 'mmcblk0';
  number = '179:2';
  constructor(readonly root: string) {}

  static async make(t: TestContext): Promise<FakeMachine> {
    const root = await mkdtemp(join(tmpdir(), 'vigie-machine-'));
    t.after(() => rm(root, { recursive: true, force: true }));
    const machine = new FakeMachine(root);
    await machine.insert();
    await machine.mount();
    return machine;
  }

  /** relative to sysfs */
  get device(): string {
    return `${onCard}/block/${this.disk}`;
  }

  async insert(): Promise<void> {
    const partition = `${this.device}/${this.disk}p2`;
    await this.sys(`${partition}/partition`, '2');
    await this.sys(`${partition}/stat`, '0 0 0 0 1 0 8 0 0 0 0');
    await this.sys(`${partition}/ro`, '0');
    await this.written(0);
    await this.tell({ type: 'MMC', name: 'DG4016', life_time: '0x01 0x01', pre_eol_info: '0x01' });
    await this.sys(`fs/ext4/${this.disk}p2/lifetime_write_kbytes`, '1000000000');
    await this.sys(`fs/ext4/${this.disk}p2/errors_count`, '0');
    await mkdir(join(this.root, 'sys/dev/block'), { recursive: true });
    await symlink(`../../${partition}`, join(this.root, 'sys/dev/block', this.number));
  }

  /** The mount stays, as it does when a card in use is pulled out. */
  async pullOut(): Promise<void> {
    for (const gone of [onCard, `dev/block/${this.number}`, `fs/ext4/${this.disk}p2`]) {
      await rm(join(this.root, 'sys', gone), { recursive: true });
    }
  }

  /** What the device says of itself. */
  async tell(said: Record<string, string>): Promise<void> {
    for (const [name, value] of Object.entries(said)) await this.sys(`${this.device}/device/${name}`, value);
  }

  /** The device's counter of written sectors. */
  written(sectors: number): Promise<void> {
    return this.sys(`${this.device}/stat`, `   12   0   96   3   40   2   ${sectors}   11   0   9   14`);
  }

  /** null unmounts */
  async mount(options: { own?: string; of?: string } | null = {}): Promise<void> {
    const { own = 'rw,noatime', of = 'rw,errors=remount-ro' } = options ?? {};
    const card = `42 27 ${this.number} / /card ${own} shared:9 - ext4 /dev/${this.disk}p2 ${of}`;
    await this.tableOf(options ? [card] : []);
  }

  /** Mounts beside those that every machine has. */
  tableOf(lines: string[]): Promise<void> {
    return this.#write('proc/self/mountinfo', [...others, ...lines, ''].join('\n'));
  }

  sys(path: string, said: string): Promise<void> {
    return this.#write(join('sys', path), `${said}\n`);
  }

  health(directory = '/card/store'): LinuxCardHealth {
    const card = { space: async () => this.space };
    const roots = { sysRoot: join(this.root, 'sys'), procRoot: join(this.root, 'proc') };
    return new LinuxCardHealth({ card }, { directory, ...roots });
  }

  async #write(path: string, content: string): Promise<void> {
    const file = join(this.root, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}

/** A store that fails as it is told. */
export class FakeStore {
  failure: VigieError | null = null;
  segmentsAbandoned = 0;
  fails(code: string | null): void {
    this.failure =
      code === null ? null : cardError('Cannot record', Object.assign(new Error(code), { code }));
  }
}

export async function watched(t: TestContext) {
  const machine = await FakeMachine.make(t);
  const clock = new ManualClock(startMs);
  const log = new MemoryLog();
  const store = new FakeStore();
  const pace = new AppendPace({ clock });
  const card = machine.health();
  const watch = new CardWatch({ clock, log, card, store, pace });
  watch.start(new AbortController().signal);
  t.after(() => watch.stop());
  await watch.looked();
  return {
    machine,
    clock,
    log,
    store,
    pace,
    watch,
    card,
    codes: (): string[] => watch.notices().map(({ code }) => code),
    /** time passes, a second at a time */
    async pass(seconds: number): Promise<void> {
      for (let n = 0; n < seconds; n++) {
        clock.advance(1000);
        await watch.looked();
      }
    },
  };
}

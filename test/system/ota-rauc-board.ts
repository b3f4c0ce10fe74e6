/**
 * A board with two root partitions for tests: files as slots, RAUC itself on a bus of its own, and ota/rauc/bootloader.sh both as
 * what RAUC calls and as the bootloader that starts it. Its power can be cut. Everything it starts ends with the test.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../board/linux/clock.js';
import { openSystemBus, type SystemBus } from '../../board/linux/dbus.js';
import { clearRaucMounts, showBootloader } from '../../board/linux/rauc.js';
import type { Installable, Reached } from '../../ota/slots/backend.js';
import { RaucSlots } from '../../ota/slots/rauc.js';
import { type Recipe, writeRecipe } from '../../ota/slots/rauc-recipe.js';
import { RaucService } from '../../ota/slots/rauc-service.js';
import { type BundleRecipe, Signers, writeBundle } from './ota-rauc-bundles.js';

const slotBytes = 4 * 1024 * 1024;
const serviceLimitMs = 10_000;

export interface BoardOptions {
  slotType?: Recipe['slotType'];
  /** the version that runs looks into the slot: then bundles need a Vigie in them */
  looks?: boolean;
  /** changes system.conf after it was filled */
  conf?: (text: string) => string;
}

let looked: string | null = null;
let isLooked = false;

/** Why this machine cannot have such a board; null when it can. */
function cannotHaveBoard(): string | null {
  if (!isLooked) looked = lookedFor();
  isLooked = true;
  return looked;
}

function lookedFor(): string | null {
  if (process.getuid?.() !== 0) return 'RAUC mounts bundles, which needs root';
  const missing = ['rauc', 'dbus-daemon', 'mksquashfs', 'openssl', 'losetup'].filter(
    (program) => spawnSync('which', [program]).status !== 0,
  );
  if (missing.length > 0) return `${missing.join(', ')} not installed`;
  if (!readFileSync('/proc/filesystems', 'utf8').includes('squashfs')) return 'the kernel has no squashfs';
  const loop = spawnSync('losetup', ['--find'], { encoding: 'utf8' });
  return loop.status === 0 ? null : `no loop device: ${loop.stderr.trim()}`;
}

export class RaucBoard {
  readonly directory = mkdtempSync(join(tmpdir(), 'vigie-rauc-'));
  readonly signers: Signers;
  /** which start of the machine this is */
  boot = 1;
  #bus: ChildProcess | null = null;
  #service: ChildProcess | null = null;
  #backends: RaucSlots[] = [];
  #bundles = 0;

  private constructor(readonly options: BoardOptions) {
    this.signers = new Signers(join(this.directory, 'signers'));
  }

  /** Null, with the reason printed, where this machine cannot have one. */
  static async make(t: TestContext, options: BoardOptions = {}): Promise<RaucBoard | null> {
    const reason = cannotHaveBoard();
    if (reason !== null) {
      t.skip(reason);
      return null;
    }
    const board = new RaucBoard(options);
    t.after(() => board.#end());
    await board.#write();
    await board.startBus();
    await board.startService('A');
    return board;
  }

  get busAddress(): string {
    return `unix:path=${join(this.directory, 'bus', 'socket')}`;
  }

  image(slot: 'a' | 'b'): string {
    return join(this.directory, `${slot}.img`);
  }

  hash(slot: 'a' | 'b'): string {
    return createHash('sha256')
      .update(readFileSync(this.image(slot)))
      .digest('hex');
  }

  /** Whether this slot begins with the image of that bundle, byte for byte. */
  holds(slot: 'a' | 'b', bundle: { image: string }): boolean {
    const image = readFileSync(bundle.image);
    return readFileSync(this.image(slot)).subarray(0, image.length).equals(image);
  }

  /** The calls that changed something in the bootloader. */
  bootloaderWrites(): string[] {
    const log = join(this.directory, 'bootloader.log');
    const calls = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
    return calls.filter((call) => call.startsWith('set-'));
  }

  bootloader(...args: string[]): string {
    return execFileSync(join(this.directory, 'etc', 'bootloader.sh'), args, { encoding: 'utf8' }).trim();
  }

  bundle(recipe: BundleRecipe): { file: string; image: string; install: Installable } {
    this.#bundles += 1;
    const { file, image } = writeBundle(
      join(this.directory, `bundle-${this.#bundles}`),
      this.signers,
      recipe,
    );
    const manifestSha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
    return {
      file,
      image,
      install: { version: recipe.version, manifestSha256, content: { kind: 'rauc', file } },
    };
  }

  service(): RaucService {
    return new RaucService({ openBus: () => this.openBus() });
  }

  openBus(): Promise<SystemBus> {
    return openSystemBus({ clock: systemClock }, { address: this.busAddress });
  }

  /** The camera of this version starts. `lines`: what it logs; `blind`: it may not ask the bootloader */
  async camera(
    version: string,
    options: { reached?: Reached; lines?: string[]; blind?: boolean } = {},
  ): Promise<RaucSlots> {
    const line = (text: string): void => void options.lines?.push(text);
    const slots = new RaucSlots(
      {
        rauc: this.service(),
        log: { info: line, warn: line, error: line },
        boot: () => `boot-${this.boot}`,
        showBootloader: () =>
          showBootloader(options.blind ? '/none.sh' : join(this.directory, 'etc', 'bootloader.sh')),
        clearLeaks: () => clearRaucMounts(this.mountPrefix),
      },
      {
        directory: join(this.directory, 'state'),
        version,
        ...(options.reached ? { reached: options.reached } : {}),
      },
    );
    this.#backends.push(slots);
    await slots.start(new AbortController().signal);
    return slots;
  }

  get mountPrefix(): string {
    return join(this.directory, 'mnt');
  }

  /** Everything ends at once; the bootloader starts a slot. @returns its boot name */
  async powerCycle(): Promise<string> {
    await this.killService();
    await clearRaucMounts(this.mountPrefix);
    this.boot += 1;
    const slot = this.bootloader('start');
    await this.startService(slot);
    return slot;
  }

  async killService(): Promise<void> {
    await Promise.all(this.#backends.splice(0).map((backend) => backend.stop()));
    await ended(this.#service, 'SIGKILL');
    this.#service = null;
  }

  async startService(slot: string): Promise<void> {
    const conf = join(this.directory, 'etc', 'system.conf');
    const args = ['-c', conf, `--mount=${this.mountPrefix}`, 'service', `--override-boot-slot=${slot}`];
    const env = { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: this.busAddress };
    const service = spawn('rauc', args, { stdio: ['ignore', 'ignore', 'pipe'], env });
    let said = '';
    service.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    this.#service = service;
    const bus = await this.openBus();
    const end = Date.now() + serviceLimitMs;
    try {
      const rauc = {
        destination: 'de.pengutronix.rauc',
        path: '/',
        interface: 'de.pengutronix.rauc.Installer',
      };
      while ((await bus.property(rauc, 'Operation').catch(() => null)) !== 'idle') {
        if (service.exitCode !== null || Date.now() > end) throw new Error(`rauc service: ${said}`);
        await sleep(10);
      }
    } finally {
      bus.close();
    }
  }

  async startBus(policy = permissive): Promise<void> {
    await ended(this.#bus, 'SIGKILL');
    const folder = join(this.directory, 'bus');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    chmodSync(folder, 0o755);
    writeFileSync(join(folder, 'bus.conf'), busConf(join(folder, 'socket'), policy));
    const bus = spawn(
      'dbus-daemon',
      [`--config-file=${join(folder, 'bus.conf')}`, '--nofork', '--nopidfile'],
      {
        stdio: 'ignore',
      },
    );
    this.#bus = bus;
    const end = Date.now() + serviceLimitMs;
    for (;;) {
      const line = await this.openBus().catch(() => null);
      if (line) return line.close();
      if (bus.exitCode !== null || Date.now() > end) throw new Error('dbus-daemon does not start');
      await sleep(5);
    }
  }

  async #write(): Promise<void> {
    chmodSync(this.directory, 0o755);
    for (const slot of ['a', 'b'] as const) writeFileSync(this.image(slot), Buffer.alloc(slotBytes));
    for (const folder of ['mnt', 'state', 'etc']) mkdirSync(join(this.directory, folder));
    const etc = join(this.directory, 'etc');
    await writeRecipe(
      {
        board: 'banc',
        slotA: this.image('a'),
        slotB: this.image('b'),
        slotType: this.options.slotType ?? 'raw',
        formats: ['plain', 'verity'],
        store: 'file',
        storeFile: join(this.directory, 'boot.env'),
        group: 'games',
        vigie: process.cwd(),
        tree: '/opt/vigie',
        etc,
        status: join(this.directory, 'rauc.status'),
      },
      etc,
    );
    writeFileSync(join(etc, 'keyring.pem'), this.signers.authority);
    // RAUC calls the script through one that notes what it was asked.
    const log = join(this.directory, 'bootloader.log');
    const logged = `#!/bin/sh\necho "$*" >>'${log}'\nexec '${etc}/bootloader.sh' "$@"\n`;
    writeFileSync(join(etc, 'logged.sh'), logged, { mode: 0o755 });
    const filled = readFileSync(join(etc, 'system.conf'), 'utf8').replace('/bootloader.sh', '/logged.sh');
    const conf = this.options.looks ? filled : filled.replace(/^post-install=.*$/m, '');
    writeFileSync(join(etc, 'system.conf'), this.options.conf?.(conf) ?? conf);
  }

  async #end(): Promise<void> {
    await this.killService();
    await ended(this.#bus, 'SIGKILL');
    await clearRaucMounts(this.mountPrefix).catch(() => {});
    rmSync(this.directory, { recursive: true, force: true });
  }
}

async function ended(child: ChildProcess | null, signal: NodeJS.Signals): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}

const permissive = '<policy context="default"><allow own="*"/><allow send_destination="*"/></policy>';

/** What Debian's own system.conf says, as far as it is about methods and names; then a policy. */
function busConf(socket: string, policy: string): string {
  const doctype = '-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN';
  return `<!DOCTYPE busconfig PUBLIC "${doctype}" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
  </policy>
  ${policy}
</busconfig>
`;
}

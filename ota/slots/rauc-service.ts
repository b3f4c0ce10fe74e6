/**
 * RAUC 1.8 over D-Bus (its interface `de.pengutronix.rauc.Installer`), as rauc.ts uses it: nothing else is called, and the D-Bus
 * policy in ota/rauc/ allows nothing else. It keeps no state but the line to the bus.
 */
import type { BusMember, BusSignal, SystemBus } from '../../board/linux/dbus.js';
import { VigieError } from '../../errors.js';
import { type RaucPair, shareIn, slotsIn, wordsIn } from './rauc-answers.js';

const name = 'de.pengutronix.rauc';
const installer: Omit<BusMember, 'member'> = {
  destination: name,
  path: '/',
  interface: `${name}.Installer`,
};

export type MarkState = 'good' | 'bad' | 'active';

/** RAUC said that it ended an order, without success: it writes nothing any more. Any other error may leave it at work. */
export class RaucEnded extends VigieError {}

/** Every call rejects with a VigieError of kind `update`. */
export class RaucService {
  #bus: SystemBus | null = null;

  /** @param deps.openBus gives a line to the bus; asked again when one ended */
  constructor(private readonly deps: { openBus: () => Promise<SystemBus> }) {}

  async slots(): Promise<RaucPair> {
    const [answer] = await this.#call('GetSlotStatus');
    const slots = slotsIn(answer);
    if (slots) return slots;
    throw problem(
      'RAUC does not tell of one slot A and one slot B',
      'Compare /etc/rauc/system.conf with the one of docs/updates-system.md',
    );
  }

  /** RAUC's name of the slot that the bootloader starts next */
  async primary(): Promise<string> {
    return wordsIn((await this.#call('GetPrimary'))[0]);
  }

  /**
   * False also for a moment after RAUC refused a second order, while the first goes on: only `install` itself is sure.
   */
  async installing(): Promise<boolean> {
    return wordsIn(await this.#property('Operation')) !== 'idle';
  }

  /** What the board is, as a bundle must say it. */
  async compatible(): Promise<string> {
    return wordsIn(await this.#property('Compatible'));
  }

  /** Verifies the signature of a bundle; of what is in it only what is `plain`. Why it refused stands in RAUC's log alone. */
  async info(file: string): Promise<{ compatible: string; version: string }> {
    const bus = await this.#open();
    await this.#property('Operation');
    const [compatible, version] = await bus
      .call({ ...installer, member: 'Info' }, 's', [file])
      .catch((cause: unknown) => {
        const hint =
          'Its signer must be one that this board trusts now: `journalctl -u rauc` says what is wrong';
        throw new VigieError('update', 'RAUC does not accept the bundle', hint, { cause });
      });
    return { compatible: wordsIn(compatible), version: wordsIn(version) };
  }

  async mark(state: MarkState, slot: string): Promise<void> {
    await this.#call('Mark', 'ss', [state, slot]);
  }

  /**
   * Resolves when RAUC has written the slot; rejects with {@link RaucEnded} when RAUC refused or failed. RAUC cannot be stopped: on abort this rejects, and RAUC goes on.
   * @param onShare 0 to 1
   */
  async install(file: string, onShare: (share: number) => void, signal: AbortSignal): Promise<void> {
    const bus = await this.#open();
    // starts the service where the bus can do that: a name that nobody has cannot be followed
    await this.#property('Operation');
    let code: number | null = null;
    await new Promise<void>((resolve, reject) => {
      let stop = (): void => {};
      const settle = (then: () => void): void => {
        stop();
        signal.removeEventListener('abort', abort);
        then();
      };
      const abort = (): void => settle(() => reject(signal.reason as Error));
      const onSignal = ({ path, interface: from, member, body }: BusSignal): void => {
        if (path !== installer.path) return;
        if (from === installer.interface && member === 'Completed') {
          code = typeof body[0] === 'number' ? body[0] : -1;
          settle(resolve);
        } else if (member === 'PropertiesChanged') {
          const share = shareIn(body);
          if (share !== null) onShare(share);
        }
      };
      const fail = (error: unknown): void => settle(() => reject(error as Error));
      signal.addEventListener('abort', abort);
      bus.follow(name, onSignal, fail).then((end) => {
        stop = end;
        if (signal.aborted) return abort();
        bus.call({ ...installer, member: 'InstallBundle' }, 'sa{sv}', [file, []]).catch(fail);
      }, fail);
    });
    if (code === 0) return;
    const words = wordsIn(await this.#property('LastError').catch(() => ''));
    throw new RaucEnded(
      'update',
      `RAUC did not install the bundle: ${words || `code ${code}`}`,
      hintFor(words),
    );
  }

  close(): void {
    this.#bus?.close();
    this.#bus = null;
  }

  async #open(): Promise<SystemBus> {
    if (!this.#bus || this.#bus.closed) this.#bus = await this.deps.openBus();
    return this.#bus;
  }

  async #call(member: string, signature?: string, body?: readonly unknown[]): Promise<unknown[]> {
    return (await this.#open()).call({ ...installer, member }, signature, body);
  }

  async #property(property: string): Promise<unknown> {
    return (await this.#open()).property(installer, property);
  }
}

function problem(message: string, hint: string): VigieError {
  return new VigieError('update', message, hint);
}

function hintFor(words: string): string {
  if (/signature|certificate|Verify error/i.test(words)) {
    return 'It is not signed by a certificate that this board trusts now: see docs/updates-system.md';
  }
  if (/space|too large|larger than/i.test(words))
    return 'The image does not fit the slot: make a smaller one';
  if (/slot hook/i.test(words)) {
    return 'The image in it may be one for another board: `journalctl -u rauc` says what its hook found';
  }
  return 'Look at `journalctl -u rauc`';
}

/**
 * A real card for tests: an ext4 of its own on a loop device, which can fall ill, be pulled out and be put in again. Its
 * blocks are taken, as they are first written, from a small file system in memory: when that is full, writes fail.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { TestContext } from 'node:test';

const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe' }).trim();

export class LoopCard {
  readonly point: string;
  readonly #below: string;
  readonly #image: string;
  #devices: string[] = [];

  private constructor(directory: string) {
    this.point = join(directory, 'card');
    this.#below = join(directory, 'below');
    this.#image = join(this.#below, 'card.img');
  }

  /** Null, with the reason printed, where this user or this machine cannot have one. */
  static make(t: TestContext): LoopCard | null {
    const directory = mkdtempSync(join(tmpdir(), 'vigie-loop-'));
    const card = new LoopCard(directory);
    t.after(() => {
      card.#clear();
      rmSync(directory, { recursive: true, force: true });
    });
    try {
      run('mkdir', card.point, card.#below);
      run('mount', '-t', 'tmpfs', '-o', 'size=24m', 'vigie-test', card.#below);
      run('truncate', '-s', '32M', card.#image);
      run('mkfs.ext4', '-q', card.#image);
      card.#attach();
      card.mount();
    } catch (error) {
      const reason = String((error as { stderr?: string }).stderr || error).trim();
      t.skip(`no loop device of its own can be mounted: ${reason.split('\n')[0]}`);
      return null;
    }
    return card;
  }

  mount(): void {
    run('mount', '-o', 'errors=remount-ro', this.#device, this.point);
  }

  /** Lets go of the place at once, whatever is still open on it. */
  unmount(): void {
    run('umount', '--lazy', this.point);
  }

  /** As a technician does it: refused while anything on it is open. */
  takeOff(): void {
    run('umount', this.point);
  }

  /**
   * Taken off, repaired, and mounted again: the same device, as nobody has to pull it out.
   * @param readOnly the device has turned read-only meanwhile, and so is the mount
   */
  repair(readOnly = false): void {
    this.takeOff();
    this.#check();
    if (readOnly) this.protect(true);
    this.mount();
  }

  /** The file system finds an error in itself, and stops writing. */
  fail(): void {
    writeFileSync(join('/sys/fs/ext4', basename(this.#device), 'trigger_fs_error'), '1');
  }

  /** Neither taken off nor repaired. Throws when the kernel refuses. */
  remountWritable(): void {
    run('mount', '-o', 'remount,rw', this.point);
  }

  /** The device itself takes no writes any more, as one that its controller protects; or does again. */
  protect(readOnly: boolean): void {
    run('blockdev', readOnly ? '--setro' : '--setrw', this.#device);
  }

  /** From now on the device refuses what it never held before. */
  starve(): void {
    try {
      writeFileSync(join(this.#below, 'filler'), Buffer.alloc(24 * 2 ** 20));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }

  feed(): void {
    rmSync(join(this.#below, 'filler'));
  }

  /** Out, repaired, and in again: the kernel finds it as another device. Only once the first one writes no more. */
  replug(): void {
    this.unmount();
    this.#attach();
    this.#check();
    this.mount();
  }

  #check(): void {
    try {
      run('e2fsck', '-p', this.#device);
    } catch (error) {
      // 1 says that errors were there and are repaired (e2fsck(8)).
      if ((error as { status?: number }).status !== 1) throw error;
    }
  }

  get #device(): string {
    return this.#devices.at(-1) ?? '';
  }

  #attach(): void {
    this.#devices.push(run('losetup', '--find', '--show', this.#image));
    // The kernel keeps this for a number, whatever is attached to it.
    this.protect(false);
  }

  #clear(): void {
    const undo = (command: string, ...args: string[]): void => {
      try {
        run(command, ...args);
      } catch {
        // It was not there: not made, or gone already.
      }
    };
    undo('umount', '--lazy', this.point);
    for (const device of this.#devices) {
      undo('blockdev', '--setrw', device);
      undo('losetup', '--detach', device);
    }
    undo('umount', '--lazy', this.#below);
  }
}

/**
 * Requests for holds on their way from a command to the running camera, which alone writes the register: one small file each
 * in the state directory. Left by cli/store-hold.ts, taken by retention.ts. Never believed without its schema.
 */
import { randomBytes } from 'node:crypto';
import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { VigieError } from '../../errors.js';
import { replaceWhole } from '../../whole-file.js';
import { type HoldRequest, holdRequest } from './hold.js';

const mostBytes = 4096;
const mostWaiting = 100;
const pattern = /^[0-9a-f]{16}\.json$/;

export class HoldRequests {
  readonly #directory: string;

  /** @param options.directory of the register; the requests lie in `requests/` in it */
  constructor(options: { directory: string }) {
    this.#directory = join(options.directory, 'requests');
  }

  /** Leaves a request. Returns its name, which is gone once it was taken. */
  async leave(request: HoldRequest): Promise<string> {
    const name = `${randomBytes(8).toString('hex')}.json`;
    const file = join(this.#directory, name);
    try {
      await replaceWhole(file, JSON.stringify(request), { makeDirectory: true });
      return name;
    } catch (cause) {
      const hint = `Check the space and the owner of ${this.#directory}`;
      throw new VigieError('store', 'The request cannot be handed to the camera', hint, { cause });
    }
  }

  /** Whether the camera has not looked at it yet. */
  async waits(name: string): Promise<boolean> {
    return stat(join(this.#directory, name)).then(
      () => true,
      () => false,
    );
  }

  /** Takes a request back, or away once it was answered. */
  async remove(name: string): Promise<void> {
    if (pattern.test(name)) await rm(join(this.#directory, name), { force: true });
  }

  /** What waits; `request` is null for a file that is no request. */
  async waiting(): Promise<{ name: string; request: HoldRequest | null }[]> {
    const names = await readdir(this.#directory).catch(() => []);
    const found = names
      .filter((name) => pattern.test(name))
      .sort()
      .slice(0, mostWaiting);
    return Promise.all(found.map(async (name) => ({ name, request: await this.#read(name) })));
  }

  async #read(name: string): Promise<HoldRequest | null> {
    try {
      const handle = await open(join(this.#directory, name), 'r');
      try {
        if ((await handle.stat()).size > mostBytes) return null;
        const parsed = holdRequest.safeParse(JSON.parse(await handle.readFile('utf8')));
        return parsed.success ? parsed.data : null;
      } finally {
        await handle.close();
      }
    } catch {
      return null;
    }
  }
}

/**
 * What keeps a camera apart from its past (docs/updates.md, "What a camera trusts"): the lowest version it takes, the latest
 * time and the highest version of each role it saw in verified metadata. Kept twice, raised only. Raised by
 * ota/metadata/client.ts and, at a confirmation, by ota/updater/updater.ts. Never lowered by anything that comes over the network.
 */
import { join } from 'node:path';
import { compare } from 'semver';
import { z } from 'zod';
import type { Log } from '../../board/ports.js';
import { replaceWhole } from '../../whole-file.js';
import { versionText } from '../release.js';
import { checkedText, readChecked } from './checked-json.js';
import { UpdateRefused } from './refusal.js';

const role = z.strictObject({
  version: z.int().min(0),
  /** ids of the keys that signed it: when too few of them are left in the role, its old versions cannot come back */
  signers: z.array(z.string().max(128)).max(32),
});
export type RoleFloor = z.infer<typeof role>;

const mostRoles = 32;
const state = z.strictObject({
  format: z.literal(1),
  serial: z.int().min(0),
  version: versionText.nullable(),
  timeMs: z.int().min(0),
  roles: z.record(z.string().max(200), role).refine((roles) => Object.keys(roles).length <= mostRoles),
});
type State = z.infer<typeof state>;

const copies = ['floor.json', 'floor.second.json'] as const;
const mostBytes = 256 * 1024;

export class Floors {
  #state: State = { format: 1, serial: 0, version: null, timeMs: 0, roles: {} };
  #writing: Promise<void> = Promise.resolve();

  /** @param options.directory `<slots>/trust`, must be there */
  constructor(
    private readonly deps: { log: Log; reached?: (step: string) => void | Promise<void> },
    private readonly options: { directory: string },
  ) {}

  /**
   * Reads both copies and goes on with the higher of each value; one that is torn or lost is made again from the other.
   * @param confirmed the version that runs, when it is confirmed: the floor is never below it, whatever became of the files
   */
  async start(confirmed: string | null): Promise<void> {
    const found = await Promise.all(
      copies.map((name) => readChecked(join(this.options.directory, name), state, mostBytes)),
    );
    const whole = found.filter((copy) => copy !== null);
    if (whole.length === 1)
      this.deps.log.warn('updates: one copy of the floor was damaged, made again from the other');
    if (whole.length === 0)
      this.deps.log.info('updates: no floor is kept; it starts at the confirmed version');
    this.#state = whole.reduce(higher, this.#state);
    const raised = confirmed === null ? this.#state : withVersion(this.#state, confirmed);
    if (raised !== this.#state || whole.length < copies.length || whole[0]?.serial !== whole[1]?.serial)
      await this.#write(raised);
  }

  /** the lowest version that is taken; null: not known, and then nothing is taken */
  get version(): string | null {
    return this.#state.version;
  }

  /** wall clock in milliseconds: it was at least this late once */
  get timeMs(): number {
    return this.#state.timeMs;
  }

  role(name: string): RoleFloor | null {
    return Object.hasOwn(this.#state.roles, name) ? (this.#state.roles[name] ?? null) : null;
  }

  /** A version was confirmed. Lower ones than the floor change nothing. Resolves when both copies are on the disk. */
  async raiseVersion(version: string): Promise<void> {
    const raised = withVersion(this.#state, version);
    if (raised !== this.#state) await this.#write(raised);
  }

  /**
   * Metadata was verified, completely. A role whose floor was lifted by others, since its keys were changed, begins anew.
   * @param seen what was verified, by name of role
   */
  async raiseSeen(
    timeMs: number,
    seen: Readonly<Record<string, RoleFloor & { anew: boolean }>>,
  ): Promise<void> {
    const roles = { ...this.#state.roles };
    for (const [name, { version, signers, anew }] of Object.entries(seen)) {
      const kept = this.role(name);
      delete roles[name]; // what was seen last stands last, and what was not seen for longest goes first
      roles[name] = kept !== null && !anew && kept.version > version ? kept : { version, signers };
    }
    const newest = Object.fromEntries(Object.entries(roles).slice(-mostRoles));
    const time = Math.max(this.#state.timeMs, Math.floor(timeMs));
    await this.#write({ ...this.#state, timeMs: time, roles: newest });
  }

  /** One after the other: whatever is cut, one copy is whole. */
  async #write(next: State): Promise<void> {
    const before = this.#writing.catch(() => {});
    this.#state = { ...next, serial: this.#state.serial + 1 };
    const text = checkedText(this.#state);
    this.#writing = before.then(async () => {
      for (const name of copies) {
        await replaceWhole(join(this.options.directory, name), text);
        await this.deps.reached?.(`${name} written`);
      }
    });
    await this.#writing.catch((cause: unknown) => {
      throw new UpdateRefused('storage', { cause });
    });
  }
}

const withVersion = (kept: State, version: string): State =>
  kept.version !== null && compare(version, kept.version) <= 0 ? kept : { ...kept, version };

/** Roles are taken from the copy that was written last: their floor may have begun anew. */
function higher(a: State, b: State): State {
  const [older, newer] = a.serial <= b.serial ? [a, b] : [b, a];
  const version = older.version === null ? newer.version : withVersion(newer, older.version).version;
  return { ...newer, version, timeMs: Math.max(a.timeMs, b.timeMs) };
}

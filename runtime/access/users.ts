/**
 * Who may log in, and with which rights: a file of mode 0600 that holds no secret, only scrypt hashes. Written
 * by `vigie user`, read by control/ at each login. Never logs a name that failed to log in.
 */
import { constants } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { VigieError } from '../../errors.js';
import { type Right, right } from './rights.js';
import { checkSecret, hashSecret, newSecret, nobody, secretHash } from './secret.js';

const userName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,31}$/);

const userRecord = z.strictObject({
  name: userName,
  /** one that is not known was given by a later version, which an update brought and left: it gives nothing, and is kept */
  rights: z
    .array(z.string().regex(/^[a-z]{1,32}$/))
    .min(1)
    .max(64),
  secret: secretHash,
  /** wall clock, milliseconds */
  addedMs: z.number(),
});

const usersFile = z.strictObject({ version: z.literal(1), users: z.array(userRecord).max(256) });
type UserRecord = z.infer<typeof userRecord>;

export interface User {
  name: string;
  rights: Right[];
  addedMs: number;
}

export class Users {
  readonly #file: string;
  #stamp = '';
  #records: UserRecord[] = [];
  readonly #nobody = nobody();

  /** @param options.file path of the users file; it need not exist: then nobody can log in with a secret */
  constructor(options: { file: string }) {
    this.#file = options.file;
  }

  /**
   * Reads the file again when it changed.
   * @returns true when the users may differ from the last call
   * @throws VigieError of kind `access` when others can read it or its content is not valid
   */
  async refresh(): Promise<boolean> {
    const found = await stat(this.#file).catch(() => null);
    const stamp = found ? `${found.ino}:${found.mtimeMs}:${found.size}:${found.mode}` : 'none';
    if (stamp === this.#stamp) return false;
    this.#records = found ? await this.#read() : [];
    this.#stamp = stamp;
    return true;
  }

  /** The users as last read, without anything secret. */
  list(): User[] {
    return this.#records.map(userOf);
  }

  /**
   * The user with this name and secret, or null. Takes the same time whether the name exists or not.
   * @throws VigieError of kind `access` when the file cannot be trusted
   */
  async verify(name: string, secret: string): Promise<User | null> {
    await this.refresh();
    const record = this.#records.find((known) => known.name === name);
    const right = await checkSecret(secret, record?.secret ?? this.#nobody);
    if (!record || !right) return null;
    return userOf(record);
  }

  /**
   * Adds a user and returns the generated secret, which is kept nowhere.
   * @throws VigieError of kind `access` on a bad or taken name
   */
  async add(name: string, rights: Right[], nowMs: number): Promise<string> {
    if (!userName.safeParse(name).success) {
      const hint = 'Use 1 to 32 lower-case letters, digits, and . _ - inside';
      throw new VigieError('access', 'That is not a user name', hint);
    }
    const secret = newSecret();
    const hash = await hashSecret(secret);
    await this.#change((records) => {
      if (records.some((known) => known.name === name)) {
        throw new VigieError(
          'access',
          `User ${name} exists already`,
          `Remove it first: vigie user remove ${name}`,
        );
      }
      if (records.length >= 256)
        throw new VigieError('access', 'There are 256 users already', 'Remove one first');
      return [...records, { name, rights, secret: hash, addedMs: nowMs }];
    });
    return secret;
  }

  /** @throws VigieError of kind `access` when there is no such user */
  async remove(name: string): Promise<void> {
    await this.#change((records) => {
      const left = records.filter((known) => known.name !== name);
      if (left.length === records.length) {
        throw new VigieError('access', 'There is no user with that name', 'See: vigie user list');
      }
      return left;
    });
  }

  async #read(): Promise<UserRecord[]> {
    const handle = await open(this.#file, constants.O_RDONLY | constants.O_NOFOLLOW).catch(
      (cause: unknown) => {
        throw new VigieError('access', 'The users file cannot be read', 'Check its owner and mode', {
          cause,
        });
      },
    );
    try {
      const { mode, size } = await handle.stat();
      if ((mode & 0o077) !== 0) {
        throw new VigieError('access', 'Others can read the users file', `Run: chmod 600 ${this.#file}`);
      }
      if (size > 1 << 20)
        throw new VigieError('access', 'The users file is too large', 'Restore it from a backup');
      const parsed = usersFile.safeParse(parseJson(await handle.readFile('utf8')));
      if (parsed.success) return parsed.data.users;
      throw new VigieError('access', 'The users file is damaged', 'Remove it and add the users again');
    } finally {
      await handle.close();
    }
  }

  /** One writer at a time (a lock file), then: new file, fsync, rename, fsync of the directory. */
  async #change(edit: (records: UserRecord[]) => UserRecord[]): Promise<void> {
    const directory = dirname(this.#file);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const next = `${this.#file}.new`;
    const handle = await open(next, 'wx', 0o600).catch((cause: unknown) => {
      const hint = `If no other \`vigie user\` is running, remove ${next}`;
      throw new VigieError('access', 'The users file cannot be changed now', hint, { cause });
    });
    try {
      await this.refresh();
      const users = edit(this.#records);
      await handle.writeFile(`${JSON.stringify({ version: 1, users }, null, 2)}\n`);
      await handle.sync();
      await handle.close();
      await rename(next, this.#file);
    } catch (error) {
      await handle.close().catch(() => undefined);
      await rm(next, { force: true });
      throw error;
    }
    const parent = await open(directory, 'r');
    await parent.sync().finally(() => parent.close());
    await this.refresh();
  }
}

function userOf({ name, rights, addedMs }: UserRecord): User {
  return { name, rights: right.options.filter((known) => rights.includes(known)), addedMs };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The system bus (D-Bus specification 0.41), for what talks to a service of the machine: RAUC. The only place that knows the
 * library. Any process of the machine may send us anything on it, so a signal counts only from the service that was
 * asked for, and bytes that the library cannot read end the connection, never the process.
 */
import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { createConnection, type Socket } from 'node:net';
import { VigieError } from '../../errors.js';
import type { Clock } from '../ports.js';

export interface BusMember {
  destination: string;
  path: string;
  interface: string;
  member: string;
}

export interface BusSignal {
  path: string;
  interface: string;
  member: string;
  /** arguments, variants still as the library has them: see {@link plain} */
  body: unknown[];
}

/** Every call rejects with a VigieError of kind `update`. */
export interface SystemBus {
  /** @returns the arguments of the answer */
  call(member: BusMember, signature?: string, body?: readonly unknown[]): Promise<unknown[]>;
  /** @returns the value of a property, out of its variant */
  property(of: Omit<BusMember, 'member'>, name: string): Promise<unknown>;
  /**
   * Signals of the process that has this name now, until what it returns is called.
   * @param gone it lost its name, or the connection ended: no signal will come
   */
  follow(
    name: string,
    onSignal: (signal: BusSignal) => void,
    gone: (error: VigieError) => void,
  ): Promise<() => void>;
  readonly closed: boolean;
  close(): void;
}

interface Message {
  type: number;
  sender?: string;
  path?: string;
  interface?: string;
  member?: string;
  body?: unknown[];
}

interface LibraryError {
  name?: string;
  message?: unknown;
}

interface Library {
  createClient(options: { stream: Socket; authMethods: string[] }): {
    connection: EventEmitter;
    invoke(
      message: BusMember & { signature?: string; body?: readonly unknown[] },
      answer: (error: LibraryError | null, ...body: unknown[]) => void,
    ): void;
  };
}

const bus: Omit<BusMember, 'member'> = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
};
const signalType = 4;
const callTimeoutMs = 30_000;

/** The socket of `DBUS_SYSTEM_BUS_ADDRESS`, or the usual one. Only `unix:path=`: the system bus of Debian has no other. */
export function busSocket(address = process.env['DBUS_SYSTEM_BUS_ADDRESS']): string {
  if (!address) return '/run/dbus/system_bus_socket';
  const path = /(?:^|;)unix:(?:[^;]*,)?path=([^,;]+)/.exec(address)?.[1];
  if (path) return decodeURIComponent(path);
  throw problem(
    'DBUS_SYSTEM_BUS_ADDRESS names no unix:path=',
    'Leave it away, or name the socket of the bus',
  );
}

/** @param options.address as in `DBUS_SYSTEM_BUS_ADDRESS`; the environment's when absent */
export async function openSystemBus(
  deps: { clock: Clock },
  options: { address?: string } = {},
): Promise<SystemBus> {
  const socket = createConnection(busSocket(options.address));
  const connection = new Connection(deps.clock, socket);
  try {
    // the answer to Hello is not handed out: any call shows that the bus took us
    await connection.call({ ...bus, member: 'GetId' });
  } catch (error) {
    connection.close();
    throw error;
  }
  return connection;
}

class Connection implements SystemBus {
  readonly #client: ReturnType<Library['createClient']>;
  readonly #waiting = new Set<(error: VigieError) => void>();
  readonly #followers = new Set<(message: Message) => void>();
  /** what the bus was asked to hand us */
  readonly #rules = new Set<string>();
  #ended: VigieError | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly socket: Socket,
  ) {
    guard(socket, (error) => this.#end(error));
    const library = createRequire(import.meta.url)('@homebridge/dbus-native') as Library;
    this.#client = library.createClient({ stream: socket, authMethods: ['EXTERNAL'] });
    this.#client.connection.on('error', (error: unknown) => this.#end(error));
    this.#client.connection.on('message', (message: Message) => {
      for (const follower of [...this.#followers]) follower(message);
    });
    socket.once('close', () => this.#end(new Error('it closed')));
  }

  get closed(): boolean {
    return this.#ended !== null;
  }

  call(member: BusMember, signature?: string, body?: readonly unknown[]): Promise<unknown[]> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      const settle = (then: () => void): void => {
        disarm();
        this.#waiting.delete(fail);
        then();
      };
      const fail = (error: VigieError): void => settle(() => reject(error));
      const disarm = this.clock.after(callTimeoutMs, () => {
        fail(problem(`${member.destination} does not answer to ${member.member}`, serviceHint));
      });
      this.#waiting.add(fail);
      const args = signature === undefined ? {} : { signature, body: body ?? [] };
      this.#client.invoke({ ...member, ...args }, (error, ...answer) => {
        if (error) fail(refused(member, error));
        else settle(() => resolve(answer));
      });
    });
  }

  async property(of: Omit<BusMember, 'member'>, name: string): Promise<unknown> {
    const get = { ...of, interface: 'org.freedesktop.DBus.Properties', member: 'Get' };
    const [value] = await this.call(get, 'ss', [of.interface, name]);
    return plain(value);
  }

  async follow(
    name: string,
    onSignal: (signal: BusSignal) => void,
    gone: (error: VigieError) => void,
  ): Promise<() => void> {
    const changes = `type='signal',sender='${bus.destination}',member='NameOwnerChanged',arg0='${name}'`;
    for (const rule of [changes, `type='signal',sender='${name}'`]) {
      if (this.#rules.has(rule)) continue;
      await this.call({ ...bus, member: 'AddMatch' }, 's', [rule]);
      this.#rules.add(rule);
    }
    const [owner] = await this.call({ ...bus, member: 'GetNameOwner' }, 's', [name]);
    const lost = (error: VigieError): void => {
      stop();
      gone(error);
    };
    // Somebody else may address a signal to us: it is the sender that the bus puts on it that counts.
    const follower = ({ type, sender, path, interface: from, member, body }: Message): void => {
      if (type !== signalType || !path || !from || !member) return;
      if (sender === bus.destination && member === 'NameOwnerChanged' && body?.[0] === name) {
        lost(problem(`${name} ended`, serviceHint));
      } else if (sender === owner) onSignal({ path, interface: from, member, body: body ?? [] });
    };
    const stop = (): void => {
      this.#followers.delete(follower);
      this.#waiting.delete(lost);
    };
    this.#followers.add(follower);
    this.#waiting.add(lost);
    return stop;
  }

  close(): void {
    this.#end(new Error('it was closed'));
  }

  #end(cause: unknown): void {
    if (this.#ended) return;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const hint = 'Start dbus, and look at what its log says of this user';
    this.#ended = problem(`The system bus cannot be used: ${reason}`, hint, cause);
    this.socket.destroy();
    for (const fail of [...this.#waiting]) fail(this.#ended);
  }
}

/** The library reads inside the socket's own events, where what it throws would end the process. */
function guard(socket: Socket, failed: (error: unknown) => void): void {
  const emit = socket.emit.bind(socket) as (event: string | symbol, ...args: unknown[]) => boolean;
  socket.emit = (event: string | symbol, ...args: unknown[]): boolean => {
    try {
      return emit(event, ...args);
    } catch (error) {
      failed(error);
      return true;
    }
  };
}

const serviceHint = 'Look at `systemctl status rauc` and its log';

function problem(message: string, hint: string, cause?: unknown): VigieError {
  return new VigieError('update', message, hint, { cause });
}

function refused({ destination, member }: BusMember, error: LibraryError): VigieError {
  const words = typeof error.message === 'string' ? (error.message.split('\n')[0] ?? '').slice(0, 300) : '';
  if (/\.AccessDenied$/.test(error.name ?? '')) {
    const hint = 'Put this user into the group that the D-Bus policy of docs/updates-system.md names';
    return problem(`This user may not ask ${destination} for ${member}`, hint, error);
  }
  if (/\.(ServiceUnknown|NameHasNoOwner|NoReply|Spawn\.\w+)$/.test(error.name ?? '')) {
    return problem(`${destination} does not run`, serviceHint, error);
  }
  return problem(`${destination} refused ${member}: ${words || error.name}`, serviceHint, error);
}

/**
 * A value out of the library's form of a variant, `[signature tree, [value]]`; what is inside is left as it is.
 * Anything else gives undefined: what comes from a bus is looked at before it is used.
 */
export function plain(variant: unknown): unknown {
  if (!Array.isArray(variant) || variant.length !== 2) return undefined;
  const [tree, values] = variant as [unknown, unknown];
  return Array.isArray(tree) && Array.isArray(values) && values.length === 1 ? values[0] : undefined;
}

/** `a{sv}` as a record without a prototype; null when it is not one. The last of two equal names counts. */
export function plainRecord(pairs: unknown): Record<string, unknown> | null {
  if (!Array.isArray(pairs)) return null;
  const record = Object.create(null) as Record<string, unknown>;
  for (const pair of pairs as unknown[]) {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string') return null;
    record[pair[0]] = plain(pair[1]);
  }
  return record;
}

/**
 * A repository of updates that a test may make as hostile as it likes: every role's version, keys, threshold and time are
 * its own to set. Written with the models alone, so that it shares nothing with the tools that an integrator uses. Served by
 * a real HTTP server from memory.
 */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { Metadata, Root, Signature, Snapshot, Targets, Timestamp } from '@tufjs/models';
import { type Release, releasePath } from '../ota/release.js';

export const place = { customer: 'ville-exemple', board: 'rpi5', channel: 'stable' } as const;
export const boardRole = 'ville-exemple.rpi5';
const dayMs = 86_400_000;

export class TestKey {
  readonly id: string;
  readonly #publicHex: string;
  readonly #privateKey: KeyObject;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    this.#privateKey = privateKey;
    this.#publicHex = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');
    this.id = sha256(this.#publicHex);
  }

  get json() {
    return { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: this.#publicHex } };
  }

  sign(bytes: Buffer): Signature {
    return new Signature({ keyID: this.id, sig: sign(null, bytes, this.#privateKey).toString('hex') });
  }
}

export const sha256 = (bytes: string | Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

type Signed = Root | Timestamp | Snapshot | Targets;

/** A role as its delegator will name it next, and as it will be signed next. */
export interface TestRole {
  keys: TestKey[];
  threshold: number;
  version: number;
  expiresMs: number;
  /** signs with these in place of its keys */
  signedBy?: TestKey[];
}

export class TestRepository {
  /** path below the address: bytes */
  files = new Map<string, Buffer>();
  readonly roles: Record<string, TestRole> = {};
  /** what a delegated role may sign, by its name */
  readonly paths: Record<string, string[]> = {
    [place.customer]: [`${place.customer}/*/*/*`],
    [boardRole]: [`${place.customer}/${place.board}/*/*`],
  };
  /** delegated roles that a snapshot names */
  inSnapshot = ['targets', place.customer, boardRole];
  /** whether metadata says length and hash of the metadata below it */
  hashes = true;
  /** changes what is signed, just before it is */
  tamper: (name: string, signed: unknown) => unknown = (_, signed) => signed;
  /** targets by the role that lists them: path, bytes */
  readonly targets: Record<string, Map<string, Buffer>> = { [boardRole]: new Map() };

  constructor() {
    for (const name of ['root', 'targets', 'snapshot', 'timestamp', place.customer, boardRole]) {
      const keys = name === 'root' ? [new TestKey(), new TestKey(), new TestKey()] : [new TestKey()];
      const threshold = name === 'root' ? 2 : 1;
      this.roles[name] = { keys, threshold, version: 0, expiresMs: Date.now() + 30 * dayMs };
    }
    this.writeRoot();
  }

  role(name: string): TestRole {
    const role = this.roles[name];
    if (role === undefined) throw new Error(`there is no role ${name}`);
    return role;
  }

  get root(): Buffer {
    return this.metadata('root');
  }

  metadata(name: string): Buffer {
    const bytes = this.files.get(`metadata/${this.#fileName(name)}`);
    if (bytes === undefined) throw new Error(`there is no metadata of ${name}`);
    return bytes;
  }

  /** The next root: signed by its own keys, and by those of the one before it. */
  writeRoot(before: TestKey[] = []): void {
    const root = this.role('root');
    root.version += 1;
    const top = ['root', 'targets', 'snapshot', 'timestamp'];
    const keys = top.flatMap((name) => this.role(name).keys);
    const signed = Root.fromJSON({
      ...this.#common('root'),
      consistent_snapshot: true,
      keys: Object.fromEntries(keys.map((key) => [key.id, key.json])),
      roles: Object.fromEntries(top.map((name) => [name, this.#naming(name)])),
    });
    this.#write('root', signed, [...(root.signedBy ?? root.keys), ...before]);
  }

  /** A role that lists targets, or delegates. */
  writeTargets(name: string): void {
    this.role(name).version += 1;
    const children = name === 'targets' ? [place.customer] : name === place.customer ? [boardRole] : [];
    const keys = children.flatMap((child) => this.role(child).keys);
    const roles = children.map((child) => ({
      ...this.#naming(child),
      name: child,
      terminating: true,
      paths: this.paths[child] ?? [],
    }));
    const listed = [...(this.targets[name] ?? [])].map(([path, bytes]) => [
      path,
      { length: bytes.length, hashes: { sha256: sha256(bytes) } },
    ]);
    const delegations = { keys: Object.fromEntries(keys.map((key) => [key.id, key.json])), roles };
    this.#write(
      name,
      Targets.fromJSON({
        ...this.#common(name),
        targets: Object.fromEntries(listed) as Record<string, never>,
        ...(children.length > 0 && { delegations }),
      }),
    );
  }

  writeSnapshot(): void {
    this.role('snapshot').version += 1;
    const meta = this.inSnapshot.map((name) => [`${name}.json`, this.#entry(name)]);
    this.#write(
      'snapshot',
      Snapshot.fromJSON({
        ...this.#common('snapshot'),
        meta: Object.fromEntries(meta) as Record<string, never>,
      }),
    );
  }

  writeTimestamp(): void {
    this.role('timestamp').version += 1;
    const meta = { 'snapshot.json': this.#entry('snapshot') };
    this.#write('timestamp', Timestamp.fromJSON({ ...this.#common('timestamp'), meta }));
  }

  /** A target under a role: file and entry, without signing anything. */
  addTarget(path: string, bytes: Buffer, role = boardRole): void {
    this.targets[role] ??= new Map();
    this.targets[role].set(path, bytes);
    const at = path.lastIndexOf('/') + 1;
    this.files.set(`targets/${path.slice(0, at)}${sha256(bytes)}.${path.slice(at)}`, bytes);
  }

  /** All that an honest publication of one version is. */
  publish(version = '1.1.0', changes: Partial<Release> = {}): Release {
    const release = this.offer(version, changes);
    this.signAll();
    return release;
  }

  offer(version = '1.1.0', changes: Partial<Release> = {}): Release {
    const bundle = `${place.customer}/${place.board}/${place.channel}/vigie-${version}.tar.zst`;
    this.addTarget(bundle, Buffer.from(`bundle of ${version}`));
    const release = testRelease(version, changes);
    this.addTarget(releasePath(place), Buffer.from(JSON.stringify(release)));
    return release;
  }

  signAll(): void {
    for (const name of ['targets', place.customer]) {
      if (this.role(name).version === 0) this.writeTargets(name);
    }
    this.writeTargets(boardRole);
    this.writeSnapshot();
    this.writeTimestamp();
  }

  #fileName(name: string): string {
    return name === 'timestamp' ? 'timestamp.json' : `${this.role(name).version}.${name}.json`;
  }

  #naming(name: string) {
    const { keys, threshold } = this.role(name);
    return { keyids: keys.map(({ id }) => id), threshold };
  }

  #entry(name: string) {
    const bytes = this.metadata(name);
    const { version } = this.role(name);
    return { version, ...(this.hashes && { length: bytes.length, hashes: { sha256: sha256(bytes) } }) };
  }

  #common(name: string) {
    const { version, expiresMs } = this.role(name);
    const expires = new Date(expiresMs).toISOString().replace(/\.\d+Z$/, 'Z');
    const type = ['root', 'snapshot', 'timestamp'].includes(name) ? name : 'targets';
    return { _type: type, spec_version: '1.0.31', version, expires };
  }

  #write(name: string, signed: Signed, keys = this.role(name).signedBy ?? this.role(name).keys): void {
    const tampered = this.tamper(name, signed.toJSON());
    // what is signed need not be metadata at all
    const metadata = new Metadata({ toJSON: () => tampered } as unknown as Signed);
    for (const key of new Set(keys)) metadata.sign((bytes) => key.sign(bytes), true);
    this.files.set(`metadata/${this.#fileName(name)}`, Buffer.from(JSON.stringify(metadata.toJSON())));
  }
}

/** What a channel offers, honest but for the changes. */
export function testRelease(version = '1.1.0', changes: Partial<Release> = {}): Release {
  return {
    format: 1,
    version,
    commit: 'c0ffee',
    ...place,
    arch: 'arm64',
    publishedMs: Date.now(),
    notes: { fr: 'Essai', en: 'Test' },
    rollout: { percent: 100, groups: [] },
    content: {
      kind: 'tree',
      path: `${place.customer}/${place.board}/${place.channel}/vigie-${version}.tar.zst`,
      manifestSha256: sha256(`bundle.json of ${version}`),
      tarBytes: 1000,
      tarSha256: sha256(`tar of ${version}`),
      treeBytes: 1000,
      deltas: [],
    },
    ...changes,
  };
}

/** Serves what is in `files` at each request, or whatever `hostile` does first; ends with the test. */
export async function serveRepository(
  t: TestContext,
  repository: { files: ReadonlyMap<string, Buffer> },
  hostile: (path: string) => RequestListener | null = () => null,
): Promise<{ url: string; asked: string[]; server: Server }> {
  const asked: string[] = [];
  const server = createServer((request, answer) => {
    const path = (request.url ?? '').slice(1);
    asked.push(path);
    const own = hostile(path);
    if (own !== null) {
      own(request, answer);
      return;
    }
    const bytes = repository.files.get(path);
    answer.writeHead(bytes === undefined ? 404 : 200).end(bytes ?? 'nothing here');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, server };
}

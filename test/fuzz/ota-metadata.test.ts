/**
 * Mutated answers of the server and mutated files of the camera: nothing is taken but what was published, and no error is
 * without its reason. Files by hand, and what ever found something, are kept in the corpus; the rest comes from a seeded
 * generator. `VIGIE_FUZZ_CASES` asks for more cases, `VIGIE_FUZZ_SEED` for others.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkedText, sha256Of } from '../../ota/metadata/checked-json.js';
import { UpdateRefused } from '../../ota/metadata/refusal.js';
import type { Release } from '../../ota/release.js';
import { TestCamera } from '../ota-camera.js';
import { boardRole, place, serveRepository, TestRepository } from '../ota-repository.js';
import { seeded } from '../random.js';

const corpus = 'test/fuzz/corpus/ota-metadata';
const cases = Number(process.env['VIGIE_FUZZ_CASES'] ?? 40);
const seed = Number(process.env['VIGIE_FUZZ_SEED'] ?? 1);

type Random = () => number;
const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

const strange: readonly unknown[] = [
  ...[null, true, '', 'x', 0, -1, 1.5, 1e308, 2 ** 53, [], {}, [[]], [null], '../..', '\u0000'],
  ...['1970-01-01T00:00:00Z', '9999-12-31T23:59:59Z', 'x'.repeat(2000), Array(50).fill({})],
];

/** One value somewhere in it replaced, taken out, or doubled. */
function mutateValue(random: Random, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || random() < 0.15) return pick(random, strange);
  const copy = structuredClone(value) as Record<string, unknown>;
  const key = pick(random, Object.keys(copy));
  if (key === undefined) return pick(random, strange);
  const choice = random();
  if (choice < 0.1) delete copy[key];
  else if (choice < 0.2) copy[`${key}x`] = copy[key];
  else copy[key] = mutateValue(random, copy[key]);
  return copy;
}

/** One to three changes to these bytes, or one to what they mean. */
function mutate(random: Random, bytes: Buffer): Buffer {
  if (random() < 0.5) {
    try {
      return Buffer.from(JSON.stringify(mutateValue(random, JSON.parse(bytes.toString('utf8')))));
    } catch {
      // not JSON any more: its bytes then
    }
  }
  let changed = Buffer.from(bytes);
  for (let changes = 1 + Math.floor(random() * 3); changes > 0; changes--) {
    const from = Math.floor(random() * changed.length);
    const part = changed.subarray(from, from + 1 + Math.floor(random() * 40));
    const rest = changed.subarray(from + part.length);
    const head = changed.subarray(0, from);
    switch (Math.floor(random() * 4)) {
      case 0:
        for (let i = 0; i < part.length; i++) part[i] = Math.floor(random() * 256);
        break;
      case 1:
        changed = Buffer.concat([head, rest]);
        break;
      case 2:
        changed = Buffer.concat([head, part, part, rest]);
        break;
      default:
        if (part.length > 0) part[0] = (part[0] ?? 0) ^ (1 << Math.floor(random() * 8));
    }
  }
  return changed;
}

/** What was published, or a reason: anything else is a finding. */
async function takesOrRefuses(
  camera: TestCamera,
  url: string,
  published: Release,
  what: string,
): Promise<string> {
  try {
    const found = await camera.asks(url);
    assert.deepEqual(found.release, published, what);
    return 'taken';
  } catch (error) {
    assert.ok(error instanceof UpdateRefused, `${what}: ${error instanceof Error ? error.stack : error}`);
    return error.reason;
  }
}

test(`answers of the server, ${cases} mutated and the corpus at every place`, async (t) => {
  const repository = new TestRepository();
  const published = repository.publish('1.1.0');
  const fresh = new TestCamera(t, repository.root);
  const known = new TestCamera(t, repository.root);
  const { url } = await serveRepository(t, repository);
  fresh.saves();
  await known.takes(url, '1.1.0');
  known.saves();
  const next = repository.publish('1.2.0');
  assert.notDeepEqual(next, published);
  const honest = repository.files;
  const paths = [...honest.keys()].filter((path) => path.endsWith('.json')).concat('metadata/2.root.json');
  const random = seeded(seed);
  const kept = readdirSync(corpus).sort();
  const tried = [
    ...kept.flatMap((name) =>
      paths.map((path) => ({ path, bytes: readFileSync(join(corpus, name)), what: `${name} as ${path}` })),
    ),
    ...Array.from({ length: cases }, (_, i) => {
      const path = pick(random, paths);
      const bytes = mutate(random, honest.get(path) ?? repository.root);
      return { path, bytes, what: `case ${i} of ${path}` };
    }),
  ];
  const outcomes = new Map<string, number>();
  for (const { path, bytes, what } of tried) {
    repository.files = new Map(honest).set(path, bytes);
    const camera = random() < 0.5 ? fresh : known;
    camera.restores();
    const outcome = await takesOrRefuses(camera, url, next, what);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  assert.ok(outcomes.size > 2, [...outcomes].join('; '));
  repository.files = honest;
  fresh.restores();
  await fresh.takes(url, '1.2.0');
});

test(`signed by the right keys and no metadata: ${cases} cases`, async (t) => {
  const random = seeded(seed + 1);
  const outcomes = new Map<string, number>();
  const repository = new TestRepository();
  const published = repository.publish('1.1.0');
  const camera = new TestCamera(t, repository.root);
  camera.saves();
  const { url } = await serveRepository(t, repository);
  const roles = ['targets', place.customer, boardRole, 'snapshot', 'timestamp'];
  const versions = roles.map((name) => repository.role(name).version);
  for (let i = 0; i < cases; i++) {
    for (const [at, name] of roles.entries()) repository.role(name).version = (versions[at] ?? 1) - 1;
    const name = pick(random, [...roles, 'root']);
    repository.tamper = (written, signed) => (written === name ? mutateValue(random, signed) : signed);
    repository.files.delete('metadata/2.root.json');
    repository.role('root').version = 1;
    try {
      if (name === 'root') repository.writeRoot();
      for (const role of roles.slice(0, 2)) repository.writeTargets(role);
      repository.signAll();
    } catch {
      continue; // a number that the canonical form does not have
    }
    camera.restores();
    const outcome = await takesOrRefuses(camera, url, published, `case ${i} of ${name}`);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  assert.ok(outcomes.size > 2, [...outcomes].join('; '));
});

test(`files of the camera, ${cases} mutated, some with a checksum that fits`, async (t) => {
  const repository = new TestRepository();
  const camera = new TestCamera(t, repository.root);
  const { url } = await serveRepository(t, repository);
  repository.publish('1.1.0');
  await camera.takes(url, '1.1.0');
  const published = repository.publish('1.2.0');
  camera.saves();
  const random = seeded(seed + 2);
  const sets = readdirSync(camera.directory).filter((name) => name.startsWith('set-'));
  const [set] = sets;
  assert.ok(set !== undefined && sets.length === 1);
  const inSet = readdirSync(join(camera.directory, set));
  const plain = ['current.json', 'floor.json', 'floor.second.json'];
  let taken = 0;
  for (let i = 0; i < cases; i++) {
    const name = pick(random, [...inSet.map((file) => join(set, file)), ...plain]);
    const path = join(camera.directory, name);
    const bytes = mutate(random, readFileSync(path));
    writeFileSync(path, bytes);
    if (random() < 0.6) fitChecksum(camera.directory, set, name, bytes);
    const outcome = await takesOrRefuses(camera, url, published, `case ${i} of ${name}`);
    if (outcome === 'taken') taken += 1;
    camera.restores();
  }
  assert.ok(taken > cases / 2, `${taken} of ${cases} recovered`);
});

/** As somebody with a shell would. */
function fitChecksum(directory: string, set: string, name: string, bytes: Buffer): void {
  const path = join(directory, name.startsWith(set) ? 'current.json' : name);
  try {
    const { state } = JSON.parse(readFileSync(path, 'utf8')) as {
      state: { files?: Record<string, string>[] };
    };
    for (const file of state.files ?? [])
      if (join(set, file['name'] ?? '') === name) file['sha256'] = sha256Of(bytes);
    writeFileSync(path, checkedText(state));
  } catch {
    // what is no JSON has no checksum
  }
}

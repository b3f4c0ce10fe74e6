/**
 * Metadata of a repository, and keys, changed at random: the integrator's tools refuse them with a VigieError or read exactly what was
 * signed, so that nothing that somebody slipped in is ever signed again. Some cases here;
 * `node dist/test/fuzz/ota-repository.test.js --cases 20000` for more.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { VigieError } from '../../errors.js';
import { envelope } from '../../ota/repository/formats.js';
import { readKeyFile } from '../../ota/repository/keys.js';
import { offers } from '../../ota/repository/offers.js';
import { readPublished } from '../../ota/repository/published.js';
import { isSigned, topHolders } from '../../ota/repository/signatures.js';
import { Publishing } from '../ota-publishing.js';
import { seeded } from '../random.js';

const at = process.argv.indexOf('--cases');
const cases = at < 0 ? 160 : Number(process.argv[at + 1]);
const corpus = JSON.parse(readFileSync('test/fuzz/corpus/ota/metadata.json', 'utf8')) as unknown[];

/** One to three changes: a byte, a digit, a piece gone, a piece twice. */
function mutate(bytes: Buffer, random: () => number): Buffer {
  const below = (n: number): number => Math.floor(random() * n);
  let changed = Buffer.from(bytes);
  for (let changes = 1 + below(3); changes > 0; changes--) {
    const from = below(changed.length);
    const part = changed.subarray(from, from + 1 + below(random() < 0.7 ? 3 : 400));
    const kind = below(4);
    if (kind === 0) part[0] = (part[0] ?? 0) ^ (1 << below(8));
    else if (kind === 1) part.fill(0x30 + below(10));
    else if (kind === 2)
      changed = Buffer.concat([changed.subarray(0, from), changed.subarray(from + part.length)]);
    else changed = Buffer.concat([changed.subarray(0, from), part, changed.subarray(from)]);
    if (changed.length === 0) changed = Buffer.from('{');
  }
  return changed;
}

/** What the tools would build upon. */
async function believed(directory: string): Promise<unknown> {
  const published = await readPublished(directory);
  if (published === null) return null;
  const { root, roles, snapshot, timestamp, cut } = published;
  // Of a timestamp that leads nowhere only the number counts: the next one is higher.
  assert.ok(cut || isSigned(timestamp, topHolders('timestamp', root.signed)));
  const signed = [root, snapshot, ...roles.values()].map((file) => file.signed);
  return { signed, offered: (await offers(directory, published)).map(({ release }) => release) };
}

test(`${cases} changed repositories: refused, or read as they were signed`, async (t) => {
  const publishing = await new Publishing(t).founded();
  await publishing.publish('1.0.0');
  const expected = await believed(publishing.directory);
  const targets = join(publishing.directory, 'targets');
  const release = readdirSync(targets, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.json'),
  );
  const metadata = readdirSync(join(publishing.directory, 'metadata')).filter((name) =>
    name.endsWith('.json'),
  );
  const files = [
    ...metadata.map((name) => join(publishing.directory, 'metadata', name)),
    ...release.map((name) => join(targets, name)),
  ];
  const random = seeded(11);
  let refused = 0;
  for (let number = 0; number < cases; number++) {
    const file = files[Math.floor(random() * files.length)] ?? '';
    const original = readFileSync(file);
    writeFileSync(file, mutate(original, random));
    try {
      assert.deepEqual(await believed(publishing.directory), expected, `case ${number}: ${file}`);
    } catch (error) {
      assert.ok(error instanceof VigieError, `case ${number}, ${file}: ${String(error)}`);
      refused++;
    }
    writeFileSync(file, original);
  }
  assert.ok(refused > cases / 3, `${refused} of ${cases} refused`);
  assert.deepEqual(await believed(publishing.directory), expected);
});

test('the kept forms of metadata that are none', () => {
  for (const one of corpus)
    assert.equal(envelope.safeParse(one).success, false, JSON.stringify(one).slice(0, 80));
});

test('changed key files are keys or are refused', async (t) => {
  const publishing = new Publishing(t);
  const { file } = await publishing.key('root-1');
  const original = readFileSync(file);
  const random = seeded(12);
  for (let number = 0; number < cases; number++) {
    writeFileSync(file, mutate(original, random), { mode: 0o600 });
    await readKeyFile(file).catch((error: unknown) => {
      assert.ok(error instanceof VigieError, `case ${number}: ${String(error)}`);
    });
  }
});

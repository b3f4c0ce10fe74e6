/**
 * What a command reads from a camera, when it is not what a camera says: it never throws, takes only what has its shape, and prints
 * nothing that moves a cursor. Seeded; `CASES` for more. The corpus keeps messages by hand and every case that ever found something.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cameraLimits, decodeFromCamera } from '../../runtime/cli/camera-messages.js';
import { otaWords, statusRows } from '../../runtime/cli/ota-camera-words.js';
import { seeded } from '../random.js';

const cases = Number(process.env['CASES'] ?? 10_000);
const folder = 'test/fuzz/corpus/camera';
const corpus = readdirSync(folder).map((name) => ({
  name,
  bytes: Buffer.from(readFileSync(join(folder, name), 'utf8').replaceAll(/\s/g, ''), 'hex'),
}));
const moves = /[^\P{Cc}\n]|\p{Cf}/u;

/** Every text that would be printed of it. */
function printed(bytes: Uint8Array): string[] {
  const message = decodeFromCamera(bytes);
  if (message?.t === 'error') return [message.message.fr, message.message.en];
  if (message?.t === 'welcome') return [message.camera.name, message.user];
  if (message?.t !== 'update') return [];
  return (['fr', 'en'] as const).flatMap((language) =>
    statusRows('camera', message.status, otaWords(language)).flat(),
  );
}

test('the corpus: messages named good- are read, the others are not', () => {
  for (const { name, bytes } of corpus) {
    assert.equal(decodeFromCamera(bytes) !== null, name.startsWith('good-'), name);
    for (const text of printed(bytes)) assert.doesNotMatch(text, moves, name);
  }
  assert.equal(decodeFromCamera(Buffer.alloc(cameraLimits.bytes + 1, 0xc0)), null);
  const raw = corpus.find(({ name }) => name === 'good-error.hex')?.bytes.toString('utf8') ?? '';
  assert.match(raw, moves, 'negative control: it was sent something that moves the cursor');
});

test(`${cases} messages with changed bytes never throw, and what is read can be printed`, () => {
  const random = seeded(61);
  const below = (n: number): number => Math.floor(random() * n);
  let read = 0;
  for (let made = 0; made < cases; made += 1) {
    const bytes = Buffer.from(corpus[below(corpus.length)]?.bytes ?? []);
    for (let change = 1 + below(3); change > 0 && bytes.length > 0; change -= 1)
      bytes[below(bytes.length)] = below(256);
    const texts = printed(made % 7 === 0 ? bytes.subarray(0, below(bytes.length)) : bytes);
    for (const text of texts) assert.doesNotMatch(text, moves, bytes.toString('hex'));
    if (texts.length > 0) read += 1;
  }
  assert.ok(read > cases / 50, `only ${read} were read at all`);
});

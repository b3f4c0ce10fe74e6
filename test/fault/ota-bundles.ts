/**
 * Versions small enough to be installed hundreds of times, as real bundles: packed by ota/bundle/pack.ts, unpacked by
 * ota/bundle/unpack.ts. What starts in them looks at its own files and says what it found. Used by the fault runs of updates.
 */
import { mkdir } from 'node:fs/promises';
import { arch } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { type PackedBundle, packBundle } from '../../ota/bundle/pack.js';
import { unpackBundle } from '../../ota/bundle/unpack.js';
import type { Installable } from '../../ota/slots/backend.js';

/** What a version says of itself when it starts; one line of JSON. */
export const report = z.strictObject({
  version: z.string(),
  slot: z.enum(['a', 'b']),
  /** of its bundle.json */
  manifestSha256: z.string(),
  /** files that are not what bundle.json lists, or are missing */
  wrong: z.array(z.string()),
});
export type Report = z.infer<typeof report>;

/**
 * Says what it is, then stays until it is told to end; `1.2.3=1` among its arguments makes version 1.2.3 end at once with
 * code 1, and `1.2.3=stay` not end when it is asked to.
 */
const startScript = (version: string): string => `
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const here = new URL('./', import.meta.url);
const manifest = readFileSync(new URL('bundle.json', here));
const wrong = [];
for (const { path, bytes, sha256: hash } of JSON.parse(manifest).files) {
  try {
    const content = readFileSync(new URL(path, here));
    if (content.length !== bytes || sha256(content) !== hash) wrong.push(path);
  } catch { wrong.push(path); }
}
const version = '${version}';
const line = { version, slot: process.env.VIGIE_SLOT, manifestSha256: sha256(manifest), wrong };
process.stdout.write(JSON.stringify(line) + '\\n');
const then = process.argv.find((word) => word.startsWith(version + '='))?.split('=')[1];
if (then === undefined) process.on('SIGTERM', () => process.exit(0));
else if (then === 'stay') process.on('SIGTERM', () => {});
else process.exitCode = Number(then);
if (process.exitCode === undefined) setInterval(() => {}, 1000);
process.on('disconnect', () => process.exit(0));
`;

/** A file that spans many sectors, one that is empty, one in a directory, one that may be executed. */
function contentOf(
  version: string,
  random: () => number,
): { path: string; content: Buffer; executable?: true }[] {
  // Lines of words: a bundle of anything else is refused by the gate for models.
  const letter = (at: number): number => (at % 8 === 7 ? 10 : 97 + Math.floor(random() * 26));
  const noise = (bytes: number): Buffer =>
    Buffer.from(Uint8Array.from({ length: bytes }, (_, at) => letter(at)));
  return [
    { path: 'start.mjs', content: Buffer.from(startScript(version)) },
    { path: 'package.json', content: Buffer.from('{"type": "module"}\n') },
    { path: 'empty.txt', content: Buffer.alloc(0) },
    { path: 'parts/deep/large.txt', content: noise(120_000) },
    { path: 'parts/tool.js', content: noise(5000), executable: true },
    ...Array.from({ length: 8 }, (_, n) => ({ path: `parts/small-${n}.txt`, content: noise(700 + 900 * n) })),
  ];
}

export interface TinyVersion {
  version: string;
  bundle: PackedBundle;
}

/** More than a camera holds, so that what is installed next is none of what it has. */
const versionsMade = 7;

export class TinyVersions {
  readonly #made: TinyVersion[] = [];
  #next = 0;

  /** @param directory where the bundles lie; outside of what is cut */
  constructor(
    private readonly directory: string,
    private readonly random: () => number,
  ) {}

  /** The next one, a minor number above the last; after the last the first again. */
  async next(): Promise<TinyVersion> {
    const at = this.#next++ % versionsMade;
    const version = this.#made[at] ?? (await this.#make(`1.${at}.0`));
    this.#made[at] = version;
    return version;
  }

  async #make(version: string): Promise<TinyVersion> {
    await mkdir(this.directory, { recursive: true });
    const facts = {
      version,
      commit: 'none',
      arch: arch() === 'arm64' ? ('arm64' as const) : ('x64' as const),
      boards: ['virtual'],
      start: 'start.mjs',
    };
    const file = join(this.directory, `vigie-${version}.tar.zst`);
    const signal = new AbortController().signal;
    const bundle = await packBundle(contentOf(version, this.random), facts, file, { level: 1 }, signal);
    return { version, bundle };
  }
}

/** What a slot is given. */
export function installable({ version, bundle }: TinyVersion): Installable {
  const { file, manifestSha256, tarBytes, tarSha256, treeBytes } = bundle;
  const expected = { manifestSha256, tarBytes, tarSha256 };
  return {
    version,
    manifestSha256,
    content: {
      kind: 'tree',
      treeBytes,
      unpack: async (directory, signal) => {
        await unpackBundle({ kind: 'full', file, expected }, directory, signal);
      },
    },
  };
}

/** A bundle of a few files, for the tests of updates: packed as a real one is, in a moment. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { BundleManifest } from '../ota/bundle/manifest.js';
import { entriesOf, type PackedBundle, packBundle } from '../ota/bundle/pack.js';
import type { Expected } from '../ota/bundle/read.js';

export const quick: AbortSignal = new AbortController().signal;

/** Gone after the test. */
export function scratch(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-bundle-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A list of models that names none of the files of a small bundle. */
export const smallTree: Readonly<Record<string, string | Buffer>> = {
  'dist/runtime/cli/main.js': 'console.log("1.0.0");\n',
  'dist/build.json': '{"version":"1.0.0","commit":"abcdef012345"}\n',
  'package.json': '{"name":"vigie","type":"module"}\n',
  LICENSE: 'EUPL\n',
};

export function writeTree(directory: string, files: Readonly<Record<string, string | Buffer>>): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
  return directory;
}

export async function packTree(
  directory: string,
  file: string,
  version = '1.0.0',
  more: Partial<Pick<BundleManifest, 'arch' | 'boards'>> = {},
): Promise<PackedBundle> {
  const facts = {
    version,
    commit: 'abcdef012345',
    arch: 'x64' as const,
    boards: ['virtual'],
    start: 'dist/runtime/cli/main.js',
    ...more,
  };
  return packBundle(await entriesOf(directory), facts, file, { level: 3 }, quick);
}

export function expectedOf({ tarSha256, tarBytes, manifestSha256 }: PackedBundle): Expected {
  return { tarSha256, tarBytes, manifestSha256 };
}

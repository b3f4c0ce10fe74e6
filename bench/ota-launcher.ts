/**
 * The launcher beside a version that runs (`npm run bench -- ota`): its memory after a start of a confirmed version, and after
 * a first start on trial, before which it hashed a whole version. The version is a script that waits, in a tree of full size.
 */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PackedBundle } from '../ota/bundle/pack.js';
import { unpackBundle } from '../ota/bundle/unpack.js';
import type { Installable } from '../ota/slots/backend.js';
import { ended, SlotBench, scripts } from '../test/slot-bench.js';
import { expectedOf, quick } from '../test/small-bundle.js';
import { memoryNow } from './process-memory.js';
import { type Row, row } from './report.js';

const startPath = 'dist/start.mjs';

export async function launching(say: (line: string) => unknown, full: PackedBundle): Promise<Row[]> {
  say('the launcher');
  const bench = new SlotBench();
  try {
    await bench.provisioned('0.9.0', scripts.waits);
    const started = await afterStart(bench, '0.9.0');
    const toInstall = await waiting(bench, full);
    const installing = { asked: [], onShare: () => undefined };
    await bench.slots('a').install(toInstall, installing, quick);
    const onTrial = await afterStart(bench, full.manifest.version);
    return [
      row('launcher, resident', started.residentMiB, 'MiB'),
      row('launcher, shared with nobody', started.ownMiB, 'MiB'),
      row('launcher on trial, resident', onTrial.residentMiB, 'MiB'),
      row('launcher on trial, shared with nobody', onTrial.ownMiB, 'MiB'),
    ];
  } finally {
    await bench.clear();
  }
}

async function afterStart(bench: SlotBench, version: string): Promise<ReturnType<typeof memoryNow>> {
  const launcher = bench.launch();
  await bench.untilLogged(`waits ${version}`);
  const memory = memoryNow(launcher.pid ?? 0);
  await ended(launcher, 'SIGTERM');
  return memory;
}

/** The bundle with a start that waits. */
async function waiting(bench: SlotBench, full: PackedBundle): Promise<Installable> {
  const { version } = full.manifest;
  const text = bench.bundle(version, scripts.waits)[startPath] ?? '';
  const start = { path: startPath, bytes: Buffer.byteLength(text), sha256: sha256(text) };
  const files = [...full.manifest.files, start].sort((a, b) => (a.path < b.path ? -1 : 1));
  const manifest = `${JSON.stringify({ ...full.manifest, start: startPath, files })}\n`;
  const unpack = async (directory: string): Promise<void> => {
    await unpackBundle({ kind: 'full', file: full.file, expected: expectedOf(full) }, directory, quick);
    await writeFile(join(directory, startPath), text);
    await writeFile(join(directory, 'bundle.json'), manifest);
  };
  const content = { kind: 'tree' as const, treeBytes: full.treeBytes, unpack };
  return { version, manifestSha256: sha256(manifest), content };
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

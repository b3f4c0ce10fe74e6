/**
 * `npm run bench -- ota`: what an update costs. Sizes of a bundle and of deltas of this commit, time and memory to make and to
 * apply them, the launcher beside a version that runs, a check of the repository, and the seconds without recording of a whole camera.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VigieError } from '../errors.js';
import type { PackedBundle } from '../ota/bundle/pack.js';
import type { BundleSource } from '../ota/bundle/unpack.js';
import { place } from '../test/fault/ota-integrator.js';
import { updateWholeCamera } from '../test/fault/ota-whole.js';
import type { Restart } from '../test/fault/ota-whole-found.js';
import { expectedOf } from '../test/small-bundle.js';
import { checking } from './ota-check.js';
import { launching } from './ota-launcher.js';
import { bundleWork, type Measured, measuredWork, median } from './ota-run.js';
import { atMost, type Row, row } from './report.js';

const root = process.cwd();
/** As `vigie ota build` packs. */
const shippedLevel = 19;
/** Of bundles whose tar alone is needed: no size of them is told. */
const quickLevel = 1;
const oneSource = ['dist/runtime/main.js'];
const sixPackages = ['commander', 'mediabunny', 'msgpackr', 'protobufjs', 'ws', 'zod'].map(
  (name) => `node_modules/${name}/`,
);
const goalSeconds = 5;

type Say = (line: string) => unknown;

export interface OtaBenchOptions {
  /** of applying, of checking and of the whole camera */
  rounds: number;
}

export async function benchOta(say: Say, { rounds }: OtaBenchOptions): Promise<Row[]> {
  const directory = await mkdtemp(join(tmpdir(), 'vigie-bench-ota-'));
  try {
    const made = await making(say, directory);
    return [
      ...made.rows,
      ...(await applying(say, directory, made, rounds)),
      ...(await launching(say, made.full)),
      ...(await checking(say, directory, made, rounds)),
      ...(await withoutRecording(say, rounds)),
    ];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

export interface Made {
  rows: Row[];
  /** 1.0.0, as it is shipped */
  full: PackedBundle;
  /** 1.1.0: one source differs */
  next: PackedBundle;
  /** from the one to the other */
  delta: string;
}

async function making(say: Say, directory: string): Promise<Made> {
  const places = { root, out: directory, board: place.board };
  say(`packing this commit, level ${shippedLevel}`);
  const full = await bundleWork({ version: '1.0.0', level: shippedLevel, changes: [] }, places);
  const rows = sizeRows(full);
  const deltas: { name: string; next: PackedBundle; file: string }[] = [];
  for (const [name, version, changes] of [
    ['one source', '1.1.0', oneSource],
    ['six packages', '1.2.0', sixPackages],
  ] as const) {
    say(`packing what differs in ${name}, and the delta`);
    const next = await bundleWork({ version, level: quickLevel, changes }, places);
    const file = join(directory, `${version}-from-1.0.0.zst`);
    const made = await measuredWork<{ fileBytes: number }>({
      ...{ what: 'delta', from: full.answer.file, to: next.answer.file },
      ...{ file, scratch: directory },
    });
    const { fileBytes } = made.answer;
    rows.push(
      row(`delta, ${name} changed`, fileBytes, 'bytes'),
      row(`delta, ${name} changed, of the bundle`, (100 * fileBytes) / full.answer.fileBytes, '%'),
      row(`delta, ${name} changed, making it`, made.seconds, 's'),
      row(`delta, ${name} changed, memory of making it`, made.allMiB, 'MiB'),
    );
    deltas.push({ name, next: next.answer, file });
  }
  const [first] = deltas;
  if (!first) throw new Error('no delta was made');
  return { rows, full: full.answer, next: first.next, delta: first.file };
}

function sizeRows({ answer: bundle, seconds, allMiB }: Measured<PackedBundle>): Row[] {
  return [
    row('tree of a version', bundle.treeBytes, 'bytes'),
    row('tree of a version, files', bundle.manifest.files.length + 1, 'files'),
    row('its tar', bundle.tarBytes, 'bytes'),
    row('bundle', bundle.fileBytes, 'bytes'),
    row('bundle, making it', seconds, 's'),
    row('bundle, memory of making it', allMiB, 'MiB'),
  ];
}

type Side = 'full' | 'delta';
interface Applied {
  unpacked: Measured<unknown>;
  verified: Measured<unknown>;
}

/** Into an empty directory, then hashed again from the disk, as an installation does; the sides in turn. */
async function applying(
  say: Say,
  directory: string,
  { full, next, delta }: Made,
  rounds: number,
): Promise<Row[]> {
  const active = join(directory, 'active');
  const whole: BundleSource = { kind: 'full', file: full.file, expected: expectedOf(full) };
  await mkdir(active);
  await measuredWork({ what: 'unpack', source: whole, directory: active });
  const difference: BundleSource = {
    ...{ kind: 'delta', file: delta, expected: expectedOf(next) },
    ...{ activeSlot: active, fromTarSha256: full.tarSha256 },
  };
  const applied: Record<Side, Applied[]> = { full: [], delta: [] };
  for (let round = 1; round <= rounds; round++) {
    for (const side of ['full', 'delta'] as const) {
      say(`applying, round ${round} of ${rounds}: ${side}`);
      const slot = join(directory, 'slot');
      await mkdir(slot);
      const [source, { manifestSha256 }] = side === 'full' ? [whole, full] : [difference, next];
      const unpacked = await measuredWork({ what: 'unpack', source, directory: slot });
      const verified = await measuredWork({ what: 'verify', slot, manifestSha256 });
      applied[side].push({ unpacked, verified });
      await rm(slot, { recursive: true });
    }
  }
  return [...appliedRows('full', applied.full), ...appliedRows('delta', applied.delta)];
}

function appliedRows(side: Side, rounds: readonly Applied[]): Row[] {
  const of = (value: (one: Applied) => number): number => median(rounds.map(value));
  return [
    row(
      `${side}, applied`,
      of(({ unpacked }) => unpacked.seconds),
      's',
    ),
    row(
      `${side}, hashed again from the disk`,
      of(({ verified }) => verified.seconds),
      's',
    ),
    row(
      `${side}, memory of applying it`,
      of(({ unpacked }) => unpacked.allMiB),
      'MiB',
    ),
    row(
      `${side}, of it the decompressor`,
      of(({ unpacked }) => unpacked.childrenMiB),
      'MiB',
    ),
    row(
      `${side}, of it the process before it began`,
      of(({ unpacked }) => unpacked.beforeMiB),
      'MiB',
    ),
  ];
}

async function withoutRecording(say: Say, rounds: number): Promise<Row[]> {
  const restarts: Restart[] = [];
  for (let round = 1; round <= rounds; round++) {
    say(`a whole camera, round ${round} of ${rounds}`);
    const { violations, restart } = await updateWholeCamera(say, { defects: [], trialSeconds: 60 });
    const [wrong] = violations;
    if (wrong !== undefined || restart === null)
      throw new VigieError('update', wrong ?? 'The camera never restarted', 'See npm run fault -- ota');
    restarts.push(restart);
  }
  const all = restarts.map(({ seconds }) => seconds);
  const part = (of: (one: Restart) => number): number => median(restarts.map(of));
  return [
    row('a whole camera updated: without recording, p50', median(all), 's'),
    atMost('a whole camera updated: without recording, worst', Math.max(...all), 's', goalSeconds),
    row(
      '- the version before ends, p50',
      part(({ stopSeconds }) => stopSeconds),
      's',
    ),
    row(
      '- the launcher looks at the new one, p50',
      part(({ choiceSeconds }) => choiceSeconds),
      's',
    ),
    row(
      '- the new one starts, to its first picture, p50',
      part(({ startSeconds }) => startSeconds),
      's',
    ),
  ];
}

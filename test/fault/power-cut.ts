/**
 * Cuts the power of a card with a real file system (docs/faults.md): starts power-cut-run.ts in a mount namespace of its
 * own and reads what it found. Used by power-cut.test.ts and by `npm run fault -- store`. Needs root.
 */
import { spawn } from 'node:child_process';
import { access, constants, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { atMost, type Row, row } from '../../runtime/health/report.js';

const findings = z.strictObject({
  /** times the power was cut */
  cuts: z.number(),
  /** points at which it might have been */
  points: z.number(),
  /** cuts by what the store was at */
  during: z.record(z.string(), z.number()),
  /** cuts at which the card had writes that were not flushed */
  withUnflushed: z.number(),
  /** GOPs acknowledged, and keys said to be destroyed, along the line of cuts that was gone on from */
  acknowledged: z.number(),
  destroyed: z.number(),
  violations: z.array(z.string()),
});
export type Findings = z.infer<typeof findings>;

export interface PowerCutOptions {
  cuts: number;
  seed: number;
  /** negative controls: the store does not sync (`all`), or not its keys; the card only pretends to (`card`) */
  control?: 'all' | 'keys' | 'card';
}

const tools = ['unshare', 'losetup', 'mount', 'umount', 'mkfs.ext4', 'e2fsck'];

/** Why this machine cannot do it, in words; null when it can. */
export async function whyNot(): Promise<string | null> {
  if (process.getuid?.() !== 0) return 'mounting a card needs root';
  for (const device of ['/dev/fuse', '/dev/loop-control']) {
    const there = await access(device, constants.R_OK | constants.W_OK).then(
      () => true,
      () => false,
    );
    if (!there) return `there is no ${device} to write to`;
  }
  for (const tool of tools) {
    const { code } = await run(tool, ['--version']).catch(() => ({ code: 127 }));
    if (code === 127) return `${tool} is not installed`;
  }
  const { code, said } = await run('unshare', [...namespace, 'true']);
  return code === 0 ? null : `no mount namespace can be had: ${said.trim()}`;
}

const namespace = ['--mount', '--propagation', 'private'];

/** @throws Error when the run ends before it has found anything out */
export async function cutPower({ cuts, seed, control }: PowerCutOptions): Promise<Findings> {
  const directory = await mkdtemp(join(tmpdir(), 'vigie-power-cut-'));
  try {
    const program = join(import.meta.dirname, 'power-cut-run.js');
    const args = [program, '--directory', directory, '--cuts', String(cuts), '--seed', String(seed)];
    if (control === 'card') args.push('--liar');
    else if (control) args.push('--ignore-syncs', control);
    return findings.parse(JSON.parse(await runInNamespace(args)));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Runs a program of Node with mounts of its own. @returns what it printed. @throws Error with what it complained of */
export async function runInNamespace(args: string[]): Promise<string> {
  const { code, said, complained } = await run('unshare', [...namespace, process.execPath, ...args]);
  if (code !== 0) throw new Error(`The run ended with ${code}: ${complained.trim()}`);
  return said;
}

async function run(
  program: string,
  args: string[],
): Promise<{ code: number | null; said: string; complained: string }> {
  // The card is served by this pool too: it must have threads left while all that is written waits for the card.
  const env = { ...process.env, UV_THREADPOOL_SIZE: '64' };
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env });
  let said = '';
  let complained = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    complained += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, said, complained };
}

/** `npm run fault -- store`, the part with a real file system. Says so and finds nothing where it cannot be had. */
export async function faultCard(
  say: (line: string) => unknown,
  { cuts = 1000, seed = 1 } = {},
): Promise<{ rows: Row[]; violations: string[] }> {
  const reason = await whyNot();
  if (reason !== null) {
    say(`no power cuts of a card with a file system: ${reason}`);
    return { rows: [], violations: [] };
  }
  say(`${cuts} power cuts of a card with a file system`);
  const found = await cutPower({ cuts, seed });
  const kinds = Object.entries(found.during).sort(([a], [b]) => a.localeCompare(b));
  const rows = [
    row('power cut, real file system', found.cuts, 'times'),
    ...kinds.map(([work, count]) => row(`- while it was at: ${work}`, count, 'times')),
    row('- with writes not flushed', found.withUnflushed, 'times'),
    row('- out of so many points', found.points, ''),
    row('- GOPs acknowledged', found.acknowledged, ''),
    row('- keys destroyed', found.destroyed, ''),
    atMost('- violations', found.violations.length, '', 0),
  ];
  return { rows, violations: found.violations };
}

/**
 * `rauc-slots.json` in the state directory: what neither RAUC nor a bootloader has room for (docs/updates-system.md, "What is kept
 * where"). Written by rauc.ts alone, as a whole and with its own hash. Lost or damaged it costs the rollback and the list of
 * failures, never the version that runs.
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceWhole } from '../../whole-file.js';
import { mostFailed } from '../launcher/choose.js';
import { vitals } from '../launcher/slot-state.js';

const mostBytes = 64 * 1024;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const version = z.string().min(1).max(64);
const slot = z.enum(['a', 'b']);
const record = z.strictObject({
  condition: z.enum(['pending', 'ready', 'good', 'bad']),
  version,
  manifestSha256: sha256,
});
const count = z.int().min(0);

const notes = z.strictObject({
  format: z.literal(1),
  slots: z.strictObject({ a: record.nullable(), b: record.nullable() }),
  /** RAUC was told to write this slot */
  writing: z
    .strictObject({
      slot,
      /** what was in it */
      before: record.nullable(),
    })
    .nullable(),
  trial: z
    .strictObject({
      slot,
      asked: z.array(z.enum(vitals)).max(vitals.length),
      /** the boot of the machine in which it was activated */
      boot: z.string().max(64),
      /** RAUC said that it is the next to boot */
      activated: z.boolean(),
      /** how often RAUC had activated that slot before */
      activations: count,
      /** boots of the machine that reached this version: where the bootloader's count is not known */
      starts: count,
      lastBoot: z.string().max(64),
    })
    .nullable(),
  returned: z
    .strictObject({
      version,
      manifestSha256: sha256,
      why: z.enum(['tries', 'damaged']),
      told: z.boolean(),
    })
    .nullable(),
  failed: z.array(sha256).max(mostFailed),
});
export type RaucNotes = z.infer<typeof notes>;

const envelope = z.strictObject({ sha256, notes: z.unknown() });

export function noNotes(): RaucNotes {
  return { format: 1, slots: { a: null, b: null }, writing: null, trial: null, returned: null, failed: [] };
}

export function notesPath(directory: string): string {
  return join(directory, 'rauc-slots.json');
}

/** @returns null when they are not whole, whatever is in them */
export function notesIn(text: string): RaucNotes | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  const outer = envelope.safeParse(parsed);
  if (!outer.success || hashOf(outer.data.notes) !== outer.data.sha256) return null;
  return notes.safeParse(outer.data.notes).data ?? null;
}

export function notesText(value: RaucNotes): string {
  return `${JSON.stringify({ sha256: hashOf(value), notes: value })}\n`;
}

/** @returns null when there are none, or none that are whole */
export async function readNotes(path: string): Promise<RaucNotes | null> {
  const handle = await open(path, 'r').catch(() => null);
  if (!handle) return null;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(mostBytes + 1), 0, mostBytes + 1, 0);
    return bytesRead > mostBytes ? null : notesIn(buffer.toString('utf8', 0, bytesRead));
  } catch {
    return null;
  } finally {
    await handle.close();
  }
}

/** Rejects when the file system refuses. */
export async function writeNotes(path: string, value: RaucNotes): Promise<void> {
  await replaceWhole(path, notesText(value), { makeDirectory: true });
}

function hashOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(value ?? null))
    .digest('hex');
}

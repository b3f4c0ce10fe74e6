/**
 * What RAUC and the bootloader of a board answer, checked: the slots, the progress, and the variables of
 * ota/rauc/bootloader.sh. Pure; read by rauc-service.ts and rauc.ts. Whatever comes, it gives something sound or null.
 */
import { z } from 'zod';
import { plainRecord } from '../../board/linux/dbus.js';
import type { SlotName } from '../launcher/slot-state.js';

const text = z.string().max(4096);

const slotStatus = z.object({
  class: text,
  bootname: z.enum(['A', 'B']),
  device: text,
  state: z.enum(['booted', 'active', 'inactive']),
  'boot-status': z.enum(['good', 'bad']).optional(),
  // Absent until something was installed into it.
  'bundle.version': text.optional(),
  'activated.count': z.int().min(0).optional(),
});

/** One of the two slots of a board, as RAUC and the bootloader see it. */
export interface RaucSlot {
  slot: SlotName;
  /** RAUC's name of it, e.g. `rootfs.1` */
  name: string;
  device: string;
  booted: boolean;
  /** the bootloader may start it; null where RAUC could not ask */
  bootable: boolean | null;
  /** of the bundle that was written into it last; null when none was */
  version: string | null;
  /** how often RAUC made it the next to boot */
  activations: number;
}

export type RaucPair = Record<SlotName, RaucSlot>;

const slotOf = { A: 'a', B: 'b' } as const;

/**
 * @param answer `a(sa{sv})` of GetSlotStatus. Slots without a boot name (a partition for data) are not ours.
 * @returns null unless exactly one slot boots as A and one as B
 */
export function slotsIn(answer: unknown): RaucPair | null {
  if (!Array.isArray(answer) || answer.length > 64) return null;
  const found: Partial<RaucPair> = {};
  for (const entry of answer as unknown[]) {
    if (!Array.isArray(entry) || typeof entry[0] !== 'string' || entry[0].length > 64) return null;
    const record = plainRecord(entry[1]);
    if (!record) return null;
    if (record['bootname'] === undefined) continue;
    const status = slotStatus.safeParse(record);
    if (!status.success || found[slotOf[status.data.bootname]]) return null;
    found[slotOf[status.data.bootname]] = slotFrom(entry[0], status.data);
  }
  return found.a && found.b ? { a: found.a, b: found.b } : null;
}

function slotFrom(name: string, status: z.infer<typeof slotStatus>): RaucSlot {
  const boot = status['boot-status'];
  return {
    slot: slotOf[status.bootname],
    name,
    device: status.device,
    booted: status.state === 'booted',
    bootable: boot === undefined ? null : boot === 'good',
    version: status['bundle.version'] ?? null,
    activations: status['activated.count'] ?? 0,
  };
}

const progress = z.tuple([z.int().min(0).max(100), text, z.int()]);

/** @returns what `PropertiesChanged` of the installer says of its progress, 0 to 1; null when it says nothing of it */
export function shareIn(body: readonly unknown[]): number | null {
  const changed = plainRecord(body[1])?.['Progress'];
  const parsed = progress.safeParse(changed);
  return parsed.success ? parsed.data[0] / 100 : null;
}

const textValue = text.transform((value) => value.split('\n')[0]?.slice(0, 300) ?? '');

/** A text that RAUC gives for people, on one line; empty when it is none. */
export function wordsIn(value: unknown): string {
  return textValue.safeParse(value).data ?? '';
}

/** What `bootloader.sh show` tells of the trial. */
export interface BootVariables {
  trial: SlotName | null;
  triesLeft: number;
}

const variables = z.object({
  BOOT_ORDER: z.enum(['A B', 'B A']),
  BOOT_A_STATE: z.enum(['good', 'bad']),
  BOOT_B_STATE: z.enum(['good', 'bad']),
  BOOT_TRIAL: z.enum(['A', 'B', 'none']),
  BOOT_TRIAL_LEFT: z.string().regex(/^[0-3]$/),
});

/** @returns null when it is not the five variables, each once */
export function bootVariables(shown: string): BootVariables | null {
  const lines = shown.slice(0, 4096).trimEnd().split('\n');
  const pairs = lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
  const parsed = variables.safeParse(Object.fromEntries(pairs));
  if (!parsed.success || lines.length !== 5) return null;
  const { BOOT_TRIAL: trial, BOOT_TRIAL_LEFT: left } = parsed.data;
  return { trial: trial === 'none' ? null : slotOf[trial], triesLeft: Number(left) };
}

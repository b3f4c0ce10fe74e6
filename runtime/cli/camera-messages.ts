/**
 * What a camera says to a command, checked before it is used or printed (docs/protocol.md). Read by camera-line.ts. A camera of
 * a later version may say more: what is not known is left out. Texts lose what could move the cursor of a terminal.
 */
import { Packr } from 'msgpackr';
import { z } from 'zod';
import { type UpdateStatus, updateStates } from '../../ota/update.js';
import { isPlainMessagePack } from '../../pipelines/plain-messagepack.js';
import type { FromClient } from '../control/protocol.js';

/** Bounds of a message from a camera. */
export const cameraLimits = { bytes: 1 << 20, depth: 8, elements: 16_384 } as const;

/** Without control and format characters, line ends apart. */
const text = (most: number) =>
  z
    .string()
    .max(most)
    .transform((said) => said.replaceAll(/[^\P{Cc}\n]|\p{Cf}/gu, ''));
const words = z.object({ fr: text(4000), en: text(4000) });
const version = text(64);
/** Also what a Date can hold. */
const count = z.number().min(0).max(8.64e15);

const updateStatus = z.object({
  state: z.enum(updateStates),
  backend: z.enum(['dir', 'rauc', 'none']),
  channel: z.enum(['stable', 'pilot']).nullable(),
  running: z.object({ version, commit: version }),
  other: z.object({ version }).nullable(),
  offer: z.object({ version, notes: words, bytes: count, delta: z.boolean() }).nullable(),
  progress: z
    .object({ bytes: count, of: count, rate: count.nullable(), secondsLeft: count.nullable() })
    .nullable(),
  trial: z
    .object({ triesLeft: count, waitsFor: z.array(z.enum(['frames', 'storage', 'control'])).max(3) })
    .nullable(),
  checkedMs: count.nullable(),
  problem: words.nullable(),
  windowOpen: z.boolean(),
}) satisfies z.ZodType<UpdateStatus>;

const fromCamera = z.discriminatedUnion('t', [
  z.object({
    t: z.literal('welcome'),
    user: text(64),
    rights: z.array(text(32)).max(64),
    version,
    camera: z.object({ id: text(64), name: text(200) }),
  }),
  z.object({ t: z.literal('update'), status: updateStatus, re: text(64).nullable() }),
  z.object({ t: z.literal('error'), code: text(64), message: words, re: text(64).nullable() }),
  z.object({ t: z.literal('pong') }),
]);
export type FromCamera = z.infer<typeof fromCamera>;
export type CameraWelcome = Extract<FromCamera, { t: 'welcome' }>;

const packr = new Packr({ useRecords: false, variableMapSize: true, int64AsType: 'number' });

export function encodeForCamera(message: FromClient): Uint8Array {
  // Copied: msgpackr packs into a buffer of its own that it uses again.
  return new Uint8Array(packr.pack(message));
}

/** The message; null when the bytes are none that a command understands. Never throws. */
export function decodeFromCamera(bytes: Uint8Array): FromCamera | null {
  if (bytes.length > cameraLimits.bytes || !isPlainMessagePack(bytes, cameraLimits)) return null;
  try {
    return fromCamera.safeParse(packr.unpack(bytes)).data ?? null;
  } catch {
    return null;
  }
}

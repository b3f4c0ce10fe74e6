/**
 * The keys of the configuration that say where updates come from and when they are taken. Part of schema.ts; used by
 * runtime/updating.ts. Who may sign them is not said here: that was put on the camera when it was installed.
 */
import { z } from 'zod';
import { channel, pathPart } from '../../ota/release.js';
import { plainText } from './texts.js';
import { isTimeZone, weekRange } from './week.js';

export const ota = z
  .strictObject({
    url: plainText
      .regex(/^https?:\/\/[^\s/?#]+(\/[^\s?#]*)?$/, 'an address that starts with https:// or http://')
      .describe(
        'Address of the repository; what comes from it is believed by its signatures, not by its address',
      ),
    caFile: plainText
      .optional()
      .describe(
        'PEM of the authorities that its certificate must lead to, in place of those of the machine; relative to the configuration file',
      ),
    customer: pathPart.describe('For whom the versions are published'),
    board: pathPart.optional().describe('For which board; `board` when absent'),
    channel: channel.default('stable').describe('Which versions'),
    groups: z
      .array(pathPart)
      .max(64)
      .default([])
      .describe('Groups of cameras that this one belongs to, for a roll-out by group'),
    window: z
      .array(z.strictObject(weekRange))
      .max(100)
      .default([])
      .describe('Ranges of the week in which the camera fetches and installs by itself; empty: at any time'),
    timeZone: z
      .string()
      .refine(isTimeZone, 'must be a time zone such as Europe/Paris')
      .optional()
      .describe('Zone of the window (IANA); that of the machine when absent'),
    limitKbps: z.int().min(64).max(1_000_000).optional().describe('Most that a download takes, kbit/s'),
    checkEveryMinutes: z.int().min(5).max(10_080).default(60).describe('The repository is asked this often'),
    install: z
      .enum(['window', 'ordered'])
      .default('window')
      .describe('`window`: by itself, in the window; `ordered`: only when a person orders it'),
    confirmSeconds: z
      .int()
      .min(5)
      .max(120)
      .default(30)
      .describe('A new version is kept once it has been well for so long without a break'),
    backend: z
      .enum(['dir', 'rauc'])
      .default('dir')
      .describe('Where versions lie: directories of the launcher, or partitions that RAUC writes'),
  })
  .describe('Updates over the network; without it the camera asks for none');
export type OtaConfig = z.infer<typeof ota>;

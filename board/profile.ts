/**
 * Board profiles: what differs between machines, as data in board/profiles/. Read at start by runtime/main.ts.
 * Texts are GStreamer launch lines with {placeholders}; sensor.ts fills them, quoted.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { VigieError } from '../errors.js';

const launch = z.string().min(3);

export const profile = z.strictObject({
  name: z.string(),
  description: z.string(),
  /** whether this profile was ever run on the board itself */
  ranOnHardware: z.boolean(),
  sensors: z.strictObject({
    clip: launch,
    pattern: launch,
    v4l2: launch,
    libcamera: launch,
    rtsp: launch,
    pipe: launch,
    stampedPipe: launch,
  }),
  /** from raw I420 to H.264; {bitrateKbps}, {bitrateBps} and {gopFrames} are filled in. No B-frames */
  encoder: launch,
  /** frames the encoder may hold */
  framesInFlight: z.int().min(1).max(16),
});
export type Profile = z.infer<typeof profile>;

/**
 * Reads a profile by name.
 * @throws VigieError `config` when there is none of that name or it does not fit the schema
 */
export function loadProfile(name: string): Profile {
  const file = new URL(`./profiles/${name}.json`, import.meta.url);
  try {
    return profile.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new VigieError(
      'config',
      `No usable board profile "${name}"`,
      'Choose one of those in board/profiles',
      { cause },
    );
  }
}

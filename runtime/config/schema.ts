/**
 * The one schema of the configuration: types, defaults, errors and docs/configuration.md all come from it.
 * Read by load.ts and document.ts. Every key says what it is for in `describe`.
 */
import { z } from 'zod';
import { direction } from '../../pipelines/messages.js';
import { detect } from './detect.js';
import { head } from './head.js';
import { models } from './models.js';
import { ota } from './ota.js';
import { personMask } from './person-mask.js';
import { recordWhen, terminusWindow } from './recording.js';
import { scene } from './scene.js';
import { name, plainText, polygon } from './texts.js';
import { watchedZone } from './zones.js';

export { name } from './texts.js';

const mountPoint = plainText.startsWith('/').optional();

const sensor = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('clip'),
    file: plainText.describe('Video file, played at its own pace; relative to the configuration file'),
    atEnd: z.enum(['loop', 'end']).default('loop').describe('Start again at the end, or stop the camera'),
  }),
  z.strictObject({ kind: z.literal('pattern').describe('A moving test pattern') }),
  z.strictObject({
    kind: z.literal('v4l2'),
    device: plainText.startsWith('/dev/').default('/dev/video0').describe('V4L2 device'),
  }),
  z.strictObject({
    kind: z.literal('libcamera'),
    camera: plainText.optional().describe('libcamera name; the first camera when absent'),
  }),
  z.strictObject({
    kind: z.literal('rtsp'),
    url: plainText
      .regex(/^rtsps?:\/\/[^\s/]/, 'an address that starts with rtsp:// or rtsps://')
      .describe('Address of the stream; the pipeline process then needs the network'),
    latencyMs: z.int().min(0).max(5000).default(200).describe('Jitter buffer'),
  }),
  z.strictObject({
    kind: z.literal('pipe'),
    file: plainText.describe(
      'Named pipe that delivers raw I420 pictures of the configured size; relative to the configuration file',
    ),
    stamped: z
      .boolean()
      .default(false)
      .describe('The pictures come as GStreamer gdppay writes them, each with the time of its exposure'),
  }),
]);

export const config = z.strictObject({
  camera: z
    .strictObject({
      id: z
        .string()
        .regex(/^[a-z0-9-]{1,32}$/, 'lower-case letters, digits and - only')
        .describe('Identity of this camera, the one its authorisation names'),
      name: name.describe('Name shown to operators'),
      language: z.enum(['fr', 'en']).default('fr').describe('Language of what the camera prints and logs'),
    })
    .describe('Which camera this is'),
  board: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/, 'lower-case letters, digits and - only')
    .default('virtual')
    .describe('Profile in board/profiles: source and encoder elements of the machine'),
  sensor: sensor.describe('Where pictures come from'),
  picture: z
    .strictObject({
      width: z
        .int()
        .min(64)
        .max(8192)
        .multipleOf(8)
        .default(1280)
        .describe('Width of the recording, a multiple of 8'),
      height: z.int().min(64).max(8192).multipleOf(2).default(720).describe('Height of the recording, even'),
      framesPerSecond: z.number().min(1).max(60).default(25).describe('Frame rate of the recording'),
    })
    .prefault({})
    .describe('Size and rate of the recorded picture'),
  mask: z
    .strictObject({
      zones: z
        .array(
          z.strictObject({
            name: name.describe('Name of the private zone'),
            points: polygon
              .optional()
              .describe('Corners as shares of the picture, in order; sides may not cross. Without `head`'),
            directions: z
              .array(direction)
              .min(3)
              .max(256)
              .optional()
              .describe('Corners as [pan, tilt] in degrees, in order; sides may not cross. With `head`'),
          }),
        )
        .describe('Private zones: what nobody may see, not the operator either'),
      noneBecause: z
        .string()
        .trim()
        .min(10)
        .max(500)
        .optional()
        .describe(
          'Why this camera sees no private place. Needed when `zones` is empty: no mask is a statement, never an omission',
        ),
    })
    .describe('What is hidden before anything else sees the picture'),
  head: head.optional(),
  detect,
  models,
  personMask,
  zones: z.array(watchedZone).max(64).default([]).describe('Designated zones and what is watched in them'),
  scene,
  encode: z
    .strictObject({
      bitrateKbps: z.int().min(100).max(50000).default(3000).describe('Target bit rate of the recording'),
    })
    .prefault({})
    .describe('H.264 encoding; one keyframe a second, no B-frames'),
  record: z
    .strictObject({
      directory: plainText
        .default('store')
        .describe('Directory of the circular store; relative to the state directory'),
      capacityMiB: z
        .int()
        .min(8)
        .max(4_000_000)
        .default(1024)
        .describe('Space the store takes, all of it at the first start'),
      segmentMiB: z
        .int()
        .min(1)
        .max(1024)
        .default(16)
        .describe('Size of one segment: the erase block of the card'),
      segmentSeconds: z
        .int()
        .min(10)
        .max(600)
        .default(60)
        .describe('Longest time in one segment: what lies in it is destroyed together'),
      terminus: terminusWindow,
      when: recordWhen,
      mountPoint: mountPoint.describe(
        'Where the card is mounted. When nothing is mounted there, the card counts as gone and nothing is written below; a new card found there gets a new store',
      ),
      bufferMiB: z
        .int()
        .min(1)
        .max(4096)
        .default(32)
        .describe('Memory for what waits while no card accepts: 32 MiB hold about 85 s at 3 Mbit/s'),
      second: z
        .strictObject({
          directory: plainText.describe('Its directory, on another device; relative to the state directory'),
          capacityMiB: z.int().min(8).max(4_000_000).describe('Space it takes, all of it at the first start'),
          mountPoint: mountPoint.describe('Where its device is mounted, as above'),
        })
        .optional()
        .describe('A second store, which takes what the first refuses'),
    })
    .prefault({})
    .describe('The circular store'),
  control: z
    .strictObject({
      host: plainText
        .default('127.0.0.1')
        .describe('Address to listen on. Any but a loopback address requires `tls`'),
      port: z.int().min(0).max(65535).default(8480).describe('Port; 0 takes a free one'),
      tls: z
        .strictObject({
          certificateFile: plainText.describe('PEM certificate chain; relative to the configuration file'),
          keyFile: plainText.describe('PEM private key, mode 0600; relative to the configuration file'),
          clientAuthorityFile: plainText
            .optional()
            .describe(
              'PEM of the authority whose client certificates are required; relative to the configuration file',
            ),
        })
        .optional()
        .describe('TLS 1.3 in front of the control plane'),
    })
    .prefault({})
    .describe('The control plane: console, alerts, health'),
  access: z
    .strictObject({
      authorisationFile: plainText
        .default('authorisation.json')
        .describe('The authorisation this camera works under; relative to the state directory'),
      usersFile: plainText
        .default('users.json')
        .describe('Users and their rights, mode 0600; relative to the state directory'),
      registerDays: z
        .int()
        .min(60)
        .max(3650)
        .default(400)
        .describe('Days that the register remembers; older volumes that nothing needs are removed'),
    })
    .prefault({})
    .describe('Authority and rights'),
  supervise: z
    .strictObject({
      heartbeatTimeoutMs: z
        .int()
        .min(200)
        .max(10000)
        .default(600)
        .describe('Silence of the pipeline process after which it is replaced'),
      silentSourceMs: z
        .int()
        .min(200)
        .max(60000)
        .default(1000)
        .describe('Time without a frame after which it is replaced'),
      startTimeoutMs: z
        .int()
        .min(1000)
        .max(120000)
        .default(15000)
        .describe('Time a source may take to give its first frame'),
      memoryCeilingMiB: z
        .int()
        .min(64)
        .max(4096)
        .default(512)
        .describe('Resident memory of the pipeline process above which it is replaced'),
    })
    .prefault({})
    .describe('Supervision of the pipeline process'),
  ota: ota.optional(),
});

/** The configuration with every default filled in. */
export type Config = z.infer<typeof config>;
/** The configuration as a person writes it. */
export type ConfigInput = z.input<typeof config>;
export type { WatchedZone } from './zones.js';

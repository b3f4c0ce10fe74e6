/**
 * The keys of the configuration that describe the head that turns the camera. Part of schema.ts, which reads them; used
 * by runtime/head-parts.ts. Rules that need two keys are at the end, for checks.ts.
 */
import { z } from 'zod';
import type { Problem } from './wording.js';

const label = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .regex(/^[\p{L}\p{M}\p{N} _.,:()/'’°-]+$/u, "letters, digits, spaces and _ . , : ( ) / ' ’ ° - only");
const pan = z.number().min(-360).max(360);
const tilt = z.number().min(-90).max(90);
const field = z.number().min(0.5).max(170);
const range = <T extends z.ZodType>(value: T): z.ZodTuple<[T, T], null> => z.tuple([value, value]);

const travel = z
  .strictObject({
    panDeg: range(pan).default([-170, 170]).describe('Least and most pan'),
    panEndless: z.boolean().default(false).describe('The head turns round without end'),
    tiltDeg: range(tilt).default([-30, 90]).describe('Least and most tilt; up counts as more'),
    hfovDeg: range(field)
      .default([2.7, 48])
      .describe('Field of view, of the whole width: all the way in, all the way out'),
    panDegPerS: z.number().positive().max(700).default(80).describe('Fastest pan, degrees a second'),
    tiltDegPerS: z.number().positive().max(700).default(50).describe('Fastest tilt, degrees a second'),
    zoomPerS: z
      .number()
      .positive()
      .max(20)
      .default(1.5)
      .describe('Fastest change of the field of view, share of it a second'),
    degPerS2: z
      .number()
      .positive()
      .max(10_000)
      .optional()
      .describe(
        'How much the speed of pan or tilt changes at most, degrees a second in a second. Without it zones are hidden far more widely while the head turns',
      ),
    zoomPerS2: z.number().positive().max(1000).optional().describe('The same of the zoom'),
  })
  .prefault({})
  .describe('What the head can do. A movement faster than this counts as a lie and hides the picture');

const lens = z
  .strictObject({
    zoom: z
      .array(z.tuple([z.int().min(0).max(65535), field]))
      .min(2)
      .max(64)
      .optional()
      .describe('Zoom counts of the head against the field of view; the rule of the protocol when absent'),
    principal: z
      .tuple([z.number().min(0).max(1), z.number().min(0).max(1)])
      .default([0.5, 0.5])
      .describe('Where the axis meets the picture, as shares of it'),
    k1: z.number().min(-1).max(1).default(0).describe('Radial distortion, second order'),
    k2: z.number().min(-1).max(1).default(0).describe('Radial distortion, fourth order'),
    rollDeg: z.number().min(-180).max(180).default(0).describe('The picture is turned clockwise by this'),
  })
  .prefault({})
  .describe('How directions become pixels');

const limits = z
  .strictObject({
    panDeg: range(pan).optional().describe('Least and most pan; all the head can when absent'),
    tiltDeg: range(tilt).optional().describe('Least and most tilt'),
    hfovDeg: range(field).optional().describe('Narrowest and widest field of view'),
  })
  .prefault({})
  .describe('Where operators and patrols may look');

const trust = z
  .strictObject({
    everyMs: z.int().min(20).max(500).default(50).describe('The head is asked where it is this often'),
    stillDeg: z
      .number()
      .min(0.05)
      .max(5)
      .default(0.3)
      .describe('Two positions of a head at rest differ by no more'),
    stillZoom: z.number().min(0.001).max(0.2).default(0.02).describe('And two fields of view, as a share'),
    accuracyDeg: z.number().min(0).max(5).default(0.15).describe('A position at rest may be off by this'),
    positionDelayMs: z.int().min(0).max(500).default(0).describe('A position is this old when it is told'),
    lateMs: z.int().min(20).max(1000).default(150).describe('A reply that takes longer is late'),
    settleMs: z
      .int()
      .min(50)
      .max(5000)
      .default(500)
      .describe('A head obeys, or has stopped, within this time'),
    agreeing: z
      .int()
      .min(2)
      .max(100)
      .default(5)
      .describe('Positions in a row that must agree before the picture opens again'),
    homeAfterSeconds: z
      .int()
      .min(2)
      .max(3600)
      .default(10)
      .describe(
        'Find the zero again when the position is contradicted for so long; then after twice as long',
      ),
    homeAtStart: z.boolean().default(true).describe('Find the zero again when the camera starts'),
  })
  .prefault({})
  .describe('When a position counts (docs/head.md)');

export const head = z
  .strictObject({
    protocol: z.enum(['pelco-d', 'visca']).describe('What the head speaks'),
    device: z
      .string()
      .max(256)
      .regex(/^\/[^\p{Cc}"\\]+$/u, 'the path of a serial device')
      .describe('Serial device'),
    baud: z
      .union([2400, 4800, 9600, 19200, 38400, 115200].map((rate) => z.literal(rate)))
      .default(9600)
      .describe('Speed of the line'),
    address: z.int().min(1).max(255).default(1).describe('Address set on the head; 1 to 7 for VISCA'),
    travel,
    lens,
    limits,
    trust,
    frameDelayMs: z
      .number()
      .min(0)
      .max(1000)
      .default(0)
      .describe('From the middle of the exposure to the time that a frame is given'),
    holdMs: z
      .number()
      .min(0)
      .max(500)
      .default(200)
      .describe('A frame waits this long for the position that follows it; then it is hidden'),
    deadManMs: z
      .int()
      .min(200)
      .max(5000)
      .default(1000)
      .describe('A drive by hand that is not repeated within this time ends'),
    presets: z
      .array(
        z.strictObject({
          name: label.describe('Name shown to operators'),
          panDeg: pan.describe('Pan'),
          tiltDeg: tilt.describe('Tilt'),
          hfovDeg: field.describe('Field of view'),
        }),
      )
      .max(64)
      .default([])
      .describe('Places to go to'),
    patrols: z
      .array(
        z.strictObject({
          name: label.describe('Name shown to operators'),
          stops: z
            .array(
              z.strictObject({
                preset: label.describe('Name of the preset'),
                seconds: z.number().min(1).max(3600).describe('From leaving for it to leaving for the next'),
              }),
            )
            .min(1)
            .max(64)
            .describe('In this order, over and over'),
        }),
      )
      .max(16)
      .default([])
      .describe('Ways from preset to preset'),
  })
  .describe('The head that turns the camera; a camera without one does not move');
export type HeadConfig = z.infer<typeof head>;

/** What the parts of a head's configuration contradict of each other. */
export function checkHead(config: HeadConfig | undefined): Problem[] {
  if (!config) return [];
  const problems: Problem[] = [];
  const wrong = (path: PropertyKey[], text: string, hint: string): void =>
    void problems.push({ path: ['head', ...path], text, hint });
  for (const part of ['travel', 'limits'] as const)
    for (const axis of ['panDeg', 'tiltDeg', 'hfovDeg'] as const) {
      const [least, most] = config[part][axis] ?? [0, 1];
      if (least >= most) wrong([part, axis], 'does not rise', 'Write the least first, then the most');
    }
  if (config.protocol === 'visca' && config.address > 7)
    wrong(['address'], 'is above 7, which VISCA does not have', 'Write the address set on the head');
  if (config.trust.everyMs > config.holdMs)
    wrong(['holdMs'], 'is below head.trust.everyMs: every frame would be hidden', 'Raise it');
  config.lens.zoom?.forEach(([counts, degrees], index) => {
    const before = config.lens.zoom?.[index - 1];
    if (before && (counts <= before[0] || degrees >= before[1]))
      wrong(['lens', 'zoom', index], 'does not go on', 'Let counts rise and the field of view fall');
  });
  return [...problems, ...checkPlaces(config)];
}

function checkPlaces({ presets, patrols, travel, limits }: HeadConfig): Problem[] {
  const problems: Problem[] = [];
  const names = new Set<string>();
  presets.forEach((preset, index) => {
    for (const axis of ['panDeg', 'tiltDeg', 'hfovDeg'] as const) {
      const [least, most] = limits[axis] ?? travel[axis];
      const anywhere = axis === 'panDeg' && travel.panEndless && !limits.panDeg;
      if (anywhere || (preset[axis] >= least && preset[axis] <= most)) continue;
      const text = 'is outside of what the limits allow';
      problems.push({ path: ['head', 'presets', index, axis], text, hint: 'Change it, or the limits' });
    }
    if (names.has(preset.name)) {
      const path = ['head', 'presets', index, 'name'];
      problems.push({ path, text: 'is that of another preset', hint: 'Give each preset its own name' });
    }
    names.add(preset.name);
  });
  patrols.forEach(({ stops }, index) => {
    stops.forEach(({ preset }, stop) => {
      if (names.has(preset)) return;
      const path = ['head', 'patrols', index, 'stops', stop, 'preset'];
      problems.push({ path, text: 'is no preset', hint: 'Name one of head.presets' });
    });
  });
  return problems;
}

/** The mask of a moving camera is laid by the time of each frame (docs/mask.md, "The time of a frame"). */
export function checkHeadSensor(
  head: HeadConfig | undefined,
  sensor: { kind: string; stamped?: boolean },
): Problem[] {
  const hasTimes = sensor.kind === 'pipe' ? sensor.stamped === true : sensor.kind !== 'clip';
  if (!head || hasTimes) return [];
  return [
    {
      path: ['sensor', 'kind'],
      text: 'gives no time of exposure, but the camera moves',
      hint:
        sensor.kind === 'pipe'
          ? 'Deliver pictures with their times, and set sensor.stamped'
          : 'Take a camera as sensor, or remove the head',
    },
  ];
}

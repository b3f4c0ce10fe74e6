/**
 * The demonstration camera: the virtual board, the sample clip, two private zones, one watched zone, and an
 * authorisation that says it is a demonstration. Written once into the state directory, then read like any
 * other camera's, so that a newcomer can edit it.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Authorisation } from './access/authorisation.js';
import { cacheDirectory } from './config/paths.js';
import type { ConfigInput } from './config/schema.js';

const DAY_MS = 86_400_000;
/** Identity of every demonstration camera. */
export const DEMONSTRATION_ID = 'demo-01';
const WATCHED_ZONE = 'Carrefour';

/** The sample clip's own size and rate: it is recorded as it is. */
const CLIP = { width: 768, height: 576, framesPerSecond: 10 };

export function demonstrationConfig(language: 'fr' | 'en'): ConfigInput {
  return {
    camera: { id: DEMONSTRATION_ID, name: 'Caméra de démonstration', language },
    board: 'virtual',
    sensor: { kind: 'clip', file: join(cacheDirectory(), 'sample', 'vtest.avi') },
    picture: CLIP,
    mask: {
      zones: [
        {
          name: 'Fenêtres',
          points: [
            [0.423, 0.052],
            [0.752, 0.058],
            [0.752, 0.152],
            [0.426, 0.139],
          ],
        },
        {
          name: 'Maison',
          points: [
            [0, 0],
            [0.278, 0],
            [0.274, 0.052],
            [0.118, 0.118],
            [0, 0.128],
          ],
        },
      ],
    },
    zones: [
      {
        name: WATCHED_ZONE,
        points: [
          [0.42, 0.36],
          [0.8, 0.33],
          [0.97, 0.68],
          [0.66, 0.68],
          [0.44, 0.5],
        ],
        presence: { classes: ['person'], dwellSeconds: 2, cooldownSeconds: 15 },
      },
    ],
    record: { capacityMiB: 512 },
  };
}

function demonstrationAuthorisation({ zones = [] }: ConfigInput, nowMs: number): Authorisation {
  return {
    reference: 'DEMONSTRATION',
    authority: 'Nobody: a demonstration',
    cameraId: DEMONSTRATION_ID,
    validFrom: new Date(nowMs - DAY_MS).toISOString(),
    validUntil: new Date(nowMs + 365 * DAY_MS).toISOString(),
    retainDays: 14,
    events: zones.map(({ name }) => ({
      zone: name,
      event: 'presence' as const,
      legalBasis: 'Demonstration on a published clip',
    })),
  };
}

/** Writes what is not there yet; returns the configuration file. */
export function writeDemonstration(stateDirectory: string, config: ConfigInput, nowMs: number): string {
  const configFile = join(stateDirectory, 'camera.json');
  writeOnce(configFile, config);
  writeOnce(join(stateDirectory, 'authorisation.json'), demonstrationAuthorisation(config, nowMs));
  return configFile;
}

function writeOnce(file: string, value: object): void {
  if (!existsSync(file))
    writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
}

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
import { behaviourNames } from './config/zones.js';
import { DEMONSTRATION_HFOV_DEG, demonstrationPeople, demonstrationZones } from './demonstration-zones.js';
import type { EventKind } from './scene/alert.js';

type DesignatedZone = NonNullable<ConfigInput['zones']>[number];

const DAY_MS = 86_400_000;
/** Identity of every demonstration camera. */
export const DEMONSTRATION_ID = 'demo-01';

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
    zones: demonstrationZones,
    scene: { ground: { people: demonstrationPeople, hfovDeg: DEMONSTRATION_HFOV_DEG } },
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
    events: zones.flatMap((zone) =>
      eventsOf(zone).map((event) => ({
        zone: zone.name,
        event,
        legalBasis: 'Demonstration on a published clip',
      })),
    ),
  };
}

/** Crossing goes by the name of presence (docs/authorisation.md). */
function eventsOf(zone: DesignatedZone): EventKind[] {
  const watched = behaviourNames.filter((name) => zone[name] !== undefined);
  return [...new Set(watched.map((name) => (name === 'crossing' ? 'presence' : name)))];
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

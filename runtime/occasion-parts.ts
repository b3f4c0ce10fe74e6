/**
 * Wires what decides when the camera records: the schedule, the occasions, the memory of alerts over a restart. Made by
 * archive.ts. Decides nothing itself.
 */
import { join } from 'node:path';
import { bootId } from '../board/linux/boot.js';
import { clockTrusted } from '../board/linux/trusted-time.js';
import type { Clock, Log } from '../board/ports.js';
import type { Config } from './config/schema.js';
import type { Notice } from './health/health.js';
import { Occasions } from './record/occasions.js';
import { Schedule } from './record/schedule.js';
import { TerminusFile } from './record/terminus-file.js';

const secondMs = 1000;
const secondUs = 1_000_000;
/** A detector that looks rarely is silent only after three looks. */
const silence = { leastUs: 5 * secondUs, looks: 3 };

export interface OccasionParts {
  occasions: Occasions;
  terminusFile: TerminusFile;
  /** what an alert keeps */
  terminus: { beforeMs: number; afterMs: number };
}

/** @param deps.time the time that is known to be right */
export function occasionParts(
  deps: { clock: Clock; log: Log; time: () => { ms: number; sure: boolean } },
  { config, stateDirectory }: { config: Config; stateDirectory: string },
): OccasionParts {
  const { clock, time } = deps;
  const { when, terminus } = config.record;
  const { beforeSeconds, afterSeconds } = terminus;
  const detectorSilenceUs = Math.max(
    silence.leastUs,
    (silence.looks * secondUs) / config.detect.ratePerSecond,
  );
  return {
    occasions: new Occasions(
      { clock, time, schedule: new Schedule(when) },
      {
        when,
        alert: { beforeUs: beforeSeconds * secondUs, afterUs: afterSeconds * secondUs },
        detectorSilenceUs,
      },
    ),
    terminusFile: new TerminusFile(
      { ...deps, clockTrusted, boot: bootId },
      { file: join(stateDirectory, 'terminus.json') },
    ),
    terminus: { beforeMs: beforeSeconds * secondMs, afterMs: afterSeconds * secondMs },
  };
}

/** What the operator must know of it. */
export function occasionNotices(occasions: Occasions): Notice[] {
  const notices: Notice[] = [];
  if (occasions.withoutTime) {
    notices.push({
      code: 'schedule-waits',
      fr: 'L’heure n’est pas encore sûre : les horaires d’enregistrement ne s’appliquent pas (docs/recording.md).',
      en: 'The time is not yet sure: the recording schedule does not apply (docs/recording.md).',
    });
  }
  if (occasions.blind) {
    notices.push({
      code: 'all-recorded',
      fr: 'Tout est enregistré : rien ne dit si quelque chose se passe.',
      en: 'Everything is recorded: nothing tells whether anything happens.',
    });
  }
  return notices;
}

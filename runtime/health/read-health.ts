/** Puts the health of the camera together from its parts. Called by runtime/main.ts, once a second at most. */
import type { Authority } from '../access/authorisation.js';
import type { Config } from '../config/schema.js';
import type { Health, Notice } from './health.js';
import type { RateMeter } from './rate-meter.js';
import { build } from './report.js';
import type { Supervisor } from './supervisor.js';

export interface HealthParts {
  atMs: number;
  config: Config;
  authority: Authority;
  supervisor: Supervisor;
  store: Health['store'];
  framesRecorded: number;
  alerts: Health['alerts'];
  rate: RateMeter;
  /** tracks seen in the newest look */
  tracks: number;
}

const VERSION = build().version;

export function readHealth(parts: HealthParts): Health {
  const { config, supervisor, rate } = parts;
  const { captured, masked, encoded, dropped } = supervisor.totals.counts;
  return {
    atMs: parts.atMs,
    version: VERSION,
    camera: { id: config.camera.id, name: config.camera.name },
    state: supervisor.state,
    notices: notices(parts),
    picture: { ...config.picture, measuredFramesPerSecond: rate.framesPerSecond },
    frames: { captured, masked, encoded, dropped, recorded: parts.framesRecorded },
    mask: rate.mask,
    detect: {
      on: supervisor.detects,
      model: config.detect.model,
      looksPerSecond: rate.looksPerSecond,
      tracks: parts.tracks,
    },
    store: parts.store,
    alerts: parts.alerts,
    processes: {
      runtimeRssBytes: process.memoryUsage.rss(),
      pipelineRssBytes: supervisor.totals.last?.rssBytes ?? 0,
      restarts: supervisor.totals.restarts,
    },
  };
}

function notices({ authority, supervisor, store, rate }: HealthParts): Notice[] {
  const found: Notice[] = [];
  if (authority.refusal) found.push(authority.refusal);
  if (supervisor.state === 'restarting') {
    const why = supervisor.lastFault?.message ?? '';
    found.push({
      code: 'no-picture',
      fr: `Pas d’image : le traitement redémarre (${why}).`,
      en: `No picture: the pipeline is being restarted (${why}).`,
    });
  }
  if (supervisor.modelFault) {
    found.push({
      code: 'model-failed',
      fr: 'La détection est arrêtée : le modèle a été refusé. L’enregistrement continue.',
      en: 'Detection is off: the model was refused. Recording goes on.',
    });
  }
  if (authority.mayRecord && store.state === 'failed') {
    found.push({
      code: 'store-failed',
      fr: 'La carte ne prend plus d’enregistrement. Vérifiez-la.',
      en: 'The card takes no recording any more. Check it.',
    });
  }
  if (store.gopsLost > 0) {
    found.push({
      code: 'gops-lost',
      fr: `${store.gopsLost} s d’images n’ont pas pu être enregistrées depuis le démarrage.`,
      en: `${store.gopsLost} s of pictures could not be recorded since the start.`,
    });
  }
  if (rate.mask.state === 'full') {
    found.push({ code: 'mask-full', fr: 'Toute l’image est masquée.', en: 'The whole picture is masked.' });
  }
  return found;
}

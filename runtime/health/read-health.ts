/** Puts the health of the camera together from its parts. Called by runtime/main.ts, once a second at most. */
import type { Authority } from '../access/authorisation.js';
import type { Config } from '../config/schema.js';
import { behaviourNames } from '../config/zones.js';
import { eventOf } from '../scene/behaviours/list.js';
import { eventNames } from '../scene/words/event-names.js';
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
  storage: Pick<Health, 'card' | 'stateStorage'>;
  framesRecorded: number;
  alerts: Health['alerts'];
  rate: RateMeter;
  /** tracks seen in the newest look */
  tracks: number;
  /** what other parts have to say */
  said: readonly Notice[];
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
    notices: [...notices(parts), ...parts.said],
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
    ...parts.storage,
    alerts: parts.alerts,
    processes: {
      runtimeRssBytes: process.memoryUsage.rss(),
      pipelineRssBytes: supervisor.totals.last?.rssBytes ?? 0,
      restarts: supervisor.totals.restarts,
    },
  };
}

function notices({ config, authority, supervisor, store, rate, said }: HealthParts): Notice[] {
  const found: Notice[] = [];
  if (authority.refusal) found.push(authority.refusal);
  found.push(...unwatched(config, authority));
  if (supervisor.state === 'restarting') {
    const why = supervisor.lastFault?.message ?? '';
    found.push({
      code: 'no-picture',
      fr: `Pas d’image : le traitement redémarre (${why}).`,
      en: `No picture: the pipeline is being restarted (${why}).`,
    });
  }
  // Refused says more than failed.
  if (supervisor.modelFault && !said.some(({ code }) => code === 'model-refused')) {
    found.push({
      code: 'model-failed',
      fr: 'La détection est arrêtée : le détecteur a échoué. L’enregistrement continue.',
      en: 'Detection is off: the detector failed. Recording goes on.',
    });
  }
  if (authority.mayRecord && store.state === 'failed') {
    found.push({
      code: 'store-failed',
      fr: 'La carte n’accepte plus d’enregistrement. Vérifiez-la.',
      en: 'The card no longer accepts recordings. Check it.',
    });
  }
  if (store.gopsLost > 0) {
    found.push({
      code: 'gops-lost',
      fr: `Images non enregistrées depuis le démarrage : environ ${store.gopsLost} s.`,
      en: `Pictures not recorded since the start: about ${store.gopsLost} s.`,
    });
  }
  // With a reason it is the head's, which says so itself when it lasts (head-notices.ts).
  if (rate.mask.state === 'full' && rate.mask.why === undefined) {
    found.push({ code: 'mask-full', fr: 'Toute l’image est masquée.', en: 'The whole picture is masked.' });
  }
  if (rate.mask.people === 'area') {
    found.push({
      code: 'people-area',
      fr: 'Personne n’est recherché pour être masqué : la zone prévue est masquée en entier.',
      en: 'People are not looked for, so the area set aside for that is covered whole.',
    });
  }
  return found;
}

/** What the configuration watches for and the authorisation does not name: often the name of a zone written two ways. */
function unwatched(config: Config, authority: Authority): Notice[] {
  if (!authority.mayRecord) return [];
  return config.zones.flatMap((zone) => {
    const asked = new Set(behaviourNames.filter((name) => zone[name]).map((name) => eventOf[name]));
    const missing = [...asked].filter((event) => !authority.mayWatch(zone.name, event));
    if (missing.length === 0) return [];
    const [fr, en] = [`« ${zone.name} »`, `“${zone.name}”`];
    const named = (of: 'fr' | 'en'): string =>
      missing.map((event) => `${eventNames[event][of]} (${event})`).join(', ');
    if (missing.length === asked.size)
      return {
        code: 'zone-not-authorised',
        fr: `La zone ${fr} n’est pas surveillée : l’autorisation ne la nomme pas pour ${named('fr')}.`,
        en: `Zone ${en} is not watched: the authorisation does not name it for ${named('en')}.`,
      };
    return {
      code: 'event-not-authorised',
      fr: `Dans la zone ${fr}, rien n’est surveillé pour : ${named('fr')}. L’autorisation ne le nomme pas.`,
      en: `In zone ${en} nothing is watched for: ${named('en')}. The authorisation does not name it.`,
    };
  });
}

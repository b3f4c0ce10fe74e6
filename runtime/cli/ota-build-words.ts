/** What `vigie ota build` and `vigie ota inspect` say, in French and English. Used by ota-build.ts. */
import type { Language } from './store-words.js';

export interface BuildWords {
  language: Language;
  version: string;
  commit: string;
  machine: string;
  boards: string;
  files: string;
  packages: string;
  models: string;
  components: string;
  bundle: string;
  manifest: string;
  tar: string;
  tree: string;
  delta: (from: string) => string;
  none: string;
  packing: (share: number, seconds: number | null) => string;
  making: (from: string) => string;
  planned: string;
  built: (file: string) => string;
  verified: string;
  notes: string;
  size: (bytes: number) => string;
}

const left = (seconds: number | null, words: (text: string) => string): string => {
  if (seconds === null) return '';
  const text = seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
  return words(text);
};

const en: BuildWords = {
  language: 'en',
  version: 'version',
  commit: 'commit',
  machine: 'architecture',
  boards: 'boards',
  files: 'files',
  packages: 'npm packages',
  models: 'models',
  components: 'SBOM, components',
  bundle: 'bundle',
  manifest: 'bundle.json',
  tar: 'tar',
  tree: 'tree',
  delta: (from) => `delta from ${from}`,
  none: 'none',
  packing: (share, seconds) =>
    `Packing: ${Math.floor(share * 100)} %${left(seconds, (text) => `, about ${text} left`)}`,
  making: (from) => `Making the delta from ${from}`,
  planned: 'Nothing was written (--dry-run).',
  built: (file) => `Written: ${file}`,
  verified: 'Every file has the hash that bundle.json lists, and every model is one of its closed list.',
  notes: 'Release notes',
  size: (bytes) =>
    bytes < 2 ** 20 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`,
};

const fr: BuildWords = {
  language: 'fr',
  version: 'version',
  commit: 'commit',
  machine: 'architecture',
  boards: 'cartes',
  files: 'fichiers',
  packages: 'paquets npm',
  models: 'modèles',
  components: 'SBOM, composants',
  bundle: 'paquet de mise à jour',
  manifest: 'bundle.json',
  tar: 'tar',
  tree: 'arborescence',
  delta: (from) => `différence depuis ${from}`,
  none: 'aucun',
  packing: (share, seconds) =>
    `Compression : ${Math.floor(share * 100)} %${left(seconds, (text) => `, encore ${text} environ`)}`,
  making: (from) => `Calcul de la différence depuis ${from}`,
  planned: 'Rien n’a été écrit (--dry-run).',
  built: (file) => `Écrit : ${file}`,
  verified: 'Chaque fichier a l’empreinte que bundle.json indique, et chaque modèle est de sa liste fermée.',
  notes: 'Notes de version',
  size: (bytes) => en.size(bytes).replace('.', ',').replace('iB', 'io'),
};

/** In the language asked for, else that of the terminal. */
export function buildWords(language: Language): BuildWords {
  return language === 'fr' ? fr : en;
}

/** What `vigie ota provision` says, in French and English. Used by ota-provision.ts. */
import type { ProvisionStep } from '../../ota/slots/provision.js';
import type { Language } from './store-words.js';

export interface ProvisionWords {
  inspecting: string;
  bundle: (version: string, commit: string, mib: number, models: number) => string;
  steps: Record<ProvisionStep, string>;
  pluginList: string;
  noPluginList: string;
  trustExpired: (date: string) => string;
  asRoot: string;
  done: (version: string, slots: string) => string;
  next: (facts: { unit: string; config: string; hasConfig: boolean; byHand: string }) => string;
}

const en: ProvisionWords = {
  inspecting: 'Looking at the bundle: every file, every model',
  bundle: (version, commit, mib, models) =>
    `Vigie ${version} (commit ${commit}): ${mib} MiB, ${models} ${models === 1 ? 'model' : 'models'}, all admitted`,
  steps: {
    tree: 'Making the directories',
    unpack: 'Writing slot a',
    sync: 'Bringing it to the disk',
    verify: 'Reading it back from the disk',
    launcher: 'Copying the launcher',
    state: 'Slot a is the one that boots',
  },
  pluginList: 'Listing the plug-ins of GStreamer',
  noPluginList:
    'Note: gst-inspect-1.0 made no list of plug-ins; each start of the camera looks through all of them. Install gstreamer1.0-tools and run this again.',
  trustExpired: (date) =>
    `Note: this root.json expired on ${date}; the camera takes updates when the repository has a newer one.`,
  asRoot:
    'Note: this ran as root, and so would the camera. Better: a user of its own, and the same command as that user.',
  done: (version, slots) => `Vigie ${version} is installed in ${slots}`,
  next: ({ unit, config, hasConfig, byHand }) => `
What is left to do:
${hasConfig ? '' : `  write ${config} (docs/installation.md)\n`}  1. the right time: an update is taken only when the clock is known to be right (for example chrony)
  2. the authorisation and the users of this camera (docs/installation.md)
  3. a start with the board, with systemd:
       sudo cp ${unit} /etc/systemd/system/vigie.service
       sudo systemctl daemon-reload
       sudo systemctl enable --now vigie
     or by hand:
       ${byHand}
  4. vigie ota status
`,
};

const fr: ProvisionWords = {
  inspecting: 'Examen du paquet : chaque fichier, chaque modèle',
  bundle: (version, commit, mib, models) =>
    `Vigie ${version} (commit ${commit}) : ${mib} Mio, ${models} ${models > 1 ? 'modèles admis' : 'modèle admis'}`,
  steps: {
    tree: 'Création des répertoires',
    unpack: 'Écriture de l’emplacement a',
    sync: 'Envoi sur le disque',
    verify: 'Relecture depuis le disque',
    launcher: 'Copie du lanceur',
    state: 'L’emplacement a est celui qui démarre',
  },
  pluginList: 'Liste des greffons de GStreamer',
  noPluginList:
    'Attention : gst-inspect-1.0 n’a pas fait de liste des greffons ; chaque démarrage de la caméra les parcourt tous. Installez gstreamer1.0-tools et recommencez.',
  trustExpired: (date) =>
    `Attention : ce root.json a expiré le ${date} ; la caméra prendra des mises à jour quand le dépôt en aura un plus récent.`,
  asRoot:
    'Attention : cette commande a été lancée par root, et la caméra le serait aussi. Mieux : un utilisateur à elle, et la même commande sous cet utilisateur.',
  done: (version, slots) => `Vigie ${version} est installée dans ${slots}`,
  next: ({ unit, config, hasConfig, byHand }) => `
Ce qui reste à faire :
${hasConfig ? '' : `  écrire ${config} (docs/installation.md)\n`}  1. l’heure juste : une mise à jour n’est prise que si l’horloge est sûre (par exemple avec chrony)
  2. l’autorisation et les utilisateurs de cette caméra (docs/installation.md)
  3. le démarrage avec la carte, avec systemd :
       sudo cp ${unit} /etc/systemd/system/vigie.service
       sudo systemctl daemon-reload
       sudo systemctl enable --now vigie
     ou à la main :
       ${byHand}
  4. vigie ota status
`,
};

/** In the language asked for, else that of the terminal. */
export function provisionWords(language?: Language): ProvisionWords {
  const locale = process.env.LC_ALL ?? process.env.LC_MESSAGES ?? process.env.LANG ?? '';
  return (language ?? (locale.startsWith('fr') ? 'fr' : 'en')) === 'fr' ? fr : en;
}

/** What the commands of the repository say, in French and English. Used by ota-repository*.ts. */
import type { Warning } from '../../ota/repository/refresh.js';
import type { Missing } from '../../ota/repository/signatures.js';
import type { Language } from './store-words.js';

const keysOf = ({ keys }: Missing): string =>
  keys.map(({ id, name }) => `${name ?? '?'} (${id.slice(0, 12)})`).join(', ');

const en = {
  published: 'Published, in this order:',
  wouldPublish: 'Dry run, nothing is written. It would publish, in this order:',
  staged: 'Not published yet, as signatures are missing. Waiting in metadata/staged:',
  wouldStage: 'Dry run, nothing is written. It would wait for signatures:',
  nothing: 'Nothing changes.',
  missing: (one: Missing): string =>
    `${one.role} ${one.version}: ${one.have} of ${one.threshold} signatures${one.before ? ' that the root before asks for' : ''}; can sign: ${keysOf(one)}`,
  howToSign: 'Each holder signs a copy: vigie ota sign FILE --key KEY; the last one with --merge COPY',
  howToFinish:
    'All holders have signed. To publish it: vigie ota refresh REPO --sign-with SNAPSHOT --sign-with TIMESTAMP',
  gap: 'Cameras that ask between the new root and the new timestamp are refused, and ask again.',
  copying: (share: number): string => `Copying: ${Math.round(share * 100)} %`,
  checking: 'Checking the bundle, file by file ...',
  checkingDelta: (file: string): string => `Checking that ${file} gives the bundle ...`,
  keyMade: (name: string, id: string): string => `Key ${name}, ID ${id}`,
  keyPrivate: (file: string): string => `Private: ${file}. Keep it where few can go, and a copy elsewhere.`,
  keyOpen:
    'It has no passphrase: whoever reads the file can sign. Leave one out only for the machine that renews the timestamp.',
  keyPublic: (file: string): string => `Public: ${file}. This one may be given away.`,
  passphrase: (file: string): string => `Passphrase of ${file}: `,
  newPassphrase: 'Passphrase of the new key (empty: none): ',
  again: 'Once more: ',
  keyColumns: ['name', 'ID', 'file', ''],
  encrypted: 'private, with a passphrase',
  private: 'private, without a passphrase',
  public: 'public',
  signing: 'This is signed:',
  signed: (count: number): string => `${count} signature(s) added`,
  foreign: (id: string): string =>
    `${id.slice(0, 12)} is no root key of this version: it counts only if the root before it names it.`,
  whole: 'Nothing is missing of it.',
  roleColumns: ['role', 'version', 'valid until', 'keys', ''],
  threshold: (threshold: number, of: number): string => `${threshold} of ${of}`,
  offerColumns: ['customer', 'board', 'channel', 'version', 'who', 'deltas'],
  who: (percent: number, groups: readonly string[]): string =>
    `${percent} %${groups.length > 0 ? ` of ${groups.join(', ')}` : ''}`,
  noOffers: 'Nothing is offered.',
  warning: {
    expired: (of: string) => `${of} has expired: cameras take nothing. Renew it: vigie ota refresh`,
    'expires-soon': (of: string) => `${of} expires soon. Renew it: vigie ota refresh`,
    'one-root-key': () => 'One root key is enough to change everything. Two holders are safer.',
    'no-spare-root-key': () =>
      'Every root key must sign: when one is lost, no camera can follow a new root. Have one holder more.',
    'root-key-elsewhere': (of: string) =>
      `The root key ${of} is the key of another role too. Root keys stay offline.`,
    staged: () => 'Changes wait for signatures (metadata/staged).',
    cut: () => 'A publication was cut. Complete it: vigie ota refresh',
  } satisfies Record<Warning['what'], (of: string) => string>,
  dropped: 'What waited for signatures is dropped.',
  revoked: (roles: string): string => `The key is taken away from: ${roles}`,
  withdrawn: 'Cameras that have it keep it; the others are offered nothing.',
  pruned: (files: number, mebibytes: number, dryRun: boolean): string =>
    `${dryRun ? 'Dry run. It would remove' : 'Removed'}: ${files} file(s), ${mebibytes} MiB`,
  serving: (url: string): string =>
    `Serving at ${url} until Ctrl-C. For the bench only: no TLS, no log, one machine. A fleet takes any web server.`,
};
export type RepositoryWords = typeof en;

const fr: RepositoryWords = {
  published: 'Publié, dans cet ordre :',
  wouldPublish: 'Essai à blanc, rien n’est écrit. Seraient publiés, dans cet ordre :',
  staged: 'Pas encore publié : il manque des signatures. En attente dans metadata/staged :',
  wouldStage: 'Essai à blanc, rien n’est écrit. Attendraient des signatures :',
  nothing: 'Rien ne change.',
  missing: (one) =>
    `${one.role} ${one.version} : ${one.have} signature(s) sur ${one.threshold}${one.before ? ' demandées par la racine précédente' : ''} ; peuvent signer : ${keysOf(one)}`,
  howToSign:
    'Chaque détenteur signe une copie : vigie ota sign FICHIER --key CLÉ ; le dernier avec --merge COPIE',
  howToFinish:
    'Tous les détenteurs ont signé. Pour publier : vigie ota refresh DÉPÔT --sign-with SNAPSHOT --sign-with TIMESTAMP',
  gap: 'Les caméras qui demandent entre la nouvelle racine et le nouvel horodatage sont refusées, et redemandent.',
  copying: (share) => `Copie : ${Math.round(share * 100)} %`,
  checking: 'Vérification du paquet, fichier par fichier ...',
  checkingDelta: (file) => `Vérification que ${file} donne bien le paquet ...`,
  keyMade: (name, id) => `Clé ${name}, identifiant ${id}`,
  keyPrivate: (file) => `Privée : ${file}. À garder là où peu ont accès, avec une copie ailleurs.`,
  keyOpen:
    'Elle n’a pas de phrase secrète : qui lit le fichier peut signer. À réserver à la machine qui renouvelle l’horodatage.',
  keyPublic: (file) => `Publique : ${file}. Celle-ci peut être donnée.`,
  passphrase: (file) => `Phrase secrète de ${file} : `,
  newPassphrase: 'Phrase secrète de la nouvelle clé (vide : aucune) : ',
  again: 'Encore une fois : ',
  keyColumns: ['nom', 'identifiant', 'fichier', ''],
  encrypted: 'privée, avec phrase secrète',
  private: 'privée, sans phrase secrète',
  public: 'publique',
  signing: 'Voici ce qui est signé :',
  signed: (count) => `${count} signature(s) ajoutée(s)`,
  foreign: (id) =>
    `${id.slice(0, 12)} n’est pas une clé racine de cette version : elle ne compte que si la racine précédente la nomme.`,
  whole: 'Il n’y manque rien.',
  roleColumns: ['rôle', 'version', 'valable jusqu’au', 'clés', ''],
  threshold: (threshold, of) => `${threshold} sur ${of}`,
  offerColumns: ['client', 'carte', 'canal', 'version', 'qui', 'différences'],
  who: (percent, groups) => `${percent} %${groups.length > 0 ? ` de ${groups.join(', ')}` : ''}`,
  noOffers: 'Rien n’est proposé.',
  warning: {
    expired: (of) => `${of} a expiré : les caméras ne prennent plus rien. À renouveler : vigie ota refresh`,
    'expires-soon': (of) => `${of} expire bientôt. À renouveler : vigie ota refresh`,
    'one-root-key': () => 'Une seule clé racine suffit pour tout changer. Deux détenteurs sont plus sûrs.',
    'no-spare-root-key': () =>
      'Toutes les clés racine doivent signer : si l’une se perd, aucune caméra ne suivra une nouvelle racine. Ajoutez un détenteur.',
    'root-key-elsewhere': (of) =>
      `La clé racine ${of} sert aussi à un autre rôle. Les clés racine restent hors ligne.`,
    staged: () => 'Des changements attendent des signatures (metadata/staged).',
    cut: () => 'Une publication a été coupée. À terminer : vigie ota refresh',
  },
  dropped: 'Ce qui attendait des signatures est abandonné.',
  revoked: (roles) => `La clé est retirée de : ${roles}`,
  withdrawn: 'Les caméras qui l’ont le gardent ; rien n’est proposé aux autres.',
  pruned: (files, mebibytes, dryRun) =>
    `${dryRun ? 'Essai à blanc. Seraient retirés' : 'Retirés'} : ${files} fichier(s), ${mebibytes} Mio`,
  serving: (url) =>
    `Dépôt servi à ${url} jusqu’à Ctrl-C. Pour le banc seulement : sans TLS, sans journal, une machine. Pour un parc, tout serveur web convient.`,
};

export const repositoryWords = (language: Language): RepositoryWords => (language === 'fr' ? fr : en);

/** What `vigie run` and `vigie demo` say, in both languages. */

export interface Words {
  makingStore(share: number): string;
  running(address: string): string;
  /** a reason why the camera runs and does less than it was asked */
  notice(words: { fr: string; en: string }): string;
}

/** A link that lets a browser in carries a token; the plain address leads to the login page. */
const isOneTime = (address: string): boolean => address.includes('token=');

const fr: Words = {
  makingStore: (share) =>
    `Préparation de l’espace d’enregistrement : ${Math.round(share * 100)} %${share >= 1 ? '\n' : ''}`,
  running: (address) =>
    `\nVigie est en marche. ${isOneTime(address) ? 'Ouvrez la console ; ce lien sert une seule fois, dans les dix minutes :' : 'Connectez-vous à la console :'}\n\n    ${address}\n\nCtrl-C pour l’arrêter.\n\n`,
  notice: ({ fr }) => `Attention : ${fr}\n`,
};

const en: Words = {
  makingStore: (share) => `Making the circular store: ${Math.round(share * 100)} %${share >= 1 ? '\n' : ''}`,
  running: (address) =>
    `\nVigie is running. ${isOneTime(address) ? 'Open the console; this link works once, within ten minutes:' : 'Log in to the console:'}\n\n    ${address}\n\nCtrl-C to stop it.\n\n`,
  notice: ({ en }) => `Note: ${en}\n`,
};

export function say(language: 'fr' | 'en'): Words {
  return language === 'fr' ? fr : en;
}

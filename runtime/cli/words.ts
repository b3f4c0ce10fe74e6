/** What `vigie run` and `vigie demo` say, in both languages. */

export interface Words {
  makingStore(share: number): string;
  running(address: string): string;
}

const fr: Words = {
  makingStore: (share) =>
    `Création de l’enregistrement en boucle : ${Math.round(share * 100)} %${share >= 1 ? '\n' : ''}`,
  running: (address) =>
    `\nVigie tourne. Ouvrez la console (lien à usage unique s’il porte un jeton) :\n\n    ${address}\n\nCtrl-C pour arrêter.\n\n`,
};

const en: Words = {
  makingStore: (share) => `Making the circular store: ${Math.round(share * 100)} %${share >= 1 ? '\n' : ''}`,
  running: (address) =>
    `\nVigie runs. Open the console (the link works once if it carries a token):\n\n    ${address}\n\nCtrl-C to stop.\n\n`,
};

export function say(language: 'fr' | 'en'): Words {
  return language === 'fr' ? fr : en;
}

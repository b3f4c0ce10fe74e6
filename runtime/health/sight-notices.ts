/** What the operator is told of the sight of the camera (docs/sight.md). Called by sight-watch.ts. */
import type { Notice } from './health.js';
import type { SightFault } from './sight-judge.js';

export const sightNotices: Record<SightFault, Notice> = {
  frozen: {
    code: 'sight-frozen',
    fr: 'L’image est figée : le capteur envoie toujours la même. Vérifiez la caméra et sa liaison.',
    en: 'The picture is frozen: the sensor keeps sending the same one. Check the camera and its link.',
  },
  blinded: {
    code: 'sight-blinded',
    fr: 'La caméra est éblouie ou son objectif est voilé : l’image est claire et presque vide.',
    en: 'The camera is blinded or its lens is veiled: the picture is bright and nearly empty.',
  },
  covered: {
    code: 'sight-covered',
    fr: 'La caméra est couverte : il ne reste presque rien de la scène. Vérifiez l’objectif.',
    en: 'The camera is covered: hardly anything of the scene is left. Check the lens.',
  },
  dark: {
    code: 'sight-dark',
    fr: 'L’image est trop sombre. Vérifiez l’éclairage et le mode nuit.',
    en: 'The picture is too dark. Check the lighting and the night mode.',
  },
  moved: {
    code: 'sight-moved',
    fr: 'La caméra a bougé : la scène n’est plus à sa place. Vérifiez les zones privées, puis la fixation.',
    en: 'The camera has moved: the scene is not where it was. Check the private zones, then the mounting.',
  },
  defocused: {
    code: 'sight-defocused',
    fr: 'L’image est floue : bien moins de détails que d’habitude. Vérifiez la mise au point et la vitre.',
    en: 'The picture is out of focus: far less detail than usual. Check focus and glass.',
  },
  noisy: {
    code: 'sight-noisy',
    fr: 'L’image est bruitée : la scène est trop peu éclairée pour le capteur.',
    en: 'The picture is noisy: the scene has too little light for the sensor.',
  },
};

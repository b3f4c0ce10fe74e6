/** The words of the zone editor. Part of words.ts, which speaks them. */

export const zoneFrench = {
  editZones: 'Zones privées',
  zoneTitle: 'Zones privées',
  zoneKeys:
    'Sur l’image : cliquez ou touchez pour poser un angle. Clavier : flèches pour viser (Maj : plus vite), Entrée pose un angle, Retour arrière l’enlève, Échap abandonne le dessin.',
  zoneBoard: 'Image à dessiner',
  zoneName: 'Nom de la zone',
  zoneAdd: 'Ajouter la zone',
  zoneClear: 'Effacer le dessin',
  zoneNewPicture: 'Nouvelle image',
  zoneSave: 'Appliquer',
  zoneConfigured: 'Revenir aux zones de la configuration',
  zoneNone: 'Pourquoi cette caméra ne voit aucun lieu privé',
  zoneRemove: 'Retirer',
  zoneKeep: 'Garder',
  zoneRemoved: 'sera retirée',
  zoneDrawn: 'sera ajoutée',
  zoneSmaller: 'Une zone retirée est inscrite au registre avec votre compte.',
  zoneWaiting: 'Image demandée…',
  zoneHidden:
    'Rien ne peut être dessiné sur cette image : elle est masquée en entier, ou on ne sait pas où la caméra regardait.',
  zoneNoPicture: 'Pas d’image pour l’instant.',
  zoneReady: 'Dessinez une zone sur l’image.',
  zoneDone: 'Les zones sont en vigueur.',
  zoneCorners: 'angle(s)',
  'zones.configuration': 'Les zones sont celles de la configuration.',
  'zones.drawn': 'Les zones ont été dessinées ici.',
  'zones.both':
    'La configuration a changé depuis le dessin : les deux jeux de zones masquent. Appliquez pour garder ce qui reste dans la liste.',
  'zones.recovered':
    'Le dessin a été perdu : le dernier masque connu et la configuration masquent. Appliquez pour garder ce qui reste dans la liste.',
  'zones.unknown':
    'Le dessin a été perdu et rien ne dit ce qu’il cachait : tout est masqué. Revenez aux zones de la configuration, puis dessinez à nouveau ce qui manque.',
};

export const zoneEnglish: Record<keyof typeof zoneFrench, string> = {
  editZones: 'Private zones',
  zoneTitle: 'Private zones',
  zoneKeys:
    'On the picture: click or touch to put a corner. Keyboard: arrows aim (Shift: faster), Enter puts a corner, Backspace takes it away, Escape gives the drawing up.',
  zoneBoard: 'Picture to draw on',
  zoneName: 'Name of the zone',
  zoneAdd: 'Add the zone',
  zoneClear: 'Clear the drawing',
  zoneNewPicture: 'New picture',
  zoneSave: 'Apply',
  zoneConfigured: 'Back to the zones of the configuration',
  zoneNone: 'Why this camera sees no private place',
  zoneRemove: 'Remove',
  zoneKeep: 'Keep',
  zoneRemoved: 'will be removed',
  zoneDrawn: 'will be added',
  zoneSmaller: 'A zone that is removed is entered in the register with your account.',
  zoneWaiting: 'Asking for a picture…',
  zoneHidden:
    'Nothing can be drawn on this picture: it is hidden whole, or it is not known where the camera looked.',
  zoneNoPicture: 'No picture is to be had just now.',
  zoneReady: 'Draw a zone on the picture.',
  zoneDone: 'The zones are in force.',
  zoneCorners: 'corner(s)',
  'zones.configuration': 'The zones are those of the configuration.',
  'zones.drawn': 'The zones were drawn here.',
  'zones.both':
    'The configuration has changed since they were drawn: both sets of zones hide. Apply to keep what stays in the list.',
  'zones.recovered':
    'What was drawn is lost: the last mask known and the configuration hide. Apply to keep what stays in the list.',
  'zones.unknown':
    'What was drawn is lost, and nothing tells what it hid: everything is hidden. Go back to the zones of the configuration, then draw again what is missing.',
};

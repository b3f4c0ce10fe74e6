/** What the operator is told about terms, keys and the register. Called by retention.ts; shown in the health of the camera. */
import type { Notice } from '../health/health.js';

export interface RetentionState {
  /** within the last day something was overwritten before the minimum */
  minimumNotKept: boolean;
  /** within the last day the ring left a held segment where it was */
  heldPassedOver: boolean;
  termsWait: boolean;
  registerDamaged: boolean;
  registerFails: boolean;
  /** keys that are due and that could not be destroyed */
  refusedKeys: number;
}

export function retentionNotices(state: RetentionState): Notice[] {
  const found: Notice[] = [];
  if (state.minimumNotKept) {
    found.push({
      code: 'minimum-not-kept',
      fr: 'Faute de place, des images ont été effacées avant la durée minimale. Il faut une carte plus grande.',
      en: 'For want of space, pictures were overwritten before the minimum days. A larger card is needed.',
    });
  }
  if (state.heldPassedOver) {
    found.push({
      code: 'held-passed-over',
      fr: 'Des images retenues sur réquisition prennent la place des nouvelles. Exportez-les, puis levez la retenue.',
      en: 'Pictures held for a requisition take the room of new ones. Export them, then release the hold.',
    });
  }
  if (state.termsWait) {
    found.push({
      code: 'terms-wait',
      fr: 'L’heure n’est pas garantie : rien n’est détruit par l’âge tant qu’elle ne l’est pas. Vérifiez le serveur de temps.',
      en: 'The clock is not known to be right: nothing is destroyed by age until it is. Check the time server.',
    });
  }
  if (state.registerDamaged) {
    found.push({
      code: 'register-damaged',
      fr: 'Le registre est abîmé ou a été modifié. Lancez « vigie register verify ».',
      en: 'The register is damaged or was changed. Run vigie register verify.',
    });
  }
  if (state.registerFails) {
    found.push({
      code: 'register-failed',
      fr: 'Le registre ne peut pas être écrit. Vérifiez la mémoire de la caméra.',
      en: 'The register cannot be written. Check the storage of the camera.',
    });
  }
  if (state.refusedKeys > 0) {
    found.push({
      code: 'destruction-refused',
      fr: `${state.refusedKeys} clé(s) échue(s) n’ont pas pu être détruites. La caméra réessaie ; vérifiez sa mémoire.`,
      en: `${state.refusedKeys} key(s) past their term could not be destroyed. The camera tries again; check its storage.`,
    });
  }
  return found;
}

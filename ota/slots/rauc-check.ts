/**
 * The look that the version that runs takes into a system slot before it may boot (docs/updates.md, invariant 9; docs/updates-system.md, RS9): Vigie in
 * it is what `vigie ota build` made, file by file, and brings no model outside its closed list. Called by `vigie ota system-check`, which
 * RAUC runs through ota/rauc/check-slot.sh. It reads only.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { VigieError } from '../../errors.js';
import { boundedBytes } from '../../models/verify.js';
import { type AdmittedModel, checkModels } from '../bundle/gate.js';
import { manifestName } from '../bundle/manifest.js';
import { mostManifestBytes, parseBundleManifest } from '../bundle/read.js';
import { verifySlot } from '../launcher/verify-slot.js';

/**
 * @param tree directory of Vigie in the slot
 * @throws VigieError `update` with the file and the reason
 */
export async function checkSystemTree(
  tree: string,
  signal: AbortSignal,
): Promise<{ version: string; models: AdmittedModel[] }> {
  const hint = 'Put into the image what vigie ota build made, unpacked as it is';
  const bytes = await boundedBytes(join(tree, manifestName), mostManifestBytes, hint).catch(
    (cause: unknown) => {
      throw new VigieError('update', `There is no Vigie at ${tree}`, hint, { cause });
    },
  );
  const manifest = parseBundleManifest(bytes);
  const { intact, wrong } = await verifySlot(tree, createHash('sha256').update(bytes).digest('hex'), {
    signal,
  });
  if (!intact) throw new VigieError('update', `Vigie at ${tree} is not as it was built: ${wrong}`, hint);
  return { version: manifest.version, models: await checkModels(tree, manifest, signal) };
}

/** The gate for models (docs/updates.md, invariant 9), being written. */
import type { BundleManifest } from './manifest.js';

export interface AdmittedModel {
  name: string;
  task: string;
  sha256: string;
}

export async function checkModels(
  _directory: string,
  _manifest: BundleManifest,
  _signal: AbortSignal,
): Promise<AdmittedModel[]> {
  return [];
}

/**
 * The parts of an update that a camera needs now and then, loaded at their first use: a camera without a repository never
 * pays for their memory, and one that starts does not wait for them. Used by updating.ts.
 */
import type { BundleManifest } from '../ota/bundle/manifest.js';
import type { BundleSource } from '../ota/bundle/unpack.js';
import type { UpdateMetadata, UpdateMetadataDeps, UpdateMetadataOptions } from '../ota/metadata/client.js';

/** As `UpdateMetadata.refresh`. */
export function repositoryOf(
  deps: UpdateMetadataDeps,
  options: UpdateMetadataOptions,
): Pick<UpdateMetadata, 'refresh'> {
  let metadata: Promise<UpdateMetadata> | null = null;
  const loaded = async (): Promise<UpdateMetadata> => {
    const client = await import('../ota/metadata/client.js');
    return new client.UpdateMetadata(deps, options);
  };
  return {
    refresh: async (signal) => {
      metadata ??= loaded();
      return (await metadata).refresh(signal);
    },
  };
}

/** As `unpackBundle`. */
export async function unpack(
  what: BundleSource,
  directory: string,
  signal: AbortSignal,
): Promise<BundleManifest> {
  const { unpackBundle } = await import('../ota/bundle/unpack.js');
  return unpackBundle(what, directory, signal);
}

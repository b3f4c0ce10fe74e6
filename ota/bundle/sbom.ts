/**
 * What is in a bundle, for who must know (CycloneDX 1.5): npm's own list of the packages, held to those that are in the tree,
 * with the models added, and without what changes from one run to the next. Called by build.ts.
 */
import { z } from 'zod';
import { askTool } from '../../board/linux/toolchain.js';
import { VigieError } from '../../errors.js';
import type { Manifest } from '../../models/manifest.js';
import type { NeededPackage } from './packages.js';

const component = z.looseObject({ 'bom-ref': z.string(), name: z.string(), version: z.string() });
const npmList = z.looseObject({
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.string(),
  components: z.array(component),
  dependencies: z.array(z.looseObject({ ref: z.string(), dependsOn: z.array(z.string()).optional() })),
});

export interface SbomFacts {
  version: string;
  commit: string;
  packages: readonly NeededPackage[];
  models: Manifest;
}

/**
 * Asks for all packages and keeps those of the tree: with `--omit dev` npm 11 leaves out what is needed at run time and at
 * development both.
 * @throws VigieError `update` when npm gives no list, or one without a package of the tree
 */
export async function sbom(root: string, facts: SbomFacts, signal: AbortSignal): Promise<Buffer> {
  const flags = '--sbom-format cyclonedx --package-lock-only --loglevel error --offline'.split(' ');
  const text = await askTool('npm', ['sbom', ...flags], root, signal);
  const parsed = npmList.safeParse(JSON.parse(text));
  if (!parsed.success) {
    throw new VigieError('update', 'npm sbom gave something else', 'Use the npm that comes with Node 20', {
      cause: parsed.error,
    });
  }
  return Buffer.from(`${JSON.stringify(stated(parsed.data, facts), null, 1)}\n`);
}

function stated(list: z.infer<typeof npmList>, { version, commit, packages, models }: SbomFacts): unknown {
  const there = new Set(packages.map((one) => `${one.publishedName}@${one.version}`));
  const components = list.components.filter((one) => there.has(one['bom-ref']));
  for (const one of components) there.delete(one['bom-ref']);
  if (there.size > 0) {
    const hint = 'Run npm run setup: what is installed is not what package-lock.json says';
    throw new VigieError('update', `npm sbom does not list ${[...there].join(', ')}`, hint);
  }
  const refs = new Set(components.map((one) => one['bom-ref']));
  const own = `vigie@${version}`;
  const root = list.dependencies.find(({ ref }) => ref.startsWith('vigie@'));
  const modelRefs = models.models.map(({ onnx }) => onnx.name);
  const inTree = (names: readonly string[] = []): string[] => names.filter((name) => refs.has(name)).sort();
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: list.bomFormat,
    specVersion: list.specVersion,
    version: 1,
    metadata: {
      component: {
        'bom-ref': own,
        type: 'application',
        name: 'vigie',
        version,
        purl: `pkg:npm/vigie@${version}`,
        licenses: [{ license: { id: 'EUPL-1.2' } }],
        properties: [{ name: 'vigie:commit', value: commit }],
      },
    },
    components: [...[...components].sort(byRef), ...modelComponents(models)],
    dependencies: [
      { ref: own, dependsOn: [...inTree(root?.dependsOn), ...modelRefs] },
      ...list.dependencies
        .filter(({ ref }) => refs.has(ref))
        .map(({ ref, dependsOn }) => ({ ref, dependsOn: inTree(dependsOn) }))
        .sort((a, b) => (a.ref < b.ref ? -1 : 1)),
    ],
  };
}

function byRef(a: z.infer<typeof component>, b: z.infer<typeof component>): number {
  return a['bom-ref'] < b['bom-ref'] ? -1 : 1;
}

function modelComponents({ models }: Manifest): unknown[] {
  return models.map(({ name, about, onnx, source, licence, task }) => ({
    'bom-ref': onnx.name,
    type: 'machine-learning-model',
    name,
    version: source.version,
    description: about,
    hashes: [{ alg: 'SHA-256', content: onnx.sha256 }],
    licenses: [{ license: { id: licence.package } }],
    properties: [
      { name: 'vigie:task', value: task },
      { name: 'vigie:source', value: `${source.package}@${source.version}` },
      { name: 'vigie:licence:training', value: licence.training },
      { name: 'vigie:licence:data', value: licence.data },
    ],
  }));
}

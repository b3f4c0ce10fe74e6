/**
 * Fuzzes the parsers of the store (docs/faults.md, "Fuzzing"): changes the files of a small store by a recipe, opens what
 * is left as every reader does, and compares what it gives out with what was stored. Used by the tests with a few thousand
 * cases and by `npm run fault -- fuzz`.
 */
import { VigieError } from '../../errors.js';
import type { CheckReport } from '../../runtime/record/check.js';
import type { StoredGop } from '../../runtime/record/gop.js';
import { type KeyAccess, type RingFiles, StoreReader } from '../../runtime/record/reader.js';
import { seeded } from '../random.js';
import { BlockCoverage } from './block-coverage.js';
import { type Base, contentOf, filesInMemory } from './store-base.js';
import { Chooser } from './store-choice.js';
import { applyRecipe, type Recipe } from './store-recipes.js';

/** Opens and reads of the sound store, forty times over: damage makes readers search, not wander. */
const mostSteps = 8000;
const everything = Number.MAX_SAFE_INTEGER / 1000;

/** What a reader gives out of the files, all of it. */
export interface Reading {
  gops: StoredGop[];
  /** what was noticed, in words without numbers */
  features: string[];
}

export type ReadAll = (files: RingFiles, keys: KeyAccess) => Promise<Reading>;

/** What every user of the store does: start-up without writing, list, playback, check. */
export const readAll: ReadAll = async (files, keys) => {
  const reader = await StoreReader.open('/store', { keys, files });
  const { coverage, segments } = reader.list();
  const gops: StoredGop[] = [];
  let [damaged, destroyed] = [0, 0];
  const told = {
    onDamage: () => void damaged++,
    onDestroyed: () => void destroyed++,
  };
  for await (const gop of reader.range(0, everything, told)) gops.push(gop);
  const report = await reader.check();
  const features = [`${segments.length} segments`, ...findingsOf(report)];
  for (const [name, holds] of Object.entries({
    rebuilt: reader.rebuilt,
    covered: coverage.length > 0,
    damaged: damaged > 0,
    destroyed: destroyed > 0,
    given: gops.length > 0,
  })) {
    features.push(`${holds ? '' : 'not '}${name}`);
  }
  return { gops, features };
};

function findingsOf({ damages, notes }: CheckReport): string[] {
  return [...new Set([...damages, ...notes].map(({ kind }) => kind))].sort();
}

export interface Examined {
  features: string[];
  /** what is wrong; empty when it behaved */
  wrong: string[];
}

/** One case. */
export async function examine(base: Base, recipe: Recipe, read: ReadAll = readAll): Promise<Examined> {
  const files = filesInMemory(applyRecipe(base.generations, recipe), mostSteps);
  try {
    const { gops, features } = await read(files, base.keys);
    return { features, wrong: inventions(gops, base.readable) };
  } catch (error) {
    if (error instanceof VigieError && error.kind === 'store')
      return { features: [error.message.replace(/\d+/g, '')], wrong: [] };
    return { features: ['threw'], wrong: [`threw ${String(error)}`] };
  }
}

function inventions(gops: readonly StoredGop[], readable: Base['readable']): string[] {
  const wrong: string[] = [];
  const seen = new Set<number>();
  for (const gop of gops) {
    const { record, class: of } = gop;
    const content = readable.get(`${record} ${of}`);
    if (content === undefined) wrong.push(`record ${record} ${of} was destroyed, or never stored`);
    else if (!content.has(contentOf(gop))) wrong.push(`record ${record} is not what was stored`);
    if (seen.has(record)) wrong.push(`record ${record} is given out twice`);
    seen.add(record);
  }
  return wrong;
}

export interface FuzzOptions {
  cases: number;
  seed: number;
  /** recipes that were interesting before; half of the cases add to one */
  corpus: readonly Recipe[];
  read?: ReadAll;
  onProgress?: (found: FuzzFound) => void;
}

export interface FuzzFound {
  cases: number;
  /** pairs of things that were noticed in one case */
  pairs: number;
  /** blocks of the store's code that ran */
  blocks: number;
  /** recipes that showed a pair, or reached a block, that none before did, the corpus included */
  fresh: Recipe[];
  /** cases with findings; `SEED: WHAT` */
  violations: string[];
  /** the recipes of these */
  broken: Recipe[];
}

const mostViolations = 20;
/** Cases between two looks at the coverage. */
const batchCases = 16;

/** The corpus, then cases of seeds `seed`, `seed` + 1 and so on. */
export async function fuzz(base: Base, options: FuzzOptions): Promise<FuzzFound> {
  const coverage = new BlockCoverage('/runtime/record/');
  coverage.start();
  try {
    return await new Fuzzer(base, options, coverage).run();
  } finally {
    coverage.stop();
  }
}

interface Case {
  name: string;
  recipe: Recipe;
}

class Fuzzer {
  readonly #found: FuzzFound = { cases: 0, pairs: 0, blocks: 0, fresh: [], violations: [], broken: [] };
  readonly #pairs = new Set<string>();
  readonly #pool: Recipe[];

  constructor(
    private readonly base: Base,
    private readonly options: FuzzOptions,
    private readonly coverage: BlockCoverage,
  ) {
    this.#pool = [...options.corpus];
  }

  async run(): Promise<FuzzFound> {
    const { corpus, cases, onProgress } = this.options;
    for (const [i, recipe] of corpus.entries()) await this.#take({ name: `corpus ${i + 1}`, recipe });
    this.coverage.enter(this.coverage.fresh());
    const found = this.#found;
    while (found.cases < cases && found.violations.length < mostViolations) {
      const batch = Array.from({ length: Math.min(batchCases, cases - found.cases) }, (_, i) =>
        this.#choose(found.cases + i),
      );
      for (const one of batch) if (await this.#take(one)) this.#keep(one.recipe);
      await this.#attribute(batch);
      found.cases += batch.length;
      onProgress?.(found);
    }
    found.blocks = this.coverage.size;
    return found;
  }

  #choose(n: number): Case {
    const random = seeded(this.options.seed + n);
    const grown = random() < 0.5 ? this.#pool[Math.floor(random() * this.#pool.length)] : undefined;
    return {
      name: `case ${this.options.seed + n}`,
      recipe: new Chooser(this.base.generations, random).recipe(grown),
    };
  }

  /** @returns whether it showed a pair of findings that none before did */
  async #take({ name, recipe }: Case): Promise<boolean> {
    const { features, wrong } = await examine(this.base, recipe, this.options.read);
    this.#found.violations.push(...wrong.map((what) => `${name}: ${what}`));
    if (wrong.length > 0) this.#found.broken.push(recipe);
    for (const one of features) for (const other of features) this.#pairs.add(`${one}, ${other}`);
    const fresh = this.#pairs.size > this.#found.pairs;
    this.#found.pairs = this.#pairs.size;
    return fresh;
  }

  /** When a batch reached blocks that no case before did, its cases are made again one by one to see which. */
  async #attribute(batch: readonly Case[]): Promise<void> {
    const missing = new Set(this.coverage.fresh());
    if (missing.size === 0) return;
    for (const { recipe } of batch) {
      await examine(this.base, recipe, this.options.read);
      const reached = this.coverage.fresh().filter((block) => missing.has(block));
      if (reached.length > 0) this.#keep(recipe);
      this.coverage.enter(reached);
    }
    this.coverage.enter([...missing]);
  }

  #keep(recipe: Recipe): void {
    if (this.#found.fresh.includes(recipe)) return;
    this.#pool.push(recipe);
    this.#found.fresh.push(recipe);
  }
}

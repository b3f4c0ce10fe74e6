/** `npm run fault -- fuzz`: many cases of store-fuzz.ts, and the corpus beside it. Also where the corpus lies. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { atMost, type Row, row } from '../../runtime/health/report.js';
import { makeBase } from './store-base.js';
import { type FuzzFound, fuzz } from './store-fuzz.js';
import { type Recipe, recipeShape } from './store-recipes.js';

/** One recipe a line. */
const corpusFile = join(
  import.meta.dirname,
  '..',
  '..',
  '..',
  'test',
  'fuzz',
  'corpus',
  'store',
  'recipes.jsonl',
);

const saidEvery = 5000;

export async function readCorpus(): Promise<Recipe[]> {
  const text = await readFile(corpusFile, 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => recipeShape.parse(JSON.parse(line)));
}

async function addToCorpus(recipes: readonly Recipe[]): Promise<void> {
  const lines = recipes.map((recipe) => `${JSON.stringify(recipe)}\n`);
  await writeFile(corpusFile, lines.join(''), { flag: 'a' });
}

export interface FuzzCommand {
  cases?: number;
  seed?: number;
  /** add what was new to the corpus */
  keep?: boolean;
}

export async function fuzzStore(
  say: (line: string) => unknown,
  { cases = 100_000, seed = 1, keep = false }: FuzzCommand = {},
): Promise<{ rows: Row[]; violations: string[] }> {
  const corpus = await readCorpus();
  const from = performance.now();
  let next = saidEvery;
  const onProgress = ({ cases: done, pairs }: FuzzFound): void => {
    if (done < next) return;
    next += saidEvery;
    say(`${done} of ${cases} cases, seed ${seed}, ${pairs} pairs of findings`);
  };
  const found = await fuzz(await makeBase(), { cases, seed, corpus, onProgress });
  if (keep) await addToCorpus([...found.broken, ...found.fresh]);
  for (const recipe of found.broken) say(`broken by ${JSON.stringify(recipe)}`);
  const { violations } = found;
  const rows = [
    row('cases', found.cases, ''),
    row('of the corpus', corpus.length, ''),
    row('pairs of findings', found.pairs, ''),
    row('blocks of code reached', found.blocks, ''),
    row('cases kept as new', found.fresh.length, ''),
    row('time', (performance.now() - from) / 60_000, 'min'),
    atMost('violations', violations.length, '', 0),
  ];
  return { rows, violations };
}

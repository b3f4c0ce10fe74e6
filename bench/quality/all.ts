/**
 * `npm run bench -- quality --data DIR`: everything that is measured on footage with known answers, in one table. A set that is not in
 * the folder is said and left out; nothing of it is part of this repository.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from '../report.js';
import { crossingRows } from './crossings.js';
import { falseAlarmRows } from './false-alarms.js';
import { ped2Rows } from './ped2.js';
import { petsRows } from './pets.js';
import { urFallRows } from './urfall.js';
import { weatherRows } from './weather-alarms.js';

/** Each set with the part of the folder that it needs; null: only what set-up fetched. */
const sets: {
  name: string;
  needs: string | null;
  rows: (directory: string, say: (line: string) => void) => Promise<Row[]>;
}[] = [
  { name: 'people', needs: 'pets09/gt.txt', rows: (directory) => petsRows(directory) },
  { name: 'novelty', needs: 'ped2', rows: ped2Rows },
  { name: 'falls', needs: 'urfall/labels.csv', rows: urFallRows },
  { name: 'crossings', needs: 'pets09/gt.txt', rows: (directory) => crossingRows(directory) },
  { name: 'false-alarms', needs: 'ped2', rows: falseAlarmRows },
  { name: 'weather', needs: null, rows: (_, say) => weatherRows(say) },
];
export const setNames = sets.map(({ name }) => name);

/** @param options.only names of sets; all when empty */
export async function benchQuality(
  say: (line: string) => void,
  { data, only }: { data?: string | undefined; only: readonly string[] },
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const set of sets) {
    if (only.length > 0 && !only.includes(set.name)) continue;
    if (set.needs !== null && (data === undefined || !existsSync(join(data, set.needs)))) {
      say(
        `${set.name}: left out, ${data === undefined ? 'no --data' : `there is no ${join(data, set.needs)}`}`,
      );
      continue;
    }
    say(`${set.name} ...`);
    rows.push(...(await set.rows(data ?? '', say)));
  }
  return rows;
}

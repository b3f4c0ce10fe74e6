/**
 * The program that cuts the power of a card with a real file system; started by power-cut.ts in a mount namespace of its
 * own, so that nothing stays mounted however it ends. The store works, the card is cut at points of what it was given,
 * and each time what is left is mounted and opened. Prints its findings as one line of JSON.
 */
import { parseArgs } from 'node:util';
import { seeded } from '../random.js';
import { CardImage, emptyCard } from './card-image.js';
import type { Findings } from './power-cut.js';
import { type Cut, CutHistory, type Entry, placesIn } from './power-cut-history.js';
import { examine, type IgnoredSyncs, workOn } from './power-cut-work.js';

const cardBytes = 8 * 1024 * 1024;
const cutsOfASession = 20;
const sessionsOfACard = 5;
const usualSpanMs = 60_000;

interface Run {
  card: CardImage;
  cuts: number;
  random: () => number;
  ignoreSyncs: IgnoredSyncs;
  liar: boolean;
  findings: Findings;
}

/** What the card holds, and what was told of it. */
interface State {
  image: Buffer;
  told: string[];
}

/**
 * The store at work on a mounted card, to its end.
 * @returns what the card held when it was mounted, and what happened from there
 */
async function sessionOn(
  { card, random, ignoreSyncs }: Run,
  image: Buffer,
  session: number,
): Promise<{ mounted: Buffer; entries: Entry[] }> {
  const entries: Entry[] = [];
  const say = (entry: Entry): void => void entries.push(entry);
  await card.insert(Buffer.from(image));
  const mounted = card.record(say);
  // Segments of one GOP, then segments that are filled.
  const maxSpanMs = session % 2 === 0 ? usualSpanMs : usualSpanMs * 1000;
  await workOn(card.path, say, { random, ignoreSyncs, lines: 20 + Math.floor(random() * 40), maxSpanMs });
  card.record(null);
  await card.remove();
  return { mounted, entries };
}

async function tryCut({ card, random, findings }: Run, cut: Cut, told: string[]): Promise<State> {
  findings.cuts += 1;
  findings.during[cut.work] = (findings.during[cut.work] ?? 0) + 1;
  if (cut.unflushed > 0) findings.withUnflushed += 1;
  const wrong: string[] = [];
  try {
    await card.insert(cut.image);
    wrong.push(...(await examine(card.path, told, random)));
  } catch (error) {
    wrong.push(String(error));
  }
  const image = await card.remove();
  await card.checkFileSystem().catch((error: unknown) => void wrong.push(String(error)));
  const how = `cut ${findings.cuts} (${cut.work}, entry ${cut.at}, ${cut.unflushed} writes not flushed)`;
  findings.violations.push(...wrong.map((what) => `${how}: ${what}`));
  return { image, told };
}

/**
 * Each session goes on from what the last cut of the one before left; now and then it begins with an empty card. Ends
 * when it has cut often enough, or has found something: what follows a violation says nothing.
 */
async function cutAll(run: Run, empty: Buffer): Promise<void> {
  const { findings, random, liar } = run;
  let state: State = { image: empty, told: [] };
  for (let session = 0; findings.cuts < run.cuts; session++) {
    if (session % sessionsOfACard === 0) state = { image: empty, told: [] };
    const before = state;
    const { mounted, entries } = await sessionOn(run, before.image, session);
    findings.points += entries.length + 1;
    const cutter = new CutHistory(mounted, entries, { random, liar });
    const count = Math.min(cutsOfASession, run.cuts - findings.cuts);
    for (const place of placesIn(entries, count, random)) {
      const cut = cutter.cut(place);
      state = await tryCut(run, cut, [...before.told, ...cut.told]);
      if (findings.violations.length > 0) return;
    }
    const since = state.told.slice(before.told.length);
    findings.acknowledged += since.filter((line) => line.startsWith('stored')).length;
    findings.destroyed += since.filter((line) => line.startsWith('destroyed')).length;
  }
}

// Whoever started this has gone: so must everything that is mounted here, with the last process of the namespace.
process.stdin.on('end', () => process.kill(process.pid, 'SIGKILL')).resume();

const { values } = parseArgs({
  options: {
    directory: { type: 'string', default: '' },
    cuts: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    'ignore-syncs': { type: 'string', default: 'none' },
    liar: { type: 'boolean', default: false },
  },
});

const { directory } = values;
const card = new CardImage({ directory, bytes: cardBytes });
const findings: Findings = {
  cuts: 0,
  points: 0,
  during: {},
  withUnflushed: 0,
  acknowledged: 0,
  destroyed: 0,
  violations: [],
};
try {
  const empty = await emptyCard(directory, cardBytes);
  await card.start();
  const run: Run = {
    card,
    cuts: Number(values.cuts),
    random: seeded(Number(values.seed)),
    ignoreSyncs: values['ignore-syncs'] as IgnoredSyncs,
    liar: values.liar,
    findings,
  };
  await cutAll(run, empty);
} finally {
  await card.stop();
}
process.stdout.write(`${JSON.stringify(findings)}\n`);
process.stdin.destroy();

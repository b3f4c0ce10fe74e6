/**
 * The program that cuts the power of a camera of two slots; started by ota-cut.ts in a mount namespace of its own, so that
 * nothing stays mounted however it ends. The slots lie on a card with a real file system (card-image.ts); the camera is
 * updated on it, the card is cut at points of what it was given, and what is left is mounted and started. Prints its findings
 * as one line of JSON.
 */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { seeded } from '../random.js';
import { CardImage, emptyCard } from './card-image.js';
import { TinyVersions } from './ota-bundles.js';
import type { CutFindings } from './ota-cut.js';
import { type Careless, examine, type Site, session } from './ota-session.js';
import { provision } from './ota-site.js';
import { Truth, type Wrong } from './ota-truth.js';
import { type Cut, CutHistory, type Entry, placesIn } from './power-cut-history.js';

const cardBytes = 8 * 1024 * 1024;
const cutsOfASession = 20;
/** One start in so many is by the launcher as a process; the others take its decisions in this one. */
const reallyEvery = 4;

interface Run {
  card: CardImage;
  site: Site;
  cuts: number;
  liar: boolean;
  findings: CutFindings;
}

/** What the card holds, and what was told of it. */
interface State {
  image: Buffer;
  told: string[];
}

async function sessionOn(
  { card, site }: Run,
  image: Buffer,
): Promise<{ mounted: Buffer; entries: Entry[]; error: unknown }> {
  const entries: Entry[] = [];
  await card.insert(Buffer.from(image));
  const mounted = card.record((event) => entries.push(event));
  let error: unknown = null;
  try {
    await session(site, {
      step: (work) => entries.push({ kind: 'step', work }),
      tell: (line) => entries.push({ kind: 'told', line }),
    });
  } catch (cause) {
    error = cause;
  }
  card.record(null);
  await card.remove();
  return { mounted, entries, error };
}

/** @returns what is left, looked at, updated and whole again */
async function tryCut({ card, site, findings }: Run, cut: Cut, before: string[]): Promise<State> {
  findings.cuts += 1;
  findings.during[cut.work] = (findings.during[cut.work] ?? 0) + 1;
  if (cut.unflushed > 0) findings.withUnflushed += 1;
  const told = [...before, ...cut.told];
  const truth = truthOf(site, told);
  const really = findings.cuts % reallyEvery === 0;
  if (really) findings.processes += 1;
  const wrong: Wrong[] = [];
  try {
    await card.insert(cut.image);
    wrong.push(...(await examine(site, truth, { really, tell: (line) => told.push(line) })));
  } catch (error) {
    wrong.push({ kind: 'card', what: String(error) });
  }
  const image = await card.remove();
  await card.checkFileSystem().catch((error: unknown) => wrong.push({ kind: 'card', what: String(error) }));
  note(findings, wrong, `cut ${findings.cuts} (${cut.work}, entry ${cut.at}, ${cut.unflushed} not flushed)`);
  return { image, told };
}

function truthOf({ manifests }: Site, told: readonly string[]): Truth {
  const truth = new Truth(manifests);
  for (const line of told) truth.take(line);
  return truth;
}

function note(findings: CutFindings, wrong: readonly Wrong[], how: string): void {
  for (const { kind, what } of wrong) {
    findings.wrong[kind] += 1;
    findings.violations.push(`${how}: ${what}`);
  }
}

/**
 * A session goes on from what was looked at after the last cut of the one before, or, every other time, from a cut that
 * nobody has looked at: so that clearing up is cut too. Ends when it has cut often enough, or has found something.
 */
async function cutAll(run: Run, first: State): Promise<void> {
  const { findings, site, liar } = run;
  const { random } = site;
  let state = first;
  while (findings.cuts < run.cuts) {
    const before = state;
    const { mounted, entries, error } = await sessionOn(run, before.image);
    if (error !== null) {
      note(findings, [{ kind: 'brick', what: String(error) }], 'without a cut, or after an unseen one');
      return;
    }
    findings.points += entries.length + 1;
    const cutter = new CutHistory(mounted, entries, { random, liar });
    const unseen = random() < 0.5;
    const count = Math.min(cutsOfASession, run.cuts - findings.cuts);
    const places = site.careless ? placesOfCare(entries) : placesIn(entries, count, random);
    for (const [index, place] of places.entries()) {
      const cut = cutter.cut(place);
      const seen = await tryCut(run, { ...cut, image: Buffer.from(cut.image) }, before.told);
      if (findings.violations.length > 0) return;
      const raw = { image: cut.image, told: [...before.told, ...cut.told] };
      if (index === 0 || random() < 0.5) state = unseen ? raw : seen;
    }
  }
}

/** The moment in which a careless installer has said that it is done, several times: it need not be looked for. */
function placesOfCare(entries: readonly Entry[]): number[] {
  const done = entries.findIndex((entry) => entry.kind === 'told' && entry.line.startsWith('installed'));
  return Array.from({ length: 4 }, () => done + 1);
}

// Whoever started this has gone: so must everything that is mounted here, with the last process of the namespace.
process.stdin.on('end', () => process.kill(process.pid, 'SIGKILL')).resume();

const { values } = parseArgs({
  options: {
    directory: { type: 'string', default: '' },
    cuts: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    careless: { type: 'string' },
    liar: { type: 'boolean', default: false },
  },
});

const { directory, liar } = values;
const random = seeded(Number(values.seed));
const card = new CardImage({ directory, bytes: cardBytes });
const findings: CutFindings = {
  cuts: 0,
  points: 0,
  during: {},
  withUnflushed: 0,
  processes: 0,
  wrong: { torn: 0, brick: 0, version: 0, retry: 0, card: 0 },
  violations: [],
};
try {
  const empty = await emptyCard(directory, cardBytes);
  await card.start();
  const versions = new TinyVersions(join(directory, 'bundles'), random);
  const version = await versions.next();
  const careless = (values.careless as Careless | undefined) ?? null;
  const manifests = new Map([[version.version, version.bundle.manifestSha256]]);
  const site: Site = { root: join(card.path, 'vigie'), versions, manifests, random, careless };
  await card.insert(empty);
  await provision(site.root, version);
  const image = Buffer.from(await card.remove());
  const run: Run = { card, site, cuts: Number(values.cuts), liar, findings };
  await cutAll(run, { image, told: [`confirmed ${version.version}`] });
  await card.stop();
} catch (error) {
  // What is mounted goes with this process, when nothing of it waits for the card any more.
  writeSync(2, `${String(error)}\n`);
  await Promise.race([card.stop().catch(() => {}), wait(5000)]);
  process.kill(process.pid, 'SIGKILL');
}
process.stdout.write(`${JSON.stringify(findings)}\n`);
process.stdin.destroy();

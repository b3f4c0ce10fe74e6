/**
 * What the register says of a simulated month, compared with what is true of it: one birth, one seal and one destruction
 * for each key, with their times, and the answer for the interval of each key before and after it went. Called by month.ts
 * at the end.
 */
import { type Answer, Destruction } from '../../runtime/access/register/destruction.js';
import type { EntryOf, Told } from '../../runtime/access/register/entry.js';
import { answerFor, checkProof } from '../../runtime/access/register/proof.js';
import { verifyRegister } from '../../runtime/access/register/verify.js';
import type { RecordClass } from '../../runtime/record/key-sector.js';
import { gopMs } from './month-camera.js';
import { type Place, placeKey, type Truth, toleranceMs } from './month-truth.js';

/** What is told of one segment. */
interface Story {
  born: Told[];
  sealed: EntryOf<'segment-sealed'>[];
  destroyed: EntryOf<'key-destroyed'>[];
}

/** Returns how many answers were compared. */
export async function compareRegister(truth: Truth, directory: string, proofs: number): Promise<number> {
  const entries: Told[] = [];
  const { findings } = await verifyRegister(directory, (entry) => entries.push(entry));
  for (const finding of findings) truth.wrong(`the register: ${JSON.stringify(finding)}`);
  const stories = new Map<string, Story>();
  for (const entry of entries) {
    if (entry.kind !== 'segment-born' && entry.kind !== 'segment-sealed' && entry.kind !== 'key-destroyed')
      continue;
    const key = `${entry.storeId} ${entry.segment}`;
    const story = stories.get(key) ?? { born: [], sealed: [], destroyed: [] };
    stories.set(key, story);
    if (entry.kind === 'segment-born') story.born.push(entry);
    else if (entry.kind === 'segment-sealed') story.sealed.push(entry);
    else story.destroyed.push(entry);
  }
  let answers = 0;
  for (const place of truth.places.values()) {
    const story = stories.get(`${place.storeId} ${place.segment}`);
    compareStory(truth, place, story ?? { born: [], sealed: [], destroyed: [] });
    const gone = story?.destroyed.find(({ classes }) => classes.includes(place.class));
    if (gone && story?.sealed.length) answers += compareAnswers(truth, place, entries, gone);
  }
  // Of what is still being written the register does not know the classes.
  const sealed = [...truth.places.values()].filter(
    ({ storeId, segment }) => stories.get(`${storeId} ${segment}`)?.sealed.length,
  );
  return answers + (await compareProofs(truth, directory, sealed, proofs));
}

function compareStory(truth: Truth, place: Place, { born, sealed, destroyed }: Story): void {
  const name = placeKey(place);
  const wrong = (what: string): void => truth.wrong(`the register of ${name}: ${what}`);
  if (born.length !== 1) wrong(`${born.length} births`);
  const first = sealed.filter(({ timesCorrected }) => !timesCorrected);
  const again = sealed.filter(({ timesCorrected }) => timesCorrected);
  if (place.gone && first.length + again.length < 1) wrong('no seal');
  if (first.length > 1 || again.length > 1) wrong('sealed more than once');
  const span = sealed.at(-1)?.[place.class];
  if (sealed.length > 0) {
    if (span?.records !== place.gops.length) wrong(`${span?.records} records, not ${place.gops.length}`);
    const off = Math.max(
      Math.abs((span?.firstMs ?? 0) - place.firstMs),
      Math.abs((span?.lastMs ?? 0) - place.lastMs - gopMs),
    );
    if (off > 1) wrong(`its times are ${Math.round(off)} ms off`);
  }
  const gone = destroyed.filter(({ classes }) => classes.includes(place.class));
  if (gone.length !== (place.gone ? 1 : 0)) wrong(`${gone.length} destructions`);
  const told = gone[0];
  if (!told || !place.gone) return;
  if (told.reason !== place.gone.by) wrong(`destroyed for ${told.reason}, not ${place.gone.by}`);
  if (told.trusted !== place.gone.clockSure) wrong(`its clock is told as ${told.trusted ? '' : 'not '}sure`);
  // What a clock of 1970 says is marked as such, and is worth nothing.
  if (!told.trusted) return;
  const offMs = Math.abs(told.at - place.gone.trueMs);
  if (offMs > toleranceMs) wrong(`destroyed ${Math.round(offMs / 1000)} s from when it was`);
}

/** `store destroyed` for the interval of a key: still there before its destruction was told, destroyed from then on. */
function compareAnswers(
  truth: Truth,
  place: Place,
  entries: readonly Told[],
  gone: EntryOf<'key-destroyed'>,
): number {
  const asked = { fromMs: place.firstMs, toMs: place.lastMs + gopMs };
  const until = (last: number): Destruction => {
    const destruction = new Destruction(asked);
    for (const entry of entries) if (entry.n <= last) destruction.feed(entry);
    return destruction;
  };
  const piece = (last: number): { destroyed: { atMs: number } | null } | undefined =>
    until(last)
      .answer()
      .pieces.find((found) => sameSegment(found, place));
  const [before, after] = [piece(gone.n - 1), piece(gone.n)];
  const name = placeKey(place);
  if (before && before.destroyed !== null) truth.wrong(`the answer for ${name} is too early`);
  if (!after) truth.wrong(`the answer for ${name} leaves it out`);
  else if (after.destroyed?.atMs !== gone.at) truth.wrong(`the answer for ${name} does not say when it went`);
  return 2;
}

/** What does not depend on how far the lines go: what is still being recorded ends with the last of them. */
function summary({ verdict, pieces }: Answer): string {
  return JSON.stringify([
    verdict,
    pieces.map(({ segment, class: of, destroyed }) => [segment, of, destroyed]),
  ]);
}

function sameSegment(found: { segment: number; class: RecordClass }, place: Place): boolean {
  return found.segment === place.segment && found.class === place.class;
}

/** The same through the files, with proofs that hold; of so many places. */
async function compareProofs(
  truth: Truth,
  directory: string,
  places: readonly Place[],
  count: number,
): Promise<number> {
  const every = Math.max(1, Math.floor(places.length / count));
  let compared = 0;
  for (const place of places.filter((_, i) => i % every === 0)) {
    const asked = { fromMs: place.firstMs, toMs: place.lastMs + gopMs };
    const { answer, proof } = await answerFor(directory, asked);
    const checked = checkProof(JSON.stringify(proof), null);
    const name = placeKey(place);
    for (const fault of checked.faults) truth.wrong(`the proof for ${name}: ${fault}`);
    if (!checked.answer || summary(checked.answer) !== summary(answer))
      truth.wrong(`the proof for ${name} says something else than the answer`);
    const piece = answer.pieces.find((found) => sameSegment(found, place));
    if (!piece || (piece.destroyed !== null) !== (place.gone !== null))
      truth.wrong(`the answer for ${name} is not what became of it`);
    compared += 1;
  }
  return compared;
}

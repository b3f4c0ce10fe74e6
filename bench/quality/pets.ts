/**
 * Measures looking and following on the sample clip (PETS 2009 S2.L1 view 1) against its ground truth. Run by bench/main.ts.
 * The stages are the product's own, with the configuration's defaults: mask without a zone, background, gate, model in its
 * thread, tracker. Every second picture of ten a second is looked at, and only those are scored.
 */
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { systemClock } from '../../board/linux/clock.js';
import { Look, type Seen } from '../../pipelines/detect/look.js';
import type { MaskedFrame } from '../../pipelines/frame.js';
import { Masker } from '../../pipelines/mask/masker.js';
import type { DetectOptions, Track } from '../../pipelines/messages.js';
import { Tracker } from '../../pipelines/track/tracker.js';
import { sampleClip } from '../clip.js';
import { clipSize, readTruth } from '../detect.js';
import { atLeast, atMost, type Row, row } from '../report.js';
import { clipPictures } from './clip.js';
import { productOptions } from './footage.js';
import type { TruthBox } from './mot.js';
import { scoreTracking } from './tracking.js';

/** Ten pictures a second in the clip, five looks. */
const LOOK_EVERY = 2;
const LOOK_US = 200_000;
/** The goals stand at this overlap: the boxes of the truth are loose. */
const OVERLAP = 0.4;
const BESIDE = [0.3, 0.5];
const GOALS = { recall: 0.93, precision: 0.93, mota: 0.85, lookMs: 25 };
/** The first looks also allocate; their time is not counted. */
const WARM_UP = 5;
/** A track that more looks in a row than these missed is no answer: 0.4 s. Chosen on the first half (docs/tracking.md). */
const MOST_MISSED = 2;

interface Looked {
  truth: readonly TruthBox[];
  tracks: readonly Track[];
  /** the same detections, followed without what the background tells of places */
  believing: readonly Track[];
  /** people's boxes of the truth, not ignored, in which the background sees nothing going on */
  unseenByBackground: number;
  looked: Seen['looked'];
  /** of all threads of this process, milliseconds */
  cpuMs: number;
}

/**
 * @param dir holds pets09/gt.txt, MOT15 rows
 * @param changes of the configuration's `detect`, to compare
 * @throws VigieError `config` without the ground truth, `model` or `source` when set-up has not run
 */
export async function petsRows(dir: string, changes: Partial<DetectOptions> = {}): Promise<Row[]> {
  const truth = await readTruth(join(dir, 'pets09', 'gt.txt'));
  const looks = await lookAtClip(truth, { ...productOptions(clipSize), ...changes });
  const half = looks.slice(looks.length >> 1);
  const sum = (of: (look: Looked) => number): number => looks.reduce((total, l) => total + of(l), 0);
  const times = looks.slice(WARM_UP).map((l) => l.cpuMs);
  const share = (looked: Seen['looked']): number =>
    looks.filter((l) => l.looked === looked).length / looks.length;
  return [
    ...scoreRows('pets', answered(looks), OVERLAP, true),
    ...scoreRows('pets, second half', answered(half), OVERLAP, false),
    ...BESIDE.flatMap((overlap) => scoreRows('pets', answered(looks), overlap, false)),
    ...scoreRows('pets, without those missed by the look', seenOnly(looks), OVERLAP, false),
    ...scoreRows(
      'pets, without the background',
      answered(looks.map((l) => ({ ...l, tracks: l.believing }))),
      OVERLAP,
      false,
    ),
    row(
      'pets, true boxes where nothing goes on',
      sum((l) => l.unseenByBackground),
      'boxes',
    ),
    atMost('pets, look, CPU, mean', times.reduce((a, b) => a + b, 0) / times.length, 'ms', GOALS.lookMs),
    row('pets, looks', looks.length, 'looks'),
    row('pets, looks at a window', share('window'), 'share'),
    row('pets, looks without the model', share('none'), 'share'),
  ];
}

async function lookAtClip(truth: ReadonlyMap<number, TruthBox[]>, options: DetectOptions): Promise<Looked[]> {
  const frames = await dueFrames();
  const follow = (): Tracker => new Tracker({ ...options, aspect: clipSize.width / clipSize.height });
  const [tracker, believing] = [follow(), follow()];
  let answer: { resolve(seen: Seen): void; reject(error: unknown): void } | null = null;
  const look = new Look(
    {
      clock: systemClock,
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      onSeen: (seen) => answer?.resolve(seen),
      onFault: (error) => answer?.reject(error),
      expected: (monoUs) => tracker.expected(monoUs),
      dropped: () => undefined,
    },
    options,
    clipSize,
  );
  await look.start();
  const looks: Looked[] = [];
  try {
    for (const frame of frames) {
      const before = process.cpuUsage();
      const seen = await new Promise<Seen>((resolve, reject) => {
        answer = { resolve, reject };
        look.offer(frame);
      });
      const tracks = tracker.update(seen.detections, frame.monoUs, seen.isLively);
      const { user, system } = process.cpuUsage(before);
      const people = (truth.get(frame.seq) ?? []).filter((t) => !t.ignored);
      const found = {
        tracks,
        believing: believing.update(seen.detections, frame.monoUs),
        unseenByBackground: people.filter(({ box }) => !seen.isLively(box)).length,
        looked: seen.looked,
        cpuMs: (user + system) / 1000,
      };
      // The look is over a moment after it told what it saw; a frame offered before that is passed by.
      await setImmediate();
      looks.push({ truth: truth.get(frame.seq) ?? [], ...found });
    }
  } finally {
    await look.stop();
  }
  return looks;
}

/** All before the first look, so that decoding the clip takes nothing from the time measured; `seq` counts the clip's pictures. */
async function dueFrames(): Promise<MaskedFrame[]> {
  const masker = new Masker(clipSize);
  masker.open(1, masker.load({ version: 1, zones: [] }));
  const frames: MaskedFrame[] = [];
  let seq = 0;
  for await (const bytes of clipPictures(sampleClip(), clipSize.width, clipSize.height, 0, 'I420')) {
    if (seq % LOOK_EVERY === 0) {
      const monoUs = (1 + seq / LOOK_EVERY) * LOOK_US;
      const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      frames.push(masker.mask({ kind: 'raw', seq, monoUs, wallMs: 0, ...clipSize, data }));
    }
    seq++;
  }
  return frames;
}

type Answers = Parameters<typeof scoreTracking>[0];

function people(tracks: readonly Track[]): Track[] {
  return tracks.filter((t) => t.class === 'person');
}

function seenOnly(looks: readonly Looked[]): Answers {
  return looks.map(({ truth, tracks }) => ({ truth, tracks: people(tracks).filter((t) => t.seen) }));
}

/** The tracks that the look found, and those that it or the one before missed too, at their predicted place. */
function answered(looks: readonly Looked[]): Answers {
  const missed = new Map<string, number>();
  return looks.map(({ truth, tracks }) => {
    for (const { id, seen } of tracks) missed.set(id, seen ? 0 : (missed.get(id) ?? 0) + 1);
    return { truth, tracks: people(tracks).filter(({ id }) => (missed.get(id) ?? 0) <= MOST_MISSED) };
  });
}

function scoreRows(name: string, answers: Answers, overlap: number, hasGoals: boolean): Row[] {
  const { recall, precision, mota, idf1, switches } = scoreTracking(answers, overlap);
  const title = (what: string): string => `${name}, people, ${what} at IoU ${overlap}`;
  const aimed = (what: string, value: number, goal: number): Row =>
    hasGoals ? atLeast(title(what), value, 'share', goal) : row(title(what), value, 'share');
  return [
    aimed('recall', recall, GOALS.recall),
    aimed('precision', precision, GOALS.precision),
    aimed('MOTA', mota, GOALS.mota),
    row(title('IDF1'), idf1, 'share'),
    row(title('identity switches'), switches, 'switches'),
  ];
}

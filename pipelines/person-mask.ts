/**
 * Joins the person mask to a tracker of its own and to the area it covers when nobody looks. Called by frame-path.ts once;
 * it holds nothing and decides nothing.
 */
import type { Clock } from '../board/ports.js';
import { Anonymiser } from './anonymise/anonymiser.js';
import type { MaskedFrame } from './frame.js';
import { spansOf } from './mask/spans.js';
import type { DetectOptions, PipelineOptions, Point } from './messages.js';
import { Tracker } from './track/tracker.js';

/** A person whom no look finds is expected where they were going for this long. */
const LOST_SECONDS = 2;
const WHOLE_PICTURE: Point[] = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
];

export interface PersonMaskPart
  extends Pick<PipelineOptions, 'personMask' | 'head' | 'rate' | 'width' | 'height'> {
  detect: Pick<DetectOptions, 'lowThreshold' | 'ratePerSecond'> | null;
}

/** Whether people are followed in the pictures of a head: by where it looks, which must then always be known. */
export function followsPeople({
  personMask: people,
  head,
}: Pick<PipelineOptions, 'personMask' | 'head'>): boolean {
  return people !== null && head !== null;
}

/** What a person mask covers is all that the looks find: each of them is then at the whole picture. */
export function looking(
  { personMask: people }: Pick<PipelineOptions, 'personMask'>,
  detect: DetectOptions,
): DetectOptions {
  return people ? { ...detect, fullLookSeconds: null } : detect;
}

/**
 * The stage that these options ask for, null when people are shown.
 * @param show takes each frame when nobody is to be seen in it any more
 */
export function personMask(
  clock: Clock,
  { personMask: people, head, detect, rate, width, height }: PersonMaskPart,
  show: (frame: MaskedFrame) => void,
): Anonymiser | null {
  if (!people) return null;
  const lowThreshold = detect?.lowThreshold ?? 1;
  // The tracker that the scene is told of waits for a second look; this one follows whoever was seen once.
  const follow = (): Tracker =>
    new Tracker({
      lowThreshold,
      highThreshold: lowThreshold,
      aspect: width / height,
      confirmHits: 1,
      lostSeconds: LOST_SECONDS,
    });
  // An area of the picture means nothing once the picture turns.
  const area = spansOf([(head ? null : people.area) ?? WHOLE_PICTURE], { width, height }, 0);
  const framesPerSecond = rate.numerator / rate.denominator;
  const looksPerSecond = detect?.ratePerSecond ?? null;
  return new Anonymiser({ clock, follow, area, release: show }, people, {
    width,
    height,
    framesPerSecond,
    looksPerSecond,
  });
}

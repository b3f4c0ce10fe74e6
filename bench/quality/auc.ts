/** How well scores tell two kinds of frames apart. Read by bench/quality/ped2.ts; pure. */

export interface Scored {
  score: number;
  abnormal: boolean;
}

/**
 * Area under the ROC curve: the share of pairs of an abnormal and a normal frame in which the abnormal one scores higher, a tie
 * counting half (Mann and Whitney). NaN when one of the kinds is missing.
 */
export function areaUnderRoc(frames: readonly Scored[]): number {
  const sorted = [...frames].sort((a, b) => a.score - b.score);
  const abnormal = sorted.filter((f) => f.abnormal).length;
  const normal = sorted.length - abnormal;
  let ranks = 0;
  for (let i = 0; i < sorted.length; ) {
    let end = i;
    while (sorted[end]?.score === sorted[i]?.score && end < sorted.length) end++;
    const rank = (i + 1 + end) / 2;
    for (; i < end; i++) if (sorted[i]?.abnormal) ranks += rank;
  }
  return (ranks - (abnormal * (abnormal + 1)) / 2) / (abnormal * normal);
}

/** The frames of one clip, scores from 0 to 1: a live camera cannot do this, published figures do. */
export function perClip(frames: readonly Scored[]): Scored[] {
  const scores = frames.map(({ score }) => score);
  const least = Math.min(...scores);
  const range = Math.max(...scores) - least;
  return frames.map((f) => ({ ...f, score: range > 0 ? (f.score - least) / range : 0 }));
}

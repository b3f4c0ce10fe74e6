/**
 * Counts hits, misses and false detections against ground truth. Fed by bench/detect.ts, a picture at a time.
 * Greedy by score, as PASCAL VOC does: each detection, best first, takes the free true box it overlaps most.
 */
import { overlapOf } from '../../models/decode/centernet.js';
import type { Detection } from '../../pipelines/messages.js';
import type { TruthBox } from './mot.js';

export interface Counts {
  /** true boxes found */
  hits: number;
  /** true boxes not found */
  misses: number;
  /** detections of nothing */
  falseOnes: number;
}

/**
 * Matches the detections in one picture, all of the class in question.
 * @param leastOverlap IoU from which a detection may be a hit, 0..1
 */
export function matchPicture(detections: Detection[], truth: TruthBox[], leastOverlap: number): Counts {
  const free = new Set(truth.filter((t) => !t.ignored));
  const ignored = truth.filter((t) => t.ignored);
  const counts: Counts = { hits: 0, misses: 0, falseOnes: 0 };
  for (const { box } of [...detections].sort((a, b) => b.score - a.score)) {
    let best: TruthBox | null = null;
    let bestOverlap = 0;
    for (const candidate of free) {
      const overlap = overlapOf(box, candidate.box);
      if (overlap < leastOverlap || overlap <= bestOverlap) continue;
      best = candidate;
      bestOverlap = overlap;
    }
    if (best) {
      free.delete(best);
      counts.hits++;
    } else if (!ignored.some((t) => overlapOf(box, t.box) >= leastOverlap)) {
      counts.falseOnes++;
    }
  }
  counts.misses = free.size;
  return counts;
}

/** Sums of counts, as recall and precision; null when nothing was there to find, or nothing was found. */
export function recallAndPrecision(all: Counts[]): { recall: number | null; precision: number | null } {
  const sum = (key: keyof Counts): number => all.reduce((total, counts) => total + counts[key], 0);
  const [hits, misses, falseOnes] = [sum('hits'), sum('misses'), sum('falseOnes')];
  return {
    recall: hits + misses > 0 ? hits / (hits + misses) : null,
    precision: hits + falseOnes > 0 ? hits / (hits + falseOnes) : null,
  };
}

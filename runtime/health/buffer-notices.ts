/**
 * What the operator is told while recordings wait in memory or go to the second store (docs/card.md). Called by
 * runtime/archive.ts. Decides from the values it is given alone.
 */
import type { BufferState } from '../record/recorder.js';
import type { Notice } from './health.js';

const clockTime = (ms: number): string => {
  const at = new Date(ms);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((n) => String(n).padStart(2, '0')).join(':');
};

/** @param onSecond the first store refuses, and the second takes what is recorded */
export function bufferNotices({ buffer, onSecond }: { buffer: BufferState; onSecond: boolean }): Notice[] {
  const found: Notice[] = [];
  if (onSecond) found.push(words.second);
  const { bytes, capacityBytes, sinceMs, lost } = buffer;
  if (sinceMs !== null) {
    const share = Math.min(100, Math.round((100 * bytes) / capacityBytes));
    const [since, mib] = [clockTime(sinceMs), Math.round(capacityBytes / 2 ** 20)];
    found.push({
      code: 'recording-waits',
      fr: `Rien n’atteint une carte depuis ${since}. Les images attendent en mémoire : ${share} % de ${mib} Mio.`,
      en: `Nothing has reached a card since ${since}. Recordings wait in memory: ${share} % of ${mib} MiB.`,
    });
  }
  if (lost > 0) {
    found.push({
      code: 'buffer-full',
      fr: `La mémoire d’attente est pleine : les images les plus anciennes se perdent, environ ${lost} s jusqu’ici.`,
      en: `The memory for what waits is full: the oldest is being lost, about ${lost} s until now.`,
    });
  }
  return found;
}

/** The same of the other card; its code begins with `second-`. */
export function ofSecondCard({ code, fr, en }: Notice): Notice {
  return { code: `second-${code}`, fr: `Second enregistrement : ${fr}`, en: `Second store: ${en}` };
}

const words = {
  second: {
    code: 'on-second-store',
    fr: 'La première carte refuse les images : elles vont au second enregistrement.',
    en: 'The first card refuses recordings: they go to the second store.',
  },
} satisfies Record<string, Notice>;

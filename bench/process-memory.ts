/**
 * Memory of a process and of those it starts, from `/proc`, for the benches: what it uses now, and the most it ever used, which
 * is looked for many times a second. A child that lives shorter than that is missed.
 */
import { readFileSync } from 'node:fs';

const everyMs = 10;

export interface Peak {
  /** the process itself and its children at the same time, MiB */
  allMiB: number;
  /** the children alone */
  childrenMiB: number;
}

/** Resident now, and of it what no other process shares, MiB. */
export function memoryNow(pid: number): { residentMiB: number; ownMiB: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const own = kibibytes(text, 'Private_Clean') + kibibytes(text, 'Private_Dirty');
  return { residentMiB: kibibytes(text, 'Rss') / 1024, ownMiB: own / 1024 };
}

/**
 * Looks at a process until it is told to end. Each look adds up the high-water marks (VmHWM) of the processes that
 * live at that moment; the highest sum is the answer, so it is never below what was used at once but for the time between two looks.
 */
export function watchPeak(pid: number): () => Peak {
  const peak: Peak = { allMiB: 0, childrenMiB: 0 };
  const look = (): void => {
    const [own, ...children] = family(pid);
    if (!own) return;
    // Between fork and exec a child has the memory of its parent, and its name.
    const others = children.filter(({ name }) => name !== own.name);
    const childrenMiB = others.reduce((sum, { mebibytes }) => sum + mebibytes, 0);
    peak.childrenMiB = Math.max(peak.childrenMiB, childrenMiB);
    peak.allMiB = Math.max(peak.allMiB, own.mebibytes + childrenMiB);
  };
  const timer = setInterval(look, everyMs);
  return () => {
    look();
    clearInterval(timer);
    return peak;
  };
}

interface Member {
  name: string;
  mebibytes: number;
}

/** The process first; nothing when it has ended. */
function family(pid: number): Member[] {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const name = /^Name:\t(.*)$/m.exec(status)?.[1] ?? '';
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    const own = { name, mebibytes: kibibytes(status, 'VmHWM') / 1024 };
    return [own, ...children.flatMap((child) => family(Number(child)))];
  } catch {
    return [];
  }
}

function kibibytes(text: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0);
}

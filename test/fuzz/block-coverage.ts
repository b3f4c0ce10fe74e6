/**
 * Which blocks of our own code ran, from V8's precise coverage, so that fuzzing can keep the cases that reach what none
 * before did. Used by store-fuzz.ts. Asking costs milliseconds: it is done for many cases at a time.
 */
import { Session } from 'node:inspector';

interface Taken {
  result: {
    url: string;
    functions: { ranges: { startOffset: number; endOffset: number; count: number }[] }[];
  }[];
}

export class BlockCoverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();

  /** @param part only files whose path holds this count */
  constructor(private readonly part: string) {}

  /** Blocks that ran at any time. */
  get size(): number {
    return this.#seen.size;
  }

  start(): void {
    this.#session.connect();
    this.#post('Profiler.enable');
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  stop(): void {
    this.#session.disconnect();
  }

  /** Blocks that ran since the last call and never before the last `enter`. */
  fresh(): string[] {
    const { result } = this.#post('Profiler.takePreciseCoverage') as Taken;
    const found: string[] = [];
    for (const { url, functions } of result) {
      if (!url.includes(this.part)) continue;
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          const block = `${url.slice(url.lastIndexOf('/') + 1)} ${startOffset} ${endOffset}`;
          if (count > 0 && !this.#seen.has(block)) found.push(block);
        }
      }
    }
    return found;
  }

  enter(blocks: readonly string[]): void {
    for (const block of blocks) this.#seen.add(block);
  }

  #post(method: string, params: object = {}): unknown {
    let answer: unknown;
    this.#session.post(method, params, (error, result) => {
      if (error) throw error;
      answer = result;
    });
    return answer;
  }
}

/**
 * Lets so many reads of the card go on at a time, in the order in which they were asked. Node does file work on four threads
 * (UV_THREADPOOL_SIZE): with all of them reading for players, a write or a sync of the recording would wait. Used by read.ts.
 */
export class ReadGate {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param most reads at a time */
  constructor(most: number) {
    this.#free = most;
  }

  async through<T>(read: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    try {
      return await read();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}

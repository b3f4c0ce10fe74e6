/**
 * Cuts a long look into stretches, so that the pictures, the console and the writer go on between two. Used by retention,
 * which looks at every segment of the card.
 */
import { setImmediate as turnOfLoop } from 'node:timers/promises';

/** Items between two pauses: some milliseconds on a slow board. */
const usualItems = 1000;

export class Stretches {
  #done = 0;

  constructor(private readonly items = usualItems) {}

  /** Counts an item; what is returned is to be waited for, when it is not null. */
  next(): Promise<void> | null {
    this.#done += 1;
    return this.#done % this.items === 0 ? turnOfLoop() : null;
  }
}

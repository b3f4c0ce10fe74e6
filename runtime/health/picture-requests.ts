/** Pictures asked of the pipeline process and not yet answered. Used by supervisor.ts. */
import type { Clock } from '../../board/ports.js';
import { VigieError } from '../../errors.js';
import type { Picture } from '../../pipelines/messages.js';

const TIMEOUT_MS = 2000;

export class PictureRequests {
  readonly #open = new Map<
    number,
    { resolve: (picture: Picture) => void; reject: (error: VigieError) => void }
  >();
  #lastId = 0;
  #newest: Promise<Picture> | null = null;

  /** Calls `send` with a new number; resolves with the picture that bears it. */
  ask(send: (id: number) => void, clock: Clock): Promise<Picture> {
    const id = ++this.#lastId;
    return new Promise<Picture>((resolve, reject) => {
      const cancel = clock.after(TIMEOUT_MS, () => this.fail(id, 'no answer in time'));
      this.#open.set(id, {
        resolve: (picture) => {
          cancel();
          resolve(picture);
        },
        reject: (error) => {
          cancel();
          reject(error);
        },
      });
      send(id);
    });
  }

  /** The newest picture. Whoever asks while one is being made gets that one: making it takes from the recording. */
  askNewest(send: (id: number) => void, clock: Clock): Promise<Picture> {
    this.#newest ??= this.ask(send, clock).finally(() => {
      this.#newest = null;
    });
    return this.#newest;
  }

  answer(picture: Picture): void {
    this.#open.get(picture.id)?.resolve(picture);
    this.#open.delete(picture.id);
  }

  fail(id: number, why: string): void {
    this.#open.get(id)?.reject(new VigieError('source', `No picture could be had: ${why}`, 'Ask again'));
    this.#open.delete(id);
  }

  failAll(why: string): void {
    for (const id of [...this.#open.keys()]) this.fail(id, why);
  }
}

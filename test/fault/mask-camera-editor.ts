/**
 * Who changes the private zones of the camera of mask-camera-run.ts while its head turns: by the messages of the zone editor
 * (docs/protocol.md), one change after the other, each on the version that the answer before told. Adds a piece of road, which hides
 * more, and removes it again, which hides less.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Point } from '../../pipelines/messages.js';
import type { FromServer } from '../../runtime/control/protocol.js';
import type { ControlClient } from '../control-client.js';

const road = {
  name: 'road',
  points: [
    [0.3, 0.6],
    [0.7, 0.6],
    [0.75, 0.9],
    [0.25, 0.9],
  ] satisfies Point[],
};
/** A picture that is hidden whole cannot be drawn on: then another one is asked for. */
const tries = 20;
const againMs = 100;
const answerMs = 10_000;

type Answer = Extract<FromServer, { t: 'mask' | 'mask.picture' | 'error' }>;

export class ZoneEditor {
  /** changes that were made */
  added = 0;
  removed = 0;
  /** changes that could not be made: nothing to draw on, or refused */
  failed = 0;
  readonly #client: ControlClient;
  #version: number | null = null;
  #hasRoad = false;
  #read = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(client: ControlClient) {
    this.#client = client;
  }

  /** Makes the next change when those before it are made. */
  edit(): void {
    this.#last = this.#last.then(() => this.#edit());
  }

  /** Resolves when every change is made. */
  done(): Promise<void> {
    return this.#last;
  }

  async #edit(): Promise<void> {
    if (this.#version === null) await this.#ask({ t: 'mask.get' });
    const before = this.#hasRoad;
    const change = before ? { remove: [road.name], add: [], picture: null } : await this.#drawn();
    if (change) await this.#ask({ t: 'mask.set', version: this.#version, ...change, noneBecause: null });
    if (before === this.#hasRoad) this.failed += 1;
    else if (before) this.removed += 1;
    else this.added += 1;
  }

  async #drawn(): Promise<object | null> {
    for (let i = 0; i < tries; i++) {
      const answer = await this.#ask({ t: 'mask.picture', id: i });
      if (answer?.t === 'mask.picture' && answer.drawable)
        return { remove: [], add: [road], picture: answer.number };
      await wait(againMs);
    }
    return null;
  }

  /** @returns the last answer to a request; null when none came */
  async #ask(request: { t: string; [field: string]: unknown }): Promise<Answer | null> {
    this.#read = this.#client.messages.length;
    this.#client.send(request);
    const endMs = Date.now() + answerMs;
    while (Date.now() < endMs && this.#client.closeCode === null) {
      const answer = this.#answer(request.t);
      if (answer) return answer;
      await wait(5);
    }
    return null;
  }

  /** An error comes before the zones in force when a change was refused; alone, when nothing was looked at. */
  #answer(asked: string): Answer | null {
    const { messages } = this.#client;
    for (; this.#read < messages.length; this.#read++) {
      const message = messages[this.#read];
      if (message?.t === 'mask') {
        this.#version = message.version;
        this.#hasRoad = message.zones.some(({ name }) => name === road.name);
      }
      const isError = message?.t === 'error' && message.re === asked && message.code !== 'mask-refused';
      if (message?.t === 'mask' || message?.t === 'mask.picture' || (isError && message.t === 'error')) {
        this.#read++;
        return message;
      }
    }
    return null;
  }
}

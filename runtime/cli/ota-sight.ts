/**
 * What a person sees of an update that is followed: one line that counts up on a terminal, one line for each step elsewhere, or
 * one JSON object for each status. Used by ota-camera.ts.
 */
import type { UpdateStatus } from '../../ota/update.js';
import { type OtaWords, progressText, stateText } from './ota-camera-words.js';
import type { Outcome } from './ota-follow.js';

/** Lines in a log are this far apart, in hundredths of the whole. */
const logStep = 10;

export class OtaSight {
  #state: UpdateStatus['state'] | null = null;
  #step = -1;
  /** a line that is written over is open on the terminal */
  #open = 0;
  #lost = false;

  constructor(
    private readonly words: OtaWords,
    private readonly options: { json: boolean; name: string },
  ) {}

  show(status: UpdateStatus): void {
    if (this.options.json) {
      this.#line(JSON.stringify({ camera: this.options.name, status }));
      return;
    }
    const { state, progress } = status;
    this.#lost = false;
    if (progress && process.stdout.isTTY) {
      if (state !== this.#state) this.#close();
      this.#over(stateText(status, this.words));
    } else if (progress) this.#logged(status);
    else if (state !== this.#state) this.#line(this.#said(status));
    this.#state = state;
  }

  /** The connection is gone; said once. */
  lost(): void {
    if (this.options.json || this.#lost) return;
    this.#lost = true;
    this.#line(this.words.lost);
  }

  end(outcome: Outcome, to: string, { running, problem }: UpdateStatus): void {
    const { words } = this;
    if (this.options.json) {
      this.#line(JSON.stringify({ outcome, version: to, running: running.version }));
      return;
    }
    this.#line(words.outcome[outcome](to, running.version));
    const wrong = outcome === 'failed' || outcome === 'returned';
    if (wrong && problem) this.#line(`${words.names.problem}: ${problem[words.language]}`);
  }

  #said(status: UpdateStatus): string {
    const { trial } = status;
    const text = stateText(status, this.words);
    if (!trial) return text;
    return `${text} (${status.running.version}): ${this.words.trial(trial.triesLeft, trial.waitsFor)}`;
  }

  #logged({ state, progress }: UpdateStatus): void {
    if (!progress) return;
    const step = Math.floor((100 * progress.bytes) / Math.max(1, progress.of) / logStep);
    if (state === this.#state && step <= this.#step) return;
    this.#step = step;
    this.#line(`${this.words.state[state]}: ${progressText(progress, this.words)}`);
  }

  #over(text: string): void {
    process.stdout.write(`\r${text.padEnd(this.#open)}`);
    this.#open = text.length;
  }

  #close(): void {
    if (this.#open > 0) process.stdout.write('\n');
    this.#open = 0;
  }

  #line(text: string): void {
    this.#close();
    process.stdout.write(`${text}\n`);
  }
}

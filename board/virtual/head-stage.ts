/**
 * A head and a sensor that are not there: starts the process that plays both (head-stage-main.ts), in front of which the
 * product opens a serial device and a named pipe as it would real ones. Used by `vigie demo --head`. Clear pictures exist in
 * that other process only.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { VigieError } from '../../errors.js';
import type { PictureSize } from '../../pipelines/frame.js';
import type { Lens } from '../../pipelines/messages.js';

const mainFile = fileURLToPath(new URL('./head-stage-main.js', import.meta.url));
/** Characters of what the process complained about. */
const complaintBound = 2048;

export interface HeadStageOptions extends PictureSize {
  protocol: 'pelco-d' | 'visca';
  /** where the link to the serial device appears */
  device: string;
  /** where the named pipe of the sensor appears; what is there is replaced when it is a pipe */
  pipe: string;
  framesPerSecond: number;
  lens: Lens;
  /** from the exposure to the moment the frame is given to the pipe, milliseconds */
  delayMs: number;
  seed: number;
}

export class HeadStage {
  readonly #options: HeadStageOptions;
  #process: ChildProcess | null = null;

  constructor(options: HeadStageOptions) {
    this.#options = options;
  }

  /** Resolves when device and pipe are there. @throws VigieError `head` when they cannot be made */
  async start(): Promise<void> {
    // In a group of its own: Ctrl-C is for the camera, which still needs its head to stop.
    const stage = spawn(process.execPath, [mainFile, JSON.stringify(this.#options)], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    this.#process = stage;
    let complaint = '';
    stage.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(0, complaintBound);
    });
    stage.stdin.on('error', () => undefined);
    const ready = await new Promise<boolean>((resolve) => {
      stage.stdout.once('data', () => resolve(true));
      stage.once('error', () => resolve(false));
      stage.once('exit', () => resolve(false));
    });
    if (ready) return;
    this.#process = null;
    const cause = new Error(complaint.trim() || 'it ended');
    const hint =
      'End the demonstration that runs on this state directory; or run npm run setup, which installs socat';
    throw new VigieError('head', 'The simulated head cannot be started', hint, { cause });
  }

  /** Resolves when the process is gone, with its device and its pipe. Idempotent. */
  async stop(): Promise<void> {
    const stage = this.#process;
    this.#process = null;
    if (!stage || stage.exitCode !== null || stage.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      stage.once('exit', () => resolve());
      stage.stdin?.end();
    });
  }
}

/**
 * One life of the pipeline process: spawned, spoken to over the typed channel, killed. Made by supervisor.ts,
 * which decides when. What comes back is checked here: that process reads outside bytes in native code.
 */
import type { ChildProcess } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { errorLine } from '../../errors.js';
import { Channel } from '../../pipelines/channel.js';
import { type FromPipeline, fromPipeline, type ToPipeline } from '../../pipelines/messages.js';
import { CHANNEL_FD, type PipelineChild, spawnPipeline } from './pipeline-child.js';

const STDERR_LINES_KEPT = 20;
/** No access unit or picture of 8192x8192 comes near it. */
const MOST_BYTES_FROM_PIPELINE = 64 << 20;

export interface ProcessEvents {
  message(message: FromPipeline): void;
  /** a message that does not fit the channel's schema, or that its reader cannot take */
  violation(why: string): void;
  exit(why: string): void;
}

export class PipelineProcess {
  /** null when it could not be started at all */
  readonly #child: ChildProcess | null;
  readonly #stderr: string[] = [];
  #channel: Channel | null = null;
  #alive = true;

  /**
   * @param gstRegistry file of the plug-in registry that set-up made, so that this process writes none; null: GStreamer's own
   * @param begun a process that was started for this and was told nothing yet
   */
  constructor(events: ProcessEvents, gstRegistry: string | null, begun: PipelineChild | null = null) {
    this.#child = this.#start(events, gstRegistry, begun);
  }

  /** Some failures to start are thrown (no memory), others come as an event: here all of them are an exit. */
  #start(
    events: ProcessEvents,
    gstRegistry: string | null,
    begun: PipelineChild | null,
  ): ChildProcess | null {
    try {
      const child = begun ?? spawnPipeline(gstRegistry);
      child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#keep(text));
      this.#channel = new Channel(child.stdio[CHANNEL_FD] as Duplex, MOST_BYTES_FROM_PIPELINE, {
        message: (received) => this.#hear(events, received),
        broken: (why) => {
          if (this.#alive) events.violation(why);
        },
        // How it ended is told by its exit.
        closed: () => undefined,
      });
      child.on('error', (error) => this.#gone(events, error.message));
      child.on('exit', (code, signal) =>
        this.#gone(events, signal ? `signal ${signal}` : `exit code ${code}`),
      );
      return child;
    } catch (error) {
      queueMicrotask(() => this.#gone(events, errorLine(error)));
      return null;
    }
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** What GStreamer or Node last said of a failure, for the log of a technician. */
  get lastError(): string | null {
    return this.#stderr.findLast((line) => /ERROR|CRITICAL|Error/.test(line)) ?? null;
  }

  send(message: ToPipeline): void {
    if (this.#alive) this.#channel?.send(message);
  }

  /** Ends it at once; nothing more is heard of it. Works on a stopped process too. */
  kill(): void {
    this.#alive = false;
    this.#child?.kill('SIGKILL');
    this.#child?.stderr?.destroy();
    this.#channel?.close();
  }

  /** A reader that fails on a message must not take this process down with it: the sender is at fault. */
  #hear(events: ProcessEvents, received: unknown): void {
    if (!this.#alive) return;
    const parsed = fromPipeline.safeParse(received);
    if (!parsed.success) {
      events.violation(parsed.error.issues[0]?.message ?? 'unknown message');
      return;
    }
    try {
      events.message(parsed.data);
    } catch (error) {
      events.violation(`${parsed.data.t}: ${errorLine(error)}`);
    }
  }

  #gone(events: ProcessEvents, why: string): void {
    if (!this.#alive) return;
    this.#alive = false;
    events.exit(why);
  }

  #keep(text: string): void {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    // An address of a camera may carry the secret that opens it.
    this.#stderr.push(...lines.map((line) => line.replace(/\/\/[^/\s]*@/g, '//')));
    this.#stderr.splice(0, Math.max(0, this.#stderr.length - STDERR_LINES_KEPT));
  }
}

/**
 * One life of the pipeline process: spawned, spoken to over the typed channel, killed. Made by supervisor.ts,
 * which decides when. What comes back is checked here: that process reads outside bytes in native code.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { errorLine } from '../../errors.js';
import { Channel } from '../../pipelines/channel.js';
import { type FromPipeline, fromPipeline, type ToPipeline } from '../../pipelines/messages.js';

const ENTRY = fileURLToPath(new URL('../../pipelines/main.js', import.meta.url));
/** GStreamer pulls and bus polls each hold a thread while they wait (docs/gstreamer.md). */
const THREAD_POOL_SIZE = '16';
const STDERR_LINES_KEPT = 20;
/** No access unit or picture of 8192x8192 comes near it. */
const MOST_BYTES_FROM_PIPELINE = 64 << 20;
const CHANNEL_FD = 3;

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

  /** @param gstRegistry file of the plug-in registry that set-up made, so that this process writes none; null: GStreamer's own */
  constructor(events: ProcessEvents, gstRegistry: string | null) {
    this.#child = this.#start(events, gstRegistry);
  }

  /** Some failures to start are thrown (no memory), others come as an event: here all of them are an exit. */
  #start(events: ProcessEvents, gstRegistry: string | null): ChildProcess | null {
    try {
      const child = spawnPipeline(gstRegistry);
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

/** The kernel ends the process with its parent, even while native code holds it and it hears nothing (prctl(2)). */
function spawnPipeline(gstRegistry: string | null): ChildProcess {
  const node = [process.execPath, ...sandboxFlags, ENTRY];
  return spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...node], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    env: pipelineEnvironment(gstRegistry),
  });
}

/**
 * Node's own permission model: no file is written, no process started. It does not bind native code; on a
 * board systemd does (docs/threat-model.md).
 */
const sandboxFlags = [
  // ArrayBuffer.prototype.transfer, which Node 20 has behind a flag: see releaseFrame in pipelines/frame.ts.
  '--harmony-rab-gsab-transfer',
  '--experimental-permission',
  '--allow-fs-read=*',
  '--allow-addons',
  '--allow-worker',
  '--disable-warning=ExperimentalWarning',
  '--disable-warning=SecurityWarning',
];

/** Only what the process needs: no secret of the parent's environment reaches it. */
function pipelineEnvironment(gstRegistry: string | null): NodeJS.ProcessEnv {
  const kept = ['PATH', 'LANG', 'GST_PLUGIN_PATH', 'GST_PLUGIN_SYSTEM_PATH_1_0', 'XDG_RUNTIME_DIR'];
  const environment: NodeJS.ProcessEnv = {
    UV_THREADPOOL_SIZE: THREAD_POOL_SIZE,
    // Sixteen threads with a heap arena each would hold on to frames that are long gone.
    MALLOC_ARENA_MAX: '2',
    // A picture's memory goes back to the heap, not to the kernel: having its pages mapped and cleared anew each time
    // costs more than copying it does. Pictures up to 4K; what is larger than 32 MiB still goes back at once.
    MALLOC_MMAP_THRESHOLD_: '33554432',
    MALLOC_TRIM_THRESHOLD_: '67108864',
    // See models/engines/no-telemetry.ts: native code reads the real environment, a thread only has a copy.
    ORT_DISABLE_TELEMETRY: '1',
    GST_DEBUG: '*:1',
    GST_DEBUG_NO_COLOR: '1',
  };
  for (const key of kept) if (process.env[key]) environment[key] = process.env[key];
  if (gstRegistry) Object.assign(environment, { GST_REGISTRY: gstRegistry, GST_REGISTRY_UPDATE: 'no' });
  return environment;
}

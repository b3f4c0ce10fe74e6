/**
 * Starts the pipeline process: its sandbox, its environment, its channel. Called by pipeline-process.ts; and by the command that runs
 * a camera, before the camera itself is loaded, so that both load side by side. Loads nothing of the camera. The process opens
 * no source before it is told to.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export type PipelineChild = ChildProcess;

const ENTRY = fileURLToPath(new URL('../../pipelines/main.js', import.meta.url));
/** GStreamer pulls and bus polls each hold a thread while they wait (docs/gstreamer.md). */
const THREAD_POOL_SIZE = '16';
export const CHANNEL_FD = 3;

/** A process that waits for its first message; it is taken when it still waits then. */
export class EarlyPipeline {
  #child: PipelineChild | null;

  constructor(gstRegistry: string | null) {
    this.#child = begun(gstRegistry);
  }

  /** undefined when it was taken, or has gone */
  get pid(): number | undefined {
    const child = this.#child;
    return child?.exitCode === null && child.signalCode === null ? child.pid : undefined;
  }

  /** Once; null when it has gone. */
  take(): PipelineChild | null {
    const child = this.pid === undefined ? null : this.#child;
    this.#child = null;
    return child;
  }

  /** Ends it, if nobody took it. */
  stop(): void {
    this.#child?.kill('SIGKILL');
    this.#child = null;
  }
}

/** Whatever is wrong with it is found again, and told, by the one that is started in its place. */
function begun(gstRegistry: string | null): PipelineChild | null {
  try {
    return spawnPipeline(gstRegistry).on('error', () => undefined);
  } catch {
    return null;
  }
}

/** The kernel ends the process with its parent, even while native code holds it and it hears nothing (prctl(2)). */
export function spawnPipeline(gstRegistry: string | null): PipelineChild {
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

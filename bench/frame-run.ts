/**
 * One run of the whole path for bench/frame.ts, in a process of its own: supervisor, pipeline process, store.
 * Takes its options as JSON in argv, prints what it measured as JSON. Measured from the first unit to the last,
 * so that the start of the processes is not counted.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { LinuxCard } from '../board/linux/card.js';
import { systemClock } from '../board/linux/clock.js';
import { FileVault } from '../board/linux/file-vault.js';
import type { Log } from '../board/ports.js';
import type { Beat, MaskTable, PipelineOptions } from '../pipelines/messages.js';
import { Supervisor } from '../runtime/health/supervisor.js';
import { Recorder } from '../runtime/record/recorder.js';
import { Store } from '../runtime/record/store.js';

/** What a run is told. */
export interface FrameRunOptions {
  pipeline: PipelineOptions;
  table: MaskTable;
  /** stop after this many units; 0 runs the clip to its end */
  frames: number;
}

/** Resident memory after so many frames. */
export interface Sample {
  frame: number;
  bytes: number;
}

/** What a run found. */
export interface FrameRunResult {
  frames: number;
  framesPerSecond: number;
  /** both processes, user and system */
  cpuMsPerFrame: number;
  latencyMs: { p50: number; p99: number };
  pipelineLoopDelayMs: { p50: number; p99: number };
  runtimeLoopDelayMs: { p50: number; p99: number };
  dropped: number;
  framesRecorded: number;
  /** resident memory of the pipeline process by frames captured */
  memory: Sample[];
  runtimeMemory: Sample[];
}

const quiet: Log = { info: () => undefined, warn: console.error, error: console.error };
const MEBIBYTE = 2 ** 20;
const SAMPLE_EVERY = 50;
/** Clock ticks a second of /proc/PID/stat on Linux. */
const TICKS_PER_SECOND = 100;

/** CPU time of a process so far, milliseconds; proc(5), fields 14 and 15. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

/** CPU and time of both processes at one moment. */
interface Mark {
  us: number;
  cpu: number;
}

/** Follows the units of one run: marks the first and the last, samples memory on the way. */
class Follower {
  readonly memory: Sample[] = [];
  readonly runtimeMemory: Sample[] = [];
  readonly loop = monitorEventLoopDelay({ resolution: 10 });
  readonly done: Promise<void>;
  first: Mark | null = null;
  last: Mark | null = null;
  units = 0;
  readonly #frames: number;
  #finish = (): void => undefined;

  constructor(frames: number) {
    this.#frames = frames;
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  unit(supervisor: Supervisor): void {
    this.units++;
    if (this.units === 1) {
      this.first = mark(supervisor);
      this.loop.enable();
    }
    if (this.units % SAMPLE_EVERY === 0) {
      this.memory.push({ frame: this.units, bytes: supervisor.totals.last?.rssBytes ?? 0 });
      this.runtimeMemory.push({ frame: this.units, bytes: process.memoryUsage.rss() });
    }
    if (this.units === this.#frames) this.end(supervisor);
  }

  end(supervisor: Supervisor): void {
    this.last ??= mark(supervisor);
    this.#finish();
  }
}

function mark(supervisor: Supervisor): Mark {
  return { us: systemClock.monoUs(), cpu: cpuMs(process.pid) + cpuMs(supervisor.pid ?? process.pid) };
}

async function openStore(directory: string): Promise<Store> {
  const shape = { capacityBytes: 256 * MEBIBYTE, segmentBytes: 16 * MEBIBYTE, cameraId: 'bench' };
  const keysDirectory = join(directory, 'keys');
  const vault = new FileVault({ file: join(keysDirectory, 'device.key') });
  await vault.start();
  const deps = { card: new LinuxCard(), clock: systemClock, log: quiet, vault };
  const store = new Store(deps, { directory, keysDirectory, ...shape });
  await store.start(new AbortController().signal);
  return store;
}

function supervise(pipeline: PipelineOptions, recorder: Recorder, follower: Follower): Supervisor {
  const supervisor: Supervisor = new Supervisor(
    {
      clock: systemClock,
      log: quiet,
      events: {
        unit(unit) {
          recorder.onUnit(unit);
          follower.unit(supervisor);
        },
        tracks: () => undefined,
        interrupted: (why) => {
          throw new Error(`the bench was interrupted: ${why}`);
        },
        ended: () => follower.end(supervisor),
      },
    },
    {
      pipeline,
      heartbeatTimeoutMs: 5000,
      silentSourceMs: 5000,
      startTimeoutMs: 20_000,
      memoryCeilingBytes: 4096 * MEBIBYTE,
      gstRegistry: null,
    },
  );
  return supervisor;
}

async function run({ pipeline, table, frames }: FrameRunOptions): Promise<FrameRunResult> {
  const directory = await mkdtemp(join(tmpdir(), 'vigie-bench-'));
  const store = await openStore(directory);
  const recorder = new Recorder(
    { store, clock: systemClock, log: quiet },
    { picture: pipeline, clockTrusted: () => true },
  );
  recorder.open();
  const follower = new Follower(frames);
  const supervisor = supervise(pipeline, recorder, follower);
  await supervisor.start(table);
  await follower.done;
  const beat = supervisor.totals.last;
  await supervisor.stop();
  await recorder.stop();
  await store.stop();
  await rm(directory, { recursive: true, force: true });
  return resultOf(follower, beat, supervisor.totals.counts.dropped, recorder.framesRecorded);
}

function resultOf(
  follower: Follower,
  beat: Beat | null,
  dropped: number,
  framesRecorded: number,
): FrameRunResult {
  const { first, last, units, loop } = follower;
  if (!first || !last) throw new Error('no frame came');
  const counted = units - 1;
  const loopMs = (percentile: number): number => Math.max(0, loop.percentile(percentile) / 1e6 - 10);
  return {
    memory: follower.memory,
    runtimeMemory: follower.runtimeMemory,
    frames: units,
    framesPerSecond: counted / ((last.us - first.us) / 1e6),
    cpuMsPerFrame: (last.cpu - first.cpu) / counted,
    latencyMs: beat?.latencyMs ?? { p50: 0, p99: 0 },
    pipelineLoopDelayMs: beat?.loopDelayMs ?? { p50: 0, p99: 0 },
    runtimeLoopDelayMs: { p50: loopMs(50), p99: loopMs(99) },
    dropped,
    framesRecorded,
  };
}

const result = await run(JSON.parse(process.argv[2]) as FrameRunOptions);
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);

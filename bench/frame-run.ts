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
import type { Log } from '../board/ports.js';
import type { MaskTable, PipelineOptions } from '../pipelines/messages.js';
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
  memory: { frame: number; bytes: number }[];
  runtimeMemory: { frame: number; bytes: number }[];
}

const quiet: Log = { info: () => undefined, warn: console.error, error: console.error };
const MEBIBYTE = 2 ** 20;
/** Clock ticks a second of /proc/PID/stat on Linux. */
const TICKS_PER_SECOND = 100;

/** CPU time of a process so far, milliseconds; proc(5), fields 14 and 15. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

async function run({ pipeline, table, frames }: FrameRunOptions): Promise<FrameRunResult> {
  const directory = await mkdtemp(join(tmpdir(), 'vigie-bench-'));
  const store = new Store(
    { card: new LinuxCard(), clock: systemClock, log: quiet },
    { directory, capacityBytes: 256 * MEBIBYTE, segmentBytes: 16 * MEBIBYTE, cameraId: 'bench' },
  );
  await store.start(new AbortController().signal);
  const recorder = new Recorder({ store, clock: systemClock, log: quiet }, { picture: pipeline, clockTrusted: () => true });
  recorder.open();
  const loop = monitorEventLoopDelay({ resolution: 10 });
  const result = { memory: [] as { frame: number; bytes: number }[], runtimeMemory: [] as { frame: number; bytes: number }[] };
  let units = 0;
  let first = { us: 0, cpu: 0 };
  let last = first;
  let finished = (): void => undefined;
  const done = new Promise<void>((resolve) => {
    finished = resolve;
  });
  const mark = (): { us: number; cpu: number } => ({
    us: systemClock.monoUs(),
    cpu: cpuMs(process.pid) + cpuMs(supervisor.pid ?? process.pid),
  });
  const supervisor = new Supervisor(
    {
      clock: systemClock,
      log: quiet,
      events: {
        unit(unit) {
          recorder.onUnit(unit);
          units++;
          if (units === 1) {
            first = mark();
            loop.enable();
          }
          if (units % 50 === 0) {
            result.memory.push({ frame: units, bytes: supervisor.totals.last?.rssBytes ?? 0 });
            result.runtimeMemory.push({ frame: units, bytes: process.memoryUsage.rss() });
          }
          if (units === frames) {
            last = mark();
            finished();
          }
        },
        tracks: () => undefined,
        interrupted: (why) => {
          throw new Error(`the bench was interrupted: ${why}`);
        },
        ended: () => {
          last = mark();
          finished();
        },
      },
    },
    {
      pipeline,
      heartbeatTimeoutMs: 5000,
      silentSourceMs: 5000,
      startTimeoutMs: 20000,
      memoryCeilingBytes: 4096 * MEBIBYTE,
      gstRegistry: null,
    },
  );
  await supervisor.start(table);
  await done;
  const beat = supervisor.totals.last;
  await supervisor.stop();
  await recorder.stop();
  await store.stop();
  await rm(directory, { recursive: true, force: true });
  const counted = units - 1;
  return {
    ...result,
    frames: units,
    framesPerSecond: counted / ((last.us - first.us) / 1e6),
    cpuMsPerFrame: (last.cpu - first.cpu) / counted,
    latencyMs: beat?.latencyMs ?? { p50: 0, p99: 0 },
    pipelineLoopDelayMs: beat?.loopDelayMs ?? { p50: 0, p99: 0 },
    runtimeLoopDelayMs: { p50: Math.max(0, loop.percentile(50) / 1e6 - 10), p99: Math.max(0, loop.percentile(99) / 1e6 - 10) },
    dropped: supervisor.totals.counts.dropped,
    framesRecorded: recorder.framesRecorded,
  };
}

const result = await run(JSON.parse(process.argv[2]) as FrameRunOptions);
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);

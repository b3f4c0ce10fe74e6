/**
 * `npm run bench -- frame`: the whole path of a frame against bare gst-launch that decodes and encodes the same
 * clip with the same encoder. Rounds of the two sides alternate; each figure is a median over rounds.
 */
import { execFile, execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadProfile } from '../board/profile.js';
import { encoderPart } from '../board/sensor.js';
import { launchText } from '../pipelines/launch.js';
import type { MaskTable, PipelineOptions } from '../pipelines/messages.js';
import { scaledClip } from './clip.js';
import type { FrameRunOptions, FrameRunResult, Sample } from './frame-run.js';
import { benchMotion } from './motion.js';
import { atLeast, atMost, type Row, row } from './report.js';

const run = promisify(execFile);
const ENTRY = fileURLToPath(new URL('./frame-run.js', import.meta.url));
const CLIP_FRAMES = 795;
const ROUNDS = 5;
const SIZES = [
  { name: '720p', width: 1280, height: 720 },
  { name: '1080p', width: 1920, height: 1080 },
];
const MEMORY_FRAMES = 3000;
const LIVE_FRAMES = 500;

/** Three zones over about a tenth of the picture, as in the measurements of docs/gstreamer.md. */
const table: MaskTable = {
  version: 1,
  zones: [
    {
      name: 'a',
      points: [
        [0.05, 0.05],
        [0.25, 0.08],
        [0.22, 0.28],
        [0.06, 0.25],
      ],
    },
    {
      name: 'b',
      points: [
        [0.7, 0.1],
        [0.9, 0.05],
        [0.95, 0.25],
        [0.75, 0.3],
      ],
    },
    {
      name: 'c',
      points: [
        [0.4, 0.7],
        [0.55, 0.65],
        [0.6, 0.8],
        [0.42, 0.85],
      ],
    },
  ],
};

interface Size {
  width: number;
  height: number;
}

function sensor(size: Size): string {
  return `filesrc location=${launchText(scaledClip(size))} ! qtdemux ! h264parse ! avdec_h264 max-threads=1`;
}

function options(size: Size, atEnd: PipelineOptions['atEnd'], paced: boolean): PipelineOptions {
  const picture = { ...size, framesPerSecond: 25 };
  return {
    ...encoderPart(3000, picture, loadProfile('virtual')),
    ...size,
    sensorLaunch: sensor(size),
    atEnd,
    paced,
    rate: { numerator: 25, denominator: 1 },
    detect: null,
    head: null,
    motion: null,
    personMask: null,
  };
}

async function ours(given: FrameRunOptions): Promise<FrameRunResult> {
  const { stdout } = await run(process.execPath, [ENTRY, JSON.stringify(given)], { maxBuffer: 64 << 20 });
  return JSON.parse(stdout) as FrameRunResult;
}

interface Bare {
  seconds: number;
  cpuMs: number;
}

/** gst-launch on the clip's first pictures. The shell's own `times` counts its children's CPU. */
function bare(size: Size, frames: number): Bare {
  const { encoderLaunch } = options(size, 'end', false);
  const launch =
    `gst-launch-1.0 -q ${sensor(size)} ! identity eos-after=${frames} ! queue max-size-buffers=16 ! ${encoderLaunch} ` +
    '! h264parse ! fakesink sync=false';
  const started = process.hrtime.bigint();
  const out = execFileSync('bash', ['-c', `${launch} > /dev/null; times`], { encoding: 'utf8' });
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  const children = out.trim().split('\n')[1].split(' ');
  const ms = (text: string): number => {
    const [minutes, rest] = text.split('m');
    return (Number(minutes) * 60 + Number(rest.replace('s', ''))) * 1000;
  };
  return { seconds, cpuMs: ms(children[0]) + ms(children[1]) };
}

/** Its start-up, measured on one picture, is taken off: ours is not counted either. */
function barePerFrame(size: Size): { framesPerSecond: number; cpuMsPerFrame: number } {
  const start = bare(size, 2);
  const whole = bare(size, CLIP_FRAMES + 1);
  const counted = CLIP_FRAMES - 1;
  return {
    framesPerSecond: counted / (whole.seconds - start.seconds),
    cpuMsPerFrame: (whole.cpuMs - start.cpuMs) / counted,
  };
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

async function throughput(say: (line: string) => void): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name, ...size } of SIZES) {
    const rounds: { bare: ReturnType<typeof barePerFrame>; ours: FrameRunResult }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      say(`${name}, round ${round + 1} of ${ROUNDS}`);
      rounds.push({
        bare: barePerFrame(size),
        ours: await ours({ pipeline: options(size, 'end', false), table, frames: 0 }),
      });
    }
    const of = (pick: (round: (typeof rounds)[number]) => number): number => median(rounds.map(pick));
    rows.push(
      row(
        `${name} throughput, gst-launch`,
        of((r) => r.bare.framesPerSecond),
        'frames/s',
      ),
      row(
        `${name} throughput, Vigie`,
        of((r) => r.ours.framesPerSecond),
        'frames/s',
      ),
      atLeast(
        `${name} throughput ratio`,
        of((r) => r.ours.framesPerSecond / r.bare.framesPerSecond),
        'ratio',
        0.9,
      ),
      row(
        `${name} CPU per frame, gst-launch`,
        of((r) => r.bare.cpuMsPerFrame),
        'ms',
      ),
      row(
        `${name} CPU per frame, Vigie`,
        of((r) => r.ours.cpuMsPerFrame),
        'ms',
      ),
      atMost(
        `${name} CPU ratio`,
        of((r) => r.ours.cpuMsPerFrame / r.bare.cpuMsPerFrame),
        'ratio',
        1.15,
      ),
      row(
        `${name} frames recorded of captured`,
        of((r) => r.ours.framesRecorded / r.ours.frames),
        'share',
      ),
    );
  }
  return rows;
}

async function live(say: (line: string) => void): Promise<Row[]> {
  say(`live at 25 frames a second, ${LIVE_FRAMES} frames`);
  const size = SIZES[0];
  const found = await ours({
    pipeline: options({ width: size.width, height: size.height }, 'loop', true),
    table,
    frames: LIVE_FRAMES,
  });
  return [
    row('live 720p, capture to access unit, p50', found.latencyMs.p50, 'ms'),
    row('live 720p, capture to access unit, p99', found.latencyMs.p99, 'ms'),
    row('live 720p, event-loop delay of the pipeline process, p99', found.pipelineLoopDelayMs.p99, 'ms'),
    row('live 720p, event-loop delay of the runtime process, p99', found.runtimeLoopDelayMs.p99, 'ms'),
    row('live 720p, CPU per frame', found.cpuMsPerFrame, 'ms'),
    row('live 720p, frames dropped', found.dropped, 'frames'),
  ];
}

async function memory(say: (line: string) => void): Promise<Row[]> {
  say(`memory over ${MEMORY_FRAMES} frames`);
  const size = SIZES[0];
  const found = await ours({
    pipeline: options({ width: size.width, height: size.height }, 'loop', false),
    table,
    frames: MEMORY_FRAMES,
  });
  const last = (samples: Sample[]): number => (samples.at(-1)?.bytes ?? 0) / 2 ** 20;
  return [
    row('memory of the pipeline process', last(found.memory), 'MiB'),
    row('memory of the runtime process', last(found.runtimeMemory), 'MiB'),
    row('memory slope of the pipeline process', slope(found.memory), 'bytes/frame'),
    row('memory slope of the runtime process', slope(found.runtimeMemory), 'bytes/frame'),
  ];
}

/** Least squares over the second half: the first half is caches filling. */
export function slope(samples: Sample[]): number {
  const half = samples.slice(samples.length >> 1);
  const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
  const frame = mean(half.map((s) => s.frame));
  const bytes = mean(half.map((s) => s.bytes));
  const covariance = half.reduce((sum, s) => sum + (s.frame - frame) * (s.bytes - bytes), 0);
  const variance = half.reduce((sum, s) => sum + (s.frame - frame) ** 2, 0);
  return variance === 0 ? 0 : covariance / variance;
}

/** Rows of the whole bench. `say` gets a line for each step. */
export async function benchFrame(say: (line: string) => void): Promise<Row[]> {
  const motion = benchMotion(SIZES, table);
  return [...(await throughput(say)), ...(await live(say)), ...(await memory(say)), ...motion];
}

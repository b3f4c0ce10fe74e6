/**
 * `npm run bench -- motion`: CPU for each frame of the whole camera at 1080p25, with and without looking 5 times a second, against `motion`
 * (Debian's package) on the same clip with a privacy mask and the same encoder settings. In real time, the sides in turn.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { VigieError } from '../errors.js';
import type { Point } from '../pipelines/messages.js';
import type { ConfigInput } from '../runtime/config/schema.js';
import { scaledClip } from './clip.js';
import { atMost, type Row, row } from './report.js';

const COMMAND = fileURLToPath(new URL('../runtime/cli/main.js', import.meta.url));
const SIZE = { width: 1920, height: 1080 };
const FRAMES_PER_SECOND = 25;
const BITRATE_KBPS = 3000;
/** `motion` takes no bit rate for H.264: this quality (a constant rate factor of 32) comes to about ours on this clip. */
const PEER_QUALITY = 37;
/** Start-up is left out on both sides. */
const SETTLING_MS = 12_000;
/** Clock ticks a second of /proc/PID/stat on Linux. */
const TICKS_PER_SECOND = 100;
const GOALS = { without: 1, with: 1.5 };
/** Private zones of both sides: rectangles, so that both hide the same. */
const MASKS = [
  { x: 0.05, y: 0.05, width: 0.2, height: 0.2 },
  { x: 0.7, y: 0.05, width: 0.2, height: 0.25 },
  { x: 0.4, y: 0.65, width: 0.2, height: 0.2 },
];

type Side = 'without looking' | 'looking' | 'motion';
interface Run {
  cpuMsPerFrame: number;
  /** of what should have been recorded; CPU is counted for each of these */
  recordedShare: number;
  /** of what was recorded */
  mbps: number;
}

/** @param options.seconds of each run; @param options.rounds of all sides */
export async function benchAgainstMotion(
  say: (line: string) => void,
  { seconds, rounds }: { seconds: number; rounds: number },
): Promise<Row[]> {
  const clip = longClip(SETTLING_MS / 1000 + seconds + 30);
  const runs: Record<Side, Run[]> = { 'without looking': [], looking: [], motion: [] };
  for (let round = 1; round <= rounds; round++) {
    for (const side of ['motion', 'without looking', 'looking'] as const) {
      say(`round ${round} of ${rounds}: ${side}, ${seconds} s`);
      runs[side].push(
        side === 'motion' ? await motion(clip, seconds) : await ours(clip, seconds, side === 'looking'),
      );
    }
  }
  return rowsOf(runs);
}

function rowsOf(runs: Record<Side, Run[]>): Row[] {
  const median = (side: Side, of: keyof Run): number => {
    const values = runs[side].map((run) => run[of]).sort((a, b) => a - b);
    return values[values.length >> 1] ?? Number.NaN;
  };
  // The ratio within a round, then their median: the machine is not the same in the next.
  const ratio = (side: Side): number => {
    const values = runs[side].map(
      (run, i) => run.cpuMsPerFrame / (runs.motion[i]?.cpuMsPerFrame ?? Number.NaN),
    );
    values.sort((a, b) => a - b);
    return values[values.length >> 1] ?? Number.NaN;
  };
  const sides: Side[] = ['motion', 'without looking', 'looking'];
  return [
    ...sides.flatMap((side) => [
      row(`1080p25 ${side}, CPU`, median(side, 'cpuMsPerFrame'), 'ms/frame'),
      row(`1080p25 ${side}, recorded`, median(side, 'recordedShare'), 'share'),
      row(`1080p25 ${side}, bit rate`, median(side, 'mbps'), 'Mbit/s'),
    ]),
    atMost('1080p25 without looking, CPU against motion', ratio('without looking'), 'ratio', GOALS.without),
    atMost('1080p25 looking 5 times a second, CPU against motion', ratio('looking'), 'ratio', GOALS.with),
  ];
}

/** The scaled sample clip again and again, so that neither side meets its end. */
function longClip(seconds: number): string {
  const once = scaledClip(SIZE);
  const times = Math.ceil(seconds / (795 / FRAMES_PER_SECOND));
  const file = join(dirname(once), `sample-${SIZE.width}x${SIZE.height}-${times}.mp4`);
  if (existsSync(file)) return file;
  const part = `${file}.part`;
  const loop = ['-stream_loop', String(times - 1), '-i', once, '-c', 'copy', '-f', 'mp4', part];
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...loop], { stdio: ['ignore', 'ignore', 'inherit'] });
  renameSync(part, file);
  return file;
}

async function ours(clip: string, seconds: number, looking: boolean): Promise<Run> {
  return await inDirectory(async (directory) => {
    const zone = { name: 'Bench', points: corners({ x: 0.3, y: 0.3, width: 0.4, height: 0.4 }) };
    const config: ConfigInput = {
      camera: { id: 'bench-motion', name: 'Bench', language: 'en' },
      sensor: { kind: 'clip', file: clip },
      picture: { ...SIZE, framesPerSecond: FRAMES_PER_SECOND },
      mask: { zones: MASKS.map((mask, i) => ({ name: `Zone ${i}`, points: corners(mask) })) },
      detect: { enabled: looking, ratePerSecond: 5 },
      zones: [{ ...zone, presence: { dwellSeconds: 2, cooldownSeconds: 60 } }],
      encode: { bitrateKbps: BITRATE_KBPS },
      record: { capacityMiB: 512 },
      control: { port: 0 },
    };
    const nowMs = Date.now();
    const authorisation = {
      reference: 'BENCH',
      authority: 'Nobody: a bench',
      cameraId: 'bench-motion',
      validFrom: new Date(nowMs - 86_400_000).toISOString(),
      validUntil: new Date(nowMs + 86_400_000).toISOString(),
      retainDays: 1,
      events: [{ zone: zone.name, event: 'presence', legalBasis: 'Bench on a published clip' }],
    };
    const [configFile, report] = [join(directory, 'camera.json'), join(directory, 'report.json')];
    writeFileSync(configFile, JSON.stringify(config), { mode: 0o600 });
    writeFileSync(join(directory, 'authorisation.json'), JSON.stringify(authorisation), { mode: 0o600 });
    const args = ['run', '--config', configFile, '--state', directory, '--report', report];
    const camera = spawn(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
    const cpuMs = await measured(camera, seconds);
    const rows = (JSON.parse(readFileSync(report, 'utf8')) as { rows: { name: string; value: number }[] })
      .rows;
    const value = (name: string): number => rows.find((found) => found.name === name)?.value ?? Number.NaN;
    const recordedShare = value('frames recorded') / value('frames captured');
    const mbps = (value('bytes written') * 8 * FRAMES_PER_SECOND) / value('frames recorded') / 1e6;
    return { cpuMsPerFrame: cpuMs / (seconds * FRAMES_PER_SECOND * recordedShare), recordedShare, mbps };
  });
}

/** What `motion` is told: the same clip, size and rate, about the same bit rate, and everything recorded. */
function motionConfig(clip: string, directory: string): string {
  const settings: Record<string, string | number> = {
    daemon: 'off',
    setup_mode: 'off',
    log_level: 4,
    target_dir: directory,
    netcam_url: `file://${clip}`,
    ...SIZE,
    framerate: FRAMES_PER_SECOND,
    mask_privacy: join(directory, 'mask.pgm'),
    emulate_motion: 'on',
    event_gap: 60,
    pre_capture: 0,
    picture_output: 'off',
    movie_output: 'on',
    movie_codec: 'mkv',
    movie_quality: PEER_QUALITY,
    movie_max_time: 0,
    movie_filename: 'film',
    webcontrol_port: 0,
    stream_port: 0,
  };
  return Object.entries(settings)
    .map(([key, value]) => `${key} ${value}\n`)
    .join('');
}

async function motion(clip: string, seconds: number): Promise<Run> {
  return await inDirectory(async (directory) => {
    writeFileSync(join(directory, 'mask.pgm'), privacyMask());
    const configFile = join(directory, 'motion.conf');
    writeFileSync(configFile, motionConfig(clip, directory));
    const peer = spawn('motion', ['-n', '-c', configFile], { stdio: ['ignore', 'ignore', 'inherit'] });
    peer.on('error', () => undefined);
    const cpuMs = await measured(peer, seconds);
    const film = readdirSync(directory).find((name) => name.startsWith('film'));
    if (!film)
      throw new VigieError('source', 'motion recorded nothing', 'Try it by hand with the clip in the cache');
    const { rate, mbps } = filmed(join(directory, film));
    return { cpuMsPerFrame: cpuMs / (seconds * rate), recordedShare: rate / FRAMES_PER_SECOND, mbps };
  });
}

/** Frames a second that a film holds, and its bit rate at 25 a second. */
function filmed(film: string): { rate: number; mbps: number } {
  const show = ['-select_streams', 'v:0', '-show_entries', 'packet=pts_time,size', '-of', 'csv=p=0', film];
  const packets = execFileSync('ffprobe', ['-v', 'error', ...show], { encoding: 'utf8', maxBuffer: 64 << 20 })
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.split(',').map(Number) as [number, number]);
  const times = packets.map(([time]) => time).sort((x, y) => x - y);
  const bytes = packets.reduce((sum, [, size]) => sum + size, 0);
  return {
    rate: (times.length - 1) / ((times.at(-1) ?? 0) - (times[0] ?? 0)),
    mbps: (bytes * 8 * FRAMES_PER_SECOND) / times.length / 1e6,
  };
}

/** CPU time of a process and its children over the time measured, milliseconds; then it is stopped. */
async function measured(process: ChildProcess, seconds: number): Promise<number> {
  await wait(SETTLING_MS);
  if (process.pid === undefined || process.exitCode !== null)
    throw new VigieError('source', `${process.spawnfile} did not run`, 'See what it said above');
  const before = cpuMsOf(process.pid);
  await wait(seconds * 1000);
  const used = cpuMsOf(process.pid) - before;
  process.kill('SIGTERM');
  await once(process, 'exit');
  return used;
}

/** proc(5): fields 14 and 15 of stat, of the process and of those it started. */
function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const own = ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  const started = children === '' ? [] : children.split(/\s+/).map(Number);
  return started.reduce((sum, child) => sum + cpuMsOf(child), own);
}

async function inDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-bench-motion-'));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function corners({ x, y, width, height }: (typeof MASKS)[number]): Point[] {
  return [
    [x, y],
    [x + width, y],
    [x + width, y + height],
    [x, y + height],
  ];
}

/** A portable grey map: black is hidden, white is shown. */
function privacyMask(): Buffer {
  const { width, height } = SIZE;
  const grey = Buffer.alloc(width * height, 255);
  for (const mask of MASKS) {
    const [left, right] = [Math.round(mask.x * width), Math.round((mask.x + mask.width) * width)];
    for (let row = Math.round(mask.y * height); row < Math.round((mask.y + mask.height) * height); row++)
      grey.fill(0, row * width + left, row * width + right);
  }
  return Buffer.concat([Buffer.from(`P5\n${width} ${height}\n255\n`), grey]);
}

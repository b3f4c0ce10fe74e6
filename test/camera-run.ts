/**
 * A whole camera for system and fault tests: real pipeline process, real store in a fresh directory, real
 * control port. What it recorded is read back from the card and decoded by ffmpeg.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { LinuxCard } from '../board/linux/card.js';
import { systemClock } from '../board/linux/clock.js';
import { FileVault } from '../board/linux/file-vault.js';
import type { Log } from '../board/ports.js';
import { i420Bytes, type PictureSize } from '../pipelines/frame.js';
import type { Point } from '../pipelines/messages.js';
import { loadConfig } from '../runtime/config/load.js';
import { cacheDirectory } from '../runtime/config/paths.js';
import type { ConfigInput } from '../runtime/config/schema.js';
import { Camera } from '../runtime/main.js';
import type { GopUnit } from '../runtime/record/gop.js';
import { StoreReader } from '../runtime/record/reader.js';

export const clipSize: PictureSize = { width: 768, height: 576 };

export const privateZones: { name: string; points: Point[] }[] = [
  {
    name: 'Fenêtres',
    points: [
      [0.423, 0.052],
      [0.752, 0.058],
      [0.752, 0.152],
      [0.426, 0.139],
    ],
  },
  {
    name: 'Rue',
    points: [
      [0.3, 0.55],
      [0.62, 0.4],
      [0.66, 0.7],
      [0.35, 0.8],
    ],
  },
];

/** Where people walk in the first seconds of the sample clip. */
export const watchedZone = {
  name: 'Carrefour',
  points: [
    [0.3, 0.3],
    [0.95, 0.3],
    [0.95, 0.75],
    [0.3, 0.75],
  ] as Point[],
  presence: { classes: ['person' as const], dwellSeconds: 0.5, cooldownSeconds: 5 },
};

export interface CameraRun {
  camera: Camera;
  directory: string;
  url: string;
  /** every line of the log */
  lines: string[];
  /** its error lines */
  errors: string[];
  stop(): Promise<void>;
  /** removes the directory too */
  clear(): Promise<void>;
}

/** The sample clip at its own size, on a free port, with a small store. */
export function clipConfig(overrides: Partial<ConfigInput> = {}): ConfigInput {
  return {
    camera: { id: 'test-01', name: 'Test' },
    sensor: { kind: 'clip', file: join(cacheDirectory(), 'sample', 'vtest.avi') },
    picture: { ...clipSize, framesPerSecond: 10 },
    mask: { zones: privateZones },
    zones: [watchedZone],
    record: { capacityMiB: 64, segmentMiB: 4 },
    control: { port: 0 },
    ...overrides,
  };
}

export function writeAuthorisation(directory: string, zones: readonly string[], event = 'presence'): void {
  const day = 86_400_000;
  const paper = {
    reference: 'TEST',
    authority: 'test',
    cameraId: 'test-01',
    validFrom: new Date(Date.now() - day).toISOString(),
    validUntil: new Date(Date.now() + day).toISOString(),
    retainDays: 14,
    events: zones.map((zone) => ({ zone, event, legalBasis: 'test' })),
  };
  writeFileSync(join(directory, 'authorisation.json'), JSON.stringify(paper));
}

/** Makes and starts a camera. `directory` lets a second run continue the first one's store. */
export async function runCamera(
  input: ConfigInput,
  directory = newDirectory(),
  /** done when the camera is made and before it starts */
  between: () => void = () => undefined,
): Promise<CameraRun> {
  const lines: string[] = [];
  const errors: string[] = [];
  const keep = (message: string): void => void lines.push(message);
  const log: Log = {
    info: keep,
    warn: keep,
    error: (message) => {
      keep(message);
      errors.push(message);
    },
  };
  const config = loadConfig(input);
  const camera = await Camera.make(
    { clock: systemClock, log, card: new LinuxCard() },
    { config, stateDirectory: directory, gstRegistry: null },
  );
  between();
  const { url } = await camera.start();
  return {
    camera,
    directory,
    url,
    lines,
    errors,
    stop: () => camera.stop(),
    async clear() {
      await camera.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A state directory with an authorisation for the watched zone. */
export function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-test-'));
  writeAuthorisation(directory, [watchedZone.name]);
  return directory;
}

/** Waits for something that a real process does. The limit only ends a test that would hang. */
export async function until(what: string, met: () => boolean, limitMs = 20_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!met()) {
    if (Date.now() > end) throw new Error(`never came: ${what}`);
    await wait(20);
  }
}

/** The store of a camera with this state directory, read beside it. */
export function openStore(directory: string): Promise<StoreReader> {
  const keys = join(directory, 'keys');
  const vault = new FileVault({ file: join(keys, 'device.key') });
  return StoreReader.open(join(directory, 'store'), { keys: { vault, directory: keys } });
}

/** Every unit on the card, in order. */
export async function recordedUnits(directory: string): Promise<GopUnit[]> {
  const reader = await openStore(directory);
  const units: GopUnit[] = [];
  for await (const gop of reader.range(0, Number.MAX_SAFE_INTEGER)) units.push(...gop.units);
  return units;
}

/** Decodes a file that ffmpeg reads into I420 pictures, limited range. `full` for JPEG. */
export function decode(
  bytes: Uint8Array,
  size: PictureSize,
  range: 'limited' | 'full' = 'limited',
): Buffer[] {
  const scale = range === 'full' ? ['-vf', 'scale=in_range=full:out_range=limited'] : [];
  const raw = execFileSync(
    'ffmpeg',
    [
      '-v',
      'error',
      '-i',
      '-',
      ...scale,
      '-f',
      'rawvideo',
      '-pix_fmt',
      'yuv420p',
      '-fps_mode',
      'passthrough',
      '-',
    ],
    { input: bytes, maxBuffer: 2 ** 31 - 1 },
  );
  const bytesEach = i420Bytes(size);
  return Array.from({ length: raw.length / bytesEach }, (_, i) =>
    raw.subarray(i * bytesEach, (i + 1) * bytesEach),
  );
}

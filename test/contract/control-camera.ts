/** A control server with made-up surroundings, for the tests of the control plane. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../board/linux/clock.js';
import type { Clock, Log } from '../../board/ports.js';
import type { UpdateOrders } from '../../ota/update.js';
import type { Picture, Unit } from '../../pipelines/messages.js';
import { Sessions } from '../../runtime/access/sessions.js';
import { Users } from '../../runtime/access/users.js';
import type { Config } from '../../runtime/config/schema.js';
import { AlertQueue } from '../../runtime/control/alerts.js';
import { LiveFeed } from '../../runtime/control/live.js';
import type { EditedMask } from '../../runtime/control/mask-desk.js';
import type { DesignatedZone } from '../../runtime/control/protocol.js';
import { ControlServer } from '../../runtime/control/server.js';
import type { DrivenHead } from '../../runtime/head/head-state.js';
import type { Health } from '../../runtime/health/health.js';
import type { Alert, AlertUpdate } from '../../runtime/scene/alert.js';

export interface TestCamera {
  server: ControlServer;
  url: string;
  directory: string;
  users: Users;
  sessions: Sessions;
  alerts: AlertQueue;
  live: LiveFeed;
  /** every line logged */
  lines: string[];
  /** Stops the server and starts another one on the same port, with the same sessions and a new live feed. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export const smallJpeg = Buffer.from('ffd8ffe000104a46494600010100000100010000ffd9', 'hex');

export function testLog(lines: string[] = []): Log {
  const line = (message: string): void => void lines.push(message);
  return { info: line, warn: line, error: line };
}

export async function startTestCamera(
  options: {
    clock?: Clock;
    control?: Partial<Config['control']>;
    snapshot?: () => Promise<Picture>;
    health?: () => Health;
    head?: DrivenHead;
    mask?: EditedMask;
    updates?: UpdateOrders;
    size?: { width: number; height: number; framesPerSecond: number };
    zones?: DesignatedZone[];
  } = {},
): Promise<TestCamera> {
  const clock = options.clock ?? systemClock;
  const directory = await mkdtemp(join(tmpdir(), 'vigie-test-'));
  const lines: string[] = [];
  const log = testLog(lines);
  const size = options.size ?? { width: 320, height: 240, framesPerSecond: 25 };
  const users = new Users({ file: join(directory, 'users.json') });
  const sessions = new Sessions({ clock });
  const alerts = new AlertQueue({ clock, log }, { directory: join(directory, 'alerts') });
  let live = new LiveFeed({ log }, size);
  const health = options.health ?? (() => testHealth(clock.wallMs(), alerts));
  const snapshot = options.snapshot ?? (() => Promise.resolve(testPicture()));
  const info = {
    version: '0.0.0',
    camera: { id: 'test-1', name: 'Place du Marché' },
    picture: size,
    zones: options.zones ?? [],
  };
  const head = options.head ?? null;
  const deps = {
    clock,
    log,
    users,
    sessions,
    alerts,
    health,
    snapshot,
    head,
    info,
    updates: options.updates ?? null,
    ...(options.mask && { mask: options.mask }),
  };
  let server = new ControlServer({ ...deps, live }, { host: '127.0.0.1', port: 0, ...options.control });
  await alerts.start();
  try {
    const { url, port } = await server.start();
    const restart = async (): Promise<void> => {
      await server.stop();
      live = new LiveFeed({ log }, size);
      server = new ControlServer({ ...deps, live }, { host: '127.0.0.1', ...options.control, port });
      await server.start();
    };
    const stop = async (): Promise<void> => {
      await server.stop();
      await alerts.stop();
      await rm(directory, { recursive: true, force: true });
    };
    return {
      get server() {
        return server;
      },
      get live() {
        return live;
      },
      ...{ url, directory, users, sessions, alerts, lines, restart, stop },
    };
  } catch (error) {
    await alerts.stop();
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

export function testPicture(): Picture {
  return {
    t: 'picture',
    id: 1,
    seq: 1,
    wallMs: 1_767_225_600_000,
    mask: { version: 1, digest: 'a'.repeat(64), state: 'zones' },
    jpeg: smallJpeg,
  };
}

let alertsMade = 0;

export function testAlert(change: Partial<Alert> = {}): Alert {
  alertsMade += 1;
  return {
    id: alertsMade.toString(16).padStart(32, '0'),
    number: 0,
    cameraId: 'test-1',
    event: 'presence',
    zone: 'Allée',
    reason: {
      fr: 'Une personne est dans la zone « Allée » depuis 2,1 s (seuil 2 s)',
      en: 'A person has been in zone “Allée” for 2.1 s (threshold 2 s)',
    },
    class: 'person',
    score: 0.7,
    participants: [],
    box: { x: 0.4, y: 0.3, width: 0.1, height: 0.3 },
    frameSeq: 1,
    atMs: 1_767_225_600_000,
    atMonoUs: 1_000_000,
    measured: [{ name: 'dwell', value: 2.1, threshold: 2, unit: 's' }],
    model: { name: 'centernet', sha256: '0'.repeat(64) },
    recording: null,
    folded: [],
    ...change,
  };
}

export function testUpdate(id: string, update: number, change: Partial<AlertUpdate> = {}): AlertUpdate {
  return {
    ...{ id, update, atMs: 1_767_225_605_000, ended: false, seconds: 5, most: 2, joined: 1 },
    measured: [{ name: 'dwell', value: 7.1, threshold: 2, unit: 's' }],
    reason: { fr: 'Dure', en: 'Lasts' },
    ...change,
  };
}

/** An access unit with a made-up parameter set or slice; `bytes` is about its size. */
export function testUnit(seq: number, key: boolean, bytes = 200, level = 0x1f): Unit {
  const start = Buffer.from([0, 0, 0, 1]);
  const sps = Buffer.from([0x67, 0x42, 0xc0, level, 0xda, 0x05, 0x07, 0xe8, 0x40, 0x80]);
  const pps = Buffer.from([0x68, 0xce, 0x3c, 0x80]);
  const slice = Buffer.concat([Buffer.from([key ? 0x65 : 0x41]), Buffer.alloc(bytes, 0x55)]);
  return {
    t: 'unit',
    seq,
    monoUs: 5_000_000 + seq * 40_000,
    wallMs: 1_767_225_600_000 + seq * 40,
    key,
    mask: { version: 1, digest: 'a'.repeat(64), state: 'zones' },
    data: Buffer.concat(key ? [start, sps, start, pps, start, slice] : [start, slice]),
  };
}

export function testHealth(atMs: number, alerts: AlertQueue): Health {
  return {
    atMs,
    version: '0.0.0',
    camera: { id: 'test-1', name: 'Place du Marché' },
    state: 'running',
    notices: [],
    picture: { width: 320, height: 240, framesPerSecond: 25, measuredFramesPerSecond: 24.9 },
    frames: { captured: 1000, masked: 1000, encoded: 1000, recorded: 998, dropped: 2 },
    mask: { version: 3, digest: 'a'.repeat(64), state: 'zones' },
    detect: { on: true, model: 'centernet', looksPerSecond: 5, tracks: 2 },
    store: {
      state: 'recording',
      segments: 64,
      segmentsUsed: 20,
      capacityBytes: 1 << 30,
      usedBytes: 335_544_320,
      bytesWritten: 335_544_320,
      gops: 900,
      gopsLost: 0,
      oldestMs: atMs - 900_000,
      newestMs: atMs,
      buffer: { bytes: 0, capacityBytes: 32 << 20, sinceMs: null },
      second: null,
    },
    card: {
      place: 'writable',
      name: 'SD SC64G',
      freeBytes: 4_200_000_000,
      totalBytes: 62_000_000_000,
      deviceBytesWritten: 335_544_320,
      fileSystemBytesWritten: 9_000_000_000_000,
      writeRate: 380_000,
      lifeUsedTenths: null,
      spare: null,
      lastsUntilMs: null,
      busyShare: 0.04,
    },
    stateStorage: {
      place: 'writable',
      name: 'MMC DG4016',
      freeBytes: 900_000_000,
      totalBytes: 1_000_000_000,
      deviceBytesWritten: 52_000_000,
      fileSystemBytesWritten: 40_000_000_000,
      writeRate: 60,
      lifeUsedTenths: 2,
      spare: 'normal',
      lastsUntilMs: atMs + 12 * 365.25 * 86_400_000,
      busyShare: null,
    },
    alerts: alerts.counts(),
    processes: { runtimeRssBytes: 90 << 20, pipelineRssBytes: 210 << 20, restarts: 0 },
  };
}

/**
 * `npm run bench -- alert`: from an event in the picture to the alert at a connected client. The whole camera runs in processes of its
 * own; this one is the sensor at one end, writing frames into a pipe, and the operator's client at the other. Both ends
 * have one clock, CLOCK_MONOTONIC.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../board/linux/clock.js';
import { VigieError } from '../errors.js';
import type { Point } from '../pipelines/messages.js';
import { Users } from '../runtime/access/users.js';
import type { ConfigInput } from '../runtime/config/schema.js';
import { ControlClient, cookieOf, logIn } from '../test/control-client.js';
import { makeStage, type Stage, stageSize } from './alert-stage.js';
import { atMost, type Row, row } from './report.js';

const COMMAND = fileURLToPath(new URL('../runtime/cli/main.js', import.meta.url));
const FRAMES_PER_SECOND = 25;
/** The promise: half a second. */
const GOAL_MS = 500;
const ZONE = 'Alert';
/** Pixels a frame: about 1.5 m/s for a person of this height. */
const STEP = 2;
/** Frames in the picture, and frames between two events: a track is given up after 1.5 s, and the alert's pause is 1 s. */
const SHOWN = 50;
const EMPTY = 60;
/** Frames on the way to the zone's border. */
const WALKED = 30;
/** Before the first event: the camera learns what the street looks like. */
const SETTLING = 10 * FRAMES_PER_SECOND;
const START_TIMEOUT_MS = 60_000;
/** An alert that comes later than this after its event is none for it. */
const LATEST_MS = 1900;

type Kind = 'appears' | 'walks in';

/** One event: when its first frame was written, and what came of it. */
interface Event {
  kind: Kind;
  atUs: number;
  latencyMs: number | null;
}

/** @param options.events of both kinds together */
export async function benchAlert(say: (line: string) => void, options: { events: number }): Promise<Row[]> {
  say('finding somebody in the sample clip, and the street without people');
  const stage = await makeStage();
  const directory = mkdtempSync(join(tmpdir(), 'vigie-bench-alert-'));
  let camera: ChildProcess | null = null;
  try {
    const { url, secret, pipe, configFile } = await prepare(directory, stage);
    camera = spawn(process.execPath, [COMMAND, 'run', '--config', configFile, '--state', directory], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const sensor = await open(pipe, 'w');
    const street = new Street(stage, sensor);
    const [client] = await Promise.all([connect(url, secret), street.run(options.events, say)]);
    client.close();
    await ended(camera);
    await sensor.close();
    match(street.events, client.heard);
    return rowsOf(street.events);
  } finally {
    if (camera) await ended(camera);
    rmSync(directory, { recursive: true, force: true });
  }
}

async function ended(camera: ChildProcess): Promise<void> {
  if (camera.exitCode !== null || camera.signalCode !== null) return;
  camera.kill('SIGTERM');
  await once(camera, 'exit');
}

/** Writes frames at the rate of the camera, never faster, and puts somebody into them. */
class Street {
  readonly events: Event[] = [];
  #next = systemClock.monoUs();

  constructor(
    private readonly stage: Stage,
    private readonly sensor: Awaited<ReturnType<typeof open>>,
  ) {}

  async run(count: number, say: (line: string) => void): Promise<void> {
    const { empty } = this.stage;
    for (let i = 0; i < SETTLING; i++) await this.#write(empty);
    for (let n = 0; n < count; n++) {
      if (n % 10 === 0) say(`event ${n + 1} of ${count}`);
      await this.#event(n % 2 === 0 ? 'appears' : 'walks in');
      // Another phase against the rhythm of the looks each time.
      for (let i = 0; i < EMPTY + (n % 5); i++) await this.#write(empty);
    }
  }

  async #event(kind: Kind): Promise<void> {
    if (kind === 'walks in') {
      for (let i = WALKED; i > 0; i--) await this.#write(this.stage.withPerson(-STEP * i - BORDER));
    }
    const first = kind === 'appears' ? 0 : -BORDER;
    const atUs = await this.#write(this.stage.withPerson(first));
    this.events.push({ kind, atUs, latencyMs: null });
    for (let i = 1; i < SHOWN; i++)
      await this.#write(this.stage.withPerson(kind === 'appears' ? 0 : first + STEP * i));
  }

  /** Returns the time at which the frame was whole in the pipe. */
  async #write(frame: Buffer): Promise<number> {
    this.#next += 1e6 / FRAMES_PER_SECOND;
    await wait(Math.max(0, (this.#next - systemClock.monoUs()) / 1000));
    // After a pause (a camera that starts) nothing is caught up.
    this.#next = Math.max(this.#next, systemClock.monoUs() - 1e6 / FRAMES_PER_SECOND);
    for (let at = 0; at < frame.length; ) at += (await this.sensor.write(frame, at)).bytesWritten;
    return systemClock.monoUs();
  }
}

/** Half of the zone's width, pixels: the person walks in over its left border. */
const BORDER = 60;

/** The zone around where the person stands. */
function zoneAround({ box }: Stage): Point[] {
  const [x, y] = [box.x + box.width / 2, box.y + box.height];
  const [across, down] = [BORDER / stageSize.width, 40 / stageSize.height];
  const share = (value: number): number => Math.min(1, Math.max(0, value));
  return [
    [share(x - across), share(y - down)],
    [share(x + 3 * across), share(y - down)],
    [share(x + 3 * across), share(y + down)],
    [share(x - across), share(y + down)],
  ];
}

async function prepare(
  directory: string,
  stage: Stage,
): Promise<{ url: string; secret: string; pipe: string; configFile: string }> {
  const pipe = join(directory, 'sensor');
  if (spawnSync('mkfifo', [pipe]).status !== 0)
    throw new VigieError('source', 'No named pipe could be made', 'Check the directory of temporary files');
  const port = await freePort();
  const config: ConfigInput = {
    camera: { id: 'bench-alert', name: 'Bench', language: 'en' },
    sensor: { kind: 'pipe', file: pipe },
    picture: { ...stageSize, framesPerSecond: FRAMES_PER_SECOND },
    mask: { zones: [], noneBecause: 'A drawn street in which nobody lives' },
    zones: [
      {
        name: ZONE,
        points: zoneAround(stage),
        presence: { dwellSeconds: 0, cooldownSeconds: 1, minScore: 0.2 },
      },
    ],
    record: { capacityMiB: 256 },
    control: { port },
  };
  const nowMs = systemClock.wallMs();
  const authorisation = {
    reference: 'BENCH',
    authority: 'Nobody: a bench',
    cameraId: 'bench-alert',
    validFrom: new Date(nowMs - 86_400_000).toISOString(),
    validUntil: new Date(nowMs + 86_400_000).toISOString(),
    retainDays: 1,
    events: [{ zone: ZONE, event: 'presence', legalBasis: 'Bench on a published clip' }],
  };
  const configFile = join(directory, 'camera.json');
  writeFileSync(configFile, JSON.stringify(config), { mode: 0o600 });
  writeFileSync(join(directory, 'authorisation.json'), JSON.stringify(authorisation), { mode: 0o600 });
  const users = new Users({ file: join(directory, 'users.json') });
  const secret = await users.add('bench', ['alerts'], nowMs);
  return { url: `http://127.0.0.1:${port}`, secret, pipe, configFile };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

/** A client that notes when each alert arrived. */
interface Listening {
  heard: { heardUs: number }[];
  close(): void;
}

async function connect(url: string, secret: string): Promise<Listening> {
  const untilUs = systemClock.monoUs() + START_TIMEOUT_MS * 1000;
  for (;;) {
    try {
      const cookie = cookieOf(await logIn(url, 'bench', secret));
      const client = await ControlClient.join(url, cookie);
      const heard: Listening['heard'] = [];
      client.send({ t: 'alerts.since', number: 0 });
      void listen(client, heard);
      return { heard, close: () => client.close() };
    } catch (cause) {
      if (systemClock.monoUs() > untilUs)
        throw new VigieError('network', 'The camera cannot be reached', 'See what it said above', { cause });
      await wait(200);
    }
  }
}

/** Until the connection ends. */
async function listen(client: ControlClient, heard: Listening['heard']): Promise<void> {
  for (;;) {
    const message = await client.next('alert').catch(() => null);
    if (!message) return;
    heard.push({ heardUs: systemClock.monoUs() });
  }
}

/** The first alert after an event, and before the next one, is that event's. */
function match(events: Event[], heard: Listening['heard']): void {
  for (const event of events) {
    const first = heard.find(
      ({ heardUs }) => heardUs >= event.atUs && heardUs - event.atUs < LATEST_MS * 1000,
    );
    event.latencyMs = first ? (first.heardUs - event.atUs) / 1000 : null;
  }
}

function rowsOf(events: Event[]): Row[] {
  const kinds: (Kind | 'all')[] = ['all', 'appears', 'walks in'];
  return kinds.flatMap((kind) => {
    const those = events.filter((event) => kind === 'all' || event.kind === kind);
    const ms = those.flatMap(({ latencyMs }) => latencyMs ?? []).sort((a, b) => a - b);
    const at = (share: number): number =>
      ms[Math.min(ms.length - 1, Math.floor(share * ms.length))] ?? Number.NaN;
    const name = kind === 'all' ? 'event to alert' : `somebody ${kind}, to alert`;
    return [
      row(`${name}, events`, those.length, 'events'),
      row(`${name}, without an alert`, those.length - ms.length, 'events'),
      row(`${name}, p50`, at(0.5), 'ms'),
      kind === 'all' ? atMost(`${name}, p99`, at(0.99), 'ms', GOAL_MS) : row(`${name}, p99`, at(0.99), 'ms'),
    ];
  });
}

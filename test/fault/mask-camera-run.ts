/**
 * A whole camera on the simulated head (docs/faults.md, "The mask"): its runtime, its pipeline process, its card and its
 * control plane. An operator turns it about while what stands outside of it breaks (mask-camera-site.ts). Keeps all that left it;
 * the search is in mask-camera-search.ts. Used by mask-camera.ts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { virtualHeadLimits } from '../../board/virtual/head.js';
import { drawPanorama } from '../../board/virtual/panorama.js';
import type { MaskZone } from '../../pipelines/messages.js';
import type { ConfigInput } from '../../runtime/config/schema.js';
import type { FromServer } from '../../runtime/control/protocol.js';
import type { GopUnit } from '../../runtime/record/gop.js';
import { type CameraRun, openStore, recordedUnits, runCamera, writeAuthorisation } from '../camera-run.js';
import { ControlClient, enter } from '../control-client.js';
import { seeded } from '../random.js';
import { checkByLog, type LogCheck } from './mask-camera-check.js';
import { ZoneEditor } from './mask-camera-editor.js';
import {
  type CameraAct,
  cameraPhaseAt,
  mended,
  patrolName,
  patrolSeconds,
  presetCount,
  presetName,
} from './mask-camera-scenario.js';
import { framesPerSecond, Site, type SiteOptions, usualReadOutMs } from './mask-camera-site.js';
import { streetLens, streetSize, type Truth } from './mask-run.js';
import { type Phase, phases } from './mask-scenario.js';

/** From the moment that the frame is given to the pipe to capture, the soonest. */
const arrivalMs = 0;
const pictureEveryMs = 1000;
const progressEveryMs = 10_000;
/** A picture that stays hidden because the head is not believed: then the operator sends the head home. */
const patienceMs = 3000;
const opensWithinMs = 30_000;

export interface CameraRunOptions {
  /** frames to record */
  frames: number;
  seed: number;
  protocol?: SiteOptions['protocol'];
  /** what the camera is told to hide; what is private stays what it is */
  zones?: MaskZone[];
  /** false: the time from exposure to capture is taken for nothing */
  compensated?: boolean;
  readOutMs?: number;
  gentle?: boolean;
  phases?: readonly Phase[];
  say?: (line: string) => void;
}

/** All that left the camera, and what was true. */
export interface CameraFound {
  recorded: GopUnit[];
  live: Extract<FromServer, { t: 'live.init' | 'live.fragment' }>[];
  pictures: Uint8Array[];
  truth: Map<number, Truth>;
  frameDelayMs: number;
  /** why the pipeline process was replaced when nobody had killed it */
  failures: string[];
  /** what `vigie store check` says of the card */
  damages: number;
  /** orders of the operator that the camera refused, and times that he had to send the head home */
  refused: number;
  homed: number;
  /** phases after which the picture did not open again */
  stayedHidden: Phase[];
  /** changes of the zones: made, and not */
  edits: { added: number; removed: number; failed: number };
  /** what `vigie mask check` finds on the card */
  byLog: LogCheck;
}

/** Runs until so many frames are recorded, and through every phase once at least. The state directory is gone afterwards. */
export async function runWholeCamera(options: CameraRunOptions): Promise<CameraFound> {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-mask-'));
  const { protocol = 'visca', seed, readOutMs = usualReadOutMs, gentle = false } = options;
  const site = new Site(directory, { protocol, seed, readOutMs, gentle });
  try {
    await site.start();
    return await new Operated(site, options, directory).run();
  } finally {
    await site.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

class Operated {
  readonly #site: Site;
  readonly #options: CameraRunOptions;
  readonly #directory: string;
  readonly #random: () => number;
  readonly #zones: MaskZone[];
  readonly #frameDelayMs: number;
  readonly #stayedHidden: Phase[] = [];
  #editor: ZoneEditor | null = null;
  #kills = 0;
  #homed = 0;
  #said = { atMs: 0, frames: 0 };

  constructor(site: Site, options: CameraRunOptions, directory: string) {
    this.#site = site;
    this.#options = options;
    this.#directory = directory;
    this.#random = seeded(options.seed);
    this.#zones = options.zones ?? drawPanorama().zones;
    const { compensated = true, readOutMs = usualReadOutMs } = options;
    this.#frameDelayMs = compensated ? readOutMs + arrivalMs : 0;
  }

  async run(): Promise<CameraFound> {
    writeAuthorisation(this.#directory, []);
    const run = await runCamera(this.#config(), this.#directory);
    try {
      const client = await ControlClient.join(
        run.url,
        await enter(run.camera.oneTimeLink(['live', 'ptz', 'health', 'mask'])),
      );
      client.send({ t: 'live.start' });
      this.#editor = new ZoneEditor(client);
      const pictures = setInterval(() => client.send({ t: 'snapshot.get', id: 1 }), pictureEveryMs);
      try {
        await this.#operate(run, client);
        await this.#editor.done();
      } finally {
        clearInterval(pictures);
      }
      await run.stop();
      client.close();
      return await this.#found(run, client);
    } finally {
      await run.stop();
    }
  }

  async #found(run: CameraRun, client: ControlClient): Promise<CameraFound> {
    await this.#site.stop();
    const recorded = await recordedUnits(this.#directory);
    const store = await openStore(this.#directory);
    const { damages } = await store.check();
    const replaced = run.lines.filter((line) => line.includes('the pipeline process is replaced'));
    const asked = replaced.filter((line) => line.includes('signal SIGKILL')).slice(0, this.#kills);
    return {
      recorded,
      live: client.messages.filter((message) => message.t === 'live.init' || message.t === 'live.fragment'),
      pictures: client.messages.flatMap((message) => (message.t === 'snapshot' ? [message.jpeg] : [])),
      truth: this.#site.truth,
      frameDelayMs: this.#frameDelayMs,
      failures: [...replaced.filter((line) => !asked.includes(line)), ...run.errors],
      damages: damages.length,
      refused: client.messages.filter(
        ({ t, ...rest }) => t === 'error' && 'code' in rest && rest.code === 'head-refused',
      ).length,
      homed: this.#homed,
      edits: {
        added: this.#editor?.added ?? 0,
        removed: this.#editor?.removed ?? 0,
        failed: this.#editor?.failed ?? 0,
      },
      byLog: await checkByLog(this.#directory, store, recorded.length),
      stayedHidden: this.#stayedHidden,
    };
  }

  async #operate(run: CameraRun, client: ControlClient): Promise<void> {
    const { frames, phases: only = phases } = this.#options;
    await this.#open(run, client);
    for (let i = 0; run.camera.recorder.framesRecorded < frames || i < only.length; i++) {
      const { phase, acts, ms } = cameraPhaseAt(i, frames / framesPerSecond, only, this.#random);
      this.#site.phase = phase;
      const endMs = Date.now() + ms;
      for (const { afterMs, act } of acts) {
        await wait(Math.max(0, endMs - ms + afterMs - Date.now()));
        this.#do(act, run, client);
        this.#progress(run);
      }
      await wait(Math.max(0, endMs - Date.now()));
      for (const act of mended) this.#do(act, run, client);
      await this.#open(run, client);
    }
  }

  #do(act: CameraAct, run: CameraRun, client: ControlClient): void {
    if ('say' in act) client.send(act.say);
    if ('faults' in act) this.#site.tell({ t: 'faults', faults: act.faults });
    if ('power' in act) this.#site.tell({ t: 'power', on: act.power });
    if ('plug' in act) this.#site.tell({ t: 'plug', in: act.plug });
    if ('edit' in act) this.#editor?.edit();
    if (!('kill' in act)) return;
    const { pid } = run.camera.supervisor;
    if (pid === undefined) return;
    this.#kills += 1;
    process.kill(pid, 'SIGKILL');
  }

  /** Waits until the picture is open and the head obeys. What an operator does when it does not: he sends the head home. */
  async #open(run: CameraRun, client: ControlClient): Promise<void> {
    const startMs = Date.now();
    let askedMs = startMs;
    for (;;) {
      await wait(100);
      this.#progress(run);
      const state = run.camera.head?.state;
      const { mask } = run.camera.health();
      if (state?.obeys && state.hide === null && mask.state !== 'full') return;
      if (Date.now() - startMs > opensWithinMs) return void this.#stayedHidden.push(this.#site.phase);
      const stays = mask.state === 'full' && mask.why === 'disagrees';
      if (!stays) askedMs = Date.now();
      if (!stays || Date.now() - askedMs < patienceMs) continue;
      this.#homed += 1;
      askedMs = Date.now();
      client.send({ t: 'head.home' });
    }
  }

  #progress(run: CameraRun): void {
    if (Date.now() - this.#said.atMs < progressEveryMs) return;
    const frames = run.camera.recorder.framesRecorded;
    if (this.#said.atMs > 0) this.#options.say?.(`${this.#site.phase}: ${frames} frames recorded`);
    this.#said = { atMs: Date.now(), frames };
  }

  #config(): ConfigInput {
    const { head, device, pipe } = this.#site;
    const limits = virtualHeadLimits(head);
    const zones = this.#zones.flatMap((zone) => ('directions' in zone ? [zone] : []));
    const megabytes = Math.ceil(this.#options.frames / 100);
    return {
      camera: { id: 'test-01', name: 'Test' },
      sensor: { kind: 'pipe', file: pipe, stamped: true },
      picture: { ...streetSize, framesPerSecond },
      mask: zones.length > 0 ? { zones } : { zones, noneBecause: 'A control: the search must find it' },
      detect: { enabled: false },
      encode: { bitrateKbps: 2000 },
      record: { capacityMiB: 64 + 4 * Math.ceil(megabytes / 4), segmentMiB: 4 },
      control: { port: 0 },
      // A busy machine is not what is tried here: what is replaced was killed.
      supervise: { heartbeatTimeoutMs: 5000, silentSourceMs: 5000 },
      head: {
        protocol: head.protocol,
        device,
        travel: {
          ...limits,
          panDeg: [...limits.panDeg],
          tiltDeg: [...limits.tiltDeg],
          hfovDeg: [...limits.hfovDeg],
        },
        lens: streetLens,
        trust: { positionDelayMs: Math.round(head.positionAgeMs - head.answerMs / 2) },
        frameDelayMs: this.#frameDelayMs,
        presets: this.#presets(),
        patrols: [
          {
            name: patrolName,
            stops: Array.from({ length: presetCount }, (_, i) => ({
              preset: presetName(i),
              seconds: patrolSeconds,
            })),
          },
        ],
      },
    };
  }

  #presets(): { name: string; panDeg: number; tiltDeg: number; hfovDeg: number }[] {
    const random = this.#random;
    return Array.from({ length: presetCount }, (_, i) => ({
      name: presetName(i),
      panDeg: (random() * 2 - 1) * 120,
      tiltDeg: random() * 16 - 6,
      hfovDeg: 35 + random() * 24,
    }));
  }
}

/**
 * The path of a frame: capture, mask, person mask, encode, with the look on the side. Made by main.ts of the pipeline
 * process, which carries what it sends. Wires the stages, nothing else.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '../board/linux/clock.js';
import type { Log } from '../board/ports.js';
import type { Anonymiser } from './anonymise/anonymiser.js';
import { Capture } from './capture/capture.js';
import { Look, type LookDeps, type Seen } from './detect/look.js';
import { Motion } from './detect/motion.js';
import { Slots } from './detect/slots.js';
import { type EncodedUnit, Encoder } from './encode/encoder.js';
import { StillEncoder } from './encode/still.js';
import { type MaskedFrame, type RawFrame, releaseFrame } from './frame.js';
import { HeldFrames, type HeldFramesEvents } from './mask/held-frames.js';
import { Masker } from './mask/masker.js';
import { Placement } from './mask/placement.js';
import type { FromPipeline, PipelineOptions, Pose, ToPipeline } from './messages.js';
import { LatencyMeter, LoopMeter } from './meter.js';
import { followsPeople, looking, personMask } from './person-mask.js';
import { Pictures } from './pictures.js';
import { Sights } from './sight/sights.js';
import { Tracker } from './track/tracker.js';

const BEAT_MS = 100;
const WAIT_MS = 1;

export interface FramePathDeps {
  log: Log;
  send(message: FromPipeline): void;
  /** something that this process cannot go on with */
  fault(error: unknown): void;
  /** the parent takes no more just now: frames are dropped before the mask */
  behind(): boolean;
}

export class FramePath {
  readonly #out: FramePathDeps;
  readonly #masker: Masker;
  readonly #placement: Placement | null;
  readonly #held: HeldFrames | null;
  readonly #encoder: Encoder;
  readonly #still: StillEncoder;
  readonly #look: Look | null;
  readonly #slots: Slots;
  readonly #tracker: Tracker | null;
  readonly #motion: Motion | null;
  readonly #sights: Sights;
  readonly #people: Anonymiser | null;
  readonly #capture: Capture;
  readonly #latency = new LatencyMeter();
  readonly #loop = new LoopMeter();
  readonly #counts = { captured: 0, masked: 0, encoded: 0, dropped: 0, lookedAt: 0, detections: 0 };
  #newest: MaskedFrame | null = null;
  readonly pictures: Pictures;
  #tablesLoaded = 0;
  /** the newest frame under the mask, which may still wait to be shown */
  #maskedSeq = -1;
  /** frames up to this one bear a mask that is no longer the newest */
  #oldMaskSeq = -1;

  constructor(
    deps: FramePathDeps,
    readonly options: PipelineOptions,
  ) {
    this.#out = deps;
    const { log, send, fault } = deps;
    const size = { width: options.width, height: options.height };
    this.#masker = new Masker(size, options.head?.lens, followsPeople(options));
    this.#placement = options.head && new Placement(size, options.head);
    this.#held =
      options.head && new HeldFrames({ clock: systemClock, events: this.#holding() }, options.head);
    this.#encoder = new Encoder({ onUnit: (unit) => this.#onUnit(unit), onFault: fault }, options);
    this.#still = new StillEncoder(size);
    const seeing: LookDeps = {
      clock: systemClock,
      log,
      onSeen: (seen) => this.#onSeen(seen),
      onFault: fault,
      expected: (monoUs) => this.#tracker?.expected(monoUs) ?? [],
      dropped: (frame) => this.#release(frame),
    };
    this.#look = options.detect ? new Look(seeing, looking(options, options.detect), size) : null;
    this.#slots = new Slots({ log, onFault: fault }, options.detect?.slots ?? []);
    this.#tracker = options.detect
      ? new Tracker({ ...options.detect, aspect: size.width / size.height })
      : null;
    this.#people = personMask(systemClock, options, (frame) => this.#show(frame));
    this.pictures = new Pictures({
      still: this.#still,
      frame: (seq) => (seq === null ? null : this.#look?.frame(seq)) ?? this.#newest,
      tablesLoaded: () => this.#tablesLoaded,
      coversPeople: this.#people !== null,
      send,
    });
    this.#motion = options.motion ? new Motion(size, options.motion) : null;
    this.#sights = new Sights(size, { moves: options.head !== null });
    const events = {
      frame: (frame: RawFrame) => this.#onFrame(frame),
      ended: () => void this.#sendEnded(),
      fault,
    };
    this.#capture = new Capture({ clock: systemClock, events }, options);
  }

  start(): void {
    this.#loop.start();
    setInterval(() => this.#beat(), BEAT_MS);
    this.#encoder.start();
    this.#still.start();
    this.#people?.start();
    this.#out.send({ t: 'ready', pid: process.pid });
    // The picture comes first: the model loads while frames already flow.
    this.#capture.start();
    this.#look?.start().catch(this.#out.fault);
    this.#slots.start();
  }

  load(message: Extract<ToPipeline, { t: 'mask-table' }>): void {
    // Frames masked before may show what the new table hides.
    this.#tablesLoaded++;
    this.#newest = null;
    this.#oldMaskSeq = this.#maskedSeq;
    this.#look?.forget();
    const digest = this.#masker.load(message.table);
    this.#sights.load(message.table);
    this.#out.send({ t: 'mask-ready', version: message.table.version, digest });
  }

  open({ version, digest }: Extract<ToPipeline, { t: 'mask-open' }>): void {
    this.#masker.open(version, digest);
  }

  pose(pose: Pose): void {
    this.#placement?.add(pose);
    this.#held?.drain();
  }

  /** No new frame; what the encoder still holds comes out. */
  async stop(): Promise<void> {
    this.#capture.stop();
    this.#people?.stop();
    await this.#sendEnded();
  }

  async #sendEnded(): Promise<void> {
    this.#held?.flush();
    while (this.#people && this.#people.held > 0) await wait(WAIT_MS);
    while (this.#encoder.inFlight > 0) await wait(WAIT_MS);
    this.#out.send({ t: 'ended' });
  }

  #onFrame(raw: RawFrame): void | Promise<void> {
    this.#counts.captured++;
    if (this.#behind()) {
      if (this.options.paced || this.options.atEnd === 'live') {
        this.#counts.dropped++;
        return;
      }
      return this.#waitThenPass(raw);
    }
    this.#hold(raw);
  }

  /** On a head that moves, a frame waits for the position that follows it. */
  #hold(raw: RawFrame): void {
    if (this.#held) this.#held.offer(raw);
    else this.#pass(raw);
  }

  #holding(): HeldFramesEvents {
    return {
      isKnown: ({ monoUs }) => this.#placement?.isKnown(monoUs) ?? true,
      canPass: () => !this.#behind(),
      pass: (raw) => this.#pass(raw),
    };
  }

  #pass(raw: RawFrame): void {
    const frame = this.#masker.mask(raw, this.#placement?.place(raw));
    this.#placement?.remember(frame);
    this.#counts.masked++;
    this.#maskedSeq = frame.seq;
    // On its way first: what is measured on the side holds this thread for a moment. A person mask changes the frame, so it comes last.
    if (!this.#people) this.#show(frame);
    this.#look?.offer(frame);
    this.#slots.offer(frame);
    const share = this.#motion?.offer(frame) ?? null;
    if (share !== null) this.#out.send({ t: 'motion', seq: frame.seq, monoUs: frame.monoUs, share });
    const sight = this.#sights.offer(frame);
    if (sight) this.#out.send(sight);
    this.#people?.push(frame, this.#look?.keeps(frame) ?? false);
  }

  /** Nothing before this line leaves the process, nothing after it sees a person who was to be covered. */
  #show(frame: MaskedFrame): void {
    this.#encoder.push(frame);
    this.#replaceNewest(frame);
  }

  /** The encoder has its own copy: the frame before is given back unless somebody still looks at it. */
  #replaceNewest(frame: MaskedFrame): void {
    const before = this.#newest;
    if (frame.seq <= this.#oldMaskSeq) return;
    this.#newest = frame;
    if (before) this.#release(before);
  }

  /** Gives a frame back once it was shown, another has followed it, and nobody looks at it or makes a picture of it. */
  #release(frame: MaskedFrame): void {
    const isPast = this.#newest !== null && frame.seq < this.#newest.seq;
    if (isPast && !this.#look?.keeps(frame) && !this.pictures.needs(frame)) releaseFrame(frame);
  }

  #behind(): boolean {
    return (
      this.#encoder.inFlight >= this.options.framesInFlight ||
      this.#out.behind() ||
      this.#people?.full === true
    );
  }

  /** A file that is not paced waits for the encoder instead of losing frames. */
  async #waitThenPass(raw: RawFrame): Promise<void> {
    while (this.#behind()) await wait(WAIT_MS);
    this.#hold(raw);
  }

  #onSeen({
    frame: { seq, monoUs, wallMs },
    detections,
    lookMs,
    looked,
    stills,
    occupied,
    isLively,
  }: Seen): void {
    this.#counts.lookedAt++;
    this.#counts.detections += detections.length;
    this.#people?.seen({ seq, monoUs }, detections);
    const watches = this.options.personMask?.only !== true;
    const tracks = (watches && this.#tracker?.update(detections, monoUs, isLively)) || [];
    const signals = this.#slots.take();
    const found = { detections: detections.length, tracks, looked, stills, occupied, signals };
    this.#out.send({ t: 'tracks', seq, monoUs, wallMs, lookMs, ...found });
  }

  #onUnit({ data, ...unit }: EncodedUnit): void {
    this.#counts.encoded++;
    this.#latency.add((systemClock.monoUs() - unit.monoUs) / 1000);
    this.#out.send({ t: 'unit', ...unit, data });
    this.#held?.drain();
  }

  #beat(): void {
    this.#out.send({
      t: 'beat',
      ...this.#counts,
      tracksBorn: this.#tracker?.born ?? 0,
      rssBytes: process.memoryUsage.rss(),
      latencyMs: this.#latency.read(),
      loopDelayMs: this.#loop.read(),
    });
  }
}

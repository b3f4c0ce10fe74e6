/**
 * A month in minutes: a camera on a clock that is moved by hand records, is jumped, starved and cut, and is compared with
 * what is true, GOP by GOP (docs/faults.md, "A month"). Used by store-month.test.ts and `npm run fault -- month`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atMost, type Row, row } from '../../runtime/health/report.js';
import { dayMs } from '../../runtime/record/retention-terms.js';
import { startMs } from '../unit/register-fake.js';
import {
  type CameraOptions,
  type Illness,
  MonthCamera,
  type StoreName,
  storeNames,
  unitsOf,
  unitsPerGop,
  type Wrong,
} from './month-camera.js';
import { compareReaders, openStores } from './month-readers.js';
import { compareRegister } from './month-register.js';
import { plannedMonth, randomMonth } from './month-scenario.js';
import { placeKey, Truth } from './month-truth.js';

const gopEveryMs = 20 * 60_000;
/** What is destroyed is told after this at the latest (docs/retention.md, R18), by the look that follows. */
const toldAfterMs = 31_000;
const checkEveryMs = 3 * dayMs;
/** Memory for what waits: about five hours of these GOPs. */
const bufferBytes = 100_000;
/** What a picture costs in the memory for what waits, besides its bytes (runtime/record/gathering.ts). */
const pictureBytes = 96;

/** Something that happens to the camera. */
export interface MonthEvent {
  /** after the start */
  atMs: number;
  act: (month: Month) => unknown;
}

export interface MonthOptions {
  events: readonly MonthEvent[];
  days: number;
  terms?: CameraOptions['terms'];
  slots?: Record<StoreName, number>;
  wrong?: Wrong | null;
}

export interface MonthFound {
  gops: number;
  readable: number;
  lost: { cut: number; room: number };
  /** keys */
  destroyed: { term: number; space: number };
  cardFailures: number;
  jumps: number;
  holds: number;
  alerts: number;
  checkpoints: number;
  answers: number;
  violations: string[];
}

const usualTerms = { reference: 'P-1', communalDays: 15, terminusDays: 30, minimumDays: null };

export class Month {
  readonly truth: Truth;
  readonly camera: MonthCamera;
  readonly counts = { cardFailures: 0, jumps: 0, holds: 0, alerts: 0, checkpoints: 0 };
  /** GOPs that wait because both cards refuse, as they should: number and bytes */
  #waiting: { n: number; bytes: number }[] = [];
  readonly #slots: Record<StoreName, number>;
  readonly #storeIds = new Map<string, StoreName>();
  #keysLive: ReadonlySet<string> = new Set();
  /** keys have gone: a look at this time tells of them */
  #lookAtMs = Number.POSITIVE_INFINITY;

  constructor(
    readonly directory: string,
    private readonly options: MonthOptions,
  ) {
    const { terms = usualTerms, wrong = null } = options;
    this.#slots = options.slots ?? { first: 460, second: 120 };
    this.truth = new Truth(terms, (storeId) => this.#slots[this.#storeIds.get(storeId) ?? 'first']);
    this.camera = new MonthCamera(
      { directory, terms, bufferBytes, slots: this.#slots, wrong },
      ({ seq, ...where }) => this.truth.stored({ ...where, n: seq / unitsPerGop }),
    );
  }

  get nowMs(): number {
    return this.camera.trueMs;
  }

  /** After the start. */
  get sinceMs(): number {
    return this.nowMs - startMs;
  }

  async run(): Promise<MonthFound> {
    await this.camera.boot(startMs);
    const events = [...this.options.events].sort((a, b) => a.atMs - b.atMs);
    let gopAtMs = gopEveryMs;
    let checkAtMs = checkEveryMs;
    const endMs = this.options.days * dayMs;
    while (this.sinceMs < endMs) {
      const criticalMs = this.truth.nextMs(this.nowMs) - startMs;
      const untilMs = Math.min(events[0]?.atMs ?? endMs, gopAtMs, criticalMs, this.#lookAtMs, endMs);
      this.camera.clock.advance(Math.max(untilMs - this.sinceMs, 0.001));
      if (this.sinceMs >= this.#lookAtMs) this.#lookAtMs = Number.POSITIVE_INFINITY;
      if (this.sinceMs >= gopAtMs) {
        this.#feed();
        gopAtMs += gopEveryMs;
      }
      await this.settle();
      const event = this.sinceMs >= (events[0]?.atMs ?? endMs) ? events.shift() : undefined;
      if (event) {
        await event.act(this);
        await this.settle();
      }
      if (this.sinceMs >= checkAtMs && this.#canCompare) {
        await this.compare();
        checkAtMs = this.sinceMs + checkEveryMs;
      }
    }
    return this.#finish();
  }

  async settle(): Promise<void> {
    await this.camera.settle();
    const { stores } = this.camera.parts;
    const live = new Set<string>();
    for (const name of storeNames) {
      const { storeId } = stores[name];
      if (storeId === null) continue;
      this.#storeIds.set(storeId, name);
      for (const { segmentSequence: segment, class: of } of stores[name].liveKeys())
        live.add(placeKey({ storeId, segment, class: of }));
    }
    const gone = [...this.#keysLive].some((key) => !live.has(key));
    if (gone) this.#lookAtMs = Math.min(this.#lookAtMs, this.sinceMs + toldAfterMs);
    this.#keysLive = live;
    this.truth.observe(live, this.#moment);
  }

  async compare(): Promise<number> {
    this.counts.checkpoints += 1;
    return compareReaders(this.truth, this.directory, this.#moment);
  }

  /** The power goes while a record is written; it is back at once, and the clock with it. */
  async cut(): Promise<void> {
    this.counts.cardFailures += 1;
    const last = this.truth.gops.at(-1);
    if (last) last.lost = 'cut';
    await this.camera.cut();
    await this.camera.boot(this.nowMs);
  }

  /** A start without a clock: the board believes that it is 1970. */
  async bootIn1970(): Promise<void> {
    this.counts.jumps += 1;
    await this.camera.stop();
    await this.camera.boot(this.nowMs, { wallMs: 1000, trusted: false });
  }

  setClock(offMs: number, trusted: boolean): void {
    if (offMs !== 0) this.counts.jumps += 1;
    this.camera.setClock(offMs, trusted);
  }

  alert(): void {
    this.counts.alerts += 1;
    this.truth.alert(this.nowMs);
    this.camera.alert();
  }

  async sicken(name: StoreName, illness: Illness): Promise<void> {
    if (illness !== 'none') this.counts.cardFailures += 1;
    else this.#waiting = [];
    await this.camera.setIllness(name, illness);
    if (illness !== 'none') return;
    // A card that was let go is tried again after 5 s.
    this.camera.clock.advance(6000);
    await this.settle();
  }

  /** Times after the start. */
  async hold(requisition: string, fromMs: number, toMs: number, untilMs: number): Promise<void> {
    this.counts.holds += 1;
    const hold = { fromMs: startMs + fromMs, toMs: startMs + toMs };
    const endMs = startMs + untilMs;
    this.truth.holds.push({ requisition, ...hold, setMs: this.nowMs, endMs });
    await this.camera.requests().leave({ ask: 'hold', hold: { requisition, ...hold, untilMs: endMs } });
  }

  async release(requisition: string): Promise<void> {
    for (const hold of this.truth.holds) {
      if (hold.requisition === requisition) hold.endMs = Math.min(hold.endMs, this.nowMs);
    }
    await this.camera.requests().leave({ ask: 'release', requisition });
  }

  get #moment(): { nowMs: number; knowsSinceMs: number } {
    return { nowMs: this.nowMs, knowsSinceMs: this.camera.knowsSinceMs };
  }

  /** A card that is out cannot be read; what the camera does not know yet cannot be shown. */
  get #canCompare(): boolean {
    const { ill, knowsSinceMs } = this.camera;
    return ill.first !== 'out' && ill.second !== 'out' && knowsSinceMs < Number.POSITIVE_INFINITY;
  }

  #feed(): void {
    const { n } = this.truth.fed(this.nowMs);
    this.camera.feed(n);
    const { ill } = this.camera;
    // The one before is whole now.
    if (n === 0 || ill.first === 'none' || ill.second === 'none') return;
    const units = unitsOf(n - 1, { monoUs: 0, wallMs: 0 });
    const bytes = units.reduce((sum, { data }) => sum + data.byteLength + pictureBytes, 0);
    this.#waiting.push({ n: n - 1, bytes });
    while (this.#waiting.reduce((sum, waiting) => sum + waiting.bytes, 0) > bufferBytes) {
      const lost = this.truth.gops[this.#waiting.shift()?.n ?? -1];
      if (lost) lost.lost = 'room';
    }
  }

  async #finish(): Promise<MonthFound> {
    // What is being gathered is stored, and what that overwrites is seen.
    this.camera.parts.recorder.shut('the month is over');
    await this.settle();
    await this.camera.stop();
    const { truth, counts } = this;
    const readable = await this.compare();
    for (const reader of await openStores(this.directory)) {
      for (const damage of (await reader.check()).damages)
        if (!expectedDamage.has(damage.kind)) truth.wrong(`check: ${damage.kind}`);
    }
    for (const gop of truth.gops) {
      const kept = gop.places.some((place) => place.class === 'terminus');
      if (kept !== gop.terminus && gop.lost === null)
        truth.wrong(`GOP ${gop.n} is ${kept ? '' : 'not '}under terminus`);
      if (gop.places.length === 0 && gop.lost === null) truth.wrong(`GOP ${gop.n} was never stored`);
      if (gop.places.length > 0 && gop.lost === 'room') truth.wrong(`GOP ${gop.n} did not fit in the memory`);
    }
    const answers = await compareRegister(truth, this.directory, 12);
    const gone = [...truth.places.values()].flatMap((place) => place.gone ?? []);
    const [term, space] = (['term', 'space'] as const).map((by) => gone.filter((of) => of.by === by).length);
    const [cut, room] = (['cut', 'room'] as const).map(
      (how) => truth.gops.filter(({ lost }) => lost === how).length,
    );
    return {
      gops: truth.gops.length,
      readable,
      lost: { cut: cut ?? 0, room: room ?? 0 },
      destroyed: { term: term ?? 0, space: space ?? 0 },
      ...counts,
      answers,
      violations: truth.violations,
    };
  }
}

/** What a card that fails in the middle of a write leaves; nothing that was acknowledged. */
const expectedDamage = new Set(['segment-end', 'record-payload', 'record-header', 'missing-records']);

export async function simulateMonth(options: MonthOptions): Promise<MonthFound> {
  const directory = await mkdtemp(join(tmpdir(), 'vigie-month-'));
  try {
    return await new Month(directory, options).run();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** `npm run fault -- month` */
export async function faultMonth(
  say: (line: string) => unknown,
  { months = 3, seed = 1 } = {},
): Promise<{ rows: Row[]; violations: string[] }> {
  const found: MonthFound[] = [];
  for (let i = 0; i < months; i++) {
    say(`month ${i + 1} of ${months}`);
    found.push(await simulateMonth(i === 0 ? plannedMonth() : randomMonth(seed + i)));
  }
  const sum = (of: (one: MonthFound) => number): number => found.reduce((total, one) => total + of(one), 0);
  const violations = found.flatMap((one, i) => one.violations.map((what) => `month ${i + 1}: ${what}`));
  const rows = [
    row('months', months, ''),
    row(
      'GOPs fed',
      sum(({ gops }) => gops),
      '',
    ),
    row(
      '- readable at the end',
      sum(({ readable }) => readable),
      '',
    ),
    row(
      '- lost when the power went',
      sum(({ lost }) => lost.cut),
      '',
    ),
    row(
      '- lost because the memory was full',
      sum(({ lost }) => lost.room),
      '',
    ),
    row(
      'keys destroyed at their term',
      sum(({ destroyed }) => destroyed.term),
      '',
    ),
    row(
      'keys destroyed for space',
      sum(({ destroyed }) => destroyed.space),
      '',
    ),
    row(
      'card failures and power cuts',
      sum(({ cardFailures }) => cardFailures),
      '',
    ),
    row(
      'clock jumps',
      sum(({ jumps }) => jumps),
      '',
    ),
    row(
      'alerts',
      sum(({ alerts }) => alerts),
      '',
    ),
    row(
      'holds',
      sum(({ holds }) => holds),
      '',
    ),
    row(
      'times everything was read and compared',
      sum(({ checkpoints }) => checkpoints),
      '',
    ),
    row(
      'answers compared',
      sum(({ answers }) => answers),
      '',
    ),
    atMost('violations', violations.length, '', 0),
  ];
  return { rows, violations };
}

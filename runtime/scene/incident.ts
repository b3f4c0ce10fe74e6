/**
 * One incident, from the look at which its condition first held to the last (docs/events.md, N1 to N8). Made and fed by
 * incidents.ts. It keeps what an update tells, and of those who took part only the ids of the tracks that live.
 */
import type { AlertUpdate, EventKind, Measured } from './alert.js';
import type { SceneLook, Sighting } from './behaviour.js';
import { updateReason } from './reasons.js';

const quietUs = 5_000_000;
const updateEveryUs = 5_000_000;
/** A measure that is stronger by this share is worth an update. */
const strongerShare = 0.25;

/** The time of a look. */
export type Moment = Pick<SceneLook, 'seq' | 'monoUs' | 'wallMs'>;

interface ToldState {
  us: number;
  most: number;
  joined: number;
  lead: number;
  ended: boolean;
}

export class Incident {
  /** what holds, at the last look at which anything did, the one to tell of first */
  sightings: readonly Sighting[];
  /** the last look at which the condition held */
  last: Moment;
  /** nothing has fulfilled the condition for some time */
  ended = false;
  #strongest: Sighting;
  #most: number;
  #joined = 0;
  readonly #counted = new Set<string>();
  /** look of its alert; null: it waits to be told */
  #from: Moment | null = null;
  #told: ToldState | null = null;
  #updates = 0;

  constructor(
    readonly id: string,
    readonly event: EventKind,
    readonly zone: string,
    sightings: readonly [Sighting, ...Sighting[]],
    look: Moment,
  ) {
    this.sightings = sightings;
    this.last = look;
    this.#strongest = sightings[0];
    this.#most = participants(sightings);
  }

  get lastUs(): number {
    return this.last.monoUs;
  }

  /** Its alert was told: what it lasted, most and joined count from there. */
  get told(): boolean {
    return this.#from !== null;
  }

  alerted(nowUs: number): void {
    this.#from = this.last;
    this.#strongest = this.sightings[0] ?? this.#strongest;
    this.#most = participants(this.sightings);
    this.#remember(nowUs);
  }

  /** The condition holds at this look. @param joined keys of those who came after the alert */
  goesOn(sightings: readonly Sighting[], look: Moment, joined: readonly string[]): void {
    if (sightings.length === 0) return;
    this.sightings = sightings;
    this.last = look;
    this.ended = false;
    this.#most = Math.max(this.#most, participants(sightings));
    for (const sighting of sightings) {
      if (strength(sighting, this.#strongest) > 0) this.#strongest = sighting;
    }
    for (const key of joined) {
      if (key === 'zone' || this.#counted.has(key)) continue;
      this.#counted.add(key);
      this.#joined += 1;
    }
  }

  /** At each look. @param alive keys of all that is there: nothing is kept of what is gone */
  passes(monoUs: number, alive: ReadonlySet<string>): void {
    for (const key of this.#counted) if (!alive.has(key)) this.#counted.delete(key);
    if (monoUs - this.last.monoUs > quietUs) this.ended = true;
  }

  /** Nothing more is to be told of it for now. */
  get settled(): boolean {
    return this.ended && this.#told?.ended === true;
  }

  /** What changed, when it is worth an update and one may be sent. */
  update(look: Moment): AlertUpdate | null {
    const told = this.#told;
    if (!told || look.monoUs - told.us < updateEveryUs || !this.#changed(told)) return null;
    return this.#updateAt(look, false);
  }

  /** The last update, whether or not one is due. @param next a new alert takes over */
  close(look: Moment, next: boolean): AlertUpdate | null {
    if (!this.#told || this.settled) return null;
    this.ended = true;
    return this.#updateAt(look, next);
  }

  #updateAt(look: Moment, next: boolean): AlertUpdate {
    this.#updates += 1;
    this.#remember(look.monoUs);
    const seconds = Math.max(0, (this.last.monoUs - (this.#from ?? this.last).monoUs) / 1e6);
    const counts = { ended: this.ended, seconds, most: this.#most, joined: this.#joined };
    return {
      id: this.id,
      update: this.#updates,
      atMs: look.wallMs,
      ...counts,
      measured: [...this.#strongest.measured],
      reason: updateReason(this.#strongest.reason, { ...counts, next }),
    };
  }

  #changed({ most, joined, lead, ended }: ToldState): boolean {
    const now = leadOf(this.#strongest);
    const stronger = now !== lead && Math.abs(now - lead) >= strongerShare * Math.abs(lead);
    return this.#most > most || this.#joined > joined || this.ended !== ended || stronger;
  }

  #remember(us: number): void {
    const lead = leadOf(this.#strongest);
    this.#told = { us, most: this.#most, joined: this.#joined, lead, ended: this.ended };
  }
}

/** Those who take part in any of it, each once. */
function participants(sightings: readonly Sighting[]): number {
  return new Set(sightings.flatMap(({ subjects }) => subjects.map(({ track }) => track.id))).size;
}

function leadOf({ measured }: Sighting): number {
  return measured[0]?.value ?? 0;
}

/** How much stronger the first is than the second: further from the threshold, on the side on which it lies. */
function strength(first: Sighting, second: Sighting): number {
  const { value = 0, threshold = null }: Partial<Measured> = second.measured[0] ?? {};
  const more = leadOf(first) - value;
  return threshold !== null && value < threshold ? -more : more;
}

/** Shows scripted looks to one behaviour, without the scene around it: what it answers, look by look. */
import type { Behaviour, SceneLook, Sighting } from '../../runtime/scene/behaviour.js';
import type { Ground } from '../../runtime/scene/ground.js';
import { Subjects } from '../../runtime/scene/subjects.js';
import { look, type Seen } from './scene-script.js';

export interface Shown {
  /** seconds of the looks at which it held */
  times: number[];
  /** what it said at each of them */
  sightings: Sighting[];
}

export interface Script {
  from: number;
  to: number;
  /** looks a second */
  rate: number;
  seenAt: (t: number) => Seen[];
  /** share of the zone `Path` that is covered; not measured when absent */
  occupiedAt?: (t: number) => number;
  sensitivity?: number;
}

export class Show {
  readonly #subjects: Subjects;

  constructor(
    readonly behaviour: Behaviour,
    ground: Ground | null = null,
  ) {
    this.#subjects = new Subjects(ground);
  }

  run({ from, to, rate, seenAt, occupiedAt, sensitivity = 1 }: Script): Shown {
    const shown: Shown = { times: [], sightings: [] };
    for (let i = 0; i <= Math.round((to - from) * rate); i++) {
      const t = from + i / rate;
      const [sighting] = this.behaviour.observe(this.#look(t, seenAt(t), occupiedAt?.(t)), sensitivity);
      if (!sighting) continue;
      shown.times.push(Number(t.toFixed(3)));
      shown.sightings.push(sighting);
    }
    return shown;
  }

  #look(t: number, seen: Seen[], share: number | undefined): SceneLook {
    const { seq, monoUs, wallMs, tracks } = look(t, ...seen);
    const born = tracks.map((track, i) => ({ ...track, bornUs: (seen[i] as { bornS?: number }).bornS ?? 0 }));
    const subjects = this.#subjects.of(
      born.map((track) => ({ ...track, bornUs: track.bornUs * 1e6 })),
      monoUs,
    );
    const occupied = new Map(share === undefined ? [] : [['Path', share] as const]);
    return { seq, monoUs, wallMs, subjects, stills: null, occupied, signals: [] };
  }
}

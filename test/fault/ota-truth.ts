/**
 * Which versions may start, by what was told before a kill or a cut (docs/updates.md, invariants 1 to 4). Fed by whoever
 * installs and starts, asked by whoever looks at what is left. Pure.
 */
import type { Report } from './ota-bundles.js';

/** The closed list of what is told; all but `starting` and `crashing` with a version. */
export type ToldWord =
  | 'confirmed'
  | 'installing'
  | 'installed'
  | 'starting'
  | 'crashing'
  | 'saw'
  | 'leaving'
  | 'left';

export interface Wrong {
  kind: 'torn' | 'brick' | 'version' | 'retry' | 'card';
  what: string;
}

const tries = 3;

export class Truth {
  #have = '';
  #candidates = new Set<string>();
  #trial: { version: string; back: string; begun: number } | null = null;

  constructor(private readonly manifests: ReadonlyMap<string, string>) {}

  take(line: string): void {
    const [word, version = ''] = line.split(' ') as [ToldWord, string?];
    if (word === 'starting' && this.#trial) this.#trial.begun += 1;
    if (word === 'crashing' && this.#trial) this.#trial.begun = tries;
    if (word === 'installing') {
      this.#trial = { version, back: this.#have, begun: 0 };
      this.#candidates = new Set([this.#have, version]);
    }
    if (word === 'installed') this.#candidates = new Set([version]);
    if (word === 'leaving') this.#candidates = new Set([this.#have, version]);
    if (word === 'saw' || word === 'left') this.#is(version);
    if (word === 'confirmed') {
      this.#trial = null;
      this.#is(version);
    }
  }

  /** What may start now. A version on trial may be gone from when all of its tries may have been counted. */
  get allowed(): ReadonlySet<string> {
    const trial = this.#trial;
    if (!trial || trial.begun < tries) return this.#candidates;
    return new Set([...this.#candidates, trial.back]);
  }

  /** What is wrong with what started. */
  judge({ version, manifestSha256, wrong }: Report): Wrong[] {
    const found: Wrong[] = [];
    if (wrong.length > 0) found.push({ kind: 'torn', what: `${version} starts with ${wrong[0]} torn` });
    if (this.manifests.get(version) !== manifestSha256) {
      found.push({ kind: 'torn', what: `${version} starts with a bundle.json that is not its own` });
    }
    if (!this.allowed.has(version)) {
      found.push({ kind: 'version', what: `${version} starts instead of ${[...this.allowed].join(' or ')}` });
    }
    return found;
  }

  #is(version: string): void {
    this.#candidates = new Set([version]);
    if (this.#trial?.version === version) return;
    this.#trial = null;
    this.#have = version;
  }
}

/**
 * When the register is told what happened to segments (docs/retention.md, R18): a destruction waits for the next turn of a
 * segment, a turn for keys that are about to fall due, so that both share an entry. Asked by retention.ts at each look.
 * Never holds anything back for longer than R18 says; what a cut takes from here, the next start tells.
 */
import type { Clock } from '../../board/ports.js';
import type { Due } from './retention-due.js';
import { type RegisterPort, Telling, type Told, tellMissing, tellSealed } from './retention-telling.js';

/** The look after this ends the waiting. */
const longestWaitMs = 30_000;

/** Keys that fell due and are gone. */
export type Gone = Due;

export class TellingTogether {
  #telling: Telling | null = null;
  /** a segment was left or begun, and it is not told yet */
  #turned = false;
  /** since when something waits, monotonic; null: nothing does */
  #sinceUs: number | null = null;
  #hurried = false;

  constructor(private readonly deps: { clock: Clock; register: RegisterPort }) {}

  get waits(): boolean {
    return this.#sinceUs !== null;
  }

  /** What waits has waited long enough: to be told at this look. */
  get over(): boolean {
    return this.#waitedMs >= longestWaitMs || (this.#hurried && this.waits);
  }

  /** The store began or left a segment. */
  turned(): void {
    this.#turned = true;
    this.#sinceUs ??= this.deps.clock.monoUs();
  }

  /** From here on nothing waits. */
  hurry(): void {
    this.#hurried = true;
  }

  /**
   * Tells what a look found, or lets it wait.
   * @param gone in the order in which they were destroyed
   * @param nextDueMs time until the next key falls due
   * @throws what the register said when it cannot be written; the next look then finds what is missing
   */
  async tell(now: Told, gone: readonly Gone[], nextDueMs: number): Promise<void> {
    if (this.#waitsForTerms(now, gone, nextDueMs)) return;
    const telling = await this.#of(now.storeId);
    const destructionsWait = !telling.empty;
    const before = telling.added;
    try {
      await tellMissing(this.deps.register, telling, now);
      const missing = telling.added > before;
      for (const one of gone) await add(telling, one, now);
      const all = now.late || missing || this.#hurried || this.over;
      if (all || (this.#turned && (destructionsWait || gone.length > 0))) await telling.flush();
    } catch (error) {
      this.#telling = null;
      throw error;
    } finally {
      this.#turned = false;
      this.#sinceUs = this.#telling?.empty === false ? (this.#sinceUs ?? this.deps.clock.monoUs()) : null;
    }
  }

  /** R18.2: nothing but a turn is to be told, and a destruction will come in time to share its entry. */
  #waitsForTerms({ late }: Told, gone: readonly Gone[], nextDueMs: number): boolean {
    if (late || this.#hurried || !this.#turned || gone.length > 0) return false;
    if (this.#telling && !this.#telling.empty) return false;
    return nextDueMs <= longestWaitMs - this.#waitedMs;
  }

  get #waitedMs(): number {
    return this.#sinceUs === null ? 0 : (this.deps.clock.monoUs() - this.#sinceUs) / 1000;
  }

  /** A card that was exchanged has its own entry. */
  async #of(storeId: string): Promise<Telling> {
    if (this.#telling?.storeId !== storeId) {
      await this.#telling?.flush();
      this.#telling = new Telling(this.deps.register, storeId);
    }
    return this.#telling;
  }
}

/** After the times of its segment, where the register does not have them yet. */
async function add(telling: Telling, { sequence, segment, classes, dueMs }: Gone, now: Told): Promise<void> {
  if (segment) await tellSealed(telling, segment, now);
  await telling.add({
    kind: 'key-destroyed',
    segment: sequence,
    classes,
    reason: 'term',
    dueMs: Math.floor(dueMs),
    ...(now.late ? { late: true as const } : {}),
  });
}

/** What retention is given: the store, the register, the clocks, the terms. Filled by runtime/keeping.ts, and by simulations in tests. */
import type { Clock, Log } from '../../board/ports.js';
import type { VigieError } from '../../errors.js';
import type { Terms } from '../access/register/entry.js';
import type { AbsentStores, DestroyedElsewhere } from './absent-stores.js';
import type { HoldRequests } from './hold-requests.js';
import type { RecordClass } from './key-sector.js';
import type { TermTime } from './retention-clock.js';
import type { LiveKey, RegisterPort } from './retention-telling.js';
import type { SegmentTimes } from './retention-terms.js';
import type { ClockPoint, Corrected } from './time-corrections.js';

/** What retention asks of the store. */
export interface RetainedStore {
  readonly storeId: string;
  /** those of this moment, oldest first; segments with no record may be left out; gone through once */
  segments(): Iterable<SegmentTimes>;
  /** those of this moment; gone through more than once */
  liveKeys(): Iterable<LiveKey>;
  /** the clock is right and shows this; corrects what this boot recorded before, once; never rejects */
  correctTimes?(point: ClockPoint): Promise<void>;
  /** what is corrected and can still be opened */
  corrected?(): readonly Corrected[];
  /** true when the key was live and now verifiably is not; rejects when that cannot be said */
  destroy(sequence: number, of: RecordClass): Promise<boolean>;
}

export interface RetentionDeps {
  clock: Clock;
  log: Log;
  /** looks at the clock once a pass */
  time: { check(): TermTime; now(): TermTime };
  store: RetainedStore;
  register: RegisterPort & { readonly findings: readonly unknown[]; readonly failure: VigieError | null };
  requests: Pick<HoldRequests, 'waiting' | 'remove'>;
  /** destroys keys of stores whose card is away; resolves to what it destroyed; default: there are none */
  elsewhere?: (
    of: Required<Pick<AbsentStores, 'openStoreId' | 'recordedBeforeMs' | 'startMs' | 'held'>>,
  ) => Promise<DestroyedElsewhere[]>;
  /** what the authorisation says now; null when there is none: then the last ones that were in force go on */
  terms: () => Terms | null;
}

/**
 * One installation: fetched, written, made the version that starts next; the whole bundle where the difference does not do.
 * Called by ota/updater/updater.ts, which is told of each event. When it rejects, the version that runs is untouched.
 */
import type { Clock, Log } from '../../board/ports.js';
import { errorLine } from '../../errors.js';
import { DownloadError } from '../download/ending.js';
import { type SlotRecord, vitals as vitalNames } from '../launcher/slot-state.js';
import type { Found } from '../metadata/client.js';
import type { SlotBackend } from '../slots/backend.js';
import type { UpdateProgress } from '../update.js';
import type { Vitals } from './confirm.js';
import type { Obtaining, Plan } from './obtaining.js';

export interface TakingDeps {
  clock: Clock;
  log: Log;
  backend: SlotBackend;
  obtaining: Pick<Obtaining, 'plan' | 'obtain' | 'clear'>;
  vitals: () => Promise<Vitals>;
  windowOpen: (wallMs: number) => boolean;
}

export interface Wanted {
  found: Found;
  running: SlotRecord | null;
  /** whether a person ordered it: then the window does not matter */
  ordered: boolean;
}

/** What the updater hears meanwhile. */
export interface TakingEvents {
  planned(plan: Plan): void;
  follow(event: 'download' | 'install' | 'installed' | 'failed'): void;
  progress(progress: UpdateProgress): void;
  downloaded(): void;
}

/** Resolves when the next start boots what was wanted, on trial. Rejects with a VigieError. */
export async function take(
  deps: TakingDeps,
  wanted: Wanted,
  on: TakingEvents,
  signal: AbortSignal,
): Promise<void> {
  for (let mayDelta = true; ; mayDelta = false) {
    const plan = deps.obtaining.plan(wanted.found, wanted.running, { mayDelta });
    on.planned(plan);
    on.follow('download');
    try {
      await attempt(deps, { plan, ordered: wanted.ordered }, on, signal);
      await deps.obtaining.clear().catch(() => undefined);
      return;
    } catch (error) {
      on.follow('failed');
      if (plan.from === null || signal.aborted || !wholeMayDo(error)) throw error;
      deps.log.warn(`update: the difference does not do, the whole is taken: ${errorLine(error)}`);
    }
  }
}

async function attempt(
  { clock, backend, obtaining, vitals, windowOpen }: TakingDeps,
  { plan, ordered }: { plan: Plan; ordered: boolean },
  on: TakingEvents,
  signal: AbortSignal,
): Promise<void> {
  const mayGoOn = (): boolean => ordered || windowOpen(clock.wallMs());
  const bundle = await obtaining.obtain(plan, { progress: (now) => on.progress(now), mayGoOn }, signal);
  on.downloaded();
  const now = await vitals();
  const asked = vitalNames.filter((vital) => now[vital]);
  on.follow('install');
  const of = bundle.content.kind === 'tree' ? bundle.content.treeBytes : plan.file.bytes;
  const onShare = (share: number): void =>
    on.progress({ bytes: Math.round(share * of), of, rate: null, secondsLeft: null });
  await backend.install(bundle, { asked, onShare }, signal);
  on.follow('installed');
}

/** A link that is down or a full card would stop the whole bundle too. */
function wholeMayDo(error: unknown): boolean {
  return !(error instanceof DownloadError) || error.reason === 'refused' || error.reason === 'damaged';
}

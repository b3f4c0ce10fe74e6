/**
 * False alarms per camera-day, by event and zone: from the alert journal and from how long each was watched. Used by
 * `vigie alerts report`. Pure. What nobody judged is told apart and counts as neither true nor false.
 */
import type { EventKind } from '../scene/alert.js';
import type { WatchedDays } from '../scene/watched-time.js';
import type { AlertEntry } from './alerts.js';

const DAY_MS = 86_400_000;
const DAY_SECONDS = 86_400;

export interface ReportLine {
  event: EventKind;
  zone: string;
  /** days for which it was watched, whole days of UTC that the period touches */
  days: number;
  alerts: number;
  true: number;
  false: number;
  unclear: number;
  /** not answered, or seen without a verdict */
  unjudged: number;
  /** null: it is not known for how long it was watched */
  falsePerDay: number | null;
}

/** One line for each event and zone that was watched or had an alert from `fromMs` to `toMs`, in order of names. */
export function reportOf(
  entries: readonly AlertEntry[],
  watched: WatchedDays,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): ReportLine[] {
  const lines = new Map<string, ReportLine>();
  const line = (event: EventKind, zone: string): ReportLine => {
    const key = `${event}\0${zone}`;
    const known = lines.get(key) ?? emptyLine(event, zone);
    lines.set(key, known);
    return known;
  };
  for (const { day, watched: stretches } of watched) {
    if (day < Math.floor(fromMs / DAY_MS) || day > Math.floor(toMs / DAY_MS)) continue;
    for (const { event, zone, seconds } of stretches) line(event, zone).days += seconds / DAY_SECONDS;
  }
  for (const { alert, acked } of entries) {
    if (alert.atMs < fromMs || alert.atMs > toMs) continue;
    const counted = line(alert.event, alert.zone);
    counted.alerts += 1;
    counted[acked?.verdict ?? 'unjudged'] += 1;
  }
  const found = [...lines.values()].map((l) => ({ ...l, falsePerDay: l.days > 0 ? l.false / l.days : null }));
  return found.sort((a, b) => a.event.localeCompare(b.event) || a.zone.localeCompare(b.zone));
}

function emptyLine(event: EventKind, zone: string): ReportLine {
  return { event, zone, days: 0, alerts: 0, true: 0, false: 0, unclear: 0, unjudged: 0, falsePerDay: null };
}

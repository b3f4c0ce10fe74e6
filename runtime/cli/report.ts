/** What `--report FILE` writes: the counts of one run of the camera (docs/measures.md). */

import type { Health } from '../health/health.js';
import { atLeast, atMost, type Report, type Row, reportOf, row } from '../health/report.js';
import type { Camera } from '../main.js';

/** The common shape, and beside the rows the alerts and errors of the run in words. */
export interface RunReport extends Report {
  alerts: {
    number: number;
    event: string;
    zone: string;
    reason: { fr: string; en: string };
    latencyMs: number;
    at: string;
  }[];
  /** how recording stood at the end */
  recording: {
    state: Health['store']['state'];
    oldest: string | null;
    newest: string | null;
    /** in memory, on no card yet; `since` null: nothing waits */
    buffer: { bytes: number; capacityBytes: number; since: string | null };
    second: { state: Health['store']['state']; oldest: string | null; newest: string | null } | null;
  };
  errors: string[];
}

const ALERT_LATENCY_GOAL_MS = 500;
const RECORDED_SHARE_GOAL = 0.99;
const MEMORY_GOAL_MIB = 400;

export function runReport(camera: Camera, seconds: number, errors: string[]): RunReport {
  const health = camera.health();
  const totals = camera.supervisor.totals;
  const { captured, masked, encoded, dropped, lookedAt, detections, tracksBorn } = totals.counts;
  const { recorded } = health.frames;
  const mib = (bytes: number): number => bytes / 2 ** 20;
  const resident = mib(health.processes.runtimeRssBytes + health.processes.pipelineRssBytes);
  const rows: Row[] = [
    row('time run', seconds, 's'),
    row('frames captured', captured, 'frames'),
    row('frames masked', masked, 'frames'),
    row('frames encoded', encoded, 'frames'),
    row('frames recorded', recorded, 'frames'),
    row('frames left out', camera.recorder.framesLeftOut, 'frames'),
    row('frames dropped', dropped, 'frames'),
    recordedShare(camera, captured, recorded),
    row('frame rate', health.picture.measuredFramesPerSecond, 'frames/s'),
    row('segments used', health.store.segmentsUsed, 'segments'),
    row('GOPs written', health.store.gops, 'GOPs'),
    row('bytes written', health.store.bytesWritten, 'bytes'),
    row('frames looked at', lookedAt, 'frames'),
    row('detections', detections, 'detections'),
    row('tracks', tracksBorn, 'tracks'),
    row('alerts', camera.alertsTold, 'alerts'),
    ...alertLatency(camera),
    ...cardRows(health),
    ...storeRows(health),
    row('frame latency p50', totals.last?.latencyMs.p50 ?? 0, 'ms'),
    row('frame latency p99', totals.last?.latencyMs.p99 ?? 0, 'ms'),
    row('resident memory, runtime process', mib(health.processes.runtimeRssBytes), 'MiB'),
    row('resident memory, pipeline process', mib(health.processes.pipelineRssBytes), 'MiB'),
    atMost('resident memory, both', resident, 'MiB', MEMORY_GOAL_MIB),
    row('restarts of the pipeline process', totals.restarts, 'restarts'),
    row('errors', errors.length, 'errors'),
  ];
  const alerts = camera.told.map(({ alert, latencyMs }) => ({
    number: alert.number,
    event: alert.event,
    zone: alert.zone,
    reason: alert.reason,
    latencyMs: Math.round(latencyMs),
    at: new Date(alert.atMs).toISOString(),
  }));
  return { ...reportOf('camera', rows), alerts, recording: recordingOf(health), errors };
}

function recordingOf({
  store: { state, oldestMs, newestMs, buffer, second },
}: Health): RunReport['recording'] {
  const time = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
  const { bytes, capacityBytes, sinceMs } = buffer;
  return {
    state,
    oldest: time(oldestMs),
    newest: time(newestMs),
    buffer: { bytes, capacityBytes, since: time(sinceMs) },
    second: second && { state: second.state, oldest: time(second.oldestMs), newest: time(second.newestMs) },
  };
}

/** Of those that were to be recorded. Nothing is aimed at where nothing may be, or where nothing was to be. */
function recordedShare(camera: Camera, captured: number, recorded: number): Row {
  const wanted = Math.max(0, captured - camera.recorder.framesLeftOut);
  const share = wanted === 0 ? 0 : Math.min(1, recorded / wanted);
  const name = 'frames recorded of captured';
  const aimed = camera.mayRecord && (recorded > 0 || camera.recorder.framesLeftOut === 0);
  return aimed ? atLeast(name, share, 'share', RECORDED_SHARE_GOAL) : row(name, share, 'share');
}

function alertLatency(camera: Camera): Row[] {
  const latencies = camera.told.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b);
  if (latencies.length === 0) return [];
  const worst = latencies[latencies.length - 1];
  return [atMost('picture to alert, longest', worst, 'ms', ALERT_LATENCY_GOAL_MS)];
}

/** What is not there has no row. */
function storeRows({ store: { buffer, second } }: Health): Row[] {
  const waits = buffer.sinceMs === null ? [] : [row('waiting in memory', buffer.bytes, 'bytes')];
  if (!second) return waits;
  return [
    ...waits,
    row('second store, GOPs written', second.gops, 'GOPs'),
    row('second store, used', second.usedBytes, 'bytes'),
  ];
}

/** What the card does not tell has no row. */
function cardRows({ card, atMs }: Health): Row[] {
  const yearMs = 365.25 * 86_400_000;
  const lasts = card.lastsUntilMs === null ? null : (card.lastsUntilMs - atMs) / yearMs;
  const rows: [string, number | null, string][] = [
    ['card, free', card.freeBytes, 'bytes'],
    ['card, written since it was found', card.deviceBytesWritten, 'bytes'],
    ['card, written by its file system', card.fileSystemBytesWritten, 'bytes'],
    ['card, write rate', card.writeRate, 'bytes/s'],
    ['card, life used', card.lifeUsedTenths, 'tenths'],
    ['card, lasts at least', lasts, 'years'],
    ['card, busy share', card.busyShare, 'share'],
  ];
  return rows.flatMap(([name, value, unit]) => (value === null ? [] : [row(name, value, unit)]));
}

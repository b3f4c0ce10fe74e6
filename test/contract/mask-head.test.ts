/**
 * The pipeline process on a head that moves: frames wait for the position that follows them, come out in order with the view
 * they were masked for, and are hidden whole when no position comes.
 */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { systemClock } from '../../board/linux/clock.js';
import type { FromPipeline, MaskTable, Pose, Unit } from '../../pipelines/messages.js';
import { PipelineProcess } from '../../runtime/health/pipeline-process.js';
import { until } from '../camera-run.js';
import { smallPipeline } from './small-pipeline.js';

const table: MaskTable = {
  version: 1,
  zones: [
    {
      name: 'house',
      directions: [
        [-5, -5],
        [5, -5],
        [5, 5],
        [-5, 5],
      ],
    },
  ],
};
const POSE_MS = 40;
const running: { process: PipelineProcess; cancel: () => void }[] = [];

afterEach(() => {
  for (const { process, cancel } of running.splice(0)) {
    cancel();
    process.kill();
  }
});

/** A process that is told, every 40 ms, where its head is. */
function camera(says: (monoUs: number) => Partial<Pose> | null): { units: Unit[]; wrong: string[] } {
  const units: Unit[] = [];
  const wrong: string[] = [];
  const message = (received: FromPipeline): void => {
    if (received.t === 'unit') units.push(received);
    if (received.t === 'fault') wrong.push(received.message);
    if (received.t === 'mask-ready')
      process.send({ t: 'mask-open', version: received.version, digest: received.digest });
  };
  const process = new PipelineProcess(
    { message, violation: (why) => wrong.push(why), exit: (why) => wrong.push(why) },
    null,
  );
  const lens = { principal: [0.5, 0.5] as [number, number], k1: 0, k2: 0, rollDeg: 0 };
  process.send({ t: 'start', options: smallPipeline({ head: { lens, frameDelayMs: 20, holdMs: 250 } }) });
  process.send({ t: 'mask-table', table });
  const cancel = systemClock.every(POSE_MS, () => {
    const monoUs = systemClock.monoUs();
    const given = says(monoUs);
    if (!given) return;
    const still = {
      panDeg: 0,
      tiltDeg: 0,
      hfovDeg: 60,
      uncertaintyDeg: 0.1,
      speedDegPerS: 30,
      zoomPerS: 0,
      hide: null,
    };
    process.send({ t: 'pose', monoUs, ...still, ...given });
  });
  running.push({ process, cancel });
  return { units, wrong };
}

const placed = ({ mask }: Unit): boolean => mask.state === 'zones' && mask.view !== undefined;

test('frames come out in order, each with the view of its own time', async () => {
  const panAt = (us: number): number => ((us / 1e6) * 20) % 360;
  const { units, wrong } = camera((us) => ({ panDeg: panAt(us) }));
  await until('placed frames', () => units.filter(placed).length > 30);
  assert.deepEqual(wrong, []);
  const seqs = units.map(({ seq }) => seq);
  assert.deepEqual(
    seqs,
    [...seqs].sort((a, b) => a - b),
  );
  for (const { monoUs, mask } of units.filter(placed)) {
    const off = (mask.view?.panDeg ?? 0) - panAt(monoUs - 20_000);
    assert.ok(Math.abs(off - 360 * Math.round(off / 360)) < 1e-3, `${off} degrees off`);
  }
});

test('when no position comes the picture is hidden, and opens again when one does', async () => {
  const state: { says: Partial<Pose> | null } = { says: {} };
  const { units, wrong } = camera(() => state.says);
  const whyOfLast = (): string | undefined => units.at(-1)?.mask.why;
  await until('placed frames', () => units.some(placed));
  state.says = null;
  await until('late frames', () => whyOfLast() === 'late');
  state.says = {};
  await until('placed frames', () => whyOfLast() === undefined);
  state.says = { hide: 'homing' };
  await until('hidden frames', () => whyOfLast() === 'homing');
  state.says = { hfovDeg: 0 };
  await until('hidden frames', () => whyOfLast() === 'zoom-unknown');
  assert.deepEqual(wrong, []);
});

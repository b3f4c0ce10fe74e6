/**
 * The writer that store-kill.ts kills: appends GOPs to a store and says on its output which were acknowledged, until
 * it kills itself at the call it was told. `header-late` and `early-ack` break the order of writes: negative controls.
 */
import { writeSync } from 'node:fs';
import { systemClock } from '../../board/linux/clock.js';
import type { SegmentEvent } from '../../runtime/record/segment-events.js';
import { type OpenSegment, openSegment } from '../../runtime/record/segment-file.js';
import { Store } from '../../runtime/record/store.js';
import { fakeGop, keysDirectory, segmentBytes, storeDeps } from '../unit/store-fake.js';
import { segments, work } from './store-work.js';

const [directory = '', killAt = '0', mode = 'sound'] = process.argv.slice(2);

let calls = 0;

/** Counts a call, and dies in it when it is the one: half of a write is then done. */
async function maybeDie(half: () => Promise<void>): Promise<void> {
  calls += 1;
  if (calls !== Number(killAt)) return;
  await half();
  process.kill(process.pid, 'SIGKILL');
  await new Promise(() => {});
}

/** A record may be cut anywhere; a key slot is a sector, which is written whole or not. */
function half(path: string, bytes: number): number {
  return path.endsWith('.seg') ? bytes >> 1 : Math.floor(bytes / 1024) * 512;
}

const open: OpenSegment = async (path, how) => {
  const file = await openSegment(path, how);
  let held: Buffer | null = null;
  return {
    ...file,
    async write(data, position) {
      if (mode === 'header-late' && position === 0 && path.endsWith('.seg')) {
        held = data;
        return;
      }
      await maybeDie(() => file.write(data.subarray(0, half(path, data.length)), position));
      await file.write(data, position);
      if (!held) return;
      await maybeDie(async () => {});
      await file.write(held, 0);
      held = null;
    },
    async datasync() {
      await maybeDie(async () => {});
      await file.datasync();
    },
  };
};

const options = {
  directory,
  keysDirectory: keysDirectory(directory),
  capacityBytes: segments * segmentBytes,
  segmentBytes,
  cameraId: 'cam-1',
};
const say = (line: string): void => void writeSync(1, `${line}\n`);
const onSegment = (event: SegmentEvent): void => {
  if (event.kind === 'overwritten') say(`destroyed ${event.segment} ${event.class}`);
};
/** A process that is killed is followed by one of the same boot. */
const run = 'aa'.repeat(8);
const deps = {
  ...(await storeDeps(directory, { clock: systemClock })),
  run,
  open,
  openKeys: open,
  onSegment,
};
const store = new Store(deps, options);
await store.start(new AbortController().signal);
if (mode === 'early-ack') {
  let content = 0;
  for await (const { record } of store.range(0, Number.MAX_SAFE_INTEGER / 1000)) content = record;
  for (;;) {
    const record = content + 1;
    say(`stored ${record} ${store.segments().at(-1)?.sequence ?? 1} communal ${record} ${content}`);
    content = await store.append(fakeGop(content));
  }
}
await work(store, run, Math.random, say);

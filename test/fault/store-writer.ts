/**
 * The writer that store-kill.ts kills: appends GOPs to a store and says on its output which were acknowledged, until it
 * dies in the step it was told, or for ever. `header-late` and `early-ack` break the order of writes: negative controls.
 */
import { writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { systemClock } from '../../board/linux/clock.js';
import type { SegmentEvent } from '../../runtime/record/segment-events.js';
import { type OpenSegment, openSegment } from '../../runtime/record/segment-file.js';
import { Store } from '../../runtime/record/store.js';
import { fakeGop, keysDirectory, segmentBytes, storeDeps } from '../unit/store-fake.js';
import { type Doing, dieAt, type Moment, type StepKind } from './kill-steps.js';
import { segments, work } from './store-work.js';

const { values } = parseArgs({
  options: {
    directory: { type: 'string', default: '' },
    kind: { type: 'string', default: '' },
    at: { type: 'string', default: '0' },
    moment: { type: 'string', default: 'before' },
    mode: { type: 'string', default: 'sound' },
  },
});
const { directory, kind, mode } = values;

const doing: Doing = { record: 'record, the first after a start' };
if (kind) dieAt({ kind: kind as StepKind, at: Number(values.at), moment: values.moment as Moment }, doing);

/** With `header-late` a segment's header is written only after its first record. */
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
      await file.write(data, position);
      if (!held) return;
      await file.write(held, 0);
      held = null;
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
  if (event.kind === 'skipped' && doing.record === 'record') doing.record = 'record behind a held segment';
};
/** One segment in five stays for one turn of the ring. */
const held = ({ sequence }: { sequence: number }): boolean =>
  sequence % 5 === 0 && (store.segments().at(-1)?.sequence ?? 0) - sequence < segments;
/** A process that is killed is followed by one of the same boot. */
const run = 'aa'.repeat(8);
const deps = { ...(await storeDeps(directory, { clock: systemClock })), run, open, onSegment, held };
const store: Store = new Store(deps, options);
await store.start(new AbortController().signal);
say('started');

/** What is written is a copy while the store keeps one. */
const keep = store.keep.bind(store);
store.keep = async (record) => {
  doing.record = 'copy under terminus';
  const copy = await keep(record);
  doing.record = 'record';
  return copy;
};

if (mode === 'early-ack') {
  let content = 0;
  for await (const { record } of store.range(0, Number.MAX_SAFE_INTEGER / 1000)) content = record;
  for (;;) {
    const record = content + 1;
    say(`stored ${record} ${store.segments().at(-1)?.sequence ?? 1} communal ${record} ${content}`);
    content = await store.append(fakeGop(content));
  }
}

if (kind === 'end mark') {
  // It is written alone only when a segment is left that was just resumed.
  const { sequence = 0 } = store.segments().at(-1) ?? {};
  say(`destroying ${sequence} communal`);
  if (await store.destroy(sequence, 'communal')) say(`destroyed ${sequence} communal`);
}

await work(store, run, Math.random, (line) => {
  // What was told is done: what follows is a plain record again.
  if (line.startsWith('stored')) doing.record = 'record';
  say(line);
});

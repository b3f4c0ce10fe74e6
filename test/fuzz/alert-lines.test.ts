/**
 * The alert journal with damaged lines of every kind that it has: the camera starts, keeps what is whole, gives no number
 * twice, and what it then tells is of the schema. Seeded; `CASES` for more.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import { AlertQueue } from '../../runtime/control/alerts.js';
import { journalLine, parseJournal } from '../../runtime/control/journal.js';
import { alert, alertUpdate } from '../../runtime/scene/alert.js';
import { testAlert, testLog, testUpdate } from '../contract/control-camera.js';
import { seeded } from '../random.js';

const cases = Number(process.env['CASES'] ?? 150);
const root = mkdtempSync(join(tmpdir(), 'vigie-alert-lines-'));
after(() => rmSync(root, { recursive: true, force: true }));

let opened = 0;
async function queueOn(bytes: Uint8Array): Promise<AlertQueue> {
  const directory = join(root, `${opened++}`);
  mkdirSync(directory);
  writeFileSync(join(directory, 'alerts.jsonl'), bytes);
  const queue = new AlertQueue({ clock: new ManualClock(), log: testLog() }, { directory });
  await queue.start();
  return queue;
}

/** A journal as a run leaves it: alerts, updates, verdicts, two starts. */
async function written(): Promise<Buffer> {
  const directory = join(root, 'written');
  let bytes = Buffer.alloc(0);
  for (let run = 0; run < 2; run++) {
    const queue = new AlertQueue({ clock: new ManualClock(), log: testLog() }, { directory });
    await queue.start();
    for (let n = 0; n < 4; n++) {
      const folded = n === 2 ? [{ event: 'fall' as const, zone: 'Quai', count: 2 }] : [];
      const { id } = queue.push(testAlert({ folded }));
      queue.update(testUpdate(id, 1));
      if (n % 2 === 0) queue.ack(id, 'op', n === 0 ? 'false' : null);
      queue.update(testUpdate(id, 2, { ended: true }));
    }
    await queue.flushed();
    // The second run is cut.
    if (run === 1) bytes = readFileSync(join(directory, 'alerts.jsonl'));
    await queue.stop();
  }
  return bytes;
}

const edges = ['0', '-1', '1e400', 'null', '""', '[]', '{}', 'true', '9007199254740993', '"\\u0000"'];

/** Bytes changed, values exchanged for others, lines doubled, dropped, put in another order, cut. */
function damaged(bytes: Buffer, random: () => number): Buffer {
  const at = (length: number): number => Math.floor(random() * length);
  const lines = bytes.toString('utf8').split('\n');
  for (let change = at(4); change >= 0; change--) {
    const [one, other] = [at(lines.length), at(lines.length)];
    const line = lines[one] ?? '';
    const how = random();
    if (how < 0.3)
      lines[one] = line.replace(/:("[^"]*"|-?[\d.]+|null|true|false)/g, (value) =>
        random() < 0.1 ? `:${edges[at(edges.length)]}` : value,
      );
    else if (how < 0.45) lines.splice(other, 0, line);
    else if (how < 0.6) lines.splice(one, 1);
    else if (how < 0.75) [lines[one], lines[other]] = [lines[other] ?? '', line];
    else
      lines[one] =
        `${line.slice(0, at(line.length))}${String.fromCharCode(at(256))}${line.slice(at(line.length))}`;
  }
  const whole = Buffer.from(lines.join('\n'));
  return random() < 0.3 ? whole.subarray(0, at(whole.length)) : whole;
}

test(`${cases} damaged journals with updates: the camera starts, and what it tells is sound`, async () => {
  const random = seeded(41);
  const sound = await written();
  assert.deepEqual(
    new Set(parseJournal(sound).lines.map(({ t }) => t)),
    new Set(['alert', 'update', 'ack', 'open']),
  );
  let updates = 0;
  for (let n = 0; n < cases; n++) {
    const bytes = damaged(sound, random);
    for (const line of parseJournal(bytes).lines) assert.ok(journalLine.safeParse(line).success);
    const queue = await queueOn(bytes);
    const kept = queue.since(0);
    const numbers = kept.map((entry) => entry.alert.number);
    assert.deepEqual(
      numbers,
      [...numbers].sort((a, b) => a - b),
    );
    for (const entry of kept) {
      assert.ok(alert.safeParse(entry.alert).success);
      assert.ok(entry.update === null || entry.update.id === entry.alert.id);
    }
    const told = queue.updatesUpTo(Number.MAX_SAFE_INTEGER);
    for (const update of told) assert.ok(alertUpdate.safeParse(update).success);
    updates += told.length;
    const { number, id } = queue.push(testAlert());
    assert.ok(number > (numbers.at(-1) ?? 0) && Number.isSafeInteger(number), `${number}`);
    queue.update(testUpdate(id, 1));
    await queue.stop();
  }
  assert.ok(updates > cases, 'updates came through, so they were checked');
});

test('negative control: an update of another form is no line', () => {
  const of = (change: object): number =>
    parseJournal(
      Buffer.from(`${JSON.stringify({ t: 'update', update: { ...testUpdate('a', 1), ...change } })}\n`),
    ).damaged;
  assert.deepEqual([of({}), of({ seconds: -1 }), of({ update: 0 }), of({ who: 'x' })], [0, 1, 1, 1]);
});

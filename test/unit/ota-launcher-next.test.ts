/** What the launcher does with the disk before a start: what it writes, what it does when it cannot, and what a cut there leaves. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { nextStart, type Start } from '../../ota/launcher/next-start.js';
import { readState } from '../../ota/launcher/state-file.js';
import { SlotBench } from '../slot-bench.js';

async function bench(t: TestContext, version?: string): Promise<SlotBench> {
  const made = new SlotBench();
  t.after(() => made.clear());
  await made.provisioned();
  if (version !== undefined) await made.installed(version);
  return made;
}

const starting = (slots: SlotBench, doubtful = false): Promise<Start | null> =>
  nextStart(slots.root, doubtful, (line) => void slots.logged.push(line));

/** From now on the state cannot be written: what it is written to first is a directory. */
function block(slots: SlotBench): () => void {
  const path = join(slots.root, 'state.json.new');
  mkdirSync(path);
  return () => rmSync(path, { recursive: true });
}

test('a try that cannot be counted is not made, until it can be', async (t) => {
  const slots = await bench(t, '1.1.0');
  const free = block(slots);
  for (let boot = 0; boot < 5; boot++) {
    const start = await starting(slots);
    assert.deepEqual([start?.slot, start?.version, start?.onTrial], ['a', '1.0.0', false]);
  }
  assert.ok(slots.logged.some((line) => line.includes('could not be counted')));
  free();
  const start = await starting(slots);
  assert.deepEqual([start?.slot, start?.onTrial], ['b', true]);
  assert.equal((await slots.state()).trial?.triesLeft, 2);
});

test('a return that cannot be written is made all the same', async (t) => {
  const slots = await bench(t, '1.1.0');
  writeFileSync(join(slots.root, 'slots/b/package.json'), '[]');
  const free = block(slots);
  assert.equal((await starting(slots))?.slot, 'a');
  free();
  assert.equal((await starting(slots))?.slot, 'a');
  assert.equal((await slots.state()).returned?.why, 'damaged');
});

test('a state from the file before is doubted: the files are looked at, and it is written anew', async (t) => {
  const slots = await bench(t, '1.1.0');
  await starting(slots);
  await slots.slots('b').confirm();
  await slots.slots('b').returnTold();
  const trial = await starting(slots);
  assert.equal(trial?.slot, 'b');
  writeFileSync(join(slots.root, 'state.json'), 'torn');
  assert.equal((await starting(slots))?.slot, 'b', 'the one before had it on trial');
  assert.equal((await readState(slots.root)).from, 'state.json');

  writeFileSync(join(slots.root, 'state.json'), 'torn');
  writeFileSync(join(slots.root, 'slots/b/package.json'), '[]');
  assert.equal((await starting(slots))?.slot, 'a');
});

test('a confirmed slot is not hashed, but for a reason', async (t) => {
  const slots = await bench(t, '1.1.0');
  await slots.slots('b').confirm();
  writeFileSync(join(slots.root, 'slots/b/package.json'), '[]');
  assert.equal((await starting(slots))?.slot, 'b');
  assert.equal((await starting(slots, true))?.slot, 'a');
});

test('cut at any step of a count or of a return: no more tries than three, and the old or the new one boots', async (t) => {
  const slots = await bench(t, '1.1.0');
  const scratch = mkdtempSync(join(tmpdir(), 'vigie-cuts-'));
  t.after(() => rmSync(scratch, { recursive: true, force: true }));
  const cuts: { step: string; copy: string; starts: number }[] = [];
  for (let boot = 0; boot < 4; boot++) {
    const between = (step: string): void => {
      const copy = join(scratch, String(cuts.length));
      cpSync(slots.root, copy, { recursive: true });
      cuts.push({ step, copy, starts: boot });
    };
    await nextStart(slots.root, false, () => undefined, between);
  }
  assert.ok(cuts.length >= 20);
  for (const { step, copy, starts } of cuts) {
    let tries = starts;
    let last: Start | null = null;
    for (let boot = 0; boot < 5; boot++) {
      last = await nextStart(copy, false, () => undefined);
      if (last?.slot === 'b') tries += 1;
    }
    assert.ok(tries <= 3, `${step}: ${tries} tries`);
    assert.ok(tries >= 2, `${step}: the cut took more than one try`);
    assert.deepEqual([last?.slot, last?.version], ['a', '1.0.0'], step);
  }
});

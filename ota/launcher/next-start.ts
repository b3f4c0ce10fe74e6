/**
 * From what lies on the disk to what is started next: does what choose.ts says until it says to start or to wait. Asked by
 * run.ts before every start, while no version runs.
 */
import { choose, type Known, otherSlot } from './choose.js';
import { type Between, nothingBetween } from './durable-file.js';
import { recover } from './recover.js';
import { readManifest } from './slot-manifest.js';
import { slotIn } from './slot-marker.js';
import type { SlotName, SlotState } from './slot-state.js';
import { readState, stateFiles, writeState } from './state-file.js';
import { verifySlot } from './verify-slot.js';

export interface Start {
  slot: SlotName;
  version: string;
  /** what Node starts, absolute */
  file: string;
  /** of the state that it starts with */
  serial: number;
  /** it has to be confirmed within its time */
  onTrial: boolean;
}

type Say = (line: string) => void;

interface Ground {
  root: string;
  say: Say;
  between: Between;
}

/**
 * @param doubtful look at the files of a confirmed slot as well
 * @param between only tests
 * @returns null: there is nothing to start now
 */
export async function nextStart(
  root: string,
  doubtful: boolean,
  say: Say,
  between: Between = nothingBetween,
): Promise<Start | null> {
  const ground = { root, say, between };
  const read = await stateOf(ground);
  if (read === null) return null;
  let { state } = read;
  const known: Known = {};
  for (;;) {
    const step = choose(state, known, doubtful || read.doubtful);
    if (step.do === 'wait') return null;
    if (step.do === 'verify') {
      known[step.slot] = await look(root, state, step.slot, say);
      continue;
    }
    if (step.do === 'write') {
      say(returnWords(state, step.why));
      state = (await written(ground, step.state)) ?? step.state;
      continue;
    }
    const file = await startFile(root, step.slot);
    if (file === null) {
      say(`slot ${step.slot} has no bundle.json that can be read`);
      known[step.slot] = 'unusable';
      continue;
    }
    if (step.stay) say(`slot ${step.slot} is started although it should not be: there is no other`);
    if (step.first === null) {
      // what was read from the file before, and looked at, is the state again
      if (read.doubtful) state = (await written(ground, state)) ?? state;
      return startOf(state, step.slot, file, !step.stay && state.trial !== null);
    }
    const counted = await written(ground, step.first);
    if (counted !== null) return startOf(counted, step.slot, file, true);
    return uncounted(ground, state, file);
  }
}

/** A try that cannot be counted is not made while there is a version that needs none. */
async function uncounted({ root, say }: Ground, state: SlotState, file: string): Promise<Start> {
  const other = otherSlot(state.active);
  const otherFile = state.slots[other]?.condition === 'good' ? await startFile(root, other) : null;
  if (otherFile === null) return startOf(state, state.active, file, true);
  say(`the try of slot ${state.active} could not be counted; slot ${other} is started until it can be`);
  return startOf(state, other, otherFile, false);
}

async function stateOf(ground: Ground): Promise<{ state: SlotState; doubtful: boolean } | null> {
  const { root, say } = ground;
  const { state, from, wrong } = await readState(root).catch((error: Error) => ({
    state: null,
    from: null,
    wrong: [`the state cannot be read: ${error.message}`],
  }));
  for (const line of wrong) say(line);
  if (state !== null) return { state, doubtful: from !== stateFiles.now };
  say('the state of the slots is lost; their files are looked at');
  const recovered = await recover(root);
  if (recovered === null) return null;
  say(`slot ${recovered.active} is taken for the active one`);
  return { state: (await written(ground, recovered)) ?? recovered, doubtful: false };
}

async function look(root: string, state: SlotState, slot: SlotName, say: Say): Promise<Known[SlotName]> {
  const { intact, wrong } = await verifySlot(slotIn(root, slot), state.slots[slot]?.manifestSha256 ?? '');
  if (intact) return 'intact';
  say(`slot ${slot}: ${wrong}`);
  return (await startFile(root, slot)) === null ? 'unusable' : 'damaged';
}

async function startFile(root: string, slot: SlotName): Promise<string | null> {
  const directory = slotIn(root, slot);
  return readManifest(directory).then(
    ({ manifest }) => `${directory}/${manifest.start}`,
    () => null,
  );
}

/** null, and told, when the disk does not take it. */
async function written({ root, say, between }: Ground, state: SlotState): Promise<SlotState | null> {
  return writeState(root, state, between).catch((error: Error) => {
    say(`state.json could not be written: ${error.message}`);
    return null;
  });
}

function startOf(state: SlotState, slot: SlotName, file: string, onTrial: boolean): Start {
  return { slot, version: state.slots[slot]?.version ?? '', file, serial: state.serial, onTrial };
}

function returnWords(state: SlotState, why: 'tries' | 'damaged'): string {
  const left = `slot ${state.active} (${state.slots[state.active]?.version ?? 'empty'})`;
  const because = why === 'tries' ? 'has no try left' : 'is not what was installed';
  return `${left} ${because}: slot ${otherSlot(state.active)} boots from now on`;
}

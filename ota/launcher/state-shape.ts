/**
 * `state.json` as bytes and back (docs/updates.md, "The launcher"). Written by hand, because the launcher outlives every
 * library: bounded, strict about what it knows, and keeping what it does not know, since later versions may add to it.
 */
import { createHash } from 'node:crypto';
import { type SlotRecord, type SlotState, slotNames, type Trial } from './slot-state.js';

/** More than this is not read as a state. */
export const mostStateBytes = 64 * 1024;
const mostDepth = 8;
const mostFailed = 16;
const mostAsked = 16;
const mostTries = 16;

const conditions = ['pending', 'ready', 'good', 'bad'];
const versionText = /^\d{1,9}\.\d{1,9}\.\d{1,9}(-[0-9a-z.-]{1,32})?$/;
const sha256Text = /^[0-9a-f]{64}$/;

type Fields = Record<string, unknown>;

/** JSON with the keys of every object in order: the same value gives the same text. @throws Error when it is nested too deep */
export function canonicalJson(value: unknown, depth = 0): string {
  if (depth > mostDepth) throw new Error('is nested too deep');
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item, depth + 1)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item, depth + 1)}`);
  return `{${fields.join(',')}}`;
}

const hashOf = (state: unknown): string => createHash('sha256').update(canonicalJson(state)).digest('hex');

/** The content of `state.json`. */
export function stateText(state: SlotState): string {
  return `${JSON.stringify({ sha256: hashOf(state), state })}\n`;
}

/** @throws Error that says what is wrong, after "the file" */
export function parseState(bytes: Uint8Array): SlotState {
  if (bytes.length > mostStateBytes) throw new Error('is too long');
  let outer: Fields;
  try {
    outer = fieldsOf(JSON.parse(Buffer.from(bytes).toString('utf8')), 'is not an object');
  } catch {
    throw new Error('is not JSON');
  }
  const state = fieldsOf(outer['state'], 'holds no state');
  must(outer['sha256'] === hashOf(state), 'does not have the hash that it names');
  return checkState(state);
}

function checkState(state: Fields): SlotState {
  must(state['format'] === 1, 'is of a format that this launcher does not know');
  must(isCount(state['serial'], Number.MAX_SAFE_INTEGER), 'has no serial number');
  must(isOneOf(slotNames, state['active']), 'names no slot');
  const slots = fieldsOf(state['slots'], 'lists no slots');
  for (const name of slotNames) if (slots[name] !== null) checkRecord(slots[name]);
  if (state['trial'] !== null) checkTrial(state['trial']);
  if (state['returned'] !== null) checkReturned(state['returned']);
  const failed = state['failed'];
  must(Array.isArray(failed) && failed.length <= mostFailed && failed.every(isSha256), 'lists no failures');
  return state as unknown as SlotState;
}

function checkRecord(value: unknown): asserts value is SlotRecord {
  const record = fieldsOf(value, 'holds a slot that is none');
  must(isOneOf(conditions, record['condition']), 'holds a slot of an unknown condition');
  checkBundle(record);
}

function checkTrial(value: unknown): asserts value is Trial {
  const trial = fieldsOf(value, 'holds a trial that is none');
  must(isCount(trial['triesLeft'], mostTries), 'does not count the tries');
  must(typeof trial['verified'] === 'boolean', 'does not tell whether the trial was verified');
  const asked = trial['asked'];
  const isWord = (word: unknown): boolean => typeof word === 'string' && word.length <= 32;
  must(
    Array.isArray(asked) && asked.length <= mostAsked && asked.every(isWord),
    'does not tell what is asked',
  );
}

function checkReturned(value: unknown): void {
  const returned = fieldsOf(value, 'holds a return that is none');
  must(isOneOf(['tries', 'damaged'], returned['why']), 'holds a return without its reason');
  must(typeof returned['told'] === 'boolean', 'does not tell whether the return was told');
  checkBundle(returned);
}

function checkBundle(fields: Fields): void {
  const { version } = fields;
  must(typeof version === 'string' && version.length <= 64 && versionText.test(version), 'names no version');
  must(isSha256(fields['manifestSha256']), 'names no bundle');
}

export const isSha256 = (value: unknown): value is string =>
  typeof value === 'string' && sha256Text.test(value);

export const isCount = (value: unknown, most: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most;

const isOneOf = (list: readonly string[], value: unknown): boolean =>
  typeof value === 'string' && list.includes(value);

export function fieldsOf(value: unknown, otherwise: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(otherwise);
  return value as Fields;
}

export function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}

/** Whether this text names a version, as ota/release.ts has it. */
export const isVersion = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= 64 && versionText.test(value);

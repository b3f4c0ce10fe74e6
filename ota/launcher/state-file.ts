/**
 * `state.json` and the one before it, on the disk. Read and written by the launcher while no version runs, and by ota/slots/
 * while one does; never by both at once (docs/updates.md, "The launcher").
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Between, nothingBetween, writeDurably } from './durable-file.js';
import type { SlotState } from './slot-state.js';
import { mostStateBytes, parseState, stateText } from './state-shape.js';

export const stateFiles = { now: 'state.json', before: 'state.before.json' } as const;

export interface StateRead {
  /** null: neither file holds one */
  state: SlotState | null;
  /** which file it came from; anything but `state.json` is a reason to doubt what it says of the slots */
  from: (typeof stateFiles)[keyof typeof stateFiles] | null;
  /** what was wrong with the files that were passed over */
  wrong: string[];
}

/** Reasons of this process or machine; with any other one it is the disk that does not give the file back. */
const mayPass = ['EACCES', 'EPERM', 'EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN'];

/** `state.json`, else the one before it. Rejects when a file is there and this process cannot read it. */
export async function readState(root: string): Promise<StateRead> {
  const wrong: string[] = [];
  for (const name of [stateFiles.now, stateFiles.before]) {
    try {
      const bytes = await readBounded(join(root, name), mostStateBytes);
      if (bytes !== null) return { state: parseState(bytes), from: name, wrong };
      wrong.push(`${name} is not there`);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== undefined && mayPass.includes(code)) throw error;
      wrong.push(`${name} ${code === undefined ? message : `cannot be read (${code})`}`);
    }
  }
  return { state: null, from: null, wrong };
}

/**
 * Makes this the state, one serial number above the one on the disk, and keeps that one beside it. What is on the disk and
 * damaged is not kept: the one before it then stays.
 * @returns what was written
 */
export async function writeState(
  root: string,
  next: SlotState,
  between: Between = nothingBetween,
): Promise<SlotState> {
  const last = await readState(root);
  if (last.state !== null && last.from === stateFiles.now) {
    await writeDurably(root, stateFiles.before, stateText(last.state), between);
    await between('before kept');
  }
  const serial = Math.max(next.serial, last.state?.serial ?? 0) + 1;
  const state = { ...next, serial };
  await writeDurably(root, stateFiles.now, stateText(state), between);
  await between('state replaced');
  return state;
}

/** At most one byte more than `most`; null when there is no such file. */
export async function readBounded(path: string, most: number): Promise<Buffer | null> {
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (handle === null) return null;
  try {
    const { size } = await handle.stat();
    const buffer = Buffer.alloc(Math.min(size, most + 1));
    let at = 0;
    while (at < buffer.length) {
      const { bytesRead } = await handle.read(buffer, at, buffer.length - at, at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return buffer.subarray(0, at);
  } finally {
    await handle.close();
  }
}

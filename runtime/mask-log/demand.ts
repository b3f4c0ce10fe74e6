/**
 * Since when, and until when, an authorisation demands that people are covered (docs/mask-log.md, ML7). Read by runtime/cli/mask.ts
 * for check.ts. It only ever adds a demand: what it cannot read it refuses, what is not there demands nothing.
 */
import { readFile } from 'node:fs/promises';
import { VigieError } from '../../errors.js';
import { authorisation } from '../access/authorisation.js';

export interface PeopleDemand {
  /** wall clock, milliseconds; the end is outside */
  fromMs: number;
  untilMs: number;
}

/**
 * @param cameraId of the recording; null when it does not say
 * @param asked whether the file was named: it must then be there, and hold
 * @throws VigieError `mask` for a file that does not hold, `config` for a named one that is for another camera or not there
 */
export async function readDemand(
  file: string,
  cameraId: string | null,
  asked: boolean,
): Promise<PeopleDemand | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if (!asked && (cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new VigieError(
      'config',
      `The authorisation ${file} cannot be read`,
      'Name it with --authorisation',
      {
        cause,
      },
    );
  }
  const paper = authorisation.safeParse(parsed(text));
  if (!paper.success) {
    const hint = 'Name the right one with --authorisation';
    throw new VigieError('mask', `${file} is not an authorisation that holds`, hint, { cause: paper.error });
  }
  const { personMask, validFrom, validUntil } = paper.data;
  if (cameraId !== null && paper.data.cameraId !== cameraId) {
    if (!asked) return null;
    throw new VigieError('config', `${file} is the authorisation of another camera`, 'Name that of this one');
  }
  return personMask ? { fromMs: Date.parse(validFrom), untilMs: Date.parse(validUntil) } : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

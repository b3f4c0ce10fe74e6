/** Quoting for GStreamer launch lines. Used by whoever puts a name or an address into one. */
import { VigieError } from '../errors.js';

/** Text for a launch line: quoted, so that no file name or address can add an element. */
export function launchText(value: string): string {
  if (/[\p{Cc}]/u.test(value)) {
    throw new VigieError('config', 'A name given to GStreamer holds a control character', 'Rename it');
  }
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

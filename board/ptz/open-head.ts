/**
 * Makes the head that a configuration describes. Used by what wires the runtime process and by tests; nothing else needs to
 * know which protocols there are.
 */
import type { Clock, HeadLimits, HeadPort, Log } from '../ports.js';
import { PelcoDialect } from './pelco-head.js';
import { type HeadEvent, SerialHead } from './serial-head.js';
import type { LineOpener } from './serial-line.js';
import { ViscaDialect } from './visca-head.js';
import type { ZoomScale } from './zoom-scale.js';

export interface HeadDescription {
  protocol: 'pelco-d' | 'visca';
  /** as set on the head: 1 to 255 in Pelco-D, 1 to 7 in VISCA */
  address: number;
  limits: HeadLimits;
  zoom: ZoomScale;
}

/**
 * A head that is not started yet.
 * @param deps.open the line to it: `serialLine` of a device node, or one in memory
 * @param deps.told what the head did without being asked; see HeadEvent
 */
export function headOn(
  deps: { clock: Clock; log: Log; open: LineOpener; told: (event: HeadEvent) => void },
  description: HeadDescription,
): HeadPort {
  return description.protocol === 'visca'
    ? new SerialHead({ ...deps, dialect: new ViscaDialect(description) })
    : new SerialHead({ ...deps, dialect: new PelcoDialect(description) });
}

/**
 * The `head.` messages of operators (docs/protocol.md): their shapes, and which order each one is. Read by protocol.ts
 * and connection.ts, which checks the right `ptz` before. Never reaches past the head's own control.
 */
import { z } from 'zod';
import type { HeadControl } from '../head/head-control.js';
import type { HeadOrder } from '../head/order-log.js';

const share = z.number().min(-1).max(1);
const turn = z.number().min(-360).max(360);
const name = z.string().min(1).max(64);

export const headRequests = [
  /** asks for the state, and for every change of it from now on */
  z.strictObject({ t: z.literal('head.watch') }),
  z.strictObject({
    t: z.literal('head.move'),
    panDeg: turn,
    tiltDeg: z.number().min(-90).max(90),
    hfovDeg: z.number().min(0.5).max(170).optional(),
  }),
  /** from where it is; `times` above 1 brings things nearer */
  z.strictObject({
    t: z.literal('head.step'),
    panDeg: turn,
    tiltDeg: z.number().min(-180).max(180),
    times: z.number().min(0.1).max(10),
  }),
  /** shares of the fastest; to be repeated, or it ends */
  z.strictObject({ t: z.literal('head.drive'), pan: share, tilt: share, zoom: share }),
  z.strictObject({ t: z.literal('head.halt') }),
  z.strictObject({ t: z.literal('head.home') }),
  z.strictObject({ t: z.literal('head.preset'), name }),
  z.strictObject({ t: z.literal('head.patrol'), name }),
] as const;
export type HeadRequest = z.infer<(typeof headRequests)[number]>;

/** As the register names it; null for what moves nothing. */
export function orderOf(request: HeadRequest): Omit<HeadOrder, 'by'> | null {
  switch (request.t) {
    case 'head.watch':
    case 'head.halt':
      return null;
    case 'head.preset':
      return { order: 'preset', place: request.name };
    case 'head.patrol':
      return { order: 'patrol', place: request.name };
    case 'head.move':
      return { order: 'move' };
    case 'head.step':
      return { order: 'step' };
    case 'head.drive':
      return { order: 'drive' };
    case 'head.home':
      return { order: 'home' };
  }
}

/** Gives the order. Rejects with a VigieError of kind `head`. */
export async function orderHead(control: HeadControl, request: HeadRequest): Promise<void> {
  switch (request.t) {
    case 'head.watch':
      return;
    case 'head.move': {
      const { panDeg, tiltDeg, hfovDeg } = request;
      return control.moveTo({ panDeg, tiltDeg, ...(hfovDeg !== undefined && { hfovDeg }) });
    }
    case 'head.step':
      return control.moveBy(request);
    case 'head.drive': {
      const { pan, tilt, zoom } = request;
      return control.drive({ pan, tilt, zoom });
    }
    case 'head.halt':
      return control.halt();
    case 'head.home':
      return control.home();
    case 'head.preset':
      return control.goTo(request.name);
    case 'head.patrol':
      return control.startPatrol(request.name);
  }
}

/** The desks of one connection: each takes the requests about one thing. Made by connection.ts, which has checked the right. */
import type { DrivenHead } from '../head/head-state.js';
import { HeadDesk } from './head-desk.js';
import type { HeadRequest } from './head-requests.js';
import { MaskDesk, type MaskDeskDeps } from './mask-desk.js';
import { type MaskRequest, maskRequestNames } from './mask-requests.js';
import type { FromServer } from './protocol.js';

export interface DeskDeps extends MaskDeskDeps {
  /** absent: the camera does not move */
  head?: DrivenHead | null;
}

export class Desks {
  readonly #head: HeadDesk;
  readonly #mask: MaskDesk;

  /** @param user account on whose behalf changes are made */
  constructor(deps: DeskDeps, send: (message: FromServer) => void, user: string) {
    this.#head = new HeadDesk(deps, user, send);
    this.#mask = new MaskDesk(deps, send, user);
  }

  /** Never rejects. */
  take(request: HeadRequest | MaskRequest): Promise<void> {
    return isMaskRequest(request) ? this.#mask.take(request) : this.#head.take(request);
  }

  tick(): void {
    this.#head.tick();
  }
}

function isMaskRequest(request: HeadRequest | MaskRequest): request is MaskRequest {
  return maskRequestNames.includes(request.t);
}

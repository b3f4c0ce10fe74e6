/** The desks of one connection: each takes the requests about one thing. Made by connection.ts, which has checked the right. */
import type { DrivenHead } from '../head/head-state.js';
import { HeadDesk } from './head-desk.js';
import type { HeadRequest } from './head-requests.js';
import { MaskDesk, type MaskDeskDeps } from './mask-desk.js';
import { type MaskRequest, maskRequestNames } from './mask-requests.js';
import type { FromServer } from './protocol.js';
import { UpdateDesk, type UpdateDeskDeps } from './update-desk.js';
import { type UpdateRequest, updateRequestNames } from './update-requests.js';

type DeskRequest = HeadRequest | MaskRequest | UpdateRequest;

export interface DeskDeps extends MaskDeskDeps, UpdateDeskDeps {
  /** absent: the camera does not move */
  head?: DrivenHead | null;
}

export class Desks {
  readonly #head: HeadDesk;
  readonly #mask: MaskDesk;
  readonly #update: UpdateDesk;

  /**
   * @param user account on whose behalf changes are made
   * @param slow true while what was sent before still waits for the client
   */
  constructor(deps: DeskDeps, send: (message: FromServer) => void, user: string, slow: () => boolean) {
    this.#head = new HeadDesk(deps, user, send);
    this.#mask = new MaskDesk(deps, send, user);
    this.#update = new UpdateDesk(deps, send, user, slow);
  }

  /** Never rejects. */
  take(request: DeskRequest): Promise<void> {
    if (isMaskRequest(request)) return this.#mask.take(request);
    return isUpdateRequest(request) ? this.#update.take(request) : this.#head.take(request);
  }

  tick(): void {
    this.#head.tick();
    this.#update.tick();
  }

  /** The connection is gone. Idempotent. */
  closed(): void {
    this.#update.closed();
  }
}

function isMaskRequest(request: DeskRequest): request is MaskRequest {
  return maskRequestNames.includes(request.t);
}

function isUpdateRequest(request: DeskRequest): request is UpdateRequest {
  return updateRequestNames.includes(request.t);
}

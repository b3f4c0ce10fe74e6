/**
 * One operator's side of the private zones: shows them, gives a masked picture to draw on, and passes changes on. Made by desks.ts
 * for a connection, which has checked the right. Remembers where the camera looked in the pictures that it gave: a client
 * says which picture it drew on, never where that was.
 */
import type { Clock, Log } from '../../board/ports.js';
import { errorLine } from '../../errors.js';
import type { View } from '../../pipelines/frame.js';
import type { Picture } from '../../pipelines/messages.js';
import type { MaskZones } from '../mask-zones/mask-zones.js';
import { type Refusal, refusals } from '../mask-zones/refusals.js';
import type { MaskRequest } from './mask-requests.js';
import { errorTexts, type FromServer } from './protocol.js';
import { withinMs } from './within-ms.js';

const pictureMs = 5_000;
/** Pictures that one may still be drawing on. */
const picturesKept = 4;

export type EditedMask = Pick<MaskZones, 'inForce' | 'moves' | 'change' | 'useConfigured' | 'outlines'>;

export interface MaskDeskDeps {
  clock: Clock;
  log: Log;
  snapshot: () => Promise<Picture>;
  /** absent: there is nothing to edit */
  mask?: EditedMask;
}

export class MaskDesk {
  /** by the number that this connection was told: those of frames begin anew with each pipeline process */
  #given: { number: number; view: View | null }[] = [];
  #pictures = 0;
  #busy = false;

  constructor(
    private readonly deps: MaskDeskDeps,
    private readonly send: (message: FromServer) => void,
    private readonly user: string,
  ) {}

  /** One request at a time. Never rejects. */
  async take(request: MaskRequest): Promise<void> {
    const { mask } = this.deps;
    if (!mask) return this.#refuse(request, 'stopped');
    if (this.#busy) return this.#say('busy', request);
    this.#busy = true;
    try {
      await this.#answer(request, mask);
    } catch (error) {
      this.deps.log.error(`A request about the private zones failed: ${errorLine(error)}`);
      this.#say('unavailable', request);
    } finally {
      this.#busy = false;
    }
  }

  async #answer(request: MaskRequest, mask: EditedMask): Promise<void> {
    if (request.t === 'mask.picture') return this.#picture(request, mask);
    if (request.t !== 'mask.get') {
      const answer = await this.#change(request, mask);
      if ('refused' in answer) this.#refuse(request, answer.refused);
      if ('refused' in answer && answer.refused === 'stopped') return;
    }
    this.send({ t: 'mask', moves: mask.moves, ...mask.inForce });
  }

  #change(
    request: Extract<MaskRequest, { version: number }>,
    mask: EditedMask,
  ): ReturnType<EditedMask['change']> {
    if (request.t === 'mask.configured') return mask.useConfigured(request.version, this.user);
    const { t: _, picture, ...change } = request;
    const view = this.#given.find(({ number }) => number === picture)?.view ?? null;
    return mask.change({ ...change, view }, this.user);
  }

  async #picture(request: Extract<MaskRequest, { t: 'mask.picture' }>, mask: EditedMask): Promise<void> {
    const { clock, snapshot } = this.deps;
    const picture = await withinMs(clock, pictureMs, snapshot());
    if (!picture) return this.#say('unavailable', request);
    const { wallMs, jpeg, mask: stamp } = picture;
    const view = stamp.view ?? null;
    const number = ++this.#pictures;
    this.#given = [...this.#given, { number, view }].slice(-picturesKept);
    const drawable = stamp.state !== 'full' && (view !== null || !mask.moves);
    const { zones } = mask.inForce;
    const outlines = mask
      .outlines(view)
      .flatMap((points, i) => (points ? [{ name: zones[i].name, points }] : []));
    this.send({ t: 'mask.picture', id: request.id, number, wallMs, jpeg, drawable, outlines });
  }

  #refuse({ t: re }: MaskRequest, refusal: Refusal): void {
    this.send({ t: 'error', code: 'mask-refused', message: refusals[refusal], re });
  }

  #say(code: 'busy' | 'unavailable', { t: re }: MaskRequest): void {
    this.send({ t: 'error', code, message: errorTexts[code], re });
  }
}

/** How the pictures are: how fast they come, and how well the camera sees. Made by runtime/main.ts, read for health. */
import { join } from 'node:path';
import type { Clock, Log } from '../../board/ports.js';
import { RateMeter } from './rate-meter.js';
import { SightFile } from './sight-file.js';
import { SightWatch } from './sight-watch.js';

export class PictureHealth {
  readonly rate: RateMeter;
  readonly sight: SightWatch;

  constructor(
    deps: { clock: Clock; log: Log },
    { stateDirectory, picture }: { stateDirectory: string; picture: { width: number; height: number } },
  ) {
    this.rate = new RateMeter(deps.clock);
    const file = new SightFile(join(stateDirectory, 'sight', 'reference.json'));
    this.sight = new SightWatch({ ...deps, file }, picture);
  }
}

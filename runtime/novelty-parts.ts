/** Makes what the zones have learned, for the composition root. It decides nothing. */
import type { Clock, Log } from '../board/ports.js';
import type { Config } from './config/schema.js';
import { noveltyDirectory } from './scene/novelty/file.js';
import { NoveltyStore } from './scene/novelty/store.js';

/** @param stateDirectory absolute */
export function noveltyStore(
  deps: { clock: Clock; log: Log },
  { config, stateDirectory }: { config: Config; stateDirectory: string },
): NoveltyStore {
  const { picture, scene } = config;
  return new NoveltyStore(deps, {
    directory: noveltyDirectory(stateDirectory),
    aspect: picture.width / picture.height,
    ground: scene.ground ?? null,
    timeZone: scene.timeZone,
  });
}

/**
 * Looks for what leaked out of a whole camera (mask-camera-run.ts): in its recording, in what a live viewer was sent, and in
 * still pictures. Uses the search of mask-search.ts, which shares no code with pipelines/mask/.
 */
import type { GopUnit } from '../../runtime/record/gop.js';
import type { CameraFound } from './mask-camera-run.js';
import { type MaskRunFound, streetSize } from './mask-run.js';
import { decodeEach, Searcher, type SearchFound, search } from './mask-search.js';

export interface CameraSearch {
  /** what was recorded, and still pictures */
  recorded: SearchFound;
  live: SearchFound;
  /** frames of the recording by the stamp's state, and why it was hidden as a whole */
  states: Record<string, number>;
}

export async function searchCamera(found: CameraFound): Promise<CameraSearch> {
  const run: MaskRunFound = {
    lives: [found.recorded.map((unit) => ({ t: 'unit' as const, ...unit }))],
    pictures: found.pictures.map((jpeg) => ({ t: 'picture' as const, id: 0, seq: 0, ...nothing, jpeg })),
    truth: found.truth,
    failures: found.failures,
    frameDelayMs: found.frameDelayMs,
  };
  const states: Record<string, number> = {};
  for (const { mask } of found.recorded) {
    const state = mask.state === 'full' ? `full, ${mask.why ?? 'no table'}` : mask.state;
    states[state] = (states[state] ?? 0) + 1;
  }
  return { recorded: await search(run), live: await searchLive(found, run), states };
}

const nothing = { wallMs: 0, mask: { version: 0, digest: '', state: 'full' as const } };

/** A fragment bears no stamp: it has that of the picture recorded at its time. */
async function searchLive(found: CameraFound, run: MaskRunFound): Promise<SearchFound> {
  const searcher = new Searcher(run);
  const stamps = new Map(found.recorded.map((unit) => [unit.wallMs, unit]));
  for (const stream of streamsOf(found.live)) {
    const fragments = stream.filter((message) => message.t === 'live.fragment');
    let at = 0;
    const bytes = Buffer.concat(stream.map(({ data }) => data));
    await decodeEach(bytes, streetSize, 'mp4', (picture) => {
      const { wallMs } = fragments[at++];
      searcher.unit(picture, stamps.get(wallMs) ?? unknownAt(wallMs, found.recorded));
    });
    if (at !== fragments.length)
      throw new Error(`${fragments.length} live fragments, ${at} pictures decoded`);
  }
  return searcher.found;
}

/** What was never recorded is searched as if zones were laid on it: black all over passes too. */
function unknownAt(wallMs: number, recorded: GopUnit[]): Pick<GopUnit, 'mask' | 'monoUs'> {
  const [first] = recorded;
  const monoUs = first ? first.monoUs + (wallMs - first.wallMs) * 1000 : 0;
  return { mask: { version: 0, digest: '', state: 'zones' }, monoUs };
}

/** Each begins with an initialisation segment. */
function streamsOf(live: CameraFound['live']): CameraFound['live'][] {
  const streams: CameraFound['live'][] = [];
  for (const message of live) {
    if (message.t === 'live.init') streams.push([message]);
    else streams.at(-1)?.push(message);
  }
  return streams.filter((stream) => stream.length > 1);
}

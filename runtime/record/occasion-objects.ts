/**
 * Which tracks are an occasion to record (docs/recording.md, "Objects that count"). Asked by occasions.ts at each look. Keeps
 * nothing of a track beyond its life.
 */
import type { ObjectClass, Track } from '../../pipelines/messages.js';

/** They come and go; everything else may stand for days. */
const alive: readonly ObjectClass[] = ['person', 'animal'];
/** After this time in one place, a thing no longer counts. */
const restUs = 60_000_000;
/** Share of its own size by which it must move. */
const leastMove = 0.25;

interface Place {
  x: number;
  y: number;
  sinceUs: number;
}

export class OccasionObjects {
  #places = new Map<string, Place>();

  /** Whether one of these tracks counts. */
  observe(tracks: readonly Track[], monoUs: number): boolean {
    const places = new Map<string, Place>();
    let counts = false;
    for (const track of tracks) {
      const place = this.#placeOf(track, monoUs);
      places.set(track.id, place);
      counts ||= track.seen && (alive.includes(track.class) || monoUs - place.sinceUs <= restUs);
    }
    this.#places = places;
    return counts;
  }

  /** The tracks are gone. */
  reset(): void {
    this.#places.clear();
  }

  #placeOf({ id, box }: Track, monoUs: number): Place {
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const before = this.#places.get(id);
    if (!before) return { x, y, sinceUs: monoUs };
    const moved =
      Math.abs(x - before.x) > leastMove * box.width || Math.abs(y - before.y) > leastMove * box.height;
    return moved ? { x, y, sinceUs: monoUs } : before;
  }
}

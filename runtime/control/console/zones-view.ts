/**
 * Outlines the designated zones over the picture, with their tripwires and directions. Private zones need no drawing: they are
 * black in the picture.
 */
import { byId, make } from './elements.js';
import type { Point, WatchedZone } from './messages.js';
import { directionArrow, drawn, forbiddenBands } from './zone-marks.js';

const svg = 'http://www.w3.org/2000/svg';
const struckMs = 6_000;
/** Two names nearer than this hide each other, in shares of the picture. */
const nameSize = { width: 0.16, height: 0.045 };

export class ZonesView {
  readonly #outlines = new Map<string, Element>();

  show(zones: WatchedZone[], picture: { width: number; height: number }): void {
    const aspect = picture.width / picture.height;
    byId('stage').style.setProperty('--ratio', String(aspect));
    byId('zones').setAttribute('viewBox', `0 0 ${100 * aspect} 100`);
    this.#outlines.clear();
    const names = placesOfNames(zones).map(([x, y], index) => {
      const name = make('span', '', zones[index]?.name ?? '');
      name.style.left = `${x * 100}%`;
      name.style.top = `${y * 100}%`;
      return name;
    });
    const outlines = zones.map((zone) => {
      const corners = zone.points.map((corner) => drawn(corner, aspect));
      const outline = shape('polygon', 'outline', corners);
      this.#outlines.set(zone.name, outline);
      return outline;
    });
    const marks = zones.flatMap((zone) => [
      ...forbiddenBands(zone, aspect).map((band) => shape('polygon', 'forbidden', band)),
      ...(zone.line
        ? [
            shape(
              'polyline',
              'tripwire',
              zone.line.map((end) => drawn(end, aspect)),
            ),
          ]
        : []),
      ...directionArrow(zone, aspect).map((part) => shape('polyline', 'arrow', part)),
    ]);
    byId('zones').replaceChildren(...outlines, ...marks);
    byId('zone-names').replaceChildren(...names);
  }

  /** An alert came from this zone: its outline stands out for a while. */
  strike(name: string): void {
    const outline = this.#outlines.get(name);
    if (!outline) return;
    outline.classList.add('struck');
    setTimeout(() => outline.classList.remove('struck'), struckMs);
  }
}

function shape(kind: 'polygon' | 'polyline', name: string, points: Point[]): Element {
  const element = document.createElementNS(svg, kind);
  element.setAttribute('class', name);
  element.setAttribute('points', points.map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join(' '));
  return element;
}

/** On each zone's upper side, in the middle, or as far below as it takes not to hide another name. */
function placesOfNames(zones: WatchedZone[]): Point[] {
  const places: Point[] = [];
  for (const { points } of zones) {
    const across = points.map(([x]) => x);
    const x = (Math.min(...across) + Math.max(...across)) / 2;
    let y = Math.max(0.04, upperSide(points, x));
    const hides = ([otherX, otherY]: Point): boolean =>
      Math.abs(otherX - x) < nameSize.width && Math.abs(otherY - y) < nameSize.height;
    while (y < 0.96 && places.some(hides)) y += nameSize.height / 3;
    places.push([x, y]);
  }
  return places;
}

/** How far down the first side of a polygon is at this place across. */
function upperSide(points: Point[], x: number): number {
  const sides = points.map((corner, i): [Point, Point] => [
    corner,
    points[(i + 1) % points.length] ?? corner,
  ]);
  const met = sides.filter(([a, b]) => a[0] !== b[0] && (a[0] - x) * (b[0] - x) <= 0);
  const down = met.map(([a, b]) => a[1] + ((b[1] - a[1]) * (x - a[0])) / (b[0] - a[0]));
  return Math.min(...down, Math.max(...points.map(([, y]) => y)));
}

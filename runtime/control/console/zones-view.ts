/** Outlines the designated zones over the picture. Private zones need no drawing: they are black in the picture. */
import { byId, make } from './elements.js';
import type { Zone } from './messages.js';

const svg = 'http://www.w3.org/2000/svg';
const struckMs = 6_000;

export class ZonesView {
  readonly #outlines = new Map<string, Element>();

  show(zones: Zone[], picture: { width: number; height: number }): void {
    byId('stage').style.setProperty('--ratio', String(picture.width / picture.height));
    this.#outlines.clear();
    const names = zones.map((zone) => {
      const name = make('span', '', zone.name);
      const lowest = Math.min(...zone.points.map(([, y]) => y));
      const middle = zone.points.reduce((sum, [x]) => sum + x, 0) / zone.points.length;
      name.style.left = `${middle * 100}%`;
      name.style.top = `${Math.max(4, lowest * 100)}%`;
      return name;
    });
    const outlines = zones.map((zone) => {
      const polygon = document.createElementNS(svg, 'polygon');
      polygon.setAttribute('points', zone.points.map(([x, y]) => `${x * 100},${y * 100}`).join(' '));
      this.#outlines.set(zone.name, polygon);
      return polygon;
    });
    byId('zones').replaceChildren(...outlines);
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

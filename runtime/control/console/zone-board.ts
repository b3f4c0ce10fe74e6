/** The picture that zones are drawn on, with what lies over it. Made by zone-editor.ts. Mouse, touch and keyboard do the same. */
import { byId } from './elements.js';
import type { MaskPicture, Point } from './messages.js';
import type { Speech } from './words.js';
import { ZoneDrawing } from './zone-drawing.js';

const svg = 'http://www.w3.org/2000/svg';

export class ZoneBoard {
  readonly #drawing = new ZoneDrawing();
  readonly #board = byId('zone-board');
  readonly #image = byId<HTMLImageElement>('zone-picture');
  #size = { width: 16, height: 9 };
  #outlines: MaskPicture['outlines'] = [];
  #url = '';

  /** @param changed told after every change of the drawing */
  constructor(private readonly changed: () => void) {
    this.#board.tabIndex = 0;
    this.#board.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (!this.#drawing.key(event.key, event.shiftKey)) return;
      event.preventDefault();
      changed();
    });
    this.#board.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      const { left, top, width, height } = this.#board.getBoundingClientRect();
      this.#drawing.put([(event.clientX - left) / width, (event.clientY - top) / height]);
      changed();
    });
  }

  get corners(): Point[] {
    return [...this.#drawing.corners];
  }

  get complete(): boolean {
    return this.#drawing.complete;
  }

  clear(): void {
    this.#drawing.clear();
    this.changed();
  }

  /** Where the crosshair is, for who does not see it. */
  where(speech: Speech): string {
    const [x, y] = this.#drawing.cross;
    return `x ${speech.number(x * 100)} %, y ${speech.number(y * 100)} %`;
  }

  shape(size: { width: number; height: number }): void {
    this.#size = size;
    this.#board.style.setProperty('--ratio', String(size.width / size.height));
    byId('zone-lines').setAttribute('viewBox', `0 0 ${size.width} ${size.height}`);
  }

  picture({ jpeg, outlines }: MaskPicture): void {
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.#url = URL.createObjectURL(new Blob([jpeg], { type: 'image/jpeg' }));
    this.#image.src = this.#url;
    this.#outlines = outlines;
  }

  /** @param removed names of zones that are to go */
  render(removed: ReadonlySet<string>, drafts: readonly { points: Point[] }[]): void {
    const { width, height } = this.#size;
    const [x, y] = this.#pixel(this.#drawing.cross);
    const { corners } = this.#drawing;
    byId('zone-lines').replaceChildren(
      ...this.#outlines.map(({ name, points }) => this.#polygon(points, removed.has(name) ? 'gone' : 'kept')),
      ...drafts.map(({ points }) => this.#polygon(points, 'draft')),
      ...(corners.length > 0 ? [this.#polygon(corners, 'drawing')] : []),
      ...corners.map((corner) => {
        const [cx, cy] = this.#pixel(corner);
        return drawn('circle', 'corner', { cx, cy, r: width / 160 });
      }),
      drawn('line', 'cross', { x1: x, y1: 0, x2: x, y2: height }),
      drawn('line', 'cross', { x1: 0, y1: y, x2: width, y2: y }),
    );
  }

  #polygon(points: readonly Point[], className: string): Element {
    const corners = points.map((point) => this.#pixel(point).join(','));
    return drawn('polygon', className, { points: corners.join(' ') });
  }

  #pixel([x, y]: Point): Point {
    return [x * this.#size.width, y * this.#size.height];
  }
}

function drawn(tag: string, className: string, attributes: Record<string, string | number>): Element {
  const element = document.createElementNS(svg, tag);
  element.setAttribute('class', className);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

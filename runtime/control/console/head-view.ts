/**
 * The panel that turns the camera: arrows, zoom, presets, patrols, and where the head is. Made by main.ts, shown when
 * the camera has a head and the session the right. A key or button that is held repeats its order; the camera stops the
 * head when the order is not repeated.
 */
import { byId, make } from './elements.js';
import type { HeadPlaces, HeadState, ToServer } from './messages.js';
import type { Speech } from './words.js';

type Way = { pan: number; tilt: number; zoom: number };

const repeatMs = 300;
const speed = 0.35;
const ways: Record<string, Way> = {
  ArrowLeft: { pan: -speed, tilt: 0, zoom: 0 },
  ArrowRight: { pan: speed, tilt: 0, zoom: 0 },
  ArrowUp: { pan: 0, tilt: speed, zoom: 0 },
  ArrowDown: { pan: 0, tilt: -speed, zoom: 0 },
  '+': { pan: 0, tilt: 0, zoom: speed },
  '-': { pan: 0, tilt: 0, zoom: -speed },
};

export class HeadView {
  #held: Way | null = null;
  #repeat = 0;
  #state: HeadState | null = null;

  constructor(
    private readonly speech: Speech,
    private readonly send: (message: ToServer) => void,
  ) {
    const panel = byId('head');
    // In the panel only: elsewhere the arrows go from alert to alert.
    panel.addEventListener('keydown', (event) => {
      const way = ways[event.key === '=' ? '+' : event.key];
      if (!way) return;
      event.preventDefault();
      if (!event.repeat) this.#hold(way);
    });
    panel.addEventListener('keyup', () => this.#release());
    panel.addEventListener('focusout', () => this.#release());
    window.addEventListener('blur', () => this.#release());
    for (const button of panel.querySelectorAll<HTMLElement>('[data-way]')) {
      const way = ways[button.dataset['way'] ?? ''];
      if (way) button.addEventListener('pointerdown', () => this.#hold(way));
      for (const end of ['pointerup', 'pointerleave', 'pointercancel'])
        button.addEventListener(end, () => this.#release());
    }
    byId('head-halt').addEventListener('click', () => this.send({ t: 'head.halt' }));
    byId('head-home').addEventListener('click', () => this.send({ t: 'head.home' }));
  }

  /** @param places null hides the panel */
  show(places: HeadPlaces | null): void {
    byId('head').hidden = places === null;
    this.#state = null;
    if (!places) return;
    byId('head-places').replaceChildren(
      ...places.presets.map((name) => this.#place('head.preset', name)),
      ...places.patrols.map((name) => this.#place('head.patrol', name)),
    );
    this.send({ t: 'head.watch' });
  }

  state(state: HeadState): void {
    this.#state = state;
    this.render();
  }

  render(): void {
    const { speech } = this;
    const state = this.#state;
    if (!state) return;
    const degrees = (value: number | null): string => (value === null ? '–' : `${speech.number(value, 1)}°`);
    const [pan, tilt, field] = [state.panDeg, state.tiltDeg, state.hfovDeg].map(degrees);
    byId('head-where').textContent =
      `${speech.word('headPan')} ${pan}, ${speech.word('headTilt')} ${tilt}, ${speech.word('headField')} ${field}`;
    const said = state.hide
      ? speech.word(`hide.${state.hide}`)
      : speech.word(state.moves ? 'headMoves' : 'headRests');
    byId('head-state').textContent = state.patrol
      ? `${said} – ${speech.word('headPatrol')} ${state.patrol}`
      : said;
    byId('head').dataset['hidden'] = String(state.hide !== null);
  }

  #place(t: 'head.preset' | 'head.patrol', name: string): HTMLElement {
    const button = make(
      'button',
      t === 'head.patrol' ? 'patrol' : '',
      t === 'head.patrol' ? `↻ ${name}` : name,
    );
    button.type = 'button';
    button.addEventListener('click', () => this.send({ t, name }));
    return button;
  }

  #hold(way: Way): void {
    this.#held = way;
    const drive = (): void => {
      if (this.#held) this.send({ t: 'head.drive', ...this.#held });
    };
    clearInterval(this.#repeat);
    this.#repeat = setInterval(drive, repeatMs);
    drive();
  }

  #release(): void {
    if (!this.#held) return;
    this.#held = null;
    clearInterval(this.#repeat);
    this.send({ t: 'head.halt' });
  }
}

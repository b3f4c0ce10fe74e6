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
/** Share of the fastest, with the widest view; nearer views turn as much slower as they show less. */
const speed = 0.35;
const leastSpeed = 0.02;
const wideDeg = 60;
const ways: Record<string, Way> = {
  ArrowLeft: { pan: -1, tilt: 0, zoom: 0 },
  ArrowRight: { pan: 1, tilt: 0, zoom: 0 },
  ArrowUp: { pan: 0, tilt: 1, zoom: 0 },
  ArrowDown: { pan: 0, tilt: -1, zoom: 0 },
  '+': { pan: 0, tilt: 0, zoom: 1 },
  '-': { pan: 0, tilt: 0, zoom: -1 },
};

export class HeadView {
  /** what is held down, by the key or button that does it: two arrows go slanting */
  readonly #held = new Map<string, Way>();
  #repeat = 0;
  #state: HeadState | null = null;

  constructor(
    private readonly speech: Speech,
    private readonly send: (message: ToServer) => void,
  ) {
    const panel = byId('head');
    // In the panel only: elsewhere the arrows go from alert to alert.
    panel.addEventListener('keydown', (event) => {
      const name = wayOf(event);
      if (!name || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      if (!event.repeat) this.#hold(event.code, name);
    });
    panel.addEventListener('keyup', (event) => this.#release(event.code));
    panel.addEventListener('focusout', () => this.#release());
    window.addEventListener('blur', () => this.#release());
    for (const button of panel.querySelectorAll<HTMLElement>('[data-way]')) {
      button.addEventListener('pointerdown', () => this.#hold('pointer', button.dataset['way'] ?? ''));
      for (const end of ['pointerup', 'pointerleave', 'pointercancel'])
        button.addEventListener(end, () => this.#release('pointer'));
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
      ? `${said} – ${speech.word('headPatrol')} : ${state.patrol}`
      : said;
    byId('head').dataset['hidden'] = String(state.hide !== null);
    byId('head').dataset['obeys'] = String(state.obeys);
    for (const button of document.querySelectorAll<HTMLElement>('#head-places .patrol'))
      button.setAttribute('aria-pressed', String(button.dataset['name'] === state.patrol));
  }

  #place(t: 'head.preset' | 'head.patrol', name: string): HTMLElement {
    const button = make(
      'button',
      t === 'head.patrol' ? 'patrol' : '',
      t === 'head.patrol' ? `↻ ${name}` : name,
    );
    button.type = 'button';
    button.dataset['name'] = name;
    button.addEventListener('click', () => this.send({ t, name }));
    return button;
  }

  #hold(by: string, name: string): void {
    const way = ways[name];
    if (!way) return;
    this.#held.set(by, way);
    this.#show(name, true);
    clearInterval(this.#repeat);
    this.#repeat = setInterval(() => this.#drive(), repeatMs);
    this.#drive();
  }

  #drive(): void {
    const share = Math.max(leastSpeed, speed * Math.min(1, (this.#state?.hfovDeg ?? wideDeg) / wideDeg));
    const sum = (axis: keyof Way): number =>
      Math.sign([...this.#held.values()].reduce((total, way) => total + way[axis], 0));
    this.send({
      t: 'head.drive',
      pan: share * sum('pan'),
      tilt: share * sum('tilt'),
      zoom: speed * sum('zoom'),
    });
  }

  /** @param by everything when absent */
  #release(by?: string): void {
    if (this.#held.size === 0 || (by !== undefined && !this.#held.has(by))) return;
    if (by === undefined) this.#held.clear();
    else this.#held.delete(by);
    for (const [name, way] of Object.entries(ways))
      if (![...this.#held.values()].includes(way)) this.#show(name, false);
    if (this.#held.size > 0) return this.#drive();
    clearInterval(this.#repeat);
    this.send({ t: 'head.halt' });
  }

  #show(name: string, held: boolean): void {
    const button = document.querySelector<HTMLElement>(`#head [data-way="${name}"]`);
    if (button) button.dataset['held'] = String(held);
  }
}

/** The way that a key asks for: its own, or that of the button it presses. */
function wayOf({ key, target }: KeyboardEvent): string | undefined {
  if (key === '=') return '+';
  if (key in ways) return key;
  const button = target instanceof HTMLElement ? target.dataset['way'] : undefined;
  return key === 'Enter' || key === ' ' ? button : undefined;
}

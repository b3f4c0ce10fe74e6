/** The health of the camera, in tiles, and its notices. Fed by main.ts with each health message. */
import { CardView } from './card-view.js';
import { byId, make } from './elements.js';
import type { Health } from './messages.js';
import type { Speech } from './words.js';

interface Tile {
  title: string;
  value: string;
  more: string;
  state: 'good' | 'warn' | 'bad' | 'none';
  share?: number;
}

export class HealthView {
  readonly #speech: Speech;
  readonly #card: CardView;
  #last: Health | null = null;

  constructor(speech: Speech) {
    this.#speech = speech;
    this.#card = new CardView(speech);
  }

  show(health: Health): void {
    this.#last = health;
    this.render();
  }

  render(): void {
    const health = this.#last;
    if (!health) return;
    const tiles = [
      this.#frameRate(health),
      this.#store(health),
      ...this.#buffer(health),
      ...this.#second(health),
      this.#mask(health),
      this.#detection(health),
      this.#process(health),
    ];
    byId('health-list').replaceChildren(...tiles.map((tile) => this.#tile(tile)));
    this.#card.render(health);
    const notices = byId('notices');
    const texts = health.notices.map((notice) => notice[this.#speech.language]);
    // Written only when changed: a screen reader reads a changed list again.
    if (notices.dataset['texts'] === texts.join('\n')) return;
    notices.dataset['texts'] = texts.join('\n');
    notices.replaceChildren(...texts.map((text) => make('li', '', text)));
  }

  #tile({ title, value, more, state, share }: Tile): HTMLElement {
    const tile = make('div');
    tile.dataset['state'] = state;
    tile.append(make('dt', '', title), make('dd', '', value), make('dd', '', more));
    if (share !== undefined) {
      const meter = make('meter');
      meter.value = share;
      meter.setAttribute('aria-label', this.#speech.word('used'));
      tile.append(meter);
    }
    return tile;
  }

  #frameRate({ picture, frames }: Health): Tile {
    const { framesPerSecond, measuredFramesPerSecond: measured } = picture;
    const word = this.#speech.word.bind(this.#speech);
    const nominal = `${word('nominal')} ${this.#speech.number(framesPerSecond, framesPerSecond % 1 ? 1 : 0)}`;
    return {
      title: word('frameRate'),
      value: `${this.#speech.number(measured, 1)} ${word('framesPerSecond')}`,
      more: `${nominal}, ${this.#speech.number(frames.dropped)} ${word('dropped')}`,
      state: measured >= 0.95 * framesPerSecond ? 'good' : measured >= 0.5 * framesPerSecond ? 'warn' : 'bad',
    };
  }

  #store({ store }: Health): Tile {
    const speech = this.#speech;
    return {
      title: speech.word('recording'),
      value: speech.word(`store.${store.state}`),
      more: this.#covered(store),
      state: store.state === 'failed' ? 'bad' : store.state === 'off' || store.gopsLost > 0 ? 'warn' : 'good',
      share: store.capacityBytes > 0 ? store.usedBytes / store.capacityBytes : 0,
    };
  }

  #covered(of: Pick<Health['store'], 'oldestMs' | 'newestMs' | 'usedBytes' | 'capacityBytes'>): string {
    const { oldestMs, newestMs } = of;
    const speech = this.#speech;
    const period =
      oldestMs !== null && newestMs !== null
        ? `${speech.word('from')} ${speech.moment(oldestMs)} ${speech.word('to')} ${speech.moment(newestMs)}`
        : speech.word('nothingYet');
    return `${speech.bytes(of.usedBytes)} / ${speech.bytes(of.capacityBytes)}, ${period}`;
  }

  /** Only while something waits. */
  #buffer({ store: { buffer } }: Health): Tile[] {
    if (buffer.sinceMs === null) return [];
    const speech = this.#speech;
    return [
      {
        title: speech.word('buffer'),
        value: `${speech.bytes(buffer.bytes)} / ${speech.bytes(buffer.capacityBytes)}`,
        more: `${speech.word('since')} ${speech.moment(buffer.sinceMs)}`,
        state: 'warn',
      },
    ];
  }

  /** Only where one is configured. */
  #second({ store: { second }, notices }: Health): Tile[] {
    if (!second) return [];
    const speech = this.#speech;
    // It is open and takes nothing, as long as the first one does.
    const ready = second.state === 'recording' && !notices.some(({ code }) => code === 'on-second-store');
    return [
      {
        title: speech.word('second'),
        value: speech.word(ready ? 'secondReady' : `store.${second.state}`),
        more: this.#covered(second),
        state: second.state === 'failed' ? 'bad' : second.state === 'off' ? 'warn' : 'good',
        share: second.capacityBytes > 0 ? second.usedBytes / second.capacityBytes : 0,
      },
    ];
  }

  #mask({ mask }: Health): Tile {
    return {
      title: this.#speech.word('mask'),
      value: this.#speech.word(`mask.${mask.state}`),
      more: `${this.#speech.word('table')} ${mask.version}`,
      state: mask.state === 'zones' ? 'good' : 'warn',
    };
  }

  #detection({ detect }: Health): Tile {
    const speech = this.#speech;
    const looks = `${speech.number(detect.looksPerSecond, 1)} ${speech.word('looks')}`;
    return {
      title: speech.word('detection'),
      value: speech.word(detect.on ? 'on' : 'off'),
      more: detect.on
        ? `${looks}, ${speech.number(detect.tracks)} ${speech.word('tracks')}, ${detect.model}`
        : '',
      state: detect.on ? 'good' : 'none',
    };
  }

  #process({ state, processes, version }: Health): Tile {
    const speech = this.#speech;
    const memory = speech.bytes(processes.runtimeRssBytes + processes.pipelineRssBytes);
    return {
      title: speech.word('process'),
      value: speech.word(`state.${state}`),
      more: `${processes.restarts} ${speech.word('restarts')}, ${speech.word('memory')} ${memory}, Vigie ${version}`,
      state: state === 'running' ? 'good' : 'warn',
    };
  }
}

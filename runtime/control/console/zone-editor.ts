/**
 * The zone editor: a masked picture to draw on, the list of private zones, what is to be added and removed. Made by main.ts, offered
 * when the session may see and may change the mask. Where the camera looked is not known here: a drawing goes with the number
 * of its picture.
 */
import { byId, make } from './elements.js';
import type { MaskPicture, MaskState, Point, ToServer, Words } from './messages.js';
import type { Speech, Word } from './words.js';
import { ZoneBoard } from './zone-board.js';

/** What one change may add (docs/protocol.md). */
const mostDrafts = 4;
const retryMs = 700;
const mostRetries = 8;

export class ZoneEditor {
  readonly #dialog = byId<HTMLDialogElement>('zone-editor');
  readonly #name = byId<HTMLInputElement>('zone-name');
  readonly #reason = byId<HTMLInputElement>('zone-reason');
  readonly #board: ZoneBoard;
  #state: MaskState | null = null;
  #drafts: { name: string; points: Point[] }[] = [];
  #removed = new Set<string>();
  #picture: { number: number; drawable: boolean } | null = null;
  #asked = 0;
  #retries = 0;
  #said: Word | Words = 'zoneWaiting';
  #saving = false;
  #opening = false;

  constructor(
    private readonly speech: Speech,
    private readonly send: (message: ToServer) => void,
  ) {
    this.#board = new ZoneBoard(() => this.render());
    byId('edit-zones').addEventListener('click', () => this.#open());
    byId('zone-close').addEventListener('click', () => this.#dialog.close());
    byId('zone-again').addEventListener('click', () => this.#ask());
    byId('zone-clear').addEventListener('click', () => this.#board.clear());
    byId('zone-configured').addEventListener('click', () => {
      if (this.#state) this.#change({ t: 'mask.configured', version: this.#state.version });
    });
    byId('zone-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#draft();
    });
    byId('zone-save').addEventListener('click', () => this.#save());
    for (const field of [this.#name, this.#reason]) field.addEventListener('input', () => this.render());
  }

  /** @param size of the picture, pixels */
  offer(allowed: boolean, size: { width: number; height: number }): void {
    byId('edit-zones').hidden = !allowed;
    this.#board.shape(size);
    this.#saving = false;
    if (!allowed) this.#dialog.close();
    else if (this.#dialog.open) this.#open();
  }

  state(state: MaskState): void {
    const before = this.#state;
    this.#state = state;
    if (this.#opening) this.#ask();
    else if (before?.version !== state.version) {
      this.#drafts = [];
      this.#removed.clear();
      if (this.#saving) this.#said = 'zoneDone';
      this.#ask();
    }
    this.#opening = false;
    this.#saving = false;
    this.render();
  }

  picture(picture: MaskPicture): void {
    if (picture.id !== this.#asked) return;
    this.#retries = 0;
    this.#picture = picture;
    if (!picture.drawable) this.#said = 'zoneHidden';
    else if (this.#said === 'zoneWaiting' || this.#said === 'zoneNoPicture') this.#said = 'zoneReady';
    this.#board.picture(picture);
    this.render();
  }

  /** A request of this editor was refused. While the mask changes no picture is given: it is asked for again. */
  refused(re: string, words: Words): void {
    if (re !== 'mask.picture') {
      this.#said = words;
      this.#saving = false;
    } else if (this.#retries++ < mostRetries) setTimeout(() => this.#dialog.open && this.#ask(), retryMs);
    else this.#said = 'zoneNoPicture';
    this.render();
  }

  render(): void {
    const { speech } = this;
    const state = this.#state;
    const said = this.#said;
    byId('zone-said').textContent = typeof said === 'string' ? speech.word(said) : said[speech.language];
    byId('zone-source').textContent = state ? speech.word(`zones.${state.source}`) : '';
    byId('zone-configured').hidden = !state || state.source === 'configuration';
    byId('zone-smaller').hidden = this.#removed.size === 0;
    byId('zone-corners').textContent =
      `${this.#board.corners.length} ${speech.word('zoneCorners')} · ${this.#board.where(speech)}`;
    const drawable = this.#picture?.drawable === true;
    const named = this.#name.value.trim() !== '';
    byId<HTMLButtonElement>('zone-add').disabled =
      !drawable || !named || !this.#board.complete || this.#drafts.length >= mostDrafts;
    byId('zone-reason-field').hidden = !state || this.#left > 0;
    const changed = this.#drafts.length > 0 || this.#removed.size > 0;
    const chooses = state !== null && !['configuration', 'drawn'].includes(state.source);
    byId<HTMLButtonElement>('zone-save').disabled = this.#saving || !state || !(changed || chooses);
    this.#list();
    this.#board.render(this.#removed, this.#drafts);
  }

  /** Zones that a save would leave. */
  get #left(): number {
    return (this.#state?.zones.length ?? 0) - this.#removed.size + this.#drafts.length;
  }

  #open(): void {
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#drafts = [];
    this.#removed.clear();
    this.#state = null;
    // One request is answered at a time: the picture is asked for when the zones are here.
    this.#opening = true;
    this.#said = 'zoneWaiting';
    this.send({ t: 'mask.get' });
    byId('zone-board').focus();
    this.render();
  }

  #ask(): void {
    this.#picture = null;
    // Directions come from the picture that was drawn on: on a head, another picture is another view.
    if (this.#state?.moves) this.#drafts = [];
    this.#board.clear();
    if (this.#said !== 'zoneDone') this.#said = 'zoneWaiting';
    this.#asked += 1;
    this.send({ t: 'mask.picture', id: this.#asked });
    this.render();
  }

  #draft(): void {
    if (byId<HTMLButtonElement>('zone-add').disabled) return;
    this.#drafts.push({ name: this.#name.value.trim(), points: this.#board.corners });
    this.#name.value = '';
    this.#board.clear();
    byId('zone-save').focus();
  }

  #save(): void {
    if (!this.#state) return;
    this.#change({
      t: 'mask.set',
      version: this.#state.version,
      remove: [...this.#removed],
      add: this.#drafts,
      picture: this.#picture?.number ?? null,
      noneBecause: this.#left === 0 ? this.#reason.value.trim() : null,
    });
  }

  #change(message: Extract<ToServer, { version: number }>): void {
    this.#saving = true;
    this.send(message);
    this.render();
  }

  #list(): void {
    const { speech } = this;
    const kept = (this.#state?.zones ?? []).map(({ name }) => {
      const gone = this.#removed.has(name);
      const button = make('button', 'quiet', speech.word(gone ? 'zoneKeep' : 'zoneRemove'));
      button.type = 'button';
      button.setAttribute('aria-label', `${button.textContent} ${name}`);
      button.addEventListener('click', () => {
        if (!this.#removed.delete(name)) this.#removed.add(name);
        this.render();
        this.#focus(name);
      });
      return line(name, gone ? speech.word('zoneRemoved') : '', button);
    });
    const drafts = this.#drafts.map((draft) => {
      const button = make('button', 'quiet', speech.word('zoneRemove'));
      button.type = 'button';
      button.addEventListener('click', () => {
        this.#drafts = this.#drafts.filter((other) => other !== draft);
        this.render();
      });
      return line(draft.name, speech.word('zoneDrawn'), button);
    });
    byId('zone-list').replaceChildren(...kept, ...drafts);
  }

  /** The list is written anew: the focus goes back to where it was. */
  #focus(name: string): void {
    for (const item of byId('zone-list').children)
      if ((item as HTMLElement).dataset['zone'] === name) item.querySelector('button')?.focus();
  }
}

function line(name: string, what: string, button: HTMLElement): HTMLElement {
  const item = make('li');
  item.dataset['zone'] = name;
  item.append(make('b', '', name), make('small', '', what), button);
  return item;
}

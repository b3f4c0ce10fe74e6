/**
 * The list of alerts, newest first. Fed by main.ts; sends the operator's answers. Shows at most 200; those that
 * nobody answered are the last to go.
 */
import { lineOfUpdate, whyOf } from './alert-why.js';
import { byId, make } from './elements.js';
import type { Acknowledgement, Alert, AlertUpdate, Verdict } from './messages.js';
import type { Speech, Word } from './words.js';

const verdicts = ['true', 'false', 'unclear'] as const;
const mostShown = 200;
/** Older than this when it arrives: it is history, and is not read out. */
const freshMs = 60_000;

interface Card {
  alert: Alert;
  acked: Acknowledgement | null;
  update: AlertUpdate | null;
  item: HTMLLIElement;
  pictureUrl: string;
}

export class AlertsView {
  readonly #speech: Speech;
  readonly #answer: (id: string, verdict: Verdict) => void;
  readonly #list = byId<HTMLOListElement>('alert-list');
  readonly #cards = new Map<string, Card>();
  /** the highest number seen: what to ask from after a reconnection */
  lastNumber = 0;

  constructor(speech: Speech, answer: (id: string, verdict: Verdict) => void) {
    this.#speech = speech;
    this.#answer = answer;
    document.addEventListener('keydown', (event) => this.#onKey(event));
    const only = byId<HTMLInputElement>('only-pending');
    only.addEventListener('change', () => {
      this.#list.dataset['only'] = String(only.checked);
    });
  }

  /** Returns true when the alert is new here and recent. */
  add(alert: Alert, acked: Acknowledgement | null, picture?: Uint8Array<ArrayBuffer>): boolean {
    this.lastNumber = Math.max(this.lastNumber, alert.number);
    const known = this.#cards.get(alert.id);
    const card = known ?? { alert, acked, update: null, item: make('li', 'alert'), pictureUrl: '' };
    card.acked = acked;
    if (picture) this.#setPicture(card, picture);
    this.#cards.set(alert.id, card);
    this.#render(card);
    if (!known) this.#place(card);
    this.#bound();
    this.#count();
    const fresh = !known && !acked && Date.now() - alert.atMs < freshMs;
    if (fresh) {
      card.item.dataset['fresh'] = 'true';
      byId('announce').textContent =
        `${this.#speech.word('newAlert')} ${alert.reason[this.#speech.language]}`;
    }
    return fresh;
  }

  picture(id: string, jpeg: Uint8Array<ArrayBuffer>): void {
    const card = this.#cards.get(id);
    if (!card) return;
    this.#setPicture(card, jpeg);
    this.#render(card);
  }

  /** What became of the incident of an alert. */
  updated(update: AlertUpdate): void {
    const card = this.#cards.get(update.id);
    if (!card) return;
    card.update = update;
    this.#render(card);
  }

  acked(id: string, acked: Acknowledgement): void {
    const card = this.#cards.get(id);
    if (!card) return;
    card.acked = acked;
    this.#render(card);
    this.#count();
  }

  /** Writes everything again, after a change of language. */
  render(): void {
    for (const card of this.#cards.values()) this.#render(card);
    this.#count();
  }

  /** Every alert again from the start: the camera has another journal than before. */
  clear(): void {
    for (const { pictureUrl } of this.#cards.values()) URL.revokeObjectURL(pictureUrl);
    this.#cards.clear();
    this.#list.replaceChildren();
    this.lastNumber = 0;
    this.#count();
  }

  #place(card: Card): void {
    const after = [...this.#list.children].find(
      (item) => Number(item.getAttribute('data-number')) < card.alert.number,
    );
    this.#list.insertBefore(card.item, after ?? null);
  }

  #render(card: Card): void {
    const { alert, acked, item } = card;
    const focused = item.contains(document.activeElement) ? document.activeElement : null;
    const verdict = focused?.getAttribute('data-verdict');
    const onWhy = focused?.tagName === 'SUMMARY';
    const onPicture = focused?.closest('figure') !== null && focused !== null;
    const open = item.querySelector('details')?.open ?? false;
    item.tabIndex = 0;
    item.dataset['id'] = alert.id;
    item.dataset['number'] = String(alert.number);
    item.dataset['acked'] = String(acked !== null);
    const facts = make('p', 'alert-facts');
    const time = make('time', '', this.#speech.moment(alert.atMs));
    time.dateTime = new Date(alert.atMs).toISOString();
    facts.append(
      time,
      make('b', '', alert.zone),
      make('span', 'alert-event', this.#speech.word(`event.${alert.event}` satisfies Word)),
      make('span', '', `${this.#speech.word('number')} ${alert.number}`),
    );
    const reason = make('p', 'alert-reason', alert.reason[this.#speech.language]);
    const update = lineOfUpdate(alert, card.update, this.#speech);
    const told = make('div', 'alert-told');
    told.append(reason, ...(update ? [update] : []));
    const why = whyOf(alert, this.#speech, open);
    item.replaceChildren(this.#figure(card), facts, told, why, this.#answers(card));
    item.setAttribute(
      'aria-label',
      `${this.#speech.moment(alert.atMs)}, ${alert.reason[this.#speech.language]}`,
    );
    if (onPicture) item.querySelector<HTMLElement>('figure button')?.focus();
    if (onWhy) item.querySelector('summary')?.focus();
    if (verdict) item.querySelector<HTMLElement>(`[data-verdict="${verdict}"]`)?.focus();
  }

  #figure({ alert, pictureUrl }: Card): HTMLElement {
    const figure = make('figure');
    if (pictureUrl) {
      const image = make('img');
      image.src = pictureUrl;
      image.alt = this.#speech.word('pictureOf');
      const enlarge = make('button');
      enlarge.type = 'button';
      enlarge.title = this.#speech.word('enlarge');
      enlarge.append(image);
      enlarge.addEventListener('click', () => this.#view(pictureUrl, alert));
      figure.append(enlarge);
    } else figure.append(make('span', '', this.#speech.word('noPictureOfAlert')));
    return figure;
  }

  /** Shows the picture large; Escape or the button below closes it. */
  #view(pictureUrl: string, alert: Alert): void {
    const image = byId<HTMLImageElement>('viewer-picture');
    image.src = pictureUrl;
    image.alt = this.#speech.word('pictureOf');
    const frame = byId('viewer-box');
    const { x, y, width, height } = alert.box;
    for (const [side, share] of Object.entries({ left: x, top: y, width, height }))
      frame.style.setProperty(side, `${(100 * share).toFixed(2)}%`);
    byId('viewer-reason').textContent = alert.reason[this.#speech.language];
    byId<HTMLDialogElement>('viewer').showModal();
  }

  #answers({ alert, acked }: Card): HTMLElement {
    const row = make('div', 'alert-answer');
    for (const [index, verdict] of verdicts.entries()) {
      const button = make('button');
      button.type = 'button';
      button.dataset['verdict'] = verdict;
      button.setAttribute('aria-pressed', String(acked?.verdict === verdict));
      button.setAttribute('aria-keyshortcuts', String(index + 1));
      button.append(
        make('kbd', '', String(index + 1)),
        this.#speech.word(`verdict.${verdict}` satisfies Word),
      );
      button.addEventListener('click', () => this.#answer(alert.id, verdict));
      row.append(button);
    }
    if (acked) {
      const words = this.#speech;
      const line = `${words.word('answeredBy')} ${acked.by} ${words.word('at')} ${words.moment(acked.atMs)}`;
      row.append(make('small', '', line));
    }
    return row;
  }

  #setPicture(card: Card, jpeg: Uint8Array<ArrayBuffer>): void {
    if (card.pictureUrl) URL.revokeObjectURL(card.pictureUrl);
    card.pictureUrl = URL.createObjectURL(new Blob([jpeg], { type: 'image/jpeg' }));
  }

  #bound(): void {
    while (this.#cards.size > mostShown) {
      const oldestFirst = [...this.#cards.values()].sort((a, b) => a.alert.number - b.alert.number);
      const victim = oldestFirst.find(({ acked }) => acked) ?? oldestFirst[0];
      if (!victim) return;
      URL.revokeObjectURL(victim.pictureUrl);
      victim.item.remove();
      this.#cards.delete(victim.alert.id);
    }
  }

  #count(): void {
    const pending = [...this.#cards.values()].filter(({ acked }) => !acked).length;
    byId('pending').textContent = this.#speech.number(pending);
    byId('pending').dataset['none'] = String(pending === 0);
    byId('no-alert').hidden = this.#cards.size > 0;
    document.title = pending > 0 ? `(${pending}) Vigie` : 'Vigie';
  }

  #onKey(event: KeyboardEvent): void {
    const typing = event.target instanceof HTMLInputElement && event.target.type !== 'checkbox';
    if (event.ctrlKey || event.altKey || event.metaKey || typing) return;
    const item = document.activeElement?.closest<HTMLElement>('li.alert') ?? null;
    if (event.key === 'a' || event.key === 'A') this.#focusPending();
    else if (item && (event.key === 'ArrowDown' || event.key === 'ArrowUp'))
      this.#step(item, event.key === 'ArrowDown');
    else if (item && /^[123]$/.test(event.key)) {
      this.#answer(item.dataset['id'] ?? '', verdicts[Number(event.key) - 1] ?? null);
    } else return;
    event.preventDefault();
  }

  #focusPending(): void {
    this.#list.querySelector<HTMLElement>('li[data-acked="false"]')?.focus();
  }

  #step(item: HTMLElement, down: boolean): void {
    let next = down ? item.nextElementSibling : item.previousElementSibling;
    while (next instanceof HTMLElement && next.offsetParent === null) {
      next = down ? next.nextElementSibling : next.previousElementSibling;
    }
    if (next instanceof HTMLElement) next.focus();
  }
}

/**
 * What the card tells of itself, in words, folded under the tiles of the health. Fed by health-view.ts. What the card does
 * not tell is said so, never shown as well.
 */
import { byId, make } from './elements.js';
import type { Health, Storage } from './messages.js';
import type { Speech, Word } from './words.js';

const yearMs = 365.25 * 86_400_000;
const daySeconds = 86_400;
/** Beyond this a card ends for other reasons. */
const longYears = 50;
const lifeOver = 11;

export class CardView {
  #texts = '';

  constructor(private readonly speech: Speech) {}

  render({ card, stateStorage, atMs }: Health): void {
    const tables: [Word, [string, string][]][] = [['cardOfStore', this.#rows(card, 'card.room', atMs)]];
    if (stateStorage) tables.push(['cardOfState', this.#rows(stateStorage, 'card.roomState', atMs)]);
    const texts = JSON.stringify([this.speech.language, tables]);
    // Written only when changed, so that what a person selects or a screen reader reads stays.
    if (texts === this.#texts) return;
    this.#texts = texts;
    byId('card-tables').replaceChildren(...tables.map(([title, rows]) => this.#table(title, rows)));
  }

  #table(title: Word, rows: [string, string][]): HTMLElement {
    const table = make('table');
    const body = make('tbody');
    for (const [name, value] of rows) {
      const row = make('tr');
      const head = make('th', '', name);
      head.scope = 'row';
      row.append(head, make('td', '', value));
      body.append(row);
    }
    table.append(make('caption', '', this.speech.word(title)), body);
    return table;
  }

  #rows(of: Storage, room: Word, atMs: number): [string, string][] {
    const { speech } = this;
    const word = (name: Word): string => speech.word(name);
    const bytes = (value: number | null): string => (value === null ? word('notTold') : speech.bytes(value));
    const tellsWear = of.lifeUsedTenths !== null || of.spare !== null;
    const rows: [Word, string][] = [
      ['card.place', word(`place.${of.place}`)],
      ['card.name', of.name ?? word('notTold')],
      [room, of.freeBytes === null ? word('notTold') : `${bytes(of.freeBytes)} / ${bytes(of.totalBytes)}`],
      ['card.life', tellsWear ? this.#life(of.lifeUsedTenths) : word('tellsNoWear')],
    ];
    if (tellsWear) {
      rows.push(['card.spare', of.spare === null ? word('notTold') : word(`spare.${of.spare}`)]);
      rows.push(['card.lasts', this.#lasts(of, atMs)]);
    }
    rows.push(
      ['card.written', bytes(of.deviceBytesWritten)],
      ['card.writtenByFileSystem', bytes(of.fileSystemBytesWritten)],
      ['card.rate', this.#rate(of)],
    );
    if (of.busyShare !== null) rows.push(['card.busy', `${speech.number(of.busyShare * 100)} %`]);
    return rows.map(([name, value]) => [word(name), value]);
  }

  #life(tenths: number | null): string {
    if (tenths === null) return this.speech.word('notTold');
    if (tenths >= lifeOver) return this.speech.word('lifeOver');
    return `${this.speech.word('lifeAtMost')} ${tenths * 10} %`;
  }

  #rate({ writeRate, deviceBytesWritten }: Storage): string {
    if (writeRate === null) return this.speech.word(deviceBytesWritten === null ? 'notTold' : 'notYet');
    return `${this.speech.bytes(writeRate * daySeconds)} ${this.speech.word('perDay')}`;
  }

  #lasts({ lastsUntilMs, lifeUsedTenths, writeRate }: Storage, atMs: number): string {
    if (lastsUntilMs === null)
      return this.speech.word(lifeUsedTenths !== null && writeRate === null ? 'notYet' : 'notTold');
    const years = (lastsUntilMs - atMs) / yearMs;
    if (years > longYears) return this.speech.word('lastsLong');
    const length =
      years < 0.95
        ? this.speech.word('inMonths')
        : years < 1.5
          ? this.speech.word('inOneYear')
          : this.speech.word('inYears').replace('{}', this.speech.number(Math.floor(years)));
    return `${this.speech.day(lastsUntilMs)}, ${length}`;
  }
}

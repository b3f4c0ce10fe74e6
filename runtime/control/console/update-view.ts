/**
 * The update card: what runs, what is offered, how it goes on, and the orders. Made by main.ts, shown to who has the right and where
 * the camera takes updates. An order that restarts the camera is asked about first, and names the version that was seen.
 */
import { byId, make } from './elements.js';
import type { ToServer, Words } from './messages.js';
import type { AskedOrder, UpdateProgress, UpdateState, UpdateStatus } from './update-messages.js';
import type { Speech, Word } from './words.js';

const mayCheck: readonly UpdateState[] = ['idle', 'held', 'offered'];
const mayGoBack: readonly UpdateState[] = ['idle', 'held', 'offered', 'trial'];

export class UpdateView {
  #status: UpdateStatus | null = null;
  #refused: Words | null = null;
  #asked: AskedOrder | null = null;

  constructor(
    private readonly speech: Speech,
    private readonly send: (message: ToServer) => void,
  ) {
    byId('update-check').addEventListener('click', () => this.#check());
    byId('update-install').addEventListener('click', () => this.#ask('update.install'));
    byId('update-rollback').addEventListener('click', () => this.#ask('update.rollback'));
    byId('update-confirm').addEventListener('click', () => this.#confirm());
    const dialog = byId<HTMLDialogElement>('update-ask');
    dialog.addEventListener('close', () => this.#answered(dialog.returnValue === 'yes'));
  }

  /** A new connection: shown when the camera answers, and kept meanwhile over a lost one. */
  offer(allowed: boolean): void {
    if (allowed) this.send({ t: 'update.get' });
    else this.#status = null;
    this.render();
  }

  state(status: UpdateStatus): void {
    if (status.state !== this.#status?.state) this.#refused = null;
    this.#status = status;
    this.render();
  }

  /** @param re the request that was refused */
  refused(re: string, why: Words): void {
    if (re === 'update.get') this.#status = null;
    else this.#refused = why;
    this.render();
  }

  render(): void {
    const status = this.#status;
    byId('update').hidden = status === null;
    if (!status) return;
    const focused = document.activeElement;
    const { speech } = this;
    const { state, offer, other, running, problem, windowOpen } = status;
    const none = status.backend === 'none';
    const about = state === 'trial' ? running.version : (offer?.version ?? '');
    const waits = state === 'offered' && !windowOpen ? ` ${speech.word('updateWindow')}` : '';
    write('update-state', `${this.#with(none ? 'update.none' : `update.${state}`, about)}${waits}`);
    const wrong = (this.#refused ?? problem)?.[speech.language] ?? '';
    write('update-problem', wrong);
    byId('update-problem').hidden = wrong === '';
    this.#facts(status);
    this.#notes(status);
    this.#progress(status.progress);
    this.#button('update-check', 'updateCheck', none ? null : '', mayCheck.includes(state));
    this.#button('update-install', 'updateInstall', state === 'offered' ? offer?.version : null);
    this.#button('update-confirm', 'updateConfirm', state === 'trial' ? running.version : null);
    this.#button('update-rollback', 'updateRollback', mayGoBack.includes(state) ? other?.version : null);
    this.#keepAsking();
    // What was focused may have gone: the keyboard goes on from the card, not from the top of the page.
    if (focused instanceof HTMLElement && focused.hidden && byId('update').contains(focused))
      byId('update-title').focus();
  }

  #facts({ running, other, trial, channel, checkedMs, backend }: UpdateStatus): void {
    const { speech } = this;
    const commit = running.commit === '' ? '' : ` (${running.commit.slice(0, 12)})`;
    const facts: [Word, string][] = [['updateRunning', `${running.version}${commit}`]];
    if (backend !== 'none') {
      if (trial) facts.push(['updateTries', speech.number(trial.triesLeft)]);
      if (trial && trial.waitsFor.length > 0) {
        const vitals = trial.waitsFor.map((vital) => speech.word(`updateVital.${vital}`));
        facts.push(['updateWaits', vitals.join(', ')]);
      }
      facts.push(['updateOther', other?.version ?? speech.word('updateNoOther')]);
      const checked = checkedMs === null ? speech.word('updateNever') : speech.moment(checkedMs);
      facts.push(['updateChecked', checked]);
      if (channel) facts.push(['updateChannel', speech.word(`updateChannel.${channel}`)]);
    }
    rewrite('update-facts', JSON.stringify([speech.language, facts]), () =>
      facts.map(([name, value]) => {
        const fact = make('div');
        fact.append(make('dt', '', speech.word(name)), make('dd', '', value));
        return fact;
      }),
    );
  }

  #notes({ offer }: UpdateStatus): void {
    const { speech } = this;
    byId('update-offer').hidden = offer === null;
    if (!offer) return;
    const size = `${speech.bytes(offer.bytes)}, ${speech.word(offer.delta ? 'updateDelta' : 'updateWhole')}`;
    write('update-offer-title', `${this.#with('updateNotes', offer.version)} (${size})`);
    write('update-notes', offer.notes[speech.language]);
  }

  #progress(progress: UpdateProgress | null): void {
    const bar = byId<HTMLProgressElement>('update-progress');
    bar.hidden = progress === null;
    byId('update-pace').hidden = progress === null;
    if (!progress) return;
    const { speech } = this;
    const { bytes, of, rate, secondsLeft } = progress;
    const share = of > 0 ? Math.min(1, bytes / of) : 0;
    bar.value = share;
    const parts = [
      `${speech.number(Math.floor(share * 100))} %`,
      `${speech.bytes(bytes)} / ${speech.bytes(of)}`,
    ];
    if (rate !== null) parts.push(`${speech.bytes(rate)}/s`);
    if (secondsLeft !== null) parts.push(`${speech.word('updateLeft')} ${this.#time(secondsLeft)}`);
    write('update-pace', parts.join(' · '));
  }

  #time(seconds: number): string {
    const { speech } = this;
    if (seconds < 90) return `${speech.number(Math.ceil(seconds))} ${speech.word('updateSecond')}`;
    return `${speech.number(Math.ceil(seconds / 60))} ${speech.word('updateMinute')}`;
  }

  /**
   * @param version named on the button; none hides it
   * @param enabled false: it stays where it is, and keeps the focus, but does nothing
   */
  #button(id: string, word: Word, version: string | null | undefined, enabled = true): void {
    byId(id).hidden = version === null || version === undefined;
    byId(id).setAttribute('aria-disabled', String(!enabled));
    write(id, this.#with(word, version ?? ''));
  }

  #with(word: Word, version: string): string {
    return this.speech.word(word).replace('{}', () => version);
  }

  #check(): void {
    if (this.#status && mayCheck.includes(this.#status.state)) this.#give({ t: 'update.check' });
  }

  #confirm(): void {
    if (this.#status) this.#give({ t: 'update.confirm', version: this.#status.running.version });
  }

  #ask(t: AskedOrder['t']): void {
    const version = this.#versionOf(t);
    if (version === undefined) return;
    this.#asked = { t, version };
    const dialog = byId<HTMLDialogElement>('update-ask');
    dialog.returnValue = '';
    this.#keepAsking();
    dialog.showModal();
  }

  /** The question in the language of now; taken back when it is no longer about what the camera has. */
  #keepAsking(): void {
    const asked = this.#asked;
    if (!asked) return;
    const word = asked.t === 'update.install' ? 'updateAskInstall' : 'updateAskRollback';
    write('update-question', this.#with(word, asked.version));
    if (this.#versionOf(asked.t) !== asked.version) byId<HTMLDialogElement>('update-ask').close();
  }

  #answered(yes: boolean): void {
    const order = this.#asked;
    this.#asked = null;
    if (order && yes) this.#give(order);
  }

  #versionOf(t: AskedOrder['t']): string | undefined {
    const status = this.#status;
    if (t === 'update.install') return status?.state === 'offered' ? status.offer?.version : undefined;
    return status && mayGoBack.includes(status.state) ? status.other?.version : undefined;
  }

  #give(order: ToServer): void {
    this.#refused = null;
    this.send(order);
    this.render();
  }
}

/** Only when it changed: what a screen reader reads stays read. */
function write(id: string, text: string): void {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}

function rewrite(id: string, key: string, made: () => HTMLElement[]): void {
  const element = byId(id);
  if (element.dataset['made'] === key) return;
  element.dataset['made'] = key;
  element.replaceChildren(...made());
}

/**
 * The console's entry: wires the connection to the parts of the page. Loaded by index.html. Asks only for what the
 * session has a right to.
 */
import { AlertsView } from './alerts-view.js';
import { byId } from './elements.js';
import { HeadView } from './head-view.js';
import { HealthView } from './health-view.js';
import { Link, type LinkState } from './link.js';
import type { FromServer, Health, Language, Welcome, Words } from './messages.js';
import { Player } from './player.js';
import { UpdateView } from './update-view.js';
import { Speech, type Word } from './words.js';
import { ZoneEditor } from './zone-editor.js';
import { ZonesView } from './zones-view.js';

const speech = new Speech();
const video = byId<HTMLVideoElement>('video');
const zones = new ZonesView();
const health = new HealthView(speech);
const head = new HeadView(speech, (message) => link.send(message));
const zoneEditor = new ZoneEditor(speech, (message) => link.send(message));
const update = new UpdateView(speech, (message) => link.send(message));
const alerts = new AlertsView(speech, (id, verdict) => link.send({ t: 'alert.ack', id, verdict }));
const player = new Player(video, () => link.send({ t: 'live.start' }));
let linkState: LinkState = 'connecting';
let rights: string[] = [];
let mask: Health['mask'] | null = null;
let playable = true;
let snapshots = 0;

const link = new Link({
  state: (state) => {
    linkState = state;
    if (state !== 'connected') player.interrupted();
    showState();
  },
  open: () => link.send({ t: 'hello', protocol: 1, language: speech.language }),
  message: receive,
});

function receive(message: FromServer): void {
  switch (message.t) {
    case 'welcome':
      welcomed(message);
      break;
    case 'live.init':
      playable = MediaSource.isTypeSupported(message.mime);
      if (playable) player.init(message.mime, message.data);
      break;
    case 'live.fragment':
      player.fragment(message.data);
      byId('capture-time').textContent = speech.time(message.wallMs);
      break;
    case 'alert':
      if (alerts.add(message.alert, message.acked, message.picture)) zones.strike(message.alert.zone);
      if (message.update) alerts.updated(message.update);
      break;
    case 'alert.updated':
      alerts.updated(message.update);
      break;
    case 'alert.picture':
      alerts.picture(message.id, message.jpeg);
      break;
    case 'alert.acked':
      alerts.acked(message.id, message.acked);
      break;
    case 'alerts.end':
      if (message.more) link.send({ t: 'alerts.since', number: message.upTo });
      break;
    case 'health':
      mask = message.health.mask;
      health.show(message.health);
      break;
    case 'snapshot':
      save(message.jpeg, message.wallMs);
      break;
    case 'mask':
      zoneEditor.state(message);
      break;
    case 'mask.picture':
      zoneEditor.picture(message);
      break;
    case 'update':
      update.state(message.status);
      break;
    case 'error':
      refused(message.re ?? '', message.message);
      break;
    case 'head':
      head.state(message.state);
      break;
    case 'pong':
      break;
  }
}

/** Each part says what was refused to it. */
function refused(re: string, why: Words): void {
  if (re.startsWith('update.')) return update.refused(re, why);
  if (re.startsWith('mask.')) return zoneEditor.refused(re, why);
  byId('stage-message').textContent = why[speech.language];
  byId<HTMLButtonElement>('snapshot').disabled = !rights.includes('live');
}

function welcomed(welcome: Welcome): void {
  rights = welcome.rights;
  byId('camera-name').textContent = welcome.camera.name;
  byId('logout').title = welcome.user;
  zones.show(welcome.zones, welcome.picture);
  byId<HTMLButtonElement>('snapshot').disabled = !rights.includes('live');
  byId('no-alert').textContent = speech.word(rights.includes('alerts') ? 'noAlert' : 'noRightAlerts');
  if (welcome.alerts.last < alerts.lastNumber) alerts.clear();
  if (rights.includes('live')) link.send({ t: 'live.start' });
  if (rights.includes('alerts')) link.send({ t: 'alerts.since', number: alerts.lastNumber });
  head.show(rights.includes('ptz') ? welcome.head : null);
  zoneEditor.offer(rights.includes('live') && rights.includes('mask'), welcome.picture);
  update.offer(rights.includes('update'));
  if (rights.includes('health')) link.send({ t: 'health.get' });
  showState();
}

function save(jpeg: Uint8Array<ArrayBuffer>, wallMs: number): void {
  byId<HTMLButtonElement>('snapshot').disabled = false;
  const anchor = document.createElement('a');
  anchor.href = URL.createObjectURL(new Blob([jpeg], { type: 'image/jpeg' }));
  anchor.download = `vigie-${new Date(wallMs).toISOString().replace(/[:.]/g, '-')}.jpg`;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 10_000);
}

function showState(): void {
  const pill = byId('link-state');
  pill.dataset['state'] = linkState;
  pill.textContent = speech.word(linkState);
  byId('live-state').dataset['on'] = String(player.running);
  byId('stage-message').textContent = stageMessage();
}

function stageMessage(): string {
  if (linkState !== 'connected') return linkState === 'lost' ? speech.word('lost') : '';
  if (!rights.includes('live')) return speech.word('noRight');
  if (!playable) return speech.word('noCodec');
  if (!player.running) return speech.word('noPicture');
  if (mask?.state !== 'full') return '';
  return mask.why ? speech.word(`hide.${mask.why}`) : speech.word('fullMask');
}

function speak(): void {
  document.documentElement.lang = speech.language;
  for (const element of document.querySelectorAll<HTMLElement>('[data-word]')) {
    element.textContent = speech.word(element.dataset['word'] as Word);
  }
  for (const element of document.querySelectorAll<HTMLElement>('[data-label]')) {
    element.setAttribute('aria-label', speech.word(element.dataset['label'] as Word));
  }
  for (const button of document.querySelectorAll<HTMLElement>('[data-language]')) {
    button.setAttribute('aria-pressed', String(button.dataset['language'] === speech.language));
  }
  alerts.render();
  health.render();
  head.render();
  zoneEditor.render();
  update.render();
  showState();
}

for (const button of document.querySelectorAll<HTMLElement>('[data-language]')) {
  button.addEventListener('click', () => {
    speech.choose(button.dataset['language'] as Language);
    speak();
  });
}
byId('toggle-zones').addEventListener('click', ({ currentTarget }) => {
  const shown = byId('stage').dataset['zones'] === 'false';
  byId('stage').dataset['zones'] = String(shown);
  (currentTarget as HTMLElement).setAttribute('aria-pressed', String(shown));
});
byId('snapshot').addEventListener('click', () => {
  byId<HTMLButtonElement>('snapshot').disabled = true;
  snapshots += 1;
  link.send({ t: 'snapshot.get', id: snapshots });
});
byId('full-screen').addEventListener('click', () => {
  void (document.fullscreenElement ? document.exitFullscreen() : byId('stage').requestFullscreen());
});
setInterval(showState, 500);
speak();
link.start();

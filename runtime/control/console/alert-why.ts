/**
 * Why an alert was raised, in figures: what was measured against which threshold, who took part, what looked, where the recording
 * shows it. Made by alerts-view.ts below the words of each alert. Shows what the camera said and works nothing out.
 */
import { measureWords } from './alert-words.js';
import { make } from './elements.js';
import type { Alert, AlertUpdate, Measured } from './messages.js';
import type { Speech, Word } from './words.js';

/** A closed list of facts that a click or Enter opens. `open` keeps it open when the card is written anew. */
export function whyOf(alert: Alert, speech: Speech, open: boolean): HTMLDetailsElement {
  const details = make('details', 'alert-why');
  details.open = open;
  details.append(make('summary', '', speech.word('why')), factsOf(alert, speech));
  return details;
}

/** What became of the incident, as the camera says it; null before the first update. */
export function lineOfUpdate(update: AlertUpdate | null, speech: Speech): HTMLElement | null {
  if (!update) return null;
  const line = make('p', 'alert-update');
  line.dataset['ended'] = String(update.ended);
  line.append(
    make('b', '', speech.word(update.ended ? 'isOver' : 'stillOn')),
    ` ${update.reason[speech.language]}`,
  );
  return line;
}

function factsOf(alert: Alert, speech: Speech): HTMLElement {
  const list = make('dl');
  const fact = (name: string, value: string): void =>
    list.append(make('dt', '', name), make('dd', '', value));
  for (const measured of alert.measured) fact(nameOf(measured, speech), amountOf(measured, speech));
  for (const { class: kind, score, seconds, metresPerSecond } of alert.participants.slice(0, 4)) {
    const parts = [`${speech.word('seenFor')} ${speech.number(seconds, 1)} s`];
    if (metresPerSecond !== null) parts.push(`${speech.number(metresPerSecond, 1)} m/s`);
    parts.push(`${speech.word('score')} ${speech.number(score, 2)}`);
    fact(speech.word(`class.${kind}` satisfies Word), parts.join(', '));
  }
  if (alert.participants.length > 4) fact('…', `+ ${alert.participants.length - 4}`);
  if (alert.model.name)
    fact(speech.word('modelUsed'), `${alert.model.name} ${alert.model.sha256.slice(0, 12)}`);
  const { recording } = alert;
  const span = recording && `${speech.moment(recording.fromMs)} – ${speech.time(recording.toMs)}`;
  fact(speech.word('inRecording'), span ?? speech.word('notRecorded'));
  for (const { event, zone, count } of alert.folded)
    fact(speech.word('foldedIn'), `${count} × ${speech.word(`event.${event}` satisfies Word)}, ${zone}`);
  return list;
}

function nameOf({ name }: Measured, { language }: Speech): string {
  return measureWords[name]?.[language] ?? name;
}

function amountOf({ value, threshold, unit }: Measured, speech: Speech): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 0.1 ? 2 : 4;
  const text = `${speech.number(value, digits)} ${unit}`.trim();
  if (threshold === null) return text;
  return `${text} (${speech.word('threshold').toLowerCase()} ${speech.number(threshold, digits)})`;
}

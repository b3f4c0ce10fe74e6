/**
 * Why an alert was raised, in figures: what was measured against which threshold, who took part, what looked, where the recording
 * shows it. Made by alerts-view.ts below the words of each alert. Shows what the camera said and works nothing out.
 */
import { measureWords, unitWords } from './alert-words.js';
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

/** What became of the incident since its alert; null before the first update. The alert's own words stand above it. */
export function lineOfUpdate(
  alert: Alert,
  update: AlertUpdate | null,
  speech: Speech,
): HTMLParagraphElement | null {
  if (!update) return null;
  const { ended, seconds, most, joined } = update;
  const line = make('p', 'alert-update');
  line.dataset['ended'] = String(ended);
  const whole = Math.floor(seconds + 1e-7);
  const parts: string[] = [];
  if (whole > 0) parts.push(`${speech.word(ended ? 'lasted' : 'lastsFor')} ${whole} s`);
  if (most > 1) parts.push(`${most} ${speech.word('atOnce')}`);
  if (joined > 0) parts.push(`${joined} ${speech.word('joinedLater')}`);
  const [strongest] = update.measured;
  if (strongest && strongest.value !== alert.measured[0]?.value)
    parts.push(
      `${speech.word('strongest')} ${nameOf(strongest, speech).toLowerCase()} ${amountOf(strongest, speech)}`,
    );
  line.append(make('b', '', speech.word(ended ? 'isOver' : 'stillOn')));
  if (parts.length > 0) line.append(` · ${parts.join(', ')}`);
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
  const words = unitWords[unit]?.[speech.language] ?? unit;
  const text = `${speech.number(value, digits)} ${words}`.trim();
  if (threshold === null) return text;
  return `${text} (${speech.word('threshold').toLowerCase()} ${speech.number(threshold, decimals(threshold))})`;
}

/** As many places as whoever set it wrote. */
function decimals(value: number): number {
  return Math.min(5, (String(value).split('.')[1] ?? '').length);
}

/** What happens in a simulated month: the one that is planned, and others by chance. Run by month.ts; see docs/faults.md. */
import { dayMs } from '../../runtime/record/retention-terms.js';
import { seeded } from '../random.js';
import type { MonthEvent, MonthOptions } from './month.js';
import { hourMs } from './month-camera.js';

/** Away from the moments at which GOPs are made. */
const asideMs = 7 * 60_000;
export const at = (day: number, hour: number, act: MonthEvent['act']): MonthEvent => ({
  atMs: day * dayMs + hour * hourMs + asideMs,
  act,
});

/** Both cards pulled out, and put in again. */
export const bothOut = (day: number, hour: number, hours: number): MonthEvent[] => [
  at(day, hour, (month) => month.sicken('first', 'out')),
  at(day, hour, (month) => month.sicken('second', 'out')),
  at(day, hour + hours, (month) => month.sicken('first', 'none')),
  at(day, hour + hours, (month) => month.sicken('second', 'none')),
];

export const firstFails = (day: number, hour: number, hours: number): MonthEvent[] => [
  at(day, hour, (month) => month.sicken('first', 'EIO')),
  at(day, hour + hours, (month) => month.sicken('first', 'none')),
];

/** The machine does not vouch for its clock while it is wrong. */
export const jump = (day: number, hour: number, hours: number, offMs: number): MonthEvent[] => [
  at(day, hour, (month) => month.setClock(offMs, false)),
  at(day, hour + hours, (month) => month.setClock(0, true)),
];

export const noClock = (day: number, hour: number, hours: number): MonthEvent[] => [
  at(day, hour, (month) => month.bootIn1970()),
  at(day, hour + hours, (month) => month.setClock(0, true)),
];

const powerCut = (day: number, hour: number): MonthEvent[] => [at(day, hour, (month) => month.cut())];
export const alert = (day: number, hour: number): MonthEvent[] => [at(day, hour, (month) => month.alert())];

/** Terms of 15 and 30 days, two holds, two jumps, three card failures; long enough for all that ends a term. */
export function plannedMonth(): MonthOptions {
  const events = [
    ...[0.5, 2, 4.5, 7, 9.5, 12, 17, 20, 24, 28].flatMap((day) => alert(day, 3)),
    ...bothOut(5, 2, 3),
    ...jump(8, 5, 6, 21 * dayMs),
    ...firstFails(11, 1, 14),
    // Something happens while the first card refuses: what was before lies on it, what comes after on the second.
    ...alert(11, 2),
    ...powerCut(14, 6),
    at(10, 1, (month) => month.hold('R-1', 3 * dayMs, 4 * dayMs, 25 * dayMs)),
    at(10, 1, (month) => month.hold('R-2', 6 * dayMs, 6.5 * dayMs, 60 * dayMs)),
    ...noClock(18, 5, 4),
    at(37, 2, (month) => month.release('R-2')),
    // Keys end while their card is out.
    ...bothOut(21, 2, 3),
  ];
  return { events, days: 47 };
}

/** Another month for each seed: something goes wrong every day or two, in a ring that may be too small. */
export function randomMonth(seed: number): MonthOptions {
  const random = seeded(seed);
  const hours = (least: number, most: number): number => Math.floor(least + random() * (most - least + 1));
  const troubles = [
    (day: number) => bothOut(day, 2, hours(1, 4)),
    (day: number) => bothOut(day, 2, hours(7, 14)),
    (day: number) => firstFails(day, 2, hours(1, 15)),
    (day: number) => jump(day, 2, hours(1, 10), (random() - 0.3) * 60 * dayMs),
    (day: number) => noClock(day, 2, hours(1, 8)),
    (day: number) => powerCut(day, 2),
  ];
  const days = 40;
  const events: MonthEvent[] = [];
  for (let day = 1; day < days; day += hours(1, 3)) {
    const trouble = troubles[Math.floor(random() * troubles.length)];
    if (trouble) events.push(...trouble(day));
    // Late enough for what surrounds it to lie on one side of the next trouble.
    events.push(...alert(day, hours(18, 22)));
    if (random() < 0.3) events.push(...hold(day, random, `R-${seed}-${day}`));
  }
  const small = random() < 0.5;
  return { events, days, ...(small && { slots: { first: 90, second: 40 } }) };
}

function hold(day: number, random: () => number, requisition: string): MonthEvent[] {
  const fromMs = Math.floor(day * random()) * dayMs;
  const untilMs = (day + 2 + Math.floor(random() * 30)) * dayMs;
  const releaseDay = day + 2 + Math.floor(random() * 20);
  return [
    at(day, 1, (month) => month.hold(requisition, fromMs, fromMs + hourMs, untilMs)),
    ...(random() < 0.5 ? [at(releaseDay, 17, (month) => month.release(requisition))] : []),
  ];
}

/**
 * What the update of a whole camera showed, judged: which promise was broken, and where the seconds without recording went.
 * Of ota-whole.ts; kept apart from it so that a test can show that it finds what is wrong.
 */
import { atMost, type Row, row } from '../../runtime/health/report.js';
import type { Followed, Gap, Heard } from './ota-pole.js';

/** An update that was ordered, and what followed. */
export interface Ordered extends Followed {
  version: string;
  /** null: it has none */
  defect: string | null;
  /** what has to run in the end */
  runs: string;
  fromMs: number;
  toMs: number;
  /** as the slots say at the end */
  active: string | null;
  trial: boolean;
}

export interface WholeFound {
  orders: readonly Ordered[];
  heard: readonly Heard[];
  gaps: readonly Gap[];
  /** steps that the register tells, `step version` */
  told: readonly string[];
}

/** Where the seconds without recording went, by the clock of the machine. */
export interface Restart {
  /** from the last recorded picture to the first */
  seconds: number;
  /** from the last recorded picture to the end of the version */
  stopSeconds: number;
  /** the launcher: hashes what is on trial, counts the try */
  choiceSeconds: number;
  /** from the start of the new version to the first picture that it recorded */
  startSeconds: number;
}

const goalSeconds = 5;

/** One sentence for each promise that was broken. The seconds are a row. */
export function wrongIn({ orders, gaps, told }: WholeFound): string[] {
  const wrong: string[] = [];
  for (const order of orders) {
    const { version, defect, runs, active, trial, outcome } = order;
    const name = defect === null ? version : `${version}, which ${defect}`;
    const expected = defect === null ? 'confirmed' : 'returned';
    if (outcome !== expected) wrong.push(`${name}: ${outcome} instead of ${expected}: ${order.out}`);
    if (active !== runs || trial)
      wrong.push(`${name}: ${active} is ${trial ? 'on trial' : 'kept'}, not ${runs}`);
    if (!told.includes(`${expected} ${defect === null ? version : runs}`))
      wrong.push(`${name}: the register does not tell that it was ${expected}`);
    if (defect === null && !order.delta) wrong.push(`${name}: it was offered whole, not as a difference`);
    if (defect !== null && told.includes(`confirmed ${version}`)) wrong.push(`${name}: it was confirmed`);
    if (defect === 'records nothing' && !order.waitedFor.includes('storage'))
      wrong.push(`${name}: nobody was told that it waits for the storage`);
    if (gapsOf(order, gaps).length === 0) wrong.push(`${name}: recording never ended, so it never restarted`);
  }
  const bad = orders.filter(({ defect }) => defect !== null).length;
  const returned = told.filter((step) => step.startsWith('returned ')).length;
  if (returned !== bad) wrong.push(`the register tells ${returned} returns of ${bad}`);
  return wrong;
}

export function rowsOf(found: WholeFound): Row[] {
  const { orders, gaps, told } = found;
  const restart = restartIn(found);
  return [
    ...(restart === null ? [] : restartRows(restart)),
    ...orders
      .filter(({ defect }) => defect !== null)
      .map((order) =>
        row(
          `a version that ${order.defect}: without recording until it had gone back`,
          sum(order, gaps),
          's',
        ),
      ),
    row(
      'returns that the register tells',
      told.filter((step) => step.startsWith('returned ')).length,
      'times',
    ),
  ];
}

function restartRows({ seconds, stopSeconds, choiceSeconds, startSeconds }: Restart): Row[] {
  return [
    atMost('a whole camera updated: without recording', seconds, 's', goalSeconds),
    row('- the version before ends', stopSeconds, 's'),
    row('- the launcher looks at the new one', choiceSeconds, 's'),
    row('- the new one starts, to its first picture', startSeconds, 's'),
  ];
}

/** Null when no update of a version that is well was ordered, or it never restarted. */
export function restartIn({ orders, heard, gaps }: WholeFound): Restart | null {
  const order = orders.find(({ defect }) => defect === null);
  const [gap] = order ? gapsOf(order, gaps) : [];
  if (!order || !gap) return null;
  const end = heard.find(({ what, atMs }) => what === 'ended' && atMs >= order.fromMs);
  const start = heard.find(
    ({ what, version, atMs }) => what === 'starts' && version === order.version && atMs >= order.fromMs,
  );
  if (!end || !start) return null;
  return {
    seconds: sum(order, gaps),
    stopSeconds: (end.atMs - gap.fromMs) / 1000,
    choiceSeconds: (start.atMs - end.atMs) / 1000,
    startSeconds: (gap.fromMs + gap.seconds * 1000 - start.atMs) / 1000,
  };
}

function gapsOf({ fromMs, toMs }: Ordered, gaps: readonly Gap[]): Gap[] {
  return gaps.filter((gap) => gap.fromMs >= fromMs - 1000 && gap.fromMs <= toMs);
}

function sum(order: Ordered, gaps: readonly Gap[]): number {
  return gapsOf(order, gaps).reduce((seconds, gap) => seconds + gap.seconds, 0);
}

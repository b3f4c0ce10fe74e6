/**
 * `vigie store hold | release`: keeps an interval past its term under a requisition, until a date, and lets it go. Added to
 * `vigie store` by store.ts. A running camera writes its own register: it is then asked, and its entry waited for.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { Command } from 'commander';
import { LinuxCard } from '../../board/linux/card.js';
import { systemClock } from '../../board/linux/clock.js';
import { clockTrusted } from '../../board/linux/trusted-time.js';
import { VigieError } from '../../errors.js';
import type { Entry, RegisterEvent } from '../access/register/entry.js';
import { Register, registerPlaces } from '../access/register/register.js';
import { openSigningKey } from '../access/register/signing-key.js';
import { readRegister } from '../access/register/verify.js';
import { lineLog } from '../health/log.js';
import { checkHold, type HoldRequest } from '../record/hold.js';
import { HoldRequests } from '../record/hold-requests.js';
import { TermClock } from '../record/retention-clock.js';
import { type KeepingFlags, usualState, withKeepingFlags } from './keeping-flags.js';
import { parseTime, showTime } from './store-times.js';
import { keepingWords } from './store-words-keeping.js';

interface HoldFlags extends KeepingFlags {
  from: string;
  to: string;
  requisition: string;
  until: string;
}

/** The camera looks every 10 s. */
const waitMs = 30_000;
const everyMs = 200;

export function holdCommand(): Command {
  return withKeepingFlags(new Command('hold'))
    .description('Keep an interval past its term, under a requisition, until a date')
    .requiredOption('--from <time>', '2026-03-01T14:05:00, 14:05 (today), -10m (ago)')
    .requiredOption('--to <time>', 'the same, or now')
    .requiredOption('--requisition <reference>', 'as on the paper')
    .requiredOption('--until <date>', '2026-12-31 (to its end) or a time; a year at most')
    .action(async (flags: HoldFlags) => {
      const nowMs = systemClock.wallMs();
      const [fromMs, toMs] = [parseTime(flags.from, nowMs), parseTime(flags.to, nowMs)];
      const untilMs = endOf(flags.until, nowMs);
      const hold = checkHold({ requisition: flags.requisition, fromMs, toMs, untilMs }, nowMs);
      const entry = await told(usualState(flags), { ask: 'hold', hold });
      if (flags.json) process.stdout.write(`${JSON.stringify(entry)}\n`);
      else
        process.stdout.write(`${keepingWords(flags.language).held(hold.requisition, showTime(untilMs))}\n`);
    });
}

export function releaseCommand(): Command {
  return withKeepingFlags(new Command('release'))
    .description('Release every hold under a requisition; what is past its term is then destroyed')
    .requiredOption('--requisition <reference>', 'as it was given to hold')
    .action(async (flags: HoldFlags) => {
      const { requisition } = flags;
      const state = usualState(flags);
      if (!(await isHeld(state, requisition))) {
        const hint = 'See the hold-set entries of: vigie register list';
        throw new VigieError('access', 'Nothing is held under that reference', hint);
      }
      const entry = await told(state, { ask: 'release', requisition });
      if (flags.json) process.stdout.write(`${JSON.stringify(entry)}\n`);
      else process.stdout.write(`${keepingWords(flags.language).released(requisition)}\n`);
    });
}

/** A date means its last moment, here. */
function endOf(text: string, nowMs: number): number {
  const date = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (!date) return parseTime(text, nowMs);
  const [year, month, day] = date.slice(1).map(Number);
  return new Date(year ?? 0, (month ?? 1) - 1, (day ?? 0) + 1).getTime();
}

/** Resolves to the entry once it is in the register. */
async function told(state: string, request: HoldRequest): Promise<Entry> {
  const { keyFile, directory } = registerPlaces(state);
  // A register is begun by its camera, not by this command.
  await openSigningKey(keyFile, { make: false });
  const time = new TermClock({ clock: systemClock, trusted: clockTrusted });
  time.check();
  const log = lineLog(systemClock);
  const card = new LinuxCard();
  const register = new Register(
    { time: () => time.now(), log, lock: (path) => card.lock(path) },
    { stateDirectory: state, cameraId: '' },
  );
  try {
    await register.start();
  } catch (error) {
    if (!(error instanceof VigieError) || error.kind !== 'store') throw error;
    return askCamera(state, directory, request);
  }
  try {
    return await register.append(eventOf(request));
  } finally {
    await register.stop();
  }
}

async function askCamera(state: string, directory: string, request: HoldRequest): Promise<Entry> {
  const requests = new HoldRequests({ directory });
  const before = (await readRegister(state, () => undefined)).last?.n ?? 0;
  const name = await requests.leave(request);
  for (let waitedMs = 0; await requests.waits(name); waitedMs += everyMs) {
    if (waitedMs >= waitMs) {
      await requests.remove(name);
      const hint = 'Look at its health, or stop it and try again';
      throw new VigieError('store', 'The camera does not take the request', hint);
    }
    await wait(everyMs);
  }
  let found: Entry | null = null;
  await readRegister(state, (entry) => {
    if (entry.n > before && answers(entry, request)) found = entry;
  });
  if (found) return found;
  throw new VigieError('access', 'The camera refused the request', 'Its log says why; check its clock');
}

function eventOf(request: HoldRequest): RegisterEvent {
  return request.ask === 'hold'
    ? { kind: 'hold-set', hold: request.hold }
    : { kind: 'hold-released', requisition: request.requisition };
}

function answers(entry: Entry, request: HoldRequest): boolean {
  if (request.ask === 'release')
    return entry.kind === 'hold-released' && entry.requisition === request.requisition;
  return entry.kind === 'hold-set' && JSON.stringify(entry.hold) === JSON.stringify(request.hold);
}

async function isHeld(state: string, requisition: string): Promise<boolean> {
  let held = false;
  await readRegister(state, (entry) => {
    if (entry.kind === 'hold-set' && entry.hold.requisition === requisition) held = true;
    if (entry.kind === 'hold-released' && entry.requisition === requisition) held = false;
  });
  return held;
}

/**
 * What the register can say (docs/register.md). Filled by register.ts from what retention, holds and the store tell it;
 * read by chain.ts, standing.ts and proof.ts. Never holds a picture or a key; of people the names of users only.
 */
import { z } from 'zod';
import { recordClasses } from '../../record/key-sector.js';
import { alertJudged, alertRaised } from './alert-entry.js';
import { updateTold } from './update-entry.js';

/** The two classes of what is recorded, each with its own key and its own days (docs/retention.md). */
const recordClass = z.enum(recordClasses);

const count = z.int().min(1);
/** milliseconds since 1970; as far as a JavaScript date goes */
const wallMs = z.number().min(-8.64e15).max(8.64e15);
const storeId = z.string().min(1).max(64);
/** hexadecimal */
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** Ed25519 public key, SPKI DER, base64url */
const publicKey = z.string().min(40).max(120);

export const requisitionReference = z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N} ./_-]{0,79}$/u);

export const hold = z.strictObject({
  /** reference of the requisition under which it is kept */
  requisition: requisitionReference,
  fromMs: wallMs,
  toMs: wallMs,
  /** the hold ends then by itself */
  untilMs: wallMs,
});
export type Hold = z.infer<typeof hold>;

export const terms = z.strictObject({
  /** reference of the authorisation that says so */
  reference: z.string().min(1).max(200),
  communalDays: z.int().min(1).max(30),
  terminusDays: z.int().min(1).max(30),
  minimumDays: z.int().min(1).max(30).nullable(),
});
export type Terms = z.infer<typeof terms>;

/** Terms, and since when they are in force. */
export const termsSince = z.strictObject({ sinceMs: wallMs, terms });
export type TermsSince = z.infer<typeof termsSince>;

/** What a segment holds of one class: null when nothing. */
const span = z.strictObject({ records: count, firstMs: wallMs, lastMs: wallMs }).nullable();
export type Span = z.infer<typeof span>;

/** Events told in one entry, at most: a line stays well below its limit. */
export const mostTogether = 64;

/** Told after the fact: a cut, or a register that could not be written, came between. */
const late = z.literal(true).optional();

const told = {
  created: z.strictObject({ kind: z.literal('register-created'), cameraId: z.string().max(64), publicKey }),
  volume: z.strictObject({
    kind: z.literal('volume-begun'),
    publicKey,
    /** not there in volumes of the first versions */
    cameraId: z.string().max(64).optional(),
    /** the oldest entry that is needed to know how things stand */
    needs: count,
    holds: z.array(hold),
    terms: z.array(termsSince),
  }),
  /** volumes that nothing needs any more and that are older than the register's memory are no longer there */
  removed: z.strictObject({
    kind: z.literal('volumes-removed'),
    first: count,
    last: count,
    /** SHA-256 of the last line removed: what the first line kept names as `prev` */
    lastHash: sha256,
    /** SHA-256 of all lines removed, with their line feeds, in order */
    digest: sha256,
  }),
  repaired: z.strictObject({ kind: z.literal('register-repaired'), cutBytes: count }),
  damage: z.strictObject({
    kind: z.literal('damage-found'),
    /** names each finding, so that it is told once */
    findings: z.array(z.string().max(200)).min(1).max(20),
  }),
  /** the clock is right from here on: what was told before under a wrong one is at least as old as this entry */
  clock: z.strictObject({ kind: z.literal('clock-sure') }),
  terms: z.strictObject({ kind: z.literal('terms-set'), terms }),
  /** a boot recorded before its clock was right, and what it recorded is corrected (docs/store.md, "Time corrections") */
  corrected: z.strictObject({
    kind: z.literal('time-corrected'),
    storeId,
    /** the boot, hexadecimal */
    run: z.string().regex(/^[0-9a-f]{16}$/),
    /** its wall clock less its monotonic clock */
    offsetMs: wallMs,
    /** what was recorded before its clock was right lies between these, as far as it was there when this was told */
    firstSegment: count,
    lastSegment: count,
    late,
  }),
  born: z.strictObject({ kind: z.literal('segment-born'), storeId, segment: count, late }),
  sealed: z.strictObject({
    kind: z.literal('segment-sealed'),
    storeId,
    segment: count,
    /** wall clock of the first and of the last picture of any class */
    firstMs: wallMs,
    lastMs: wallMs,
    communal: span,
    terminus: span,
    /** false: the clock was not known to be right, and the times are bounds found from what surrounds the segment */
    timesSure: z.boolean(),
    /** the clock was not known to be right, and the times are corrected since */
    timesCorrected: z.literal(true).optional(),
    late,
  }),
  destroyed: z.strictObject({
    kind: z.literal('key-destroyed'),
    storeId,
    segment: count,
    classes: z.array(recordClass).min(1).max(2),
    /** `order`: asked for by an authority; no command does so yet */
    reason: z.enum(['term', 'space', 'order']),
    /** when it was due, for `term` */
    dueMs: wallMs.optional(),
    /** overwritten before the minimum that the authorisation asks for */
    beforeMinimum: z.literal(true).optional(),
    late,
  }),
  held: z.strictObject({ kind: z.literal('hold-set'), hold }),
  /** who moved the camera; what came close together, told together */
  ordered: z.strictObject({
    kind: z.literal('head-ordered'),
    orders: z
      .array(
        z.strictObject({
          /** the session's user; absent: the camera itself */
          by: z.string().max(64).optional(),
          order: z.enum(['drive', 'move', 'step', 'home', 'preset', 'patrol']),
          place: z.string().max(64).optional(),
          times: count,
        }),
      )
      .min(1)
      .max(16),
    /** further orders of other kinds in the same time */
    unnamed: count.optional(),
  }),
  released: z.strictObject({ kind: z.literal('hold-released'), requisition: requisitionReference }),
  mask: z.strictObject({
    kind: z.literal('mask-changed'),
    /** the account; null: the configuration, at a start */
    by: z.string().min(1).max(64).nullable(),
    version: count,
    /** digests of the tables, as the stamps of pictures name them; null: it was not known any more */
    before: sha256.nullable(),
    after: sha256,
    /** false: every zone before is there unchanged after */
    smaller: z.boolean(),
  }),
  alerted: alertRaised,
  judged: alertJudged,
  updated: updateTold,
};

/** Several things that happened to segments of one store, in order, told in one entry: one signature, one sync. */
const together = z.strictObject({
  kind: z.literal('segments'),
  storeId,
  events: z
    .array(
      z.discriminatedUnion('kind', [
        told.born.omit({ storeId: true }),
        told.sealed.omit({ storeId: true }),
        told.destroyed.omit({ storeId: true }),
      ]),
    )
    .min(2)
    .max(mostTogether),
});

/** What happened, before it has a number, a time and a signature. */
export const registerEvent = z.discriminatedUnion('kind', [
  told.created,
  told.volume,
  told.removed,
  together,
  told.repaired,
  told.damage,
  told.clock,
  told.terms,
  told.corrected,
  told.born,
  told.sealed,
  told.destroyed,
  told.held,
  told.released,
  told.ordered,
  told.mask,
  told.alerted,
  told.judged,
  told.updated,
]);
export type RegisterEvent = z.infer<typeof registerEvent>;
export type EventKind = RegisterEvent['kind'];
export const eventKinds = registerEvent.options.map((option) => option.shape.kind.value);

const frame = {
  /** one more for each entry, from 1 */
  n: count,
  /** when it was written, milliseconds since 1970 */
  at: wallMs,
  /** whether that clock was known to be right */
  trusted: z.boolean(),
  /** SHA-256 of the line before, hexadecimal; zeros for the first */
  prev: sha256,
  /** Ed25519 over the line without it, base64url */
  signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
};

export const entry = z.discriminatedUnion('kind', [
  told.created.extend(frame),
  told.volume.extend(frame),
  told.removed.extend(frame),
  together.extend(frame),
  told.repaired.extend(frame),
  told.damage.extend(frame),
  told.clock.extend(frame),
  told.terms.extend(frame),
  told.corrected.extend(frame),
  told.born.extend(frame),
  told.sealed.extend(frame),
  told.destroyed.extend(frame),
  told.held.extend(frame),
  told.released.extend(frame),
  told.ordered.extend(frame),
  told.mask.extend(frame),
  told.alerted.extend(frame),
  told.judged.extend(frame),
  told.updated.extend(frame),
]);

/**
 * An entry of a kind that this version does not know: told by a later one, before the camera came back to this. It is part of
 * the chain like any other and means nothing here. A later version adds kinds and leaves those that are there as they are.
 */
export interface LaterEntry extends z.infer<z.ZodObject<typeof frame>> {
  kind: 'later';
  /** its kind, in its own words */
  name: string;
}
const laterFrame = z
  .looseObject({ kind: z.string().regex(/^[a-z][a-z-]{0,39}$/), ...frame })
  .refine(({ kind }) => kind !== 'later' && !eventKinds.some((known) => known === kind));

/** Null: of a kind that is known, or no entry. */
export function laterEntry(found: unknown): LaterEntry | null {
  const { success, data } = laterFrame.safeParse(found);
  if (!success) return null;
  const { n, at, trusted, prev, signature } = data;
  return { kind: 'later', name: data.kind, n, at, trusted, prev, signature };
}

export type Entry = z.infer<typeof entry> | LaterEntry;
export type EntryOf<K extends EventKind> = Extract<Entry, { kind: K }>;

/** One thing that happened. */
export type Told = Exclude<Entry, { kind: 'segments' }>;
/** What happened to a segment, without the store that it is of. */
export type SegmentTold = Extract<RegisterEvent, { kind: 'segments' }>['events'][number];

/** What an entry tells, one by one; each with the number, time and signature of the entry. */
export function partsOf(entry: Entry): Told[] {
  if (entry.kind !== 'segments') return [entry];
  const { events, kind: _, ...frameAndStore } = entry;
  return events.map((event) => ({ ...frameAndStore, ...event }));
}

/** One event for several; a single one as it is. */
export function toldTogether(storeId: string, events: readonly SegmentTold[]): RegisterEvent {
  const [only] = events;
  return only && events.length === 1
    ? { ...only, storeId }
    : { kind: 'segments', storeId, events: [...events] };
}

/**
 * The authority under which this camera works (promise 2). Read by runtime/main.ts, which records and analyses
 * only what it allows. Today the file is checked against this schema; its signature comes with the signed
 * register (docs/access.md). The configuration can never widen it.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Notice } from '../health/health.js';
import { eventKind } from '../scene/alert.js';
import type { Terms } from './register/entry.js';

/** Articles L252-4 and L252-5 of the Code de la sécurité intérieure, as limits of the schema (docs/law.md). */
const LONGEST_YEARS = 5;
const LONGEST_RETENTION_DAYS = 30;

export const authorisation = z
  .strictObject({
    /** reference of the decision */
    reference: z.string().min(1).max(200),
    /** who decided */
    authority: z.string().min(1).max(200),
    cameraId: z.string(),
    validFrom: z.iso.datetime({ offset: true }),
    validUntil: z.iso.datetime({ offset: true }),
    /** days that recordings are kept */
    retainDays: z.int().min(1).max(LONGEST_RETENTION_DAYS),
    /** days that what surrounds an alert is kept; as long as the rest unless it says so */
    terminusRetainDays: z.int().min(1).max(LONGEST_RETENTION_DAYS).optional(),
    /** days before which nothing should be overwritten for want of space */
    minimumDays: z.int().min(1).max(LONGEST_RETENTION_DAYS).optional(),
    /** people must be made anonymous, at least so much of them; they may then be looked for to that end */
    personMask: z.enum(['bodies', 'heads']).optional(),
    /** what may be watched for, zone by zone; nothing else is analysed */
    events: z.array(z.strictObject({ zone: z.string(), event: eventKind, legalBasis: z.string().min(1) })),
  })
  .refine(({ validFrom, validUntil }) => Date.parse(validUntil) <= yearsAfter(validFrom, LONGEST_YEARS), {
    message: `an authorisation lasts ${LONGEST_YEARS} years at most`,
    path: ['validUntil'],
  })
  .refine(({ retainDays, minimumDays }) => (minimumDays ?? 0) <= retainDays, {
    message: 'the minimum is longer than the recordings may be kept',
    path: ['minimumDays'],
  });
export type Authorisation = z.infer<typeof authorisation>;

/** What may be done now, and if nothing may, why in words. */
export interface Authority {
  mayRecord: boolean;
  retainDays: number;
  /** how long each class of recordings is kept; null when nothing may be recorded */
  terms: Terms | null;
  /** whether this event may be watched for in this zone */
  mayWatch(zone: string, event: z.infer<typeof eventKind>): boolean;
  /** what of people must be covered; null when the authorisation says nothing of it, or there is none */
  personMask: 'bodies' | 'heads' | null;
  /** null when the camera may record */
  refusal: Notice | null;
  /** two authorities with the same one allow the same */
  fingerprint: string;
}

/** What the file allows this camera at this time. Never throws: a file that cannot be read allows nothing. */
export async function readAuthority(file: string, cameraId: string, nowMs: number): Promise<Authority> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return nothing('authorisation-absent', 'il n’y a pas d’autorisation', 'there is no authorisation');
  }
  const parsed = authorisation.safeParse(parseJson(text));
  if (!parsed.success) {
    const where = faultyPlace(parsed.error);
    return nothing(
      'authorisation-invalid',
      `l’autorisation n’est pas valable (${where})`,
      `the authorisation is not valid (${where})`,
    );
  }
  return authorityOf(parsed.data, cameraId, nowMs);
}

/** What a well-formed authorisation allows this camera at this time. */
export function authorityOf(paper: Authorisation, cameraId: string, nowMs: number): Authority {
  if (paper.cameraId !== cameraId) {
    return nothing(
      'authorisation-other-camera',
      'l’autorisation est celle d’une autre caméra',
      'the authorisation is for another camera',
    );
  }
  // What no longer or not yet allows anything still says that people are to be covered.
  const personMask = paper.personMask ?? null;
  if (nowMs < Date.parse(paper.validFrom)) {
    const refused = nothing(
      'authorisation-not-yet',
      'l’autorisation n’est pas encore en vigueur',
      'the authorisation is not yet in force',
    );
    return { ...refused, personMask };
  }
  if (nowMs >= Date.parse(paper.validUntil)) {
    const refused = nothing(
      'authorisation-expired',
      'l’autorisation est expirée',
      'the authorisation has expired',
    );
    return { ...refused, personMask };
  }
  const watched = new Set(paper.events.map(({ zone, event }) => `${event}\0${zone}`));
  return {
    mayRecord: true,
    retainDays: paper.retainDays,
    terms: termsOf(paper),
    mayWatch: (zone, event) => watched.has(`${event}\0${zone}`),
    personMask,
    refusal: null,
    fingerprint: JSON.stringify([termsOf(paper), [...watched].sort(), paper.personMask ?? null]),
  };
}

function termsOf({ reference, retainDays, terminusRetainDays, minimumDays }: Authorisation): Terms {
  return {
    reference,
    communalDays: retainDays,
    terminusDays: terminusRetainDays ?? retainDays,
    minimumDays: minimumDays ?? null,
  };
}

function nothing(code: string, fr: string, en: string): Authority {
  return {
    mayRecord: false,
    retainDays: 0,
    terms: null,
    mayWatch: () => false,
    personMask: null,
    fingerprint: code,
    refusal: {
      code,
      fr: `Rien n’est enregistré ni analysé : ${fr}.`,
      en: `Nothing is recorded or analysed: ${en}.`,
    },
  };
}

/** The first key that is wrong; the file itself when it is no JSON. */
function faultyPlace(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue && issue.path.length > 0 ? issue.path.join('.') : 'JSON';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The same day of the calendar some years later, milliseconds. */
function yearsAfter(from: string, years: number): number {
  const date = new Date(from);
  return date.setUTCFullYear(date.getUTCFullYear() + years);
}

/**
 * Puts what zod found into words that a technician can act on: where, what is wrong, what to write instead.
 * Read by load.ts. It names keys and limits, never the value that was written: a value may be a secret, such
 * as the password in an RTSP address.
 */
import { closestMatch } from 'leven';
import type { z } from 'zod';
import { shown } from './json.js';
import { knownKeys, placesOf } from './shape.js';

/** One thing that is wrong with a configuration. */
export interface Problem {
  path: readonly PropertyKey[];
  /** what is wrong, without the path */
  text: string;
  /** what to do about it */
  hint: string;
}

/** `mask.zones[1].points`; `the configuration` for the whole. */
export function pathText(path: readonly PropertyKey[]): string {
  const text = path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${keyText(String(step))}`))
    .join('')
    .replace(/^\./, '');
  return text === '' ? 'the configuration' : text;
}

function keyText(key: string): string {
  return /^\w{1,40}$/.test(key) ? key : shown(key);
}

/** The problems behind what zod reported; an unknown key is a problem of its own. */
export function problemsOf(issues: readonly z.core.$ZodIssue[], value: unknown): Problem[] {
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => unknownKey(issue.path, key, value))
      : [{ path: issue.path, ...words(issue, value) }],
  );
}

function unknownKey(parent: readonly PropertyKey[], key: string, value: unknown): Problem {
  const known = knownKeys(parent, (valueAt(value, parent) as { kind?: unknown } | undefined)?.kind);
  const path = [...parent, key];
  const text = 'unknown key';
  const nearest = nearestKey(key, known);
  if (nearest !== undefined) return { path, text, hint: `Did you mean ${shown(nearest)}?` };
  const elsewhere = placesOf(key)[0];
  if (elsewhere !== undefined) return { path, text, hint: `${shown(key)} belongs at ${elsewhere}` };
  return { path, text, hint: `Known here: ${known.join(', ')}` };
}

/** The known key closest to what was written, unless too far for a slip of the fingers. */
function nearestKey(key: string, known: readonly string[]): string | undefined {
  const written = key.slice(0, 64).toLowerCase();
  const byLower = new Map(known.map((name) => [name.toLowerCase(), name]));
  const maxDistance = Math.max(2, Math.floor(written.length / 3));
  const match = closestMatch(written, [...byLower.keys()], { maxDistance });
  return match === undefined ? undefined : byLower.get(match);
}

function words(issue: z.core.$ZodIssue, value: unknown): { text: string; hint: string } {
  const key = pathText(issue.path);
  switch (issue.code) {
    case 'invalid_type':
      if (valueAt(value, issue.path) === undefined) {
        return { text: 'is missing', hint: `Write ${key}: ${kindOfValue(issue.expected)}` };
      }
      return { text: `must be ${kindOfValue(issue.expected)}`, hint: `Correct ${key}` };
    case 'too_small': {
      const most = issue.inclusive === false ? 'more than' : 'at least';
      return limit(`${most} ${issue.minimum}`, issue.origin, key);
    }
    case 'too_big':
      return limit(`at most ${issue.maximum}`, issue.origin, key);
    case 'not_multiple_of':
      return { text: `must be a multiple of ${issue.divisor}`, hint: `Correct ${key}` };
    case 'invalid_value':
      return { text: `must be one of ${issue.values.join(', ')}`, hint: `Correct ${key}` };
    case 'invalid_union':
      return { text: `must be one of ${choicesOf(issue)}`, hint: `Correct ${key}` };
    case 'invalid_format':
      return { text: `is not written as expected: ${formatOf(issue)}`, hint: `Correct ${key}` };
    default:
      return { text: issue.message, hint: `Correct ${key}` };
  }
}

function formatOf(issue: z.core.$ZodIssueInvalidStringFormat): string {
  if (issue.format === 'starts_with' && 'prefix' in issue) return `it starts with ${String(issue.prefix)}`;
  return issue.message;
}

function choicesOf(issue: z.core.$ZodIssueInvalidUnion): string {
  return 'options' in issue && Array.isArray(issue.options) ? issue.options.join(', ') : 'the known kinds';
}

function limit(bound: string, origin: string, key: string): { text: string; hint: string } {
  if (origin === 'array') return { text: `must have ${bound} entries`, hint: `Correct ${key}` };
  if (origin === 'string') return { text: `must have ${bound} characters`, hint: `Correct ${key}` };
  return { text: `must be ${bound}`, hint: `Correct ${key}` };
}

function kindOfValue(expected: string): string {
  const names: Record<string, string> = {
    string: 'a text in double quotes',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    object: 'an object { ... }',
    array: 'a list [ ... ]',
    tuple: 'a pair [x, y]',
  };
  return names[expected] ?? `a ${expected}`;
}

/** What the document has at this path; undefined when it has nothing there. */
function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[step];
  }
  return at;
}

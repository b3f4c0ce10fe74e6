/**
 * Whether bytes are metadata that tuf-js can be given. It builds its values before it verifies a signature, in time that grows
 * with the square of the number of entries: without a bound, anybody on the way could stop the process for minutes.
 */

/** Roles, keys or files in one place of one file. What an integrator publishes has to stay below. */
export const mostEntries = 1024;
/** The same of the root and the timestamp, which nothing signed says the hash of. */
const mostEntriesUnknown = 128;
const mostDepth = 16;

/** What is wrong, or null. */
export function implausible(fileName: string, bytes: Uint8Array): string | null {
  const most = /(^|\.)(root|timestamp)\.json$/.test(fileName) ? mostEntriesUnknown : mostEntries;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return 'not JSON';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'not an object';
  return problemOf(value, most, 0);
}

function problemOf(value: unknown, most: number, depth: number): string | null {
  if (typeof value !== 'object' || value === null) return null;
  if (depth > mostDepth) return 'too deep';
  // A key named like the prototype is an ordinary key to the parser, and not to whoever copies it.
  if (Object.hasOwn(value, '__proto__')) return 'a key that nobody uses';
  const entries: unknown[] = Object.values(value);
  if (entries.length > most) return 'too many entries';
  for (const entry of entries) {
    const problem = problemOf(entry, most, depth + 1);
    if (problem !== null) return problem;
  }
  return null;
}

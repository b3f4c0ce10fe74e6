/**
 * What a server's answer to a request for a file, or for the rest of one, may be (RFC 9110, 14 and 15.3.7). Pure. Called by
 * download.ts with headers that anybody may have written.
 */
import type { IncomingHttpHeaders } from 'node:http';

export interface Asked {
  /** of the whole file, as signed */
  bytes: number;
  /** first byte asked for; 0: the whole file, without a range */
  from: number;
  /** strong tag of what is there already */
  etag: string | null;
}

/**
 * `take`: the body begins at `from` (0: at the beginning, though a rest was asked for); `restart`: what is there is no part of
 * what the server has now: ask for all of it; `later`: the server cannot at the moment; `refuse`: none of the rules fits.
 */
export type Judged =
  | { kind: 'take'; from: number; etag: string | null }
  | { kind: 'restart'; why: string }
  | { kind: 'later'; why: string }
  | { kind: 'refuse'; why: string };

const refuse = (why: string): Judged => ({ kind: 'refuse', why });
const restart = (why: string): Judged => ({ kind: 'restart', why });

/** A strong entity tag, null for anything else. */
export function strongTag(text: string | undefined): string | null {
  return text !== undefined && text.length <= 256 && /^"[\x21\x23-\x7e]*"$/.test(text) ? text : null;
}

/** Digits only, and exact. */
function count(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** `bytes 5-9/10`, `bytes 5-9/*`; null for anything else, several ranges included. */
export function contentRange(
  text: string | undefined,
): { first: number; last: number; of: number | null } | null {
  const found = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(text ?? '');
  if (!found) return null;
  const [first, last] = [Number(found[1]), Number(found[2])];
  const of = found[3] === '*' ? null : Number(found[3]);
  return first > last || (of !== null && last >= of) ? null : { first, last, of };
}

/** @param status of the answer, redirects already followed */
export function judgeAnswer(status: number, headers: IncomingHttpHeaders, asked: Asked): Judged {
  if (status >= 500 || status === 408 || status === 429) return { kind: 'later', why: `status ${status}` };
  if (status === 416 && asked.from > 0) return restart('the server has not so many bytes');
  if (status !== 200 && status !== 206) return refuse(`status ${status}`);
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') return refuse('an encoding that was not asked for');
  return status === 200 ? judgeWhole(headers, asked) : judgeRest(headers, asked);
}

function judgeWhole(headers: IncomingHttpHeaders, { bytes }: Asked): Judged {
  const length = headers['content-length'];
  if (length !== undefined && count(length) !== bytes) return refuse('another length than the signed one');
  return { kind: 'take', from: 0, etag: strongTag(headers.etag) };
}

function judgeRest(headers: IncomingHttpHeaders, { bytes, from, etag }: Asked): Judged {
  if (from === 0) return refuse('a part, where the whole was asked for');
  const range = contentRange(headers['content-range']);
  if (!range || range.first !== from) return restart('another range than the one asked for');
  if (range.last >= bytes || (range.of !== null && range.of !== bytes)) return restart('another length');
  const length = headers['content-length'];
  if (length !== undefined && count(length) !== range.last - range.first + 1) {
    return restart('a length that is not that of its range');
  }
  const now = strongTag(headers.etag);
  if (etag !== null && now !== null && now !== etag) return restart('the file on the server was changed');
  return { kind: 'take', from, etag: now ?? etag };
}

/**
 * Which of the closed reasons an error of tuf-js is. It wraps what went wrong below into the text of another error, so its
 * words decide: those of the version that is pinned (docs/dependencies.md), and each is shown by an attack in the tests.
 * Whatever is not known here is `damaged`: refused like the rest.
 */
import { DownloadHTTPError, PersistError } from 'tuf-js/dist/error.js';
import { type RefusalReason, UpdateRefused } from './refusal.js';

const words: readonly (readonly [RegExp, RefusalReason])[] = [
  [/ is expired$/, 'expired'],
  [/ was signed by \d+\/\d+ keys$/, 'signature'],
  [/ is less than current version /, 'rollback'],
  [/Missing file .* in new snapshot$/, 'rollback'],
  [/ does not match snapshot version |Snapshot version doesn't match timestamp/, 'mixed'],
  [/Expected (length|hash) /, 'mixed'],
  [/Missing .* in snapshot$|No pending snapshot metadata/, 'mixed'],
  // of the root: another number than the next one
  [/Expected version \d+, got /, 'rollback'],
  [/Failed to persist metadata /, 'storage'],
  [/the answer is not a file/, 'incomplete'],
];

/**
 * @param error what tuf-js threw
 * @param fetching what its fetcher refused last, if it did
 */
export function refusalOfTuf(error: unknown, fetching: UpdateRefused | null): UpdateRefused {
  if (error instanceof UpdateRefused) return error;
  if (fetching !== null) return fetching;
  if (error instanceof DownloadHTTPError) return refusalOfStatus(error);
  if (error instanceof PersistError) return new UpdateRefused('storage', { cause: error });
  const text = error instanceof Error ? error.message : '';
  const reason = words.find(([pattern]) => pattern.test(text))?.[1] ?? 'damaged';
  return new UpdateRefused(reason, { cause: error });
}

/** 403 and 404: the address is wrong or the publication is not complete; anything else is the server's own trouble. */
function refusalOfStatus(error: DownloadHTTPError): UpdateRefused {
  const missing = [403, 404, 410].includes(error.statusCode);
  return new UpdateRefused(missing ? 'incomplete' : 'unreachable', { cause: error });
}

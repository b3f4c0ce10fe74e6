/**
 * One request for a file over HTTP or HTTPS, redirects followed. Called by download.ts, which judges the answer. Never goes
 * from HTTPS to HTTP, and never asks for an encoding.
 */
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Clock } from '../../board/ports.js';
import { DownloadError, networkEnding } from './ending.js';

export const mostRedirects = 5;
const mostHeaderBytes = 16 * 1024;
const redirects = [301, 302, 303, 307, 308];

export interface RequestOptions {
  clock: Clock;
  /** without headers for so long: `unreachable` */
  stallSeconds: number;
  /** PEM, instead of the authorities that Node knows */
  ca?: string;
}

/** @throws DownloadError `refused` when it is no address that can be asked */
export function fileUrl(text: string, base?: URL): URL {
  if (!URL.canParse(text, base?.href)) throw new DownloadError('refused', 'An address that is none');
  const url = new URL(text, base);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new DownloadError('refused', 'An address that is neither of http nor of https');
  }
  return url;
}

/**
 * @returns the answer, its body not read; to be destroyed by the caller. Redirects lead no further than `mostRedirects`.
 * @throws DownloadError `unreachable`, `stopped` or, for a redirect that may not be followed, `refused`
 */
export async function ask(
  url: URL,
  headers: Record<string, string>,
  options: RequestOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  let at = url;
  for (let followed = 0; ; followed++) {
    const answer = await askOnce(at, headers, options, signal);
    if (!redirects.includes(answer.statusCode ?? 0)) return answer;
    const { location } = answer.headers;
    answer.destroy();
    if (location === undefined) throw new DownloadError('refused', 'A redirect that leads nowhere');
    if (followed === mostRedirects) throw new DownloadError('refused', 'Too many redirects');
    const next = fileUrl(location, at);
    if (at.protocol === 'https:' && next.protocol !== 'https:') {
      throw new DownloadError('refused', 'A redirect from https to http');
    }
    at = next;
  }
}

function askOnce(
  url: URL,
  headers: Record<string, string>,
  { clock, stallSeconds, ca }: RequestOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const stopped = (): DownloadError => new DownloadError('stopped', 'The download was stopped');
  if (signal.aborted) return Promise.reject(stopped());
  const how = {
    agent: false,
    headers: { ...headers, 'accept-encoding': 'identity' },
    maxHeaderSize: mostHeaderBytes,
  };
  const request =
    url.protocol === 'https:'
      ? requestHttps(url, {
          ...how,
          minVersion: 'TLSv1.2',
          rejectUnauthorized: true,
          ...(ca === undefined ? {} : { ca }),
        })
      : requestHttp(url, how);
  const onAbort = (): void => void request.destroy(stopped());
  // For the body too: an answer is destroyed with its request.
  signal.addEventListener('abort', onAbort, { once: true });
  request.once('close', () => signal.removeEventListener('abort', onAbort));
  const patience = clock.after(stallSeconds * 1000, () => {
    request.destroy(new DownloadError('unreachable', `The repository did not answer in ${stallSeconds} s`));
  });
  return new Promise((resolve, reject) => {
    request.once('response', (answer) => {
      patience();
      resolve(answer);
    });
    // An error after the answer is one of the body, which tells it too.
    request.on('error', (error) => {
      patience();
      reject(networkEnding(error));
    });
    request.end();
  });
}

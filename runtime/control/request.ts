/**
 * What a request claims, read at once (uWebSockets.js keeps a request only during its handler), and the checks
 * that come before any answer. Used by http.ts and server.ts. Never trusts a header for who somebody is: only the
 * session cookie and the number of the connection say that.
 */
import type { Session, Sessions } from '../access/sessions.js';
import { type Front, isLoopback, type Peer } from './front.js';
import type { HttpRequest, HttpResponse } from './uws.js';

export interface Claims {
  method: string;
  path: string;
  query: string;
  host: string;
  origin: string;
  fetchSite: string;
  accept: string;
  acceptLanguage: string;
  /** session token of the cookie, if any */
  token: string | undefined;
  /** null when the request did not come through the port */
  peer: Peer | null;
}

export interface DoorOptions {
  /** TLS in front */
  secure: boolean;
  port: number;
}

/** `__Host-` ties the cookie to this host and to TLS; browsers refuse the prefix without TLS. */
export function cookieName(secure: boolean): string {
  return secure ? '__Host-vigie' : 'vigie';
}

export function readClaims(res: HttpResponse, req: HttpRequest, front: Front, secure: boolean): Claims {
  return {
    method: req.getMethod(),
    path: req.getUrl(),
    query: req.getQuery(),
    host: req.getHeader('host').toLowerCase(),
    origin: req.getHeader('origin').toLowerCase(),
    fetchSite: req.getHeader('sec-fetch-site'),
    accept: req.getHeader('accept'),
    acceptLanguage: req.getHeader('accept-language'),
    token: cookieOf(req.getHeader('cookie'), cookieName(secure)),
    peer: front.peer(Buffer.from(res.getProxiedRemoteAddress()).toString('hex')),
  };
}

function cookieOf(header: string, name: string): string | undefined {
  for (const part of header.split(';')) {
    const [key, value] = part.trim().split('=', 2);
    if (key === name && value !== undefined) return value;
  }
  return undefined;
}

/**
 * False when `Host` is not one by which this camera may be asked. Without TLS only loopback names pass: a page
 * whose own name was pointed at 127.0.0.1 afterwards (DNS rebinding) does not. With TLS the certificate says it.
 */
export function hostIsOurs({ host }: Claims, { secure, port }: DoorOptions): boolean {
  if (host === '') return false;
  if (secure) return true;
  const name = host.endsWith(`:${port}`) ? host.slice(0, -`:${port}`.length) : port === 80 ? host : '';
  return isLoopback(name.replace(/^\[(.*)\]$/, '$1'));
}

/** True when a browser says the request was made by a page of this camera. Asked for POST and WebSocket. */
export function originIsOurs({ origin, host, fetchSite }: Claims, { secure }: DoorOptions): boolean {
  if (fetchSite !== '' && fetchSite !== 'same-origin') return false;
  return origin === `${secure ? 'https' : 'http'}://${host}`;
}

export function sessionOf({ token }: Claims, sessions: Sessions): Session | null {
  return sessions.find(token);
}

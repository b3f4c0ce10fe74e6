/**
 * The HTTP side of the control plane: login, one-time link, logout, and the console's files for those who are
 * logged in. Registered by server.ts. Answers nothing but the login page without a session (docs/protocol.md, P1).
 */
import type { Clock, Log } from '../../board/ports.js';
import { errorLine } from '../../errors.js';
import type { Sessions } from '../access/sessions.js';
import type { Users } from '../access/users.js';
import type { Asset } from './assets.js';
import type { Front, Peer } from './front.js';
import {
  commonHeaders,
  consolePolicy,
  type LoginProblem,
  languageOf,
  loginPage,
  loginPolicy,
} from './pages.js';
import {
  type Claims,
  cookieName,
  type DoorOptions,
  hostIsOurs,
  originIsOurs,
  readClaims,
  sessionOf,
} from './request.js';
import type { App, HttpRequest, HttpResponse } from './uws.js';

export interface HttpDeps {
  clock: Clock;
  log: Log;
  users: Users;
  sessions: Sessions;
  front: Front;
  assets: Map<string, Asset>;
}

interface Answer {
  status: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  policy?: string;
}

const formBytes = 2_048;
/** Secrets looked at at once: each takes 16 MiB for a while. */
const checksAtOnce = 2;

const unauthorised: Answer = { status: '401 Unauthorized', body: 'Log in first\n' };
const forbidden: Answer = { status: '403 Forbidden', body: 'Not from this page\n' };
const copyLink: Answer = { status: '403 Forbidden', body: 'Copy the link into the address bar\n' };

export class HttpDoor {
  readonly #deps: HttpDeps;
  readonly #options: DoorOptions;
  #checking = 0;

  constructor(deps: HttpDeps, options: DoorOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  register(app: App): void {
    app.get('/login', (res, req) =>
      this.#handle(res, req, (claims) => this.#loginForm(claims, null, '200 OK')),
    );
    app.get('/enter', (res, req) => this.#handle(res, req, (claims) => this.#enter(claims)));
    app.post('/logout', (res, req) => this.#handle(res, req, (claims) => this.#logout(claims)));
    app.post('/login', (res, req) => this.#login(res, req));
    app.any('/*', (res, req) => this.#handle(res, req, (claims) => this.#file(claims)));
  }

  /** Common checks; null when the request may go on. `changes`: a POST or a WebSocket, which another page may not make. */
  refusal(claims: Claims, changes = claims.method === 'post'): Answer | null {
    if (!hostIsOurs(claims, this.#options))
      return { status: '421 Misdirected Request', body: 'Wrong host\n' };
    return changes && !originIsOurs(claims, this.#options) ? forbidden : null;
  }

  claims(res: HttpResponse, req: HttpRequest): Claims {
    return readClaims(res, req, this.#deps.front, this.#options.secure);
  }

  #handle(res: HttpResponse, req: HttpRequest, answer: (claims: Claims) => Answer): void {
    const claims = this.claims(res, req);
    if (!claims.peer) res.close();
    else respond(res, this.refusal(claims) ?? answer(claims), claims.method !== 'head');
  }

  #file(claims: Claims): Answer {
    const page = claims.method === 'get' && claims.path === '/';
    if (!sessionOf(claims, this.#deps.sessions)) return page ? redirect('/login') : unauthorised;
    const asset = claims.method === 'get' ? this.#deps.assets.get(claims.path) : undefined;
    if (!asset) return { status: '404 Not Found', body: 'There is nothing here\n' };
    return {
      status: '200 OK',
      headers: { 'Content-Type': asset.type },
      body: asset.data,
      policy: consolePolicy,
    };
  }

  #loginForm(
    claims: Claims,
    problem: LoginProblem | null,
    status: string,
    more: Record<string, string> = {},
  ): Answer {
    const language = languageOf(claims.query, claims.acceptLanguage);
    const headers = { 'Content-Type': 'text/html; charset=utf-8', ...more };
    return { status, headers, body: loginPage(language, problem), policy: loginPolicy };
  }

  #enter(claims: Claims): Answer {
    // A page of another site must not log this browser in, not even with a link that is good.
    if (!['', 'none', 'same-origin'].includes(claims.fetchSite)) return copyLink;
    const token = new URLSearchParams(claims.query).get('token') ?? '';
    const session = token.length === 43 ? this.#deps.sessions.redeem(token) : null;
    if (session === null) return this.#loginForm(claims, 'link', '401 Unauthorized');
    this.#deps.log.info('A session was opened with a one-time link');
    return redirect('/', this.#cookie(session));
  }

  #logout(claims: Claims): Answer {
    const session = sessionOf(claims, this.#deps.sessions);
    if (!session) return unauthorised;
    this.#deps.sessions.end(session.key);
    return redirect('/login', this.#cookie(null));
  }

  #login(res: HttpResponse, req: HttpRequest): void {
    const claims = this.claims(res, req);
    const { peer } = claims;
    if (!peer) {
      res.close();
      return;
    }
    const refused = this.refusal(claims);
    if (refused) {
      respond(res, refused);
      return;
    }
    let aborted = false;
    res.onAborted(() => {
      aborted = true;
    });
    readForm(res, (form) => {
      void this.#check(claims, peer, form).then((answer) => {
        if (!aborted) res.cork(() => respond(res, answer));
      });
    });
  }

  async #check(claims: Claims, peer: Peer, form: URLSearchParams | null): Promise<Answer> {
    const name = form?.get('name') ?? '';
    const secret = form?.get('secret') ?? '';
    const { users, sessions, log } = this.#deps;
    const { throttle } = sessions;
    if (name === '' || secret === '' || name.length > 64 || secret.length > 256) {
      return this.#loginForm(claims, 'refused', '401 Unauthorized');
    }
    const waitMs = throttle.waitMs(peer.address, name);
    if (waitMs > 0 || this.#checking >= checksAtOnce) {
      const seconds = String(Math.max(1, Math.ceil(waitMs / 1000)));
      return this.#loginForm(claims, 'wait', '429 Too Many Requests', { 'Retry-After': seconds });
    }
    this.#checking += 1;
    // Counted before the answer is known: guesses sent side by side are each counted.
    throttle.failed(peer.address, name);
    try {
      const user = await users.verify(name, secret);
      if (!user) return this.#loginForm(claims, 'refused', '401 Unauthorized');
      throttle.succeeded(peer.address, name);
      log.info(`User ${user.name} logged in`);
      return redirect('/', this.#cookie(sessions.open(user.name, user.rights)));
    } catch (error) {
      log.error(errorLine(error));
      return { status: '503 Service Unavailable', body: 'Users cannot be checked now\n' };
    } finally {
      this.#checking -= 1;
    }
  }

  #cookie(token: string | null): Record<string, string> {
    const { secure } = this.#options;
    const value = token ?? '';
    const age = token === null ? '; Max-Age=0' : '';
    const flags = `HttpOnly; SameSite=Strict; Path=/${secure ? '; Secure' : ''}${age}`;
    return { 'Set-Cookie': `${cookieName(secure)}=${value}; ${flags}` };
  }
}

function redirect(to: string, headers: Record<string, string> = {}): Answer {
  return { status: '303 See Other', headers: { Location: to, ...headers } };
}

/** Calls back once, with null when the form is longer than a login can be. */
function readForm(res: HttpResponse, done: (form: URLSearchParams | null) => void): void {
  let body = Buffer.alloc(0);
  let tooLong = false;
  res.onData((chunk, isLast) => {
    tooLong ||= body.length + chunk.byteLength > formBytes;
    // Copied: the chunk is gone when this handler returns.
    if (!tooLong) body = Buffer.concat([body, new Uint8Array(chunk)]);
    if (isLast) done(tooLong ? null : new URLSearchParams(body.toString('utf8')));
  });
}

/** Writes an answer. After an await, call it inside `res.cork`. */
export function respond(res: HttpResponse, { status, headers, body, policy }: Answer, withBody = true): void {
  res.writeStatus(status);
  const all = { ...commonHeaders, 'Content-Security-Policy': policy ?? loginPolicy, ...headers };
  for (const [name, value] of Object.entries(all)) res.writeHeader(name, value);
  if (!headers?.['Content-Type']) res.writeHeader('Content-Type', 'text/plain; charset=utf-8');
  if (withBody) res.end(body ?? '');
  else res.endWithoutBody(0);
}

/**
 * A static HTTP server for the bench: what any web server does with the directory of a repository, with ranges and a limit to
 * the rate. Started by `vigie ota serve` and by tests. Not for a fleet: no TLS, no log, one machine.
 */
import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, sep } from 'node:path';
import { VigieError } from '../../errors.js';

export interface ServeOptions {
  directory: string;
  host: string;
  /** 0: a free one */
  port: number;
  /** bytes a second of each answer; null: as fast as it goes */
  rate: number | null;
  /** after each answer; `bytes`: of its body */
  onAnswer?: (answer: { method: string; path: string; status: number; bytes: number }) => void;
}

export interface Serving {
  url: string;
  close(): Promise<void>;
}

const mostPortion = 64 * 1024;
/** what a repository serves; `metadata/staged/` and hidden files are not in it */
const served =
  /^\/(metadata\/[a-z0-9][a-z0-9._-]*\.json|targets\/([a-z0-9][a-z0-9._-]*\/)*[a-z0-9][a-z0-9._-]*)$/;

/** @throws VigieError `network` when the port cannot be had */
export async function serveRepository(options: ServeOptions): Promise<Serving> {
  const root = await realpath(options.directory);
  const server = createServer((request, response) => {
    answer(root, request, response, options).catch(() => response.destroy());
  });
  server.requestTimeout = 30_000;
  await listening(server, options);
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `http://${host}:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function listening(server: Server, { port, host }: ServeOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  }).catch((cause: unknown) => {
    throw new VigieError('network', `Port ${port} of ${host} cannot be had`, 'Name another with --port', {
      cause,
    });
  });
}

async function answer(
  root: string,
  request: IncomingMessage,
  response: ServerResponse,
  options: ServeOptions,
): Promise<void> {
  const method = request.method ?? '';
  const path = (request.url ?? '').split('?')[0] ?? '';
  let bytes = 0;
  response.once('close', () => options.onAnswer?.({ method, path, status: response.statusCode, bytes }));
  if (method !== 'GET' && method !== 'HEAD') return refuse(response, 405, { Allow: 'GET, HEAD' });
  const found = await openServed(root, path);
  if (found === null) return refuse(response, 404);
  const { handle, size, etag } = found;
  try {
    const range = rangeOf(request, size, etag);
    if (range === 'bad') return refuse(response, 416, { 'Content-Range': `bytes */${size}` });
    const { from, to } = range ?? { from: 0, to: size - 1 };
    const length = to - from + 1;
    response.writeHead(range === null ? 200 : 206, {
      ...headersOf(path, etag),
      'Content-Length': length,
      ...(range !== null && { 'Content-Range': `bytes ${from}-${to}/${size}` }),
    });
    if (method === 'HEAD' || length === 0) return void response.end();
    const portion = Math.min(mostPortion, Math.max(1024, Math.ceil((options.rate ?? Infinity) / 10)));
    const buffer = Buffer.alloc(portion);
    for (let at = from; at <= to && !response.destroyed; ) {
      const { bytesRead } = await handle.read(buffer, 0, Math.min(portion, to - at + 1), at);
      if (bytesRead === 0) return void response.destroy();
      at += bytesRead;
      bytes += bytesRead;
      await written(response, Buffer.from(buffer.subarray(0, bytesRead)));
      if (options.rate !== null && at <= to) await pause((bytesRead / options.rate) * 1000);
    }
    response.end();
  } finally {
    await handle.close();
  }
}

function refuse(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'Cache-Control': 'no-store', 'Content-Length': 0, ...headers }).end();
}

/** What changes under its name is asked for again each time; what has its version or hash in its name never changes. */
function headersOf(path: string, etag: string): Record<string, string> {
  const changes = path === '/metadata/timestamp.json';
  return {
    'Content-Type': path.endsWith('.json') ? 'application/json' : 'application/octet-stream',
    'Cache-Control': changes ? 'no-cache' : 'public, max-age=31536000, immutable',
    'Accept-Ranges': 'bytes',
    'X-Content-Type-Options': 'nosniff',
    ETag: etag,
  };
}

/** Null: not there, or not served. Links are not followed out of the directory. */
async function openServed(root: string, path: string) {
  // Names of a repository need no escapes: one that has some asks for something else.
  if (!served.test(path) || path.includes('..')) return null;
  try {
    const file = join(root, path);
    if (!(await realpath(file)).startsWith(`${root}${sep}`)) return null;
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
    const stat = await handle.stat();
    if (!stat.isFile()) {
      await handle.close();
      return null;
    }
    return { handle, size: stat.size, etag: `"${stat.ino}-${stat.size}-${Math.round(stat.mtimeMs)}"` };
  } catch {
    return null;
  }
}

/** One range; null when the whole file is asked for, or a file that has changed since. */
function rangeOf(
  { headers }: IncomingMessage,
  size: number,
  etag: string,
): { from: number; to: number } | 'bad' | null {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(headers.range ?? '');
  const ifRange = headers['if-range'];
  if (match === null || (ifRange !== undefined && ifRange !== etag)) return null;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return null;
  const from = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const to = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  return from >= size || from > to ? 'bad' : { from, to };
}

async function written(response: ServerResponse, bytes: Buffer): Promise<void> {
  if (response.write(bytes) || response.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

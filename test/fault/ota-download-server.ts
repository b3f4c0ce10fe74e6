/**
 * Servers of updates as they should not be, over real sockets: each request is answered by what a scenario says. Used by
 * ota-download.ts. Knows HTTP, and nothing of what fetches from it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Visit {
  /** from 1 */
  number: number;
  request: IncomingMessage;
  answer: ServerResponse;
  /** first byte asked for */
  from: number;
}

export type Manner = (visit: Visit) => void;

export interface HostileServer {
  url: string;
  /** first byte asked for, of each request so far; null: no range */
  asked: (number | null)[];
  stop: () => Promise<void>;
}

export async function startServer(manner: Manner): Promise<HostileServer> {
  const asked: (number | null)[] = [];
  const server = createServer((request, answer) => {
    answer.on('error', () => {});
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    asked.push(range ? Number(range[1]) : null);
    manner({ number: asked.length, request, answer, from: Number(range?.[1] ?? 0) });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/file`,
    asked,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const tagOf = (name: string): string => `"${name}"`;

/** The headers of an honest answer to this request; `if-range` with another tag gives the whole. */
export function begin({ request, answer, from }: Visit, of: number, tag: string | null): number {
  const { 'if-range': ifRange } = request.headers;
  const start = ifRange !== undefined && ifRange !== tag ? 0 : from;
  if (tag !== null) answer.setHeader('etag', tag);
  answer.setHeader('content-length', of - start);
  if (start > 0) answer.setHeader('content-range', `bytes ${start}-${of - 1}/${of}`);
  answer.writeHead(start > 0 ? 206 : 200);
  return start;
}

export function honest(content: Buffer, tag: string | null = tagOf('one')): Manner {
  return (visit) => {
    if (visit.from >= content.length) visit.answer.writeHead(416).end();
    else visit.answer.end(content.subarray(begin(visit, content.length, tag)));
  };
}

/** Sends so many bytes of what was asked for, and then breaks the connection. */
export function breaking(content: Buffer, bytes: (visit: Visit) => number): Manner {
  return (visit) => {
    const start = begin(visit, content.length, tagOf('one'));
    const end = Math.min(content.length, start + bytes(visit));
    if (end === content.length) visit.answer.end(content.subarray(start));
    else visit.answer.write(content.subarray(start, end), () => visit.answer.socket?.destroySoon());
  };
}

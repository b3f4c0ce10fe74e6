/**
 * Small files of the repository, fetched whole into memory: signed metadata and the release. Used by ota/metadata/client.ts,
 * and by tuf-js in place of its own fetcher, which has no limits of time. Never tries twice: who asked decides that.
 */
import { readFile } from 'node:fs/promises';
import { Agent, type IncomingMessage, request } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import type { Fetcher } from 'tuf-js';
import { DownloadHTTPError } from 'tuf-js/dist/error.js';
import type { Clock } from '../../board/ports.js';
import { implausible } from './plausible.js';
import { UpdateRefused } from './refusal.js';

export interface FetchLimits {
  /** for one file, from the request to its last byte */
  fileMs: number;
  redirects: number;
  /** of any file of metadata, whatever the metadata above it says */
  metadataBytes: number;
}
export const fetchLimits: FetchLimits = { fileMs: 60_000, redirects: 3, metadataBytes: 2 * 2 ** 20 };

/** One check of the repository: connections are kept open within it, at most one at a time, and closed by `close`. */
export class RepositoryFetcher implements Fetcher {
  /** the last refusal: tuf-js wraps what it is thrown into texts */
  refused: UpdateRefused | null = null;
  readonly #agents: { 'http:': Agent; 'https:': TlsAgent };

  /** @param options.ca certificates in PEM that the server's must lead to, in place of the machine's */
  constructor(
    private readonly deps: { clock: Clock },
    private readonly options: { signal: AbortSignal; limits: FetchLimits; ca: string | null },
  ) {
    const common = { keepAlive: true, maxSockets: 1 };
    const { ca } = options;
    const trust = ca === null ? {} : { ca };
    this.#agents = {
      'http:': new Agent(common),
      'https:': new TlsAgent({ ...common, ...trust, minVersion: 'TLSv1.2', rejectUnauthorized: true }),
    };
  }

  close(): void {
    this.#agents['http:'].destroy();
    this.#agents['https:'].destroy();
  }

  /** For tuf-js, which parses before it verifies: only what it can parse without stopping the process. */
  async downloadBytes(url: string, maxLength: number): Promise<Buffer> {
    try {
      const bytes = await this.bytes(url, Math.min(maxLength, this.options.limits.metadataBytes));
      const problem = implausible(url.slice(url.lastIndexOf('/') + 1), bytes);
      if (problem !== null) throw new UpdateRefused('damaged', { cause: new Error(problem) });
      return bytes;
    } catch (error) {
      if (error instanceof UpdateRefused) this.refused = error;
      throw error;
    }
  }

  downloadFile(): Promise<never> {
    return Promise.reject(new UpdateRefused('damaged', { cause: new Error('bundles are not fetched here') }));
  }

  /**
   * The body of a 200. Throws DownloadHTTPError for any other status, UpdateRefused `endless` at the first byte too many and
   * `unreachable` for the rest.
   */
  async bytes(url: string, mostBytes: number): Promise<Buffer> {
    let at = new URL(url);
    for (let hop = 0; ; hop++) {
      const got = await this.#once(at, mostBytes);
      if (Buffer.isBuffer(got)) return got;
      if (got.status < 300 || got.status >= 400 || got.location === undefined) {
        throw new DownloadHTTPError('the answer is not a file', got.status);
      }
      const next = URL.canParse(got.location, at.href) ? new URL(got.location, at) : null;
      if (next === null || next.protocol !== at.protocol || hop >= this.options.limits.redirects) {
        throw new UpdateRefused('unreachable', { cause: new Error('redirected too often or elsewhere') });
      }
      at = next;
    }
  }

  #once(url: URL, mostBytes: number): Promise<Buffer | { status: number; location: string | undefined }> {
    const { signal, limits } = this.options;
    return new Promise((resolve, reject) => {
      const secure = url.protocol === 'https:';
      const settings = {
        agent: secure ? this.#agents['https:'] : this.#agents['http:'],
        headers: { accept: 'application/json, application/octet-stream', 'accept-encoding': 'identity' },
        signal,
      };
      const asked = secure ? tlsRequest(url, settings) : request(url, settings);
      const fail = (error: unknown): void => {
        endTimer();
        asked.destroy();
        reject(error instanceof UpdateRefused ? error : new UpdateRefused('unreachable', { cause: error }));
      };
      const endTimer = this.deps.clock.after(limits.fileMs, () => fail(new Error('no end in time')));
      asked.on('error', fail);
      asked.on('response', (answer) => {
        const status = answer.statusCode ?? 0;
        if (status !== 200) {
          endTimer();
          asked.destroy();
          resolve({ status, location: answer.headers.location });
          return;
        }
        readBody(answer, mostBytes).then((body) => {
          endTimer();
          resolve(body);
        }, fail);
      });
      asked.end();
    });
  }
}

async function readBody(answer: IncomingMessage, mostBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    total += chunk.length;
    if (total > mostBytes) throw new UpdateRefused('endless');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Certificates from a file; null for none. */
export async function readCa(file: string | null): Promise<string | null> {
  if (file === null) return null;
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new UpdateRefused('unreachable', { cause });
  }
}

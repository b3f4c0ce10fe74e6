/** Downloads whose process is killed, whose disk becomes full, and over TLS. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemClock } from '../../board/linux/clock.js';
import { DownloadError } from '../../ota/download/ending.js';
import { ask } from '../../ota/download/request.js';
import { runScenario } from '../fault/ota-download.js';
import { diskScenarios, noSmallDisk, processScenarios } from '../fault/ota-download-process.js';

for (const scenario of processScenarios) {
  test(scenario.name, async () => {
    assert.deepEqual((await runScenario(scenario)).wrong, []);
  });
}

for (const scenario of diskScenarios) {
  test(scenario.name, async (t) => {
    const reason = await noSmallDisk();
    if (reason !== null) return t.skip(reason);
    assert.deepEqual((await runScenario(scenario)).wrong, []);
  });
}

const directory = mkdtempSync(join(tmpdir(), 'vigie-download-tls-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const name = '/CN=localhost';
before(() => {
  const args = ['-newkey', 'ed25519', '-nodes', '-subj', name, '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync('openssl', ['req', '-x509', ...args, '-keyout', 'key.pem', '-out', 'ca.pem', '-days', '2'], {
    cwd: directory,
    stdio: 'pipe',
  });
});

/** What an HTTPS server with our own authority answers; `bad` when it was not taken. */
async function overTls(location: string | null, ca: boolean): Promise<string> {
  const [key, cert] = ['key.pem', 'ca.pem'].map((file) => readFileSync(join(directory, file), 'utf8'));
  const server = createServer({ key: key ?? '', cert: cert ?? '' }, (_request, answer) => {
    if (location !== null) answer.writeHead(302, { location }).end();
    else answer.end('x');
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const url = new URL(`https://localhost:${(server.address() as AddressInfo).port}/file`);
  const options = { clock: systemClock, stallSeconds: 20, ...(ca && cert ? { ca: cert } : {}) };
  try {
    const answer = await ask(url, {}, options, new AbortController().signal);
    answer.destroy();
    return `status ${answer.statusCode}`;
  } catch (error) {
    assert.ok(error instanceof DownloadError);
    return `${error.reason}: ${error.message}`;
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

test('over TLS: the authority that was given, no other, and never down to http', async () => {
  assert.equal(await overTls(null, true), 'status 200');
  assert.match(await overTls(null, false), /^unreachable: .*DEPTH_ZERO_SELF_SIGNED_CERT/);
  assert.equal(await overTls('http://localhost:1/', true), 'refused: A redirect from https to http');
});

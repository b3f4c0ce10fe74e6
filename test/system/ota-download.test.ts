/** Downloads from hostile servers over real sockets; the scenarios are those of `npm run fault -- ota`. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { type Downloader, runScenario } from '../fault/ota-download.js';
import { downloadScenarios } from '../fault/ota-download-scenarios.js';

for (const scenario of downloadScenarios) {
  test(`${scenario.row}: ${scenario.name}`, async () => {
    assert.deepEqual((await runScenario(scenario)).wrong, []);
  });
}

/** Takes whatever comes, from where it is, and believes that it is the file. */
const trusting: Downloader = async (_deps, _options, { url, file }) => {
  const before = await readFile(file).catch(() => Buffer.alloc(0));
  const headers = before.length > 0 ? { range: `bytes=${before.length}-` } : undefined;
  const answer = await fetch(url, headers ? { headers } : {}).catch(() => null);
  if (!answer?.body) return;
  const pieces: Uint8Array[] = [before];
  let bytes = 0;
  try {
    for await (const piece of answer.body) {
      pieces.push(piece as Uint8Array);
      bytes += (piece as Uint8Array).length;
      if (bytes > 4_000_000) break;
    }
  } catch {
    // Cut: what came is kept.
  }
  await writeFile(file, Buffer.concat(pieces));
};

test('negative control: a downloader that trusts is found wrong by cut, corrupt, short and endless answers', async () => {
  for (const row of ['cut', 'corrupt', 'short', 'endless'] as const) {
    const scenario = downloadScenarios.find((one) => one.row === row);
    assert.ok(scenario);
    const { wrong } = await runScenario(scenario, { downloader: trusting });
    assert.match(wrong.join('\n'), /is not the signed one/, row);
  }
});

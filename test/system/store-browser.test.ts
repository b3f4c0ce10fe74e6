import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { chromium } from 'playwright-core';
import { exportMp4 } from '../../runtime/record/export.js';
import { Store } from '../../runtime/record/store.js';
import { fakeGop, keysDirectory, openReader, startMs, storeDeps } from '../unit/store-fake.js';
import { clipSize, encodedPattern } from './store-clip.js';

const executablePath = '/usr/bin/chromium';

test('an export plays in Chromium to its end', async (t) => {
  if (!existsSync(executablePath)) return t.skip(`${executablePath} is not installed`);
  const directory = await mkdtemp(join(tmpdir(), 'vigie-browser-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const segmentBytes = 1024 * 1024;
  const shape = { segmentBytes, capacityBytes: 2 * segmentBytes, cameraId: 'cam-1' };
  const keys = keysDirectory(directory);
  const store = new Store(await storeDeps(directory), { directory, keysDirectory: keys, ...shape });
  await store.start(new AbortController().signal);
  const mask = { version: 1, digest: 'ab'.repeat(32), state: 'zones' } as const;
  const units = encodedPattern(25).map((data, seq) => {
    return { seq, monoUs: seq * 40_000, wallMs: startMs + seq * 40, key: seq === 0, mask, data };
  });
  await store.append(fakeGop(0, { ...clipSize, units }));
  await store.stop();
  const file = join(directory, 'out.mp4');
  await exportMp4(await openReader(directory), { fromMs: startMs, toMs: startMs + 1000, file });
  const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];
  const browser = await chromium.launch({ executablePath, args, headless: true });
  t.after(() => browser.close());
  const page = await browser.newPage();
  const source = `data:video/mp4;base64,${(await readFile(file)).toString('base64')}`;
  await page.setContent(`<video muted src="${source}"></video>`);
  const seen = await page.evaluate(`new Promise((resolve) => {
    const video = document.querySelector('video');
    const tell = (end) => resolve([end, video.videoWidth, video.videoHeight, Math.round(video.duration * 100)]);
    video.onended = () => tell('ended');
    video.onerror = () => tell('error: ' + video.error.message);
    video.play().catch((error) => tell(String(error)));
  })`);
  assert.deepEqual(seen, ['ended', clipSize.width, clipSize.height, 100]);
});

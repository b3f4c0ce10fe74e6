/**
 * The demonstration, as a newcomer meets it: `vigie demo` as a process, its one-time link in Debian's Chromium.
 * VIGIE_SCREENSHOTS=DIR keeps pictures of the page (the README's is one of them).
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { RunReport } from '../../runtime/cli/report.js';
import { openStore, until } from '../camera-run.js';

const VIGIE = fileURLToPath(new URL('../../runtime/cli/main.js', import.meta.url));
const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** Where the demonstration's first private zone is, as a share of the picture. */
const IN_PRIVATE_ZONE = { x: 0.59, y: 0.1 };
const ON_THE_LAWN = { x: 0.2, y: 0.75 };
const ALERT_LIMIT_MS = 60_000;

const state = mkdtempSync(join(tmpdir(), 'vigie-demo-'));
chmodSync(state, 0o700);
const reportFile = join(state, 'report.json');
let demo: ChildProcess;
let browser: Browser;
let page: Page;
let printed = '';
let log = '';

before(async () => {
  const args = ['demo', '--state', state, '--port', '0', '--language', 'fr', '--report', reportFile];
  demo = spawn(process.execPath, [VIGIE, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  demo.stdout?.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  demo.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  await until('the link', () => /http:\S+token=\S+/.test(printed));
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: CHROMIUM_FLAGS });
  page = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: 'fr-FR' });
  await page.goto(/http:\S+token=\S+/.exec(printed)?.[0] ?? '');
});

after(async () => {
  await browser?.close();
  demo?.kill('SIGKILL');
  rmSync(state, { recursive: true, force: true });
});

/** Runs in the page, where TypeScript here knows no DOM. */
const TIME = 'document.querySelector("video")?.currentTime ?? 0';

interface Colours {
  hidden: number[];
  lawn: number[];
}

/** Colours of both places in one picture of the video, drawn on a canvas as the browser shows it. */
function colours(): Promise<Colours> {
  return page.evaluate<Colours>(`(() => {
    const video = document.querySelector('video');
    const canvas = document.createElement('canvas');
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    const context = canvas.getContext('2d');
    context.drawImage(video, 0, 0);
    const at = ({ x, y }) => [...context.getImageData(x * canvas.width, y * canvas.height, 1, 1).data.slice(0, 3)];
    return { hidden: at(${JSON.stringify(IN_PRIVATE_ZONE)}), lawn: at(${JSON.stringify(ON_THE_LAWN)}) };
  })()`);
}

test('the live video plays', { timeout: 30_000 }, async () => {
  const playedPast = async (seconds: number): Promise<void> => {
    while ((await page.evaluate<number>(TIME)) <= seconds) await page.waitForTimeout(50);
  };
  await playedPast(0);
  await playedPast((await page.evaluate<number>(TIME)) + 1);
});

test('its private zone is black, the lawn is not', { timeout: 30_000 }, async () => {
  // A browser that is short of pictures draws an empty canvas: the one to judge shows the lawn.
  let seen = await colours();
  while (Math.max(...seen.lawn) <= 60) {
    await page.waitForTimeout(50);
    seen = await colours();
  }
  assert.ok(Math.max(...seen.hidden) <= 16, `the private zone is ${seen.hidden}`);
});

test('an alert comes with its reason and picture, and is acknowledged by keyboard', async () => {
  const alert = page.locator('#alert-list > li').last();
  await alert.waitFor({ timeout: ALERT_LIMIT_MS });
  assert.match(await alert.innerText(), /Carrefour/);
  await alert.locator('img').waitFor();
  if (process.env.VIGIE_SCREENSHOTS) {
    await page.screenshot({ path: join(process.env.VIGIE_SCREENSHOTS, 'console.png') });
  }
  // As the page says: A goes to the first alert to be answered, 1 says that it is true.
  await page.keyboard.press('a');
  await page.keyboard.press('1');
  const journal = join(state, 'alerts');
  const answered = (): boolean =>
    readdirSync(journal).some((name) =>
      /"t":"ack".*"verdict":"true"/.test(readFileSync(join(journal, name), 'utf8')),
    );
  await until('the answer in the journal', answered);
});

test('nothing private is in the log', () => {
  const token = /token=(\S+)/.exec(printed)?.[1] ?? '-';
  assert.ok(!log.includes(token));
});

test('Ctrl-C ends it cleanly, with the last GOP on the card and the report written', async () => {
  const ended = new Promise<number | null>((resolve) => demo.once('exit', (code) => resolve(code)));
  const atMs = Date.now();
  demo.kill('SIGINT');
  assert.equal(await ended, 0, log);
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as RunReport;
  const value = (name: string): number => report.rows.find((row) => row.name === name)?.value ?? Number.NaN;
  assert.ok(value('frames recorded') >= 0.99 * value('frames captured'));
  assert.equal(value('errors'), 0);
  assert.ok(report.alerts.length >= 1);
  assert.match(report.alerts[0].reason.fr, /Carrefour/);
  let lastMs = 0;
  const reader = await openStore(state);
  for await (const gop of reader.range(0, Number.MAX_SAFE_INTEGER))
    lastMs = gop.units.at(-1)?.wallMs ?? lastMs;
  assert.ok(lastMs > atMs - 1000, 'the last second before Ctrl-C is on the card');
});

/**
 * The console in Debian's Chromium, fed with real H.264 at its own pace: the video plays, its private zone is black,
 * an alert appears and is answered from the keyboard, an
 * interruption heals. `VIGIE_SCREENSHOTS=DIR` keeps pictures.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { systemClock } from '../../board/linux/clock.js';
import type { Picture, Unit } from '../../pipelines/messages.js';
import {
  startTestCamera,
  type TestCamera,
  testAlert,
  testHealth,
  testPicture,
} from '../contract/control-camera.js';
import { encodeTestUnits } from '../h264-source.js';

const browserPath = '/usr/bin/chromium';
const skip = existsSync(browserPath) ? false : `no ${browserPath} on this machine`;
const size = { width: 640, height: 360, framesPerSecond: 25 };
const everyRight = ['live', 'alerts', 'health'] as const;
const shots = process.env['VIGIE_SCREENSHOTS'];
const quiet = [
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
];

let camera: TestCamera;
let browser: Browser;
let feeding = true;
let stopFeed = (): void => undefined;

/** Feeds the clip again and again, each unit when it is due, as a pipeline process would. */
function feed(units: Unit[]): () => void {
  let seq = 0;
  return systemClock.every(1000 / size.framesPerSecond, () => {
    const unit = units[seq % units.length];
    seq += 1;
    if (!unit || !feeding) return;
    camera.live.onUnit({ ...unit, seq, monoUs: systemClock.monoUs(), wallMs: systemClock.wallMs() });
  });
}

function pictureOf(launch: string): Picture {
  const text = `${launch} ! jpegenc ! fdsink fd=1`;
  return {
    ...testPicture(),
    wallMs: systemClock.wallMs(),
    jpeg: execFileSync('gst-launch-1.0', ['-q', ...text.split(' ')]),
  };
}

before(async () => {
  if (skip) return;
  const jpeg = pictureOf('videotestsrc num-buffers=1 pattern=ball ! video/x-raw,width=320,height=180');
  camera = await startTestCamera({
    size,
    snapshot: () => Promise.resolve(jpeg),
    health: () => ({
      ...testHealth(systemClock.wallMs(), camera.alerts),
      picture: { ...size, measuredFramesPerSecond: 24.9 },
    }),
    zones: [
      {
        name: 'Allée',
        points: [
          [0.32, 0.38],
          [0.62, 0.34],
          [0.68, 0.9],
          [0.3, 0.92],
        ],
      },
      {
        name: 'Entrée nord',
        points: [
          [0.74, 0.3],
          [0.96, 0.3],
          [0.96, 0.62],
          [0.74, 0.62],
        ],
      },
    ],
  });
  stopFeed = feed(encodeTestUnits({ frames: 250, ...size }));
  browser = await chromium.launch({
    executablePath: browserPath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-sync', ...quiet],
  });
});
after(async () => {
  if (skip) return;
  stopFeed();
  await browser.close();
  await camera.stop();
});

async function openConsole(
  locale: string,
  width = 1440,
  height = 900,
): Promise<{ page: Page; problems: string[] }> {
  const context = await browser.newContext({ locale, viewport: { width, height } });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.goto(camera.server.oneTimeLink([...everyRight]));
  await page.waitForSelector('#link-state[data-state="connected"]');
  return { page, problems };
}

/**
 * Waits until an expression holds in the page. It is text, since the tests are compiled without the types of a
 * browser; and asked from here, since the page's own policy lets nobody evaluate text in it.
 */
async function until(page: Page, expression: string): Promise<void> {
  for (let asked = 0; asked < 400; asked += 1) {
    if (await page.evaluate(expression)) return;
    await page.waitForTimeout(50);
  }
  assert.fail(`never came true: ${expression}`);
}

const playing = (page: Page, from: number): Promise<void> => {
  const video = "document.querySelector('video')";
  return until(page, `!${video}.paused && ${video}.currentTime > ${from + 1}`);
};
const currentTime = (page: Page): Promise<number> =>
  page.evaluate("document.querySelector('video').currentTime");
const stageSays = (page: Page, start: string): Promise<void> =>
  until(page, `/^${start}/.test(document.querySelector('#stage-message').textContent)`);
const shoot = async (page: Page, name: string): Promise<void> => {
  if (shots) await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
};

/** Mean of the red, green and blue of a small square of the playing video, at a share of the picture. */
const brightness = (page: Page, x: number, y: number): Promise<number> =>
  page.evaluate(`(() => {
    const video = document.querySelector('video');
    const canvas = document.createElement('canvas');
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    const context = canvas.getContext('2d');
    context.drawImage(video, 0, 0);
    const { data } = context.getImageData(canvas.width * ${x}, canvas.height * ${y}, 8, 8);
    return data.reduce((sum, value, at) => sum + (at % 4 === 3 ? 0 : value), 0) / (8 * 8 * 3);
  })()`);

test('the video plays, its private zone is black, an alert appears and is answered by keyboard', {
  skip,
}, async () => {
  const { page, problems } = await openConsole('fr-FR');
  await playing(page, await currentTime(page));
  assert.ok((await brightness(page, 0.1, 0.1)) < 3, 'the private zone is black');
  assert.ok((await brightness(page, 0.6, 0.9)) > 20, 'negative control: elsewhere it is not');
  assert.match((await page.textContent('#alerts-title')) ?? '', /Alertes/);
  const pushed = camera.alerts.push(testAlert({ atMs: systemClock.wallMs() }));
  const card = page.locator(`li[data-id="${pushed.id}"]`);
  await card.waitFor();
  assert.match((await card.textContent()) ?? '', /Une personne est dans la zone « Allée »/);
  assert.match((await page.textContent('#announce')) ?? '', /Nouvelle alerte : Une personne/);
  const jpeg = pictureOf('videotestsrc num-buffers=1 pattern=smpte ! video/x-raw,width=320,height=240').jpeg;
  camera.alerts.attachPicture(pushed.id, jpeg);
  await until(page, "document.querySelector('.alert img')?.naturalWidth > 0");
  camera.alerts.attachPicture(
    camera.alerts.push(testAlert({ zone: 'Entrée nord', atMs: systemClock.wallMs() })).id,
    jpeg,
  );
  camera.alerts.push(testAlert({ atMs: systemClock.wallMs() - 7_200_000 }));
  await page.keyboard.press('a');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await shoot(page, 'console-fr');
  await page.locator(`li[data-id="${pushed.id}"] figure button`).click();
  assert.equal(await page.locator('#viewer').isVisible(), true);
  await shoot(page, 'console-viewer');
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('#viewer').isVisible(), false);
  await page.locator(`li[data-id="${pushed.id}"]`).focus();
  await page.keyboard.press('1');
  await page.waitForSelector(`li[data-id="${pushed.id}"][data-acked="true"]`);
  assert.equal(camera.alerts.since(pushed.number - 1)[0]?.acked?.verdict, 'true');
  await page.click('[data-language="en"]');
  assert.match((await card.textContent()) ?? '', /A person has been in zone/);
  await shoot(page, 'console-en');
  await page.reload();
  await page.waitForSelector('#link-state[data-state="connected"]');
  assert.match((await page.textContent('#alerts-title')) ?? '', /Alerts/, 'the language is remembered');
  assert.deepEqual(problems, []);
  await page.context().close();
});

test('an interruption of the pipeline heals by itself, and a lost connection comes back', {
  skip,
}, async () => {
  const { page } = await openConsole('en-GB');
  await playing(page, await currentTime(page));
  feeding = false;
  camera.live.interrupt();
  await stageSays(page, 'No picture');
  await shoot(page, 'console-interrupted');
  feeding = true;
  await playing(page, await currentTime(page));
  await stageSays(page, '$');
  const known = camera.alerts.push(testAlert({ atMs: systemClock.wallMs() }));
  await page.locator(`li[data-id="${known.id}"]`).waitFor();
  const restarted = camera.restart();
  await page.waitForSelector('#link-state[data-state="lost"]');
  const missed = camera.alerts.push(testAlert({ atMs: systemClock.wallMs() }));
  await restarted;
  await page.waitForSelector('#link-state[data-state="connected"]');
  await page.locator(`li[data-id="${missed.id}"]`).waitFor();
  assert.equal(await page.locator(`li[data-id="${known.id}"]`).count(), 1);
  await playing(page, await currentTime(page));
  await page.context().close();
});

test('zones can be hidden, a snapshot is saved, logging out ends it', { skip }, async () => {
  const { page } = await openConsole('en-GB');
  assert.equal(await page.locator('#zones .outline').count(), 2);
  await page.click('#toggle-zones');
  assert.equal(await page.locator('#zones').isVisible(), false);
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#snapshot')]);
  assert.match(download.suggestedFilename(), /^vigie-.*\.jpg$/);
  await page.click('#logout');
  await page.waitForURL('**/login');
  await page.goto(camera.url);
  assert.match(page.url(), /\/login$/);
  await shoot(page, 'login-en');
  await page.context().close();
});

test('on a narrow screen nothing is wider than the screen, and the picture keeps its shape on any', {
  skip,
}, async () => {
  const { page } = await openConsole('fr-FR', 390, 844);
  await playing(page, await currentTime(page));
  camera.alerts.push(testAlert({ atMs: systemClock.wallMs() }));
  await page.waitForSelector('li.alert');
  assert.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'));
  const ratio =
    "(({ width, height }) => width / height)(document.querySelector('#frame').getBoundingClientRect())";
  for (const [width, height] of [
    [390, 844],
    [900, 420],
    [1600, 500],
    [1440, 900],
  ] as const) {
    await page.setViewportSize({ width, height });
    assert.ok(
      Math.abs(Number(await page.evaluate(ratio)) - size.width / size.height) < 0.02,
      `${width} x ${height}`,
    );
  }
  await page.setViewportSize({ width: 390, height: 844 });
  await shoot(page, 'console-narrow');
  await page.context().close();
});

/**
 * The zone editor in Debian's Chromium, on a whole camera: a zone is drawn with the keyboard, is black in the next picture, in the
 * live view and on the card, stays over a restart, and goes again with an entry in the register. `VIGIE_SCREENSHOTS=DIR`
 * keeps pictures.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { Point } from '../../pipelines/messages.js';
import type { Told } from '../../runtime/access/register/entry.js';
import { readRegister } from '../../runtime/access/register/verify.js';
import {
  type CameraRun,
  clipConfig,
  clipSize,
  decode,
  privateZones,
  recordedUnits,
  runCamera,
} from '../camera-run.js';
import { CODEC_MARGIN_PIXELS, countLeaks, privatePixels } from '../private-pixels.js';

const browserPath = '/usr/bin/chromium';
const skip = existsSync(browserPath) ? false : `no ${browserPath} on this machine`;
const shots = process.env['VIGIE_SCREENSHOTS'];
/** The other one lies where this test draws. */
const configured = privateZones.slice(0, 1);
const name = 'Porte du 12';
/** From the middle of the picture: the keys that lead around the zone. */
const walk: [key: string, times: number][] = [
  ['Enter', 1],
  ['Shift+ArrowRight', 4],
  ['Enter', 1],
  ['Shift+ArrowDown', 3],
  ['ArrowDown', 2],
  ['Enter', 1],
  ['Shift+ArrowLeft', 4],
  ['Enter', 1],
];
const drawn: Point[] = [
  [0.5, 0.5],
  [0.7, 0.5],
  [0.7, 0.67],
  [0.5, 0.67],
];
const pixels = privatePixels([drawn], clipSize, CODEC_MARGIN_PIXELS);

let run: CameraRun;
let browser: Browser;

before(async () => {
  if (skip) return;
  run = await runCamera(clipConfig({ zones: [], mask: { zones: configured } }));
  browser = await chromium.launch({
    executablePath: browserPath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-sync', '--no-first-run'],
  });
});
after(async () => {
  if (skip) return;
  await browser.close();
  await run.clear();
});

/** Text, since the tests are compiled without the types of a browser. */
async function until(page: Page, expression: string): Promise<void> {
  for (let asked = 0; asked < 400; asked += 1) {
    if (await page.evaluate(expression)) return;
    await page.waitForTimeout(50);
  }
  assert.fail(`never came true: ${expression}`);
}

async function openEditor(rights: Parameters<CameraRun['camera']['oneTimeLink']>[0]): Promise<Page> {
  const context = await browser.newContext({ locale: 'fr-FR', viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.goto(run.camera.oneTimeLink(rights));
  await page.waitForSelector('#link-state[data-state="connected"]');
  return page;
}

const shoot = async (page: Page, what: string): Promise<void> => {
  if (shots) await page.screenshot({ path: join(shots, `${what}.png`) });
};
const pictureIsThere = "document.querySelector('#zone-picture').naturalWidth > 0";
const says = (text: string): string =>
  `document.querySelector('#zone-said').textContent.includes(${JSON.stringify(text)})`;

/** Brightest and mean channel of the middle of what was drawn, in an image or video of the page. */
const brightness = (page: Page, selector: string): Promise<{ most: number; mean: number }> =>
  page.evaluate(`(() => {
    const picture = document.querySelector('${selector}');
    const canvas = document.createElement('canvas');
    canvas.width = picture.videoWidth ?? picture.naturalWidth;
    canvas.height = picture.videoHeight ?? picture.naturalHeight;
    const context = canvas.getContext('2d');
    context.drawImage(picture, 0, 0);
    const part = [0.52 * canvas.width, 0.52 * canvas.height, 0.16 * canvas.width, 0.13 * canvas.height];
    const { data } = context.getImageData(...part.map(Math.round));
    const channels = data.filter((value, at) => at % 4 !== 3);
    return { most: Math.max(...channels), mean: channels.reduce((sum, value) => sum + value, 0) / channels.length };
  })()`);

async function register(): Promise<Extract<Told, { kind: 'mask-changed' }>[]> {
  const found: Extract<Told, { kind: 'mask-changed' }>[] = [];
  await readRegister(run.directory, (entry) => {
    if (entry.kind === 'mask-changed') found.push(entry);
  });
  return found;
}

test('a zone drawn with the keyboard is black in the next picture and in the live view', {
  skip,
}, async () => {
  const page = await openEditor(['live', 'mask']);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await page.click('#edit-zones');
  await until(page, pictureIsThere);
  await until(page, says('Dessinez'));
  const clear = await brightness(page, '#zone-picture');
  assert.ok(clear.mean > 30, `negative control: before, it is seen (${clear.mean})`);
  assert.equal(await page.locator('#zone-lines polygon.kept').count(), configured.length);
  await page.focus('#zone-board');
  for (const key of ['Enter', 'ArrowUp', 'Enter', 'Backspace']) await page.keyboard.press(key);
  assert.match((await page.textContent('#zone-corners')) ?? '', /^1 angle/);
  await page.keyboard.press('Escape');
  assert.equal(
    await page.locator('#zone-editor').isVisible(),
    true,
    'the first Escape gives up the drawing only',
  );
  await page.keyboard.press('ArrowDown');
  for (const [key, times] of walk) for (let i = 0; i < times; i++) await page.keyboard.press(key);
  await page.keyboard.press('Tab');
  await page.keyboard.type(name);
  await page.keyboard.press('Enter');
  await shoot(page, 'zones-drawn');
  assert.equal(await page.locator('#zone-lines polygon.draft').count(), 1);
  await page.keyboard.press('Enter');
  await until(page, says('en vigueur'));
  await until(
    page,
    `document.querySelectorAll('#zone-lines polygon.kept').length === ${configured.length + 1}`,
  );
  await until(page, `document.querySelector('#zone-picture').complete && ${pictureIsThere}`);
  await shoot(page, 'zones-saved');
  const dark = await brightness(page, '#zone-picture');
  assert.ok(dark.most < 30, `${dark.most} in the next picture`);
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('#zone-editor').isVisible(), false);
  let live = await brightness(page, '#video');
  for (let asked = 0; asked < 100 && !(live.mean < 6); asked++) {
    await page.waitForTimeout(50);
    live = await brightness(page, '#video');
  }
  assert.ok(live.mean < 6, `${live.mean} in the live view`);
  assert.deepEqual(problems, []);
  const { zones, version } = run.camera.mask.inForce;
  assert.deepEqual(zones.at(-1), { name, points: drawn });
  assert.deepEqual(
    (await register()).map(({ smaller, version: of }) => [of, smaller]),
    [[version, false]],
  );
  await page.context().close();
});

test('without the right to change zones the editor is not offered', { skip }, async () => {
  const page = await openEditor(['live', 'health']);
  assert.equal(await page.locator('#edit-zones').isVisible(), false);
  await page.context().close();
});

test('the zone stays over a restart, and every frame recorded with it hides it', { skip }, async () => {
  const { version, digest } = run.camera.mask.inForce;
  await run.stop();
  const units = (await recordedUnits(run.directory)).filter(({ mask }) => mask.version === version);
  assert.ok(units.length > 0 && units.every(({ mask }) => mask.digest === digest));
  const all = await recordedUnits(run.directory);
  const pictures = decode(Buffer.concat(all.map(({ data }) => data)), clipSize);
  const leaks = (which: (index: number) => boolean): number =>
    pictures.reduce((sum, picture, i) => sum + (which(i) ? countLeaks(picture, clipSize, pixels) : 0), 0);
  const from = all.findIndex(({ mask }) => mask.version === version);
  assert.equal(
    leaks((i) => i >= from),
    0,
  );
  assert.ok(leaks((i) => i < from) > 0, 'negative control: before, it was seen');
  run = await runCamera(clipConfig({ zones: [], mask: { zones: configured } }), run.directory);
  assert.equal(run.camera.mask.inForce.digest, digest);
});

test('a zone that is removed is seen again, and the register says who made the mask smaller', {
  skip,
}, async () => {
  const page = await openEditor(['live', 'mask']);
  await page.click('[data-language="en"]');
  await page.click('#edit-zones');
  await until(page, pictureIsThere);
  await page.click(`#zone-list li[data-zone="${name}"] button`);
  assert.equal(await page.locator('#zone-smaller').isVisible(), true);
  await shoot(page, 'zones-remove');
  await page.click('#zone-save');
  await until(page, says('in force'));
  await until(page, `document.querySelectorAll('#zone-lines polygon.kept').length === ${configured.length}`);
  await until(page, `document.querySelector('#zone-picture').complete && ${pictureIsThere}`);
  assert.ok((await brightness(page, '#zone-picture')).mean > 30);
  const last = (await register()).at(-1);
  assert.equal(last?.smaller, true);
  assert.match(last?.by ?? '', /^link-/);
  assert.equal(last?.after, run.camera.mask.inForce.digest);
  // Pointer and button do what the keys do.
  const board = await page.locator('#zone-board').boundingBox();
  assert.ok(board);
  for (const [x, y] of drawn) await page.mouse.click(board.x + x * board.width, board.y + y * board.height);
  assert.match((await page.textContent('#zone-corners')) ?? '', /^4 corner/);
  await page.setViewportSize({ width: 390, height: 844 });
  assert.ok(
    await page.evaluate("document.querySelector('#zone-editor').scrollWidth <= innerWidth"),
    'nothing is wider than a narrow screen',
  );
  await shoot(page, 'zones-narrow');
  await page.click('#zone-clear');
  assert.match((await page.textContent('#zone-corners')) ?? '', /^0 corner/);
  await page.context().close();
});

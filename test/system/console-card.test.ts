/**
 * The card in the console, in Debian's Chromium: opened from the keyboard, in both languages, in words; what the card does
 * not tell is said so. `VIGIE_SCREENSHOTS=DIR` keeps pictures.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { systemClock } from '../../board/linux/clock.js';
import type { Health } from '../../runtime/health/health.js';
import { startTestCamera, type TestCamera, testHealth } from '../contract/control-camera.js';

const browserPath = '/usr/bin/chromium';
const skip = existsSync(browserPath) ? false : `no ${browserPath} on this machine`;
const shots = process.env['VIGIE_SCREENSHOTS'];

let camera: TestCamera;
let browser: Browser;
/** what the camera says of its storage, over what a test camera says */
let storage: Partial<Pick<Health, 'card' | 'stateStorage'>> = {};

before(async () => {
  if (skip) return;
  camera = await startTestCamera({
    health: () => ({ ...testHealth(systemClock.wallMs(), camera.alerts), ...storage }),
  });
  browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox', '--disable-gpu'] });
});
after(async () => {
  if (skip) return;
  await browser.close();
  await camera.stop();
});

async function openConsole(locale: string, width = 1440): Promise<Page> {
  const context = await browser.newContext({ locale, viewport: { width, height: 900 } });
  const page = await context.newPage();
  await page.goto(camera.server.oneTimeLink(['live', 'alerts', 'health']));
  await page.locator('#card-tables table').first().waitFor({ state: 'attached' });
  return page;
}

/** Name and value of each row of a table. */
async function rowsOf(page: Page, table: number): Promise<Record<string, string>> {
  const cells = page.locator('#card-tables table').nth(table).locator('tr');
  const texts = await cells.evaluateAll((rows) =>
    rows.map((row) => [...row.children].map(({ textContent }) => textContent ?? '')),
  );
  return Object.fromEntries(texts.map(([name = '', value = '']) => [name, value]));
}

async function unfold(page: Page): Promise<void> {
  await page.focus('#card-details summary');
  await page.keyboard.press('Enter');
  await page.locator('#card-tables table').first().waitFor({ state: 'visible' });
}

const shoot = async (page: Page, name: string): Promise<void> => {
  if (shots) await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
};

test('a card that tells no wear, and a storage that does, in French and English', { skip }, async () => {
  const page = await openConsole('fr-FR');
  assert.equal(await page.locator('#card-tables table').first().isVisible(), false, 'folded at first');
  await unfold(page);
  const card = await rowsOf(page, 0);
  assert.equal(card['Vie utilisée'], 'la carte ne dit rien de son usure');
  assert.equal(card['Modèle'], 'SD SC64G');
  assert.equal('Tient au moins jusqu’au' in card, false, 'no end is projected from nothing');
  const state = await rowsOf(page, 1);
  assert.equal(state['Vie utilisée'], 'au plus 20 %');
  assert.match(state['Tient au moins jusqu’au'] ?? '', /^\d+ \S+ \d{4}, dans 1[12] ans$/);
  await shoot(page, 'console-card-fr');
  await page.click('[data-language="en"]');
  const inEnglish = await rowsOf(page, 0);
  assert.equal(inEnglish['Life used'], 'the card does not tell its wear');
  assert.match((await rowsOf(page, 1))['Lasts at least until'] ?? '', /^\d+ \S+ \d{4}, in 1[12] years$/);
  await shoot(page, 'console-card-en');
  await page.context().close();
});

test('a card that is gone, on a narrow screen: nothing is shown as well', { skip }, async () => {
  const { card } = testHealth(systemClock.wallMs(), camera.alerts);
  const nothing = { freeBytes: null, totalBytes: null, deviceBytesWritten: null, name: null };
  storage = {
    card: { ...card, ...nothing, place: 'gone', fileSystemBytesWritten: null, writeRate: null },
    stateStorage: null,
  };
  const page = await openConsole('en-GB', 390);
  await unfold(page);
  assert.equal(await page.locator('#card-tables table').count(), 1);
  const rows = await rowsOf(page, 0);
  assert.equal(rows['State'], 'gone');
  assert.equal(rows['Free beside the recordings'], 'not told');
  assert.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'));
  await shoot(page, 'console-card-narrow');
  await page.context().close();
});

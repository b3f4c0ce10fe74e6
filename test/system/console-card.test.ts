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
let storage: Partial<Pick<Health, 'card' | 'stateStorage' | 'store' | 'notices'>> = {};

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

/** Title, value and the line below of each tile. */
const tilesOf = (page: Page): Promise<string[][]> =>
  page
    .locator('#health-list > div')
    .evaluateAll((tiles) =>
      tiles.map((tile) => [...tile.querySelectorAll('dt, dd')].map(({ textContent }) => textContent ?? '')),
    );

test('what waits in memory and the second store have their tiles where they exist, in words', {
  skip,
}, async () => {
  const { store: one } = testHealth(systemClock.wallMs(), camera.alerts);
  storage = {};
  const plain = await openConsole('fr-FR');
  const titles = (await tilesOf(plain)).map(([title]) => title);
  assert.ok(!titles.includes('Second enregistrement') && !titles.includes('En attente, en mémoire'));
  await plain.context().close();

  const [oldestMs, newestMs] = [Date.UTC(2026, 4, 1, 8), Date.UTC(2026, 4, 1, 9)];
  const second = { state: 'recording', capacityBytes: 2 ** 30, usedBytes: 2 ** 28, gops: 5 } as const;
  storage = { store: { ...one, second: { ...second, oldestMs, newestMs } } };
  const page = await openConsole('fr-FR');
  const tile = async (title: string): Promise<string[]> =>
    (await tilesOf(page)).find(([found]) => found === title)?.slice(1) ?? [];
  assert.equal((await tile('Second enregistrement'))[0], 'Prêt : la première carte enregistre');
  await shoot(page, 'console-second-fr');
  await page.context().close();

  const buffer = { bytes: 12 * 2 ** 20, capacityBytes: 2 ** 25, sinceMs: newestMs };
  const failed = { ...second, state: 'failed' as const, oldestMs: null, newestMs: null };
  storage = { store: { ...one, state: 'failed', buffer, second: failed } };
  for (const width of [1440, 360]) {
    const sick = await openConsole('en-GB', width);
    const tiles = new Map((await tilesOf(sick)).map(([title, ...rest]) => [title, rest]));
    assert.match(tiles.get('Waiting in memory')?.join() ?? '', /^12\S* \S+ \/ 3[0-9]\S* \S+,since /);
    assert.deepEqual(tiles.get('Second store')?.[0], 'Failed');
    assert.match(tiles.get('Second store')?.[1] ?? '', /nothing yet$/);
    const overflow = await sick.evaluate('document.documentElement.scrollWidth > innerWidth');
    assert.equal(overflow, false, `nothing is wider than ${width}`);
    await shoot(sick, `console-second-${width}`);
    await sick.context().close();
  }
  for (const [state, words] of [
    ['waiting', 'En attente : rien ne se passe'],
    ['off-hours', 'En pause, selon les horaires'],
  ] as const) {
    storage = { store: { ...one, state } };
    const quiet = await openConsole('fr-FR');
    const found = (await tilesOf(quiet)).find(([title]) => title === 'Enregistrement');
    assert.equal(found?.[1], words);
    await quiet.context().close();
  }
  storage = {};
});

/**
 * The update card of the console, in Debian's Chromium: who sees it, an installation from the keyboard with its question, the
 * progress, the restart, the trial, the way back. `VIGIE_SCREENSHOTS=DIR` keeps pictures.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { Right } from '../../runtime/access/rights.js';
import { startTestCamera, type TestCamera } from '../contract/control-camera.js';
import { newerOffer, restingUpdate, ScriptedUpdate } from '../scripted-update.js';

const browserPath = '/usr/bin/chromium';
const skip = existsSync(browserPath) ? false : `no ${browserPath} on this machine`;
const shots = process.env['VIGIE_SCREENSHOTS'];
const updates = new ScriptedUpdate();

let camera: TestCamera;
let browser: Browser;

before(async () => {
  if (skip) return;
  camera = await startTestCamera({ updates });
  browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox', '--disable-gpu'] });
});
after(async () => {
  if (skip) return;
  await browser.close();
  await camera.stop();
});
beforeEach(() => {
  updates.set(restingUpdate);
  updates.given.length = 0;
});

async function openConsole(
  locale: string,
  rights: Right[],
  width = 1440,
): Promise<{ page: Page; problems: string[] }> {
  const context = await browser.newContext({ locale, viewport: { width, height: 900 } });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.goto(camera.server.oneTimeLink(rights));
  await page.waitForSelector('#link-state[data-state="connected"]');
  return { page, problems };
}

const shoot = async (page: Page, name: string): Promise<void> => {
  if (shots) await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
};
const says = (page: Page, id: string, text: string): Promise<void> =>
  page.locator(`#${id}`, { hasText: text }).waitFor();
const shown = (page: Page, id: string): Promise<boolean> => page.locator(`#${id}`).isVisible();
const focused = (page: Page): Promise<string> => page.evaluate('document.activeElement.id');

test('who has no right to update sees nothing of it; who has it sees what runs', { skip }, async () => {
  const other = await openConsole('fr-FR', ['live', 'alerts', 'health', 'admin']);
  await other.page.locator('#health-list > div').first().waitFor();
  assert.equal(await shown(other.page, 'update'), false);
  assert.equal(updates.watchers, 0);
  await other.page.context().close();
  const { page } = await openConsole('fr-FR', ['health', 'update']);
  await says(page, 'update-state', 'Rien à faire.');
  assert.match(
    (await page.textContent('#update-facts')) ?? '',
    /En marche1\.0\.0 \(a1b2c3d4e5f6\)Autre versionaucune/,
  );
  for (const id of [
    'update-install',
    'update-confirm',
    'update-rollback',
    'update-progress',
    'update-problem',
  ])
    assert.equal(await shown(page, id), false, id);
  updates.set({ backend: 'none' });
  await says(page, 'update-state', 'n’a pas été installée');
  assert.equal(await shown(page, 'update-check'), false);
  await page.context().close();
});

test('an installation from the keyboard: check, read, answer the question, see the progress, come back', {
  skip,
}, async () => {
  const { page, problems } = await openConsole('fr-FR', ['live', 'alerts', 'health', 'update']);
  await page.focus('#update-check');
  await page.keyboard.press('Enter');
  await says(page, 'update-state', 'La version 1.1.0 est proposée.');
  assert.equal(await focused(page), 'update-check', 'the keyboard stays where it is');
  assert.match((await page.textContent('#update-notes')) ?? '', /reprise après une coupure/);
  await shoot(page, 'console-update-offer-fr');

  await page.focus('#update-install');
  await page.keyboard.press('Enter');
  await says(page, 'update-question', 'Installer la version 1.1.0 maintenant ?');
  assert.equal(await focused(page), 'update-no', 'Enter alone installs nothing');
  await shoot(page, 'console-update-question');
  await page.keyboard.press('Enter');
  await page.locator('#update-ask').waitFor({ state: 'hidden' });
  await page.keyboard.press('Enter');
  await page.locator('#update-ask').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('#update-ask').waitFor({ state: 'hidden' });
  assert.deepEqual(
    updates.given.map(([order]) => order),
    ['check'],
    'asked twice, ordered never',
  );
  await page.keyboard.press('Enter');
  await page.locator('#update-ask').waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await says(page, 'update-state', 'Téléchargement de la version 1.1.0…');
  const by = updates.given[1]?.[1] ?? '';
  assert.equal(updates.given[1]?.[0], 'install');
  assert.match(by, /^link-\d+$/);
  assert.equal(await focused(page), 'update-title', 'the button is gone, the keyboard is still in the card');

  const of = newerOffer.bytes;
  updates.set({ progress: { bytes: of / 4, of, rate: 1_572_864, secondsLeft: 6 } });
  await says(page, 'update-pace', '25 %');
  assert.match(
    (await page.textContent('#update-pace')) ?? '',
    /25 % · 3 Mio \/ 12 Mio · 2 Mio\/s · encore 6 s/,
  );
  const bar = page.getByRole('progressbar', { name: 'Téléchargement de la version 1.1.0…' });
  assert.equal(await bar.getAttribute('value'), '0.25');
  await shoot(page, 'console-update-progress-fr');
  updates.set({ state: 'installing', progress: { bytes: of / 2, of, rate: null, secondsLeft: null } });
  await says(page, 'update-state', 'Installation de la version 1.1.0…');
  updates.set({ state: 'restarting', progress: null });
  await says(page, 'update-state', 'La caméra redémarre');
  assert.equal(await shown(page, 'update-progress'), false);

  const restarted = camera.restart();
  await page.waitForSelector('#link-state[data-state="lost"]');
  updates.set({
    state: 'trial',
    running: { version: '1.1.0', commit: 'b' },
    other: { version: '1.0.0' },
    offer: null,
    trial: { triesLeft: 2, waitsFor: ['frames', 'storage'] },
  });
  await restarted;
  await says(page, 'update-state', 'La version 1.1.0 est à l’essai');
  assert.match(
    (await page.textContent('#update-facts')) ?? '',
    /Essais restants2Attendles images, l’enregistrement/,
  );
  await page.click('[data-language="en"]');
  await says(page, 'update-state', 'Version 1.1.0 is on trial');
  await shoot(page, 'console-update-trial-en');
  await page.click('#update-confirm');
  await says(page, 'update-state', 'Nothing to do.');
  assert.deepEqual(updates.given[2]?.[0], 'confirm');
  // What the browser says of a camera that was away is no fault of the page.
  assert.deepEqual(
    problems.filter((text) => !/ERR_CONNECTION|WebSocket|ERR_EMPTY/.test(text)),
    [],
  );
  await page.context().close();
});

test('on a narrow screen: why it went back, the way back with its question, and a refusal in words', {
  skip,
}, async () => {
  updates.set({
    state: 'offered',
    offer: { ...newerOffer, version: '1.2.0', notes: { fr: 'x'.repeat(400), en: 'y'.repeat(400) } },
    other: { version: '0.9.0' },
    windowOpen: false,
    problem: {
      fr: 'La 1.1.0 n’enregistrait pas : retour à la 1.0.0',
      en: '1.1.0 did not record: back to 1.0.0',
    },
  });
  const { page, problems } = await openConsole('en-GB', ['health', 'update'], 360);
  await says(page, 'update-problem', '1.1.0 did not record');
  await says(page, 'update-state', 'waits for the maintenance window');
  assert.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'));
  await shoot(page, 'console-update-narrow');
  await page.click('#update-rollback');
  await says(page, 'update-question', 'Go back to version 0.9.0?');
  updates.set({ other: { version: '0.8.0' } });
  await page.locator('#update-ask').waitFor({ state: 'hidden' });
  assert.equal(updates.given.length, 0, 'a question about what is no longer so is taken back');
  updates.fails = Object.assign(new Error('x'), { kind: 'update' });
  await page.click('#update-rollback');
  await page.click('#update-yes');
  // What it says may stand there already: the order itself is waited for.
  while (updates.given.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  await page.locator('#update-problem', { hasText: /log of the camera|did not record/ }).waitFor();
  updates.fails = null;
  await page.click('#update-rollback');
  await page.click('#update-yes');
  await says(page, 'update-state', 'The camera restarts');
  assert.deepEqual(
    updates.given.map(([order]) => order),
    ['rollback', 'rollback'],
  );
  assert.deepEqual(problems, []);
  await page.context().close();
});

/**
 * The demonstration on a head, as its user meets it: `vigie demo --head` as a process, its console in Debian's Chromium. A key
 * that is held turns the head and one that is let go stops it; private colours never show. VIGIE_SCREENSHOTS=DIR keeps
 * pictures of the page.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { readRegister } from '../../runtime/access/register/verify.js';
import { until } from '../camera-run.js';

const VIGIE = fileURLToPath(new URL('../../runtime/cli/main.js', import.meta.url));
const BROWSER = '/usr/bin/chromium';
const skip = existsSync(BROWSER) ? false : `no ${BROWSER} on this machine`;
const CHROMIUM_FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'];
/** Degrees: the head stands. */
const STILL = 0.3;

const state = mkdtempSync(join(tmpdir(), 'vigie-head-demo-'));
chmodSync(state, 0o700);
let demo: ChildProcess;
let browser: Browser;
let page: Page;
let printed = '';
let log = '';

before(async () => {
  if (skip) return;
  const args = ['demo', '--head', '--state', state, '--port', '0', '--language', 'fr'];
  demo = spawn(process.execPath, [VIGIE, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  demo.stdout?.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  demo.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  await until('the link', () => /http:\S+token=\S+/.test(printed));
  browser = await chromium.launch({ executablePath: BROWSER, args: CHROMIUM_FLAGS });
  page = await browser.newPage({ viewport: { width: 1280, height: 900 }, locale: 'fr-FR' });
  await page.goto(/http:\S+token=\S+/.exec(printed)?.[0] ?? '');
});

after(async () => {
  if (skip) return;
  await browser?.close();
  demo?.kill('SIGKILL');
  rmSync(state, { recursive: true, force: true });
});

interface Shown {
  pan: number;
  tilt: number;
  said: string;
}

/** What the panel says. */
async function shown(): Promise<Shown> {
  // Both at once: between two questions the panel may be told of another state.
  const [where, said] = await page.evaluate<[string, string]>(
    "['head-where', 'head-state'].map((id) => document.getElementById(id).textContent)",
  );
  const [pan = Number.NaN, tilt = Number.NaN] = [...where.matchAll(/(-?[\d,]+)°/g)].map(([, number]) =>
    Number(number?.replace(',', '.')),
  );
  return { pan, tilt, said };
}

async function panelSays(what: string, holds: (now: Shown) => boolean): Promise<Shown> {
  for (let turn = 0; turn < 400; turn++) {
    const now = await shown();
    if (holds(now)) return now;
    await page.waitForTimeout(50);
  }
  assert.fail(`never: ${what}; ${JSON.stringify(await shown())}`);
}

/** Two states in a row at the same place; the panel is told once a second. */
async function atRest(): Promise<Shown> {
  const before = await panelSays('at rest', ({ said }) => /^au repos/.test(said));
  await page.waitForTimeout(1200);
  const now = await shown();
  assert.ok(Math.abs(now.pan - before.pan) < STILL && Math.abs(now.tilt - before.tilt) < STILL);
  return now;
}

/** Shares of the picture in saturated colours, which are private in this street, and in its own colours. */
function colours(): Promise<{ vivid: number; bright: number }> {
  return page.evaluate(`(() => {
    const video = document.querySelector('video');
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    const context = canvas.getContext('2d');
    context.drawImage(video, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let [vivid, bright] = [0, 0];
    for (let i = 0; i < data.length; i += 4) {
      const [most, least] = [Math.max(data[i], data[i + 1], data[i + 2]), Math.min(data[i], data[i + 1], data[i + 2])];
      if (most - least > 110) vivid++;
      if (most > 50) bright++;
    }
    return { vivid: vivid / (data.length / 4), bright: bright / (data.length / 4) };
  })()`);
}

const shoot = async (name: string): Promise<void> => {
  const directory = process.env['VIGIE_SCREENSHOTS'];
  if (directory) await page.screenshot({ path: join(directory, `${name}.png`) });
};

test('a key that is held turns the head, and one that is let go stops it', { skip }, async () => {
  const start = await atRest();
  await page.locator('[data-way="ArrowRight"]').focus();
  await page.keyboard.down('ArrowRight');
  await panelSays('it turns', ({ pan, said }) => pan > start.pan + 5 && /^en mouvement/.test(said));
  assert.equal(await page.locator('[data-way="ArrowRight"]').getAttribute('data-held'), 'true');
  await shoot('head-moving');
  await page.keyboard.up('ArrowRight');
  const right = await atRest();
  assert.ok(right.pan > start.pan + 5 && Math.abs(right.tilt - start.tilt) < STILL);
  await page.keyboard.down('ArrowLeft');
  await page.keyboard.down('ArrowUp');
  await panelSays(
    'it goes slanting',
    ({ pan, tilt }) => pan < right.pan - STILL && tilt > right.tilt + STILL,
  );
  await page.keyboard.up('ArrowLeft');
  await page.keyboard.up('ArrowUp');
  await atRest();
});

test('a button that is pressed by keyboard turns it too; leaving the panel stops it', { skip }, async () => {
  const start = await atRest();
  await page.locator('[data-way="ArrowDown"]').focus();
  await page.keyboard.down('Enter');
  await panelSays('it goes down', ({ tilt }) => tilt < start.tilt - 3);
  await page.locator('#snapshot').focus();
  const now = await atRest();
  await page.keyboard.up('Enter');
  assert.ok(now.tilt < start.tilt - 3);
});

test('it goes to a preset, and no private colour shows on the way', { skip }, async () => {
  let most = 0;
  let street = 0;
  for (const [place, pan] of [
    ['Vue large', 0],
    ['Commerces', 27],
    ['Rue est', 85],
  ] as const) {
    await page.locator('#head-places button', { hasText: place }).click();
    for (let turn = 0; turn < 12; turn++) {
      const { vivid, bright } = await colours();
      most = Math.max(most, vivid);
      street = Math.max(street, bright);
    }
    await panelSays(place, (now) => Math.abs(now.pan - pan) < 1 && /^au repos/.test(now.said));
  }
  await shoot('head-preset');
  assert.ok(street > 0.3, 'the street itself is seen');
  assert.ok(most < 0.001, `private colours on ${most} of the picture`);
});

test('a patrol begins, is shown, and ends with the next order', { skip }, async () => {
  await page.locator('#head-places .patrol').click();
  await panelSays('the patrol', ({ said }) => /ronde : Tour du quartier/.test(said));
  assert.equal(await page.locator('#head-places .patrol').getAttribute('aria-pressed'), 'true');
  await page.click('#head-halt');
  await panelSays('its end', ({ said }) => said === 'au repos');
});

test('when the line of the head is pulled out the picture is hidden, and the operator told', {
  skip,
}, async () => {
  const line = `PTY,link=${join(state, 'head', 'line')}`;
  const socat = Number(execFileSync('pgrep', ['-f', line], { encoding: 'utf8' }).trim());
  process.kill(socat);
  await panelSays('hidden', ({ said }) => said === 'image masquée : la tourelle ne répond pas');
  await page.locator('#notices', { hasText: 'La tourelle ne répond pas' }).waitFor();
  await shoot('head-lost');
  const { bright } = await colours();
  assert.ok(bright < 0.001, `${bright} of the picture is seen`);
});

test('Ctrl-C ends it cleanly: no device and no pipe are left', { skip }, async () => {
  const ended = new Promise<number | null>((resolve) => demo.once('exit', (code) => resolve(code)));
  demo.kill('SIGINT');
  assert.equal(await ended, 0, log);
  assert.deepEqual(readdirSync(join(state, 'head')), []);
  const orders: { by?: string; order: string; place?: string }[] = [];
  await readRegister(state, (entry) => {
    if (entry.kind === 'head-ordered') orders.push(...entry.orders);
  });
  assert.ok(orders.every(({ by }) => by?.startsWith('link-')));
  const places = orders.map(({ place }) => place);
  for (const place of ['Vue large', 'Commerces', 'Rue est', 'Tour du quartier'])
    assert.ok(places.includes(place), `${place} is not in the register`);
  assert.ok(orders.filter(({ order }) => order === 'drive').length <= 3, 'a key that is held is one order');
});

test('with the zones taken away the same look finds private colours; a killed camera leaves nothing', {
  skip,
}, async () => {
  const file = join(state, 'camera.json');
  const config = JSON.parse(readFileSync(file, 'utf8')) as { mask: { zones: unknown[] } };
  config.mask.zones.length = 1;
  writeFileSync(file, JSON.stringify(config));
  const args = ['demo', '--head', '--state', state, '--port', '0'];
  const killed = spawn(process.execPath, [VIGIE, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  let said = '';
  killed.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await until('the link', () => /http:\S+token=\S+/.test(said));
  assert.deepEqual(readdirSync(join(state, 'head')).sort(), ['line', 'picture']);
  await page.goto(/http:\S+token=\S+/.exec(said)?.[0] ?? '');
  await atRest();
  let most = 0;
  for (let turn = 0; turn < 200 && most < 0.01; turn++) most = Math.max(most, (await colours()).vivid);
  assert.ok(most >= 0.01, `private colours on ${most} of the picture`);
  killed.kill('SIGKILL');
  await until('nothing is left', () => readdirSync(join(state, 'head')).length === 0);
});

/**
 * `vigie ota status | check | install | confirm | rollback` as a person runs them, against a camera with TLS and a scripted update:
 * whom it trusts, how it logs in, what it shows, how each update ends.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { UpdateStatus } from '../../ota/update.js';
import { CommandRunner, type Ended } from '../command-runner.js';
import { startTestCamera, type TestCamera } from '../contract/control-camera.js';
import { newerOffer, restingUpdate, ScriptedUpdate } from '../scripted-update.js';

const main = fileURLToPath(new URL('../../runtime/cli/main.js', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'vigie-ota-camera-'));
const file = (name: string): string => join(directory, name);
const updates = new ScriptedUpdate();
const runner = new CommandRunner();
let camera: TestCamera;
let [opened, ended] = [0, 0];

before(async () => {
  const subject = [
    '-subj',
    '/CN=camera',
    '-days',
    '2',
    '-keyout',
    file('camera.key'),
    '-out',
    file('camera.pem'),
  ];
  const names = ['-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ed25519', '-nodes', ...subject, ...names], {
    stdio: 'pipe',
  });
  chmodSync(file('camera.key'), 0o600);
  const tls = { certificateFile: file('camera.pem'), keyFile: file('camera.key') };
  camera = await startTestCamera({ updates, control: { tls } });
  for (const [user, rights] of [
    ['odile', ['update']],
    ['viewer', ['live', 'admin']],
  ] as const)
    writeFileSync(file(user), `${await camera.users.add(user, [...rights], 0)}\n`, { mode: 0o600 });
  camera.sessions.onEnd(() => {
    ended += 1;
  });
});
after(async () => {
  runner.stop();
  await camera.stop();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(() => {
  updates.set(restingUpdate);
  updates.given.length = 0;
  updates.after = () => undefined;
});

const trusted = (): string[] => ['--url', camera.url, '--ca', file('camera.pem')];
const account = (user = 'odile'): string[] => ['--user', user, '--secret-file', file(user)];
const ota = (command: string, ...more: string[]): Promise<Ended> =>
  runner.run('ota', command, ...trusted(), ...account(), ...more);
const linesOf = (out: string): Record<string, unknown>[] =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const logins = (): number => camera.lines.filter((line) => /logged in/.test(line)).length;

test('status tells everything in both languages and as JSON, and leaves no session behind', async () => {
  updates.set({
    state: 'offered',
    offer: { ...newerOffer, delta: true, notes: { fr: 'Bleu\u001b[31m\nVert', en: 'Blue' } },
    other: { version: '0.9.0' },
    windowOpen: false,
    problem: { fr: 'Le dépôt a tardé', en: 'The repository was slow' },
    checkedMs: 1_767_225_600_000,
  });
  const inFrench = await ota('status', '--language', 'fr');
  assert.equal(inFrench.status, 0, inFrench.error);
  for (const words of [
    /^caméra +Place du Marché$/m,
    /^version +1\.0\.0 \(a1b2c3d4e5f6\)$/m,
    /^mise à jour +une version est proposée, attend la plage de maintenance/m,
    /^proposée +1\.1\.0, 12,0 Mio, la différence seulement$/m,
    /^contenu +Bleu\[31m\n +Vert$/m,
    /^autre +0\.9\.0$/m,
    /^pourquoi +Le dépôt a tardé$/m,
    /^dernière recherche +20\d\d-/m,
  ])
    assert.match(inFrench.out, words);
  assert.match(
    (await ota('status', '--language', 'en')).out,
    /^offered +1\.1\.0, 12\.0 MiB, the difference/m,
  );
  const [json] = linesOf((await ota('status', '--json')).out);
  assert.deepEqual((json?.status as UpdateStatus | undefined)?.other, { version: '0.9.0' });
  updates.set({ ...restingUpdate, backend: 'none' });
  assert.match((await ota('status', '--language', 'en')).out, /not installed in slots/);
  opened = logins();
  assert.deepEqual([ended, opened], [4, 4]);
});

test('the certificate is checked before a secret is sent; by authority, by itself, or by the own configuration', async () => {
  const before = logins();
  const pem = readFileSync(file('camera.pem'), 'utf8');
  const { fingerprint256 } = new X509Certificate(pem);
  const wrong = fingerprint256.replace(/^../, fingerprint256.startsWith('00') ? '11' : '00');
  const url = ['--url', camera.url];
  const unknown = await runner.run('ota', 'status', ...url, ...account());
  assert.deepEqual([unknown.status, unknown.out], [7, '']);
  assert.match(unknown.error, /not trusted.*--ca.*--fingerprint/);
  const other = await runner.run('ota', 'status', ...url, ...account(), '--fingerprint', wrong);
  assert.equal(other.status, 7);
  assert.match(other.error, /another certificate than the one named/);
  assert.equal(logins(), before, 'nobody logged in, not even with the right secret');
  const byName = `https://localhost:${new URL(camera.url).port}`;
  const named = await runner.run('ota', 'status', '--url', byName, '--ca', file('camera.pem'), ...account());
  assert.match(named.error, /not trusted|no camera answers/);
  for (const fingerprint of [fingerprint256, fingerprint256.replaceAll(':', '').toLowerCase()]) {
    const right = await runner.run('ota', 'status', ...url, ...account(), '--fingerprint', fingerprint);
    assert.equal(right.status, 0, right.error);
  }
  const { port } = new URL(camera.url);
  const tls = { certificateFile: 'camera.pem', keyFile: 'camera.key' };
  const example = JSON.parse(readFileSync('test/fuzz/corpus/config/good-least.json', 'utf8')) as object;
  writeFileSync(file('vigie.json'), JSON.stringify({ ...example, control: { port: Number(port), tls } }));
  const own = await runner.run('ota', 'status', '--config', file('vigie.json'), ...account());
  assert.equal(own.status, 0, own.error);
});

test('what cannot work is refused in one line that says what to do, and without a secret on the way', async () => {
  chmodSync(file('odile'), 0o644);
  const readable = await ota('status');
  chmodSync(file('odile'), 0o600);
  assert.deepEqual([readable.status, readable.out], [6, '']);
  assert.match(readable.error, /Others can read the secret file. Run: chmod 600/);
  writeFileSync(file('guess'), 'not-the-secret', { mode: 0o600 });
  const closed = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => closed.once('listening', resolve));
  const { port } = closed.address() as { port: number };
  await new Promise((resolve) => closed.close(resolve));
  for (const [args, status, words] of [
    [[...trusted(), '--user', 'odile', '--secret-file', file('guess')], 6, /Wrong name or secret/],
    [[...trusted(), ...account('viewer')], 6, /viewer does not have the right to update.*--rights update/],
    [[...trusted(), '--user', 'odile'], 6, /no terminal.*--secret-file/],
    [['--url', `http://127.0.0.1:${port}`, ...account()], 7, /no camera answers/],
    [['--url', 'http://192.0.2.1:8480', ...account()], 2, /Without TLS/],
    [['--url', `${camera.url}x`, ...account()], 2, /host and a port/],
    [[...trusted(), '--fingerprint', 'ab', ...account()], 2, /both given/],
    [['--url', camera.url, '--fingerprint', 'ab', ...account()], 2, /openssl x509/],
    [[...trusted(), '--client-key', file('camera.key'), ...account()], 2, /--client-certificate is missing/],
    [['--url', camera.url.replace('https', 'http'), ...account()], 7, /ECONNRESET|HPE|no camera/],
  ] as [string[], number, RegExp][]) {
    const { status: code, out, error } = await runner.run('ota', 'status', '--language', 'en', ...args);
    assert.deepEqual([code, out], [status, ''], `${args.join(' ')}: ${error}`);
    assert.match(error, words);
    assert.match(error, /^vigie: .+\. .+\n$/);
  }
});

test('on a terminal the secret is asked for and never shown', async (t) => {
  const secret = readFileSync(file('odile'), 'utf8').trim();
  const words = [
    process.execPath,
    main,
    'ota',
    'status',
    ...trusted(),
    '--language',
    'en',
    '--user',
    'odile',
  ];
  const child = spawn('script', ['-qefc', words.map((word) => `'${word}'`).join(' '), '/dev/null']);
  t.after(() => child.kill('SIGKILL'));
  let shown = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => {
      shown += bytes.toString();
      if (/not shown\): $/.test(shown)) child.stdin.write(`${secret}\r`);
    });
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.equal(code, 0, shown);
  assert.match(shown, /version +1\.0\.0/);
  assert.ok(!shown.includes(secret));
});

const running = (version: string) => ({ running: { version, commit: 'c' }, offer: null, progress: null });

/** What a camera does after the order: it downloads, installs, and comes back as `then` says. */
let coursed: Promise<void> = Promise.resolve();
function course(then: Partial<UpdateStatus>[]): void {
  updates.after = (order) => {
    if (order !== 'install' && order !== 'rollback') return;
    coursed = (async () => {
      const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
      const of = newerOffer.bytes;
      if (order === 'install') {
        for (const share of [0.25, 0.5, 1]) {
          const left = { rate: 2 << 20, secondsLeft: 6 * (1 - share) };
          updates.set({ state: 'downloading', progress: { bytes: of * share, of, ...left } });
          await tick();
        }
        updates.set({ state: 'installing', progress: { bytes: of / 2, of, rate: null, secondsLeft: null } });
        await tick();
      }
      updates.set({ state: 'restarting', progress: null });
      // Told before the restart, as no more than four statuses leave in a second.
      await new Promise((resolve) => setTimeout(resolve, 300));
      const [first, ...rest] = then;
      const restarted = camera.restart();
      while (updates.watchers > 0) await tick();
      updates.set(first ?? {});
      await restarted;
      if (rest.length === 0) return;
      while (updates.watchers === 0) await tick();
      for (const status of rest) {
        await new Promise((resolve) => setTimeout(resolve, 300));
        updates.set(status);
      }
    })();
  };
}

test('install follows the progress through the restart and the trial to the confirmation', async () => {
  const trial = { triesLeft: 2, waitsFor: ['frames', 'control'] as const };
  course([
    { ...running('1.1.0'), state: 'trial', trial, other: { version: '1.0.0' } },
    { state: 'idle', trial: null },
  ]);
  const { status, out, error } = await ota('install', '--language', 'en');
  await coursed;
  assert.equal(status, 0, `${out}${error}`);
  assert.deepEqual(
    updates.given.map(([order, by]) => `${order} ${by}`),
    ['check odile', 'install odile'],
    'it asked first, as nothing was offered',
  );
  for (const words of [
    /^Version 1\.1\.0 is being installed\. Ctrl-C leaves it running\.$/m,
    /^downloading: \d+% of 12\.0 MiB/m,
    /^restarting$/m,
    /^The connection has ended; waiting/m,
    /^on trial \(1\.1\.0\): 2 tries left, waits for frames, control$/m,
    /^Version 1\.1\.0 runs and is confirmed\.\n$/m,
  ])
    assert.match(out, words);
});

test('a camera that went back by itself: exit code 11, and its reason', async () => {
  const problem = { fr: 'La 1.1.0 n’enregistrait pas', en: '1.1.0 did not record' };
  updates.set({ state: 'offered', offer: newerOffer });
  course([{ ...running('1.0.0'), state: 'idle', problem }]);
  const { status, out } = await ota('install', '--json');
  await coursed;
  const lines = linesOf(out);
  assert.deepEqual(lines.at(-1), { outcome: 'returned', version: '1.1.0', running: '1.0.0' });
  assert.ok(lines.some(({ status }) => (status as UpdateStatus | undefined)?.state === 'downloading'));
  assert.equal(status, 11);
});

test('a download that fails, an order that is refused, nothing newer, a camera that stays away', async () => {
  const problem = { fr: 'Plus de place', en: 'No space left' };
  updates.set({ state: 'offered', offer: newerOffer });
  updates.after = () => void setTimeout(() => updates.set({ state: 'offered', progress: null, problem }), 50);
  const failed = await ota('install', '--language', 'fr');
  assert.equal(failed.status, 11);
  assert.match(failed.out, /n’a pas été installée : la 1\.0\.0 est en marche.*\npourquoi: Plus de place\n$/);

  updates.set({ ...restingUpdate, state: 'held', offer: newerOffer });
  const refused = await ota('install', '--language', 'fr');
  assert.deepEqual([refused.status, refused.out], [11, '']);
  assert.match(refused.error, /heure de la caméra n’est pas sûre.*vigie ota status/);

  updates.set(restingUpdate);
  updates.after = () => undefined;
  updates.finds = null;
  const nothing = await ota('install', '--language', 'en');
  updates.finds = newerOffer;
  assert.deepEqual([nothing.status, nothing.out], [0, 'Nothing newer is offered: 1.0.0 runs.\n']);

  updates.set({ state: 'restarting', offer: newerOffer });
  const away = await ota('install', '--wait', '1', '--language', 'en');
  assert.equal(away.status, 7, away.out);
  assert.match(away.out, /does not answer: whether 1\.1\.0 runs is not known/);
});

test('rollback waits for the other version; confirm and check do what they say', async () => {
  updates.set({ ...running('1.1.0'), other: { version: '1.0.0' } });
  course([{ ...running('1.0.0'), state: 'idle', other: { version: '1.1.0' } }]);
  const back = await ota('rollback', '--language', 'en');
  await coursed;
  assert.equal(back.status, 0, back.out + back.error);
  assert.match(back.out, /goes back to version 1\.0\.0[\s\S]*Version 1\.0\.0 runs and is confirmed/);
  updates.set({
    ...restingUpdate,
    ...running('1.1.0'),
    state: 'trial',
    trial: { triesLeft: 1, waitsFor: [] },
  });
  assert.match((await ota('confirm', '--language', 'fr')).out, /La version 1\.1\.0 est confirmée/);
  assert.match((await ota('confirm', '--language', 'en')).error, /confirmed already/);
  assert.match((await ota('rollback', '--language', 'en')).error, /no other version to go back to/);
  assert.match((await ota('check', '--language', 'en')).out, /^offered +1\.1\.0/m);
});

test('Ctrl-C ends the watching, says that the update goes on, and ends the session', async (t) => {
  updates.set({ state: 'offered', offer: newerOffer });
  updates.after = () => undefined;
  const [before, out] = [ended, logins()];
  const child = spawn(process.execPath, [
    main,
    'ota',
    'install',
    ...trusted(),
    ...account(),
    '--language',
    'en',
  ]);
  t.after(() => child.kill('SIGKILL'));
  let shown = '';
  child.stdout.on('data', (bytes: Buffer) => {
    shown += bytes.toString();
    if (/^downloading/m.test(shown) && !child.killed) child.kill('SIGINT');
  });
  assert.equal(await new Promise((resolve) => child.once('close', resolve)), 130, shown);
  assert.match(shown, /The update goes on without you/);
  assert.equal(updates.status().state, 'downloading');
  assert.deepEqual([ended - before, logins() - out], [1, 1]);
});

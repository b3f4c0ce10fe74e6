/**
 * A whole camera in slots, on trial: it keeps itself, then takes on order what a repository behind a real HTTP server offers, as the
 * difference from what runs, and asks to be started again. Only the launcher around it is not there.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { arch, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { exitCodes } from '../../errors.js';
import { makeDelta } from '../../ota/bundle/delta.js';
import { unpackBundle } from '../../ota/bundle/unpack.js';
import { launcherEnvironment, launcherExits } from '../../ota/launcher/slot-state.js';
import { readState, writeState } from '../../ota/launcher/state-file.js';
import { type Release, releasePath } from '../../ota/release.js';
import type { Told } from '../../runtime/access/register/entry.js';
import { readRegister } from '../../runtime/access/register/verify.js';
import { Users } from '../../runtime/access/users.js';
import { build } from '../../runtime/health/report.js';
import { type CameraRun, clipConfig, newDirectory, runCamera, until } from '../camera-run.js';
import { CommandRunner, type Ended } from '../command-runner.js';
import { place, serveRepository, TestRepository, testRelease } from '../ota-repository.js';
import { expectedOf, packTree, quick, scratch, smallTree, writeTree } from '../small-bundle.js';

const running = build().version;
const machine: 'x64' | 'arm64' = arch() === 'arm64' ? 'arm64' : 'x64';
const forCamera = { arch: machine, boards: [place.board as string] };
const next = '99.0.0';
const folder = `${place.customer}/${place.board}/${place.channel}`;

/** Slots whose second holds the version that runs, on trial, as the launcher would leave them. */
async function slotsOnTrial(root: string, work: string, trust: Buffer) {
  const tree = writeTree(join(work, 'old'), smallTree);
  const old = await packTree(tree, join(work, 'old.tar.zst'), running, forCamera);
  await unpackBundle(
    { kind: 'full', file: old.file, expected: expectedOf(old) },
    join(root, 'slots', 'b'),
    quick,
  );
  for (const name of ['slots/a', 'trust']) mkdirSync(join(root, name), { recursive: true, mode: 0o700 });
  writeFileSync(join(root, 'trust', 'root.json'), trust);
  await writeState(root, {
    format: 1,
    serial: 0,
    active: 'b',
    trial: { triesLeft: 2, verified: true, asked: ['frames', 'storage', 'control'] },
    slots: {
      a: { condition: 'good', version: '0.0.1', manifestSha256: '0'.repeat(64) },
      b: { condition: 'ready', version: running, manifestSha256: old.manifestSha256 },
    },
    returned: null,
    failed: [],
  });
  return old;
}

/** The next version, whole and as the difference from the one that runs. */
async function publishNext(
  repository: TestRepository,
  work: string,
  old: Awaited<ReturnType<typeof packTree>>,
): Promise<void> {
  const files = { ...smallTree, 'dist/runtime/cli/main.js': 'console.log("99.0.0");\n' };
  const made = await packTree(
    writeTree(join(work, 'new'), files),
    join(work, 'new.tar.zst'),
    next,
    forCamera,
  );
  const delta = await makeDelta(
    { from: old.file, to: made.file },
    join(work, 'delta.zst'),
    { scratch: work },
    quick,
  );
  const path = `${folder}/vigie-${next}.tar.zst`;
  const deltaPath = `${folder}/vigie-${next}-from-${running}.zst`;
  repository.addTarget(path, readFileSync(made.file));
  repository.addTarget(deltaPath, readFileSync(delta.file));
  const release: Release = testRelease(next, {
    arch: machine,
    content: {
      kind: 'tree',
      path,
      ...expectedOf(made),
      treeBytes: made.treeBytes,
      deltas: [{ path: deltaPath, fromTarSha256: old.tarSha256, fromManifestSha256: old.manifestSha256 }],
    },
  });
  repository.addTarget(releasePath(place), Buffer.from(JSON.stringify(release)));
  repository.signAll();
}

/** As the launcher would start it. */
async function inSlots(root: string, url: string): Promise<CameraRun> {
  process.env[launcherEnvironment.root] = root;
  process.env[launcherEnvironment.slot] = 'b';
  const { customer, board, channel } = place;
  try {
    return await runCamera(
      clipConfig({
        sensor: { kind: 'pattern' },
        picture: { width: 320, height: 240, framesPerSecond: 10 },
        zones: [],
        ota: { url, customer, board, channel, install: 'ordered', confirmSeconds: 5 },
      }),
      newDirectory(),
    );
  } finally {
    delete process.env[launcherEnvironment.root];
    delete process.env[launcherEnvironment.slot];
  }
}

/** As an account with the right does it, over the port. */
async function orderInstallation(
  t: { after(done: () => void): void },
  { directory, url }: CameraRun,
  work: string,
): Promise<() => Promise<Ended>> {
  const users = new Users({ file: join(directory, 'users.json') });
  const secret = join(work, 'secret');
  writeFileSync(secret, await users.add('agent', ['update'], 0), { mode: 0o600 });
  const runner = new CommandRunner();
  t.after(() => runner.stop());
  return () =>
    runner.run(
      ...[
        'ota',
        'install',
        '--url',
        url,
        '--user',
        'agent',
        '--secret-file',
        secret,
        '--json',
        '--wait',
        '1',
      ],
    );
}

async function updatesIn(directory: string): Promise<Told[]> {
  const found: Told[] = [];
  await readRegister(directory, (entry) => {
    if (entry.kind === 'update') found.push(entry);
  });
  return found;
}

test('a camera on trial keeps itself, then takes the next version on order', async (t) => {
  const work = scratch(t);
  const root = mkdtempSync(join(tmpdir(), 'vigie-slots-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const repository = new TestRepository();
  const old = await slotsOnTrial(root, work, repository.root);
  await publishNext(repository, work, old);
  const served = await serveRepository(t, repository);
  const run = await inSlots(root, served.url);
  try {
    const { orders, ending } = run.camera.updating;
    await until('the trial', () => orders.status().state === 'trial');
    assert.equal(served.asked.length, 0, 'the network was asked during the trial');
    await until('the confirmation', () => orders.status().state === 'idle', 60_000);
    const kept = (await readState(root)).state;
    assert.deepEqual(kept?.trial, null);
    assert.equal(kept?.slots.b?.condition, 'good');

    const order = await orderInstallation(t, run, work);
    const ordered = order();
    assert.equal(await ending, launcherExits.restart);
    const { status: code, out } = await ordered;
    assert.equal(code, exitCodes.network, 'nothing starts this camera again');
    assert.match(out, new RegExp(`"state":"downloading".*"offer":{"version":"${next}".*"delta":true`));
    assert.match(out, /"state":"restarting"/);
    assert.match(out, /{"outcome":"lost".*}\n$/);
    const { state } = await readState(root);
    assert.equal(state?.active, 'a');
    assert.deepEqual(state?.trial, {
      triesLeft: 3,
      verified: false,
      asked: ['frames', 'storage', 'control'],
    });
    assert.match(readFileSync(join(root, 'slots/a/dist/runtime/cli/main.js'), 'utf8'), /99\.0\.0/);
    const bundles = served.asked.filter((path) => path.endsWith('.zst'));
    assert.equal(bundles.length, 1);
    assert.match(bundles[0] ?? '', /-from-/, 'the difference was there, and the whole was taken');
    assert.match(readFileSync(join(root, 'trust/floor.json'), 'utf8'), new RegExp(`"${running}"`));
    await run.stop();
    assert.deepEqual(run.errors, []);
    const told = await updatesIn(run.directory);
    assert.deepEqual(
      told.map((entry) => entry.kind === 'update' && [entry.step, entry.from, entry.to, entry.by]),
      [
        ['confirmed', '0.0.1', running, undefined],
        ['offered', running, next, undefined],
        ['downloaded', running, next, 'agent'],
        ['installed', running, next, 'agent'],
      ],
    );
  } finally {
    await run.clear();
  }
});

test('negative control: a camera that was not started from slots takes no update', async () => {
  const run = await runCamera(
    clipConfig({ sensor: { kind: 'pattern' }, picture: { width: 320, height: 240 }, zones: [] }),
  );
  try {
    const { orders } = run.camera.updating;
    assert.equal(orders.status().backend, 'none');
    await assert.rejects(orders.install('agent'), /not installed in slots/);
  } finally {
    await run.clear();
  }
});

/** The updater by script (docs/updates.md, "What a camera does"): what it does by itself, on order, and after whatever goes wrong. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { VigieError } from '../../errors.js';
import { DeltaMisfit } from '../../ota/bundle/delta.js';
import { refused } from '../../ota/bundle/read.js';
import { DownloadError } from '../../ota/download/ending.js';
import { UpdateRefused } from '../../ota/metadata/refusal.js';
import { damagedProblem, problems } from '../../ota/updater/problems.js';
import { Telling } from '../../ota/updater/told.js';
import {
  foundOf,
  manifestOf,
  pass,
  quiet,
  type Script,
  scripted,
  stepsTold,
  until,
  untilState,
} from './ota-scripted.js';

const root = mkdtempSync(join(tmpdir(), 'vigie-updater-'));
after(() => rmSync(root, { recursive: true, force: true }));
let made = 0;

async function started(
  options: Parameters<typeof scripted>[1] = {},
  before: (script: Script) => void = () => undefined,
): Promise<Script> {
  const script = scripted(join(root, String(made++)), options);
  before(script);
  await script.updater.start(new AbortController().signal);
  return script;
}

const installStep = 'install 1.1.0 asked frames storage control';

/** Longer than the first check can be away. */
const untilAsked = 17 * 60;

test('by itself, in the window: asked, fetched, installed, told, restarted', async () => {
  const script = await started();
  await pass(script, untilAsked);
  assert.deepEqual(script.steps, [
    'floor starts at 1.0.0',
    'ask',
    'fetch whole/1.1.0',
    installStep,
    'restart',
  ]);
  assert.deepEqual(stepsTold(script), ['offered 1.1.0', 'downloaded 1.1.0', 'installed 1.1.0']);
  assert.equal(script.updater.status().state, 'restarting');
  await assert.rejects(script.updater.install('agent'), /restarts/);
  await script.updater.stop();
});

test('outside the window it is offered and waits; it goes on when the window opens, or at once on order', async () => {
  const script = await started({}, (made) => {
    made.open = false;
  });
  await pass(script, untilAsked);
  assert.equal(script.updater.status().state, 'offered');
  assert.deepEqual(script.steps.slice(1), ['ask']);
  await pass(script, 3 * 3600);
  assert.ok(!script.steps.some((step) => step.startsWith('fetch')), 'fetched outside the window');
  script.open = true;
  await pass(script, 16 * 60);
  assert.equal(script.steps.at(-1), 'restart');

  const ordered = await started({}, (made) => {
    made.open = false;
  });
  const status = await ordered.updater.install('agent');
  assert.ok(['downloading', 'installing', 'restarting'].includes(status.state), status.state);
  await until(ordered, 'restart');
  assert.deepEqual(stepsTold(ordered), ['offered 1.1.0', 'downloaded 1.1.0 agent', 'installed 1.1.0 agent']);
});

test('where installations are ordered, none comes by itself', async () => {
  const script = await started({ install: 'ordered' });
  await pass(script, 3 * 3600);
  assert.equal(script.updater.status().state, 'offered');
  assert.ok(!script.steps.some((step) => step.startsWith('fetch')));
  assert.deepEqual(stepsTold(script), ['offered 1.1.0'], 'told once, not at each check');
});

test('a window that closes pauses a download, which goes on in the next; an order does not mind', async () => {
  const script = await started({}, (made) => {
    made.fetch = (_url, mayGoOn) => {
      made.open = false;
      return mayGoOn() ? Promise.resolve() : Promise.reject(new DownloadError('paused', 'Closed'));
    };
  });
  await pass(script, untilAsked);
  assert.equal(script.updater.status().state, 'offered');
  assert.ok(
    script.problems.some((words) => words.includes('window has closed')),
    String(script.problems),
  );
  assert.equal(script.steps.filter((step) => step.startsWith('fetch')).length, 1);
  await script.updater.install('agent');
  await until(script, 'restart');
});

test('the difference is taken where it starts from the version that runs, else the whole', async () => {
  const fitting = await started({}, (made) => {
    made.found = foundOf('1.1.0', { deltasFrom: ['0.9.0', '1.0.0'] });
  });
  await fitting.updater.check();
  assert.equal(fitting.updater.status().offer?.delta, true);
  assert.equal(fitting.updater.status().offer?.bytes, 10);
  await fitting.updater.install('agent');
  await until(fitting, 'restart');
  assert.ok(fitting.steps.includes('fetch delta/1.1.0-from-1.0.0'));
  const other = await started({}, (made) => {
    made.found = foundOf('1.1.0', { deltasFrom: ['0.9.0'] });
  });
  await other.updater.install('agent');
  await until(other, 'restart');
  assert.ok(other.steps.includes('fetch whole/1.1.0'));
});

test('a difference that does not fit, or is damaged, gives way to the whole; a broken link does not', async () => {
  const withDelta = (made: Script): void => {
    made.found = foundOf('1.1.0', { deltasFrom: ['1.0.0'] });
  };
  const misfit = await started({}, (made) => {
    withDelta(made);
    made.unpack = (kind) =>
      kind === 'delta' ? Promise.reject(new DeltaMisfit('the files differ')) : Promise.resolve();
  });
  await misfit.updater.install('agent');
  await until(misfit, 'restart');
  assert.deepEqual(
    misfit.steps.filter((step) => step.startsWith('fetch')),
    ['fetch delta/1.1.0-from-1.0.0', 'fetch whole/1.1.0'],
  );

  for (const [reason, fetches] of [
    ['damaged', 2],
    ['unreachable', 1],
    ['space', 1],
  ] as const) {
    const script = await started({}, (made) => {
      withDelta(made);
      made.fetch = (url) =>
        url.includes('delta') ? Promise.reject(new DownloadError(reason, 'x')) : Promise.resolve();
    });
    await script.updater.install('agent').catch(() => undefined);
    await until(script, reason === 'damaged' ? 'restart' : 'fetch delta/1.1.0-from-1.0.0');
    if (reason !== 'damaged') await untilState(script, 'offered');
    assert.equal(script.steps.filter((step) => step.startsWith('fetch')).length, fetches, reason);
  }
});

test('with a clock that is not sure nothing is asked; with a sure one it goes on', async () => {
  const script = await started({}, (made) => {
    made.trusted = false;
  });
  await pass(script, 2 * 3600);
  assert.equal(script.updater.status().state, 'held');
  assert.deepEqual(script.steps.slice(1), []);
  await assert.rejects(script.updater.install('agent'), VigieError);
  assert.deepEqual(script.updater.status().problem, { fr: problems.clock.fr, en: problems.clock.en });
  script.trusted = true;
  await pass(script, untilAsked);
  assert.equal(script.steps.at(-1), 'restart');
});

test('metadata that find the clock wrong hold the update too', async () => {
  const script = await started({}, (made) => {
    made.refused = new UpdateRefused('clock');
  });
  await assert.rejects(script.updater.check(), /time is not trusted/);
  assert.equal(script.updater.status().state, 'held');
});

test('a repository that does not answer is asked again sooner, then further and further apart', async () => {
  const script = await started({}, (made) => {
    made.found = null;
  });
  const asked: number[] = [];
  for (let minute = 0; minute < 6 * 60; minute++) {
    const before = script.steps.length;
    await pass(script, 60);
    if (script.steps.length > before) asked.push(minute);
  }
  const apart = asked.slice(1).map((at, i) => at - (asked[i] ?? 0));
  assert.ok(apart.length >= 6, String(apart));
  assert.ok(
    apart.every((gap, i) => gap + 1 >= (apart[i - 1] ?? 0)),
    `not growing: ${apart}`,
  );
  assert.ok(Math.max(...apart) <= 61, `further than the interval: ${apart}`);
  assert.equal(script.updater.status().state, 'idle');
  assert.notEqual(script.updater.status().problem, null);
  assert.deepEqual(script.told, [], 'a link that is down is nothing for the register');
});

test('a repository that cannot be trusted is a notice and one entry, however often it is asked', async () => {
  const script = await started({}, (made) => {
    made.refused = new UpdateRefused('signature');
  });
  await pass(script, 3 * 3600);
  assert.ok(script.steps.filter((step) => step === 'ask').length > 3);
  assert.deepEqual(stepsTold(script), ['refused signature']);
  assert.deepEqual(
    script.updater.notices().map(({ code }) => code),
    ['update-refused'],
  );
  script.refused = null;
  script.judgement = { kind: 'nothing', problem: null };
  await script.updater.check();
  assert.deepEqual(script.updater.notices(), []);
});

test('nothing valid for a week is a notice', async () => {
  const script = await started({}, (made) => {
    made.judgement = { kind: 'nothing', problem: null };
  });
  await script.updater.check();
  script.clock.jumpWall(6 * 86_400_000);
  assert.deepEqual(script.updater.notices(), []);
  script.clock.jumpWall(2 * 86_400_000);
  assert.deepEqual(
    script.updater.notices().map(({ code }) => code),
    ['update-stale'],
  );
  // Metadata that hold and offer this camera nothing, as after a withdrawal.
  script.seenMs = script.clock.wallMs();
  assert.deepEqual(script.updater.notices(), []);
});

test('a version that failed before waits for an order, and is taken then', async () => {
  const script = await started({}, (made) => {
    made.judgement = { kind: 'offer', onlyByOrder: true };
  });
  await pass(script, 2 * 3600);
  assert.equal(script.updater.status().state, 'offered');
  assert.equal(script.updater.status().problem?.en, problems.failedBefore.en);
  assert.ok(!script.steps.some((step) => step.startsWith('fetch')));
  await script.updater.install('agent');
  await until(script, 'restart');
});

test('an installation that fails three times waits for an order; another version does not', async () => {
  const script = await started({}, (made) => {
    made.slots.during = () => Promise.reject(new VigieError('update', 'The disk is full', 'Free space'));
  });
  await pass(script, 8 * 3600);
  assert.equal(script.steps.filter((step) => step.startsWith('install')).length, 3);
  assert.equal(script.updater.status().problem?.en, problems.repeated.en);
  assert.equal(script.updater.status().state, 'offered');
  script.found = foundOf('1.2.0');
  script.slots.during = () => Promise.resolve();
  await pass(script, 2 * 3600);
  assert.equal(script.steps.at(-1), 'restart');
  assert.ok(script.steps.includes('install 1.2.0 asked frames storage control'));
});

test('a version whose installation was cut three times, in whatever run, waits for an order', async () => {
  const script = await started({}, (made) => {
    made.slots.cut = { manifestSha256: manifestOf('1.1.0'), times: 3 };
  });
  await pass(script, 3 * 3600);
  assert.ok(!script.steps.some((step) => step.startsWith('fetch')));
  assert.equal(script.updater.status().problem?.en, problems.repeated.en);
  script.slots.cut = { manifestSha256: manifestOf('1.0.5'), times: 3 };
  await pass(script, 2 * 3600);
  assert.equal(script.steps.at(-1), 'restart');
});

test('what comes damaged three times is fetched once a day, and at once on order', async () => {
  const script = await started({}, (made) => {
    made.fetch = () =>
      Promise.reject(new DownloadError('damaged', 'The file that came is not the signed one'));
  });
  const fetched = (): number => script.steps.filter((step) => step.startsWith('fetch')).length;
  await pass(script, 12 * 3600);
  assert.equal(fetched(), 3);
  assert.equal(script.updater.status().problem?.en, damagedProblem.en);
  await script.updater.install('agent');
  await untilState(script, 'offered');
  assert.equal(fetched(), 4);
  await pass(script, 26 * 3600);
  assert.equal(fetched(), 5);
  script.fetch = () => Promise.resolve();
  await pass(script, 26 * 3600);
  assert.equal(script.steps.at(-1), 'restart');
});

test('a bundle that is not what its release says is refused', async () => {
  const right = { version: '1.1.0', arch: 'x64' as const, boards: ['virtual'] };
  for (const wrong of [{ version: '1.0.0' }, { arch: 'arm64' as const }, { boards: ['rpi5'] }]) {
    const script = await started({}, (made) => {
      made.unpacked = { ...right, ...wrong };
    });
    await script.updater.install('agent');
    await untilState(script, 'offered');
    assert.equal(script.updater.status().problem?.en, problems.bundle.en);
    assert.deepEqual(script.steps.slice(-2), ['fetch whole/1.1.0', installStep]);
    assert.equal(script.slots.next, 'a');
    await script.updater.stop();
  }
});

test('room is asked for all that may come out of a bundle, and for what lies beside it', async () => {
  const wanted: (number | undefined)[] = [];
  const script = await started({}, (made) => {
    const found = foundOf('1.1.0', { deltasFrom: ['1.0.0'] });
    const content = { ...found.release.content, tarBytes: 9000 } as typeof found.release.content;
    made.found = { ...found, release: { ...found.release, content } };
    made.slots.during = ({ content: of }) => {
      if (of.kind === 'tree') wanted.push(of.treeBytes, of.scratchBytes);
      return Promise.reject(new DeltaMisfit('the files differ'));
    };
  });
  await script.updater.install('agent');
  await until(script, installStep);
  await untilState(script, 'offered');
  assert.deepEqual(wanted, [9000, 9000, 9000, 0]);
});

test('a bundle that the gate refuses is told as refused, is a notice, and is not tried again by itself', async () => {
  const script = await started({}, (made) => {
    made.unpack = () => Promise.reject(refused('it brings a model that its list does not name'));
  });
  await pass(script, untilAsked);
  assert.deepEqual(
    script.updater.notices().map(({ code }) => code),
    ['update-refused'],
  );
  await pass(script, 8 * 3600);
  assert.deepEqual(stepsTold(script), ['offered 1.1.0', 'downloaded 1.1.0', 'refused 1.1.0 bundle']);
  assert.equal(script.steps.filter((step) => step.startsWith('install')).length, 1);
  assert.ok(!script.steps.includes('restart'));
});

test('what the roll-out has not reached yet, or is refused, cannot be ordered', async () => {
  const problem = { ...problems.check, reason: 'rollout', en: 'Not yet' };
  const script = await started({}, (made) => {
    made.judgement = { kind: 'nothing', problem };
  });
  await assert.rejects(script.updater.install('agent'), /Not yet/);
  assert.equal(script.updater.status().state, 'idle');
  assert.deepEqual(script.steps.slice(1), ['ask']);
  script.judgement = { kind: 'refused', problem: { ...problem, refused: true, reason: 'downgrade' } };
  await assert.rejects(script.updater.install('agent'), /Not yet/);
  assert.deepEqual(stepsTold(script), ['refused 1.1.0 downgrade']);
});

test('only one thing at a time, and an order that has no place is refused', async () => {
  let go = (): void => undefined;
  const script = await started({}, (made) => {
    made.fetch = () => new Promise((resolve) => (go = resolve));
  });
  await assert.rejects(script.updater.confirm('agent'), VigieError);
  const { state } = await script.updater.install('agent');
  assert.equal(state, 'downloading');
  for (const order of ['install', 'check', 'confirm', 'rollback'] as const)
    await assert.rejects(script.updater[order]('other'), /downloaded/, order);
  await until(script, 'fetch whole/1.1.0');
  go();
  await until(script, 'restart');
  assert.equal(script.steps.filter((step) => step === 'restart').length, 1);
});

test('a stop ends a download and an installation, and nothing restarts', async () => {
  for (const at of ['fetch', 'install'] as const) {
    const hangs = (signal: AbortSignal): Promise<void> =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    const script = await started({}, (made) => {
      if (at === 'fetch') made.fetch = (_url, _mayGoOn, signal) => hangs(signal);
      else made.slots.during = (_bundle, signal) => hangs(signal);
    });
    await script.updater.install('agent');
    await until(script, at === 'fetch' ? 'fetch whole/1.1.0' : installStep);
    await script.updater.stop();
    await script.updater.stop();
    assert.equal(script.slots.next, 'a', at);
    assert.ok(!script.steps.includes('restart'), at);
    const { length } = script.steps;
    await pass(script, untilAsked);
    assert.equal(script.steps.length, length, `${at}: it goes on after its end`);
  }
});

test('a rollback that is ordered restarts; one that the slots refuse changes nothing', async () => {
  const script = await started({}, (made) => {
    made.slots.other = { condition: 'good', version: '0.9.0', manifestSha256: '0'.repeat(64) };
  });
  assert.deepEqual(script.updater.status().other, { version: '0.9.0' });
  await script.updater.rollback('agent');
  assert.deepEqual(script.steps.slice(1), ['rollback', 'restart']);
  assert.deepEqual(stepsTold(script), ['rolled-back 0.9.0 agent']);
  const refused = await started({}, (made) => {
    made.slots.rollback = () => Promise.reject(new VigieError('update', 'There is no other version', 'x'));
  });
  await assert.rejects(refused.updater.rollback('agent'), /no other version/);
  assert.equal(refused.updater.status().state, 'idle');
});

test('a return is told once the register takes it, and is a notice', async () => {
  const script = await started({}, (made) => {
    made.slots.returned = { version: '1.1.0', why: 'tries' };
    made.registerOpen = false;
  });
  await pass(script, 30);
  assert.ok(!script.steps.includes('return told'), 'said to be told, but was not');
  assert.deepEqual(
    script.updater.notices().map(({ code }) => code),
    ['update-returned'],
  );
  script.registerOpen = true;
  await pass(script, 30);
  assert.deepEqual(script.told, [
    { kind: 'update', step: 'returned', from: '1.1.0', to: '1.0.0', reason: 'tries' },
  ]);
  assert.equal(script.steps.filter((step) => step === 'return told').length, 1);
});

test('slots that cannot be read leave a camera that runs, says so, and takes no order', async () => {
  const script = await started({}, (made) => {
    made.slots.start = () => Promise.reject(new VigieError('update', 'The state is torn', 'x'));
  });
  await pass(script, untilAsked);
  assert.deepEqual(script.steps, []);
  assert.deepEqual(
    script.updater.notices().map(({ code }) => code),
    ['update-slots'],
  );
  await assert.rejects(script.updater.install('agent'), VigieError);
  script.slots.start = () => Promise.resolve();
  await pass(script, untilAsked);
  assert.deepEqual(script.updater.notices(), []);
  assert.equal(script.steps.at(-1), 'restart', 'it is looked at again');
});

test('no order is taken once the camera stops', async () => {
  const script = await started();
  await script.updater.stop();
  for (const order of [
    script.updater.check(),
    script.updater.install('agent'),
    script.updater.rollback('agent'),
  ])
    await assert.rejects(order, /The camera stops/);
  assert.deepEqual(script.steps, ['floor starts at 1.0.0']);
});

test('of more entries than wait the oldest is left out, also while it is being told', async () => {
  const told: string[] = [];
  const held: (() => void)[] = [];
  const tell = ({ to }: { to: string | null }): Promise<void> =>
    new Promise((done) => held.push(() => done(void told.push(String(to)))));
  const telling = new Telling({ log: quiet, tell });
  const add = (number: number): void =>
    telling.add({ kind: 'update', step: 'offered', from: null, to: String(number) });
  add(0);
  const flushed = telling.flush();
  for (let number = 1; number <= 64; number++) add(number);
  for (let number = 0; number <= 64; number++) {
    held.shift()?.();
    await new Promise((done) => setImmediate(done));
  }
  await flushed;
  assert.deepEqual([told.length, told[0], told.at(-1), telling.waiting], [65, '0', '64', 0]);
});

test('whoever watches is told of the last change, at most four times a second', async () => {
  const script = await started();
  let count = 0;
  let last = '';
  const end = script.updater.watch(({ state }) => {
    count += 1;
    last = state;
  });
  await script.updater.install('agent');
  await until(script, 'restart');
  assert.equal(count, 1, 'more than one in no time at all');
  script.clock.advance(250);
  assert.equal(count, 2);
  assert.equal(last, 'restarting');
  end();
  await pass(script, 10);
  assert.equal(count, 2);
});

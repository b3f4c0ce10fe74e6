/** Set-up from nothing, a second time, and when something cannot be had. The programs it calls are stand-ins. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Result, SetupTree } from '../setup-tree.js';

function tree(t: TestContext): SetupTree {
  const made = new SetupTree();
  t.after(() => made.remove());
  return made;
}

/** Stopped with exit code 69 and one sentence on the last line; returns it. */
function sentence({ code, out, err }: Result): string {
  assert.equal(code, 69, `${out}${err}`);
  const line = err.trimEnd().split('\n').at(-1) ?? '';
  assert.match(line, /^Set-up stopped: /);
  return line;
}

test('from nothing: every step, then nothing at all', async (t) => {
  const project = tree(t);
  const first = await project.run();
  assert.equal(first.code, 0, first.err);
  for (const step of [
    '[2/7] npm packages',
    '[3/7] Native addon',
    '[4/7] Build',
    '[5/7] Detector',
    '[7/7] GStreamer',
  ]) {
    assert.ok(first.out.includes(`${step}: `), `${step} in ${first.out}`);
  }
  const calls = project.calls();
  assert.ok(calls.some((call) => call.startsWith('npm ci --ignore-scripts')));
  assert.ok(calls.some((call) => call.startsWith('npm rebuild addon --ignore-scripts=false')));
  const built = statSync(join(project.root, 'dist/.sources')).mtimeMs;
  const second = await project.run();
  assert.match(second.out, /^Set-up: everything is there \([\d.]+ s\)\n$/);
  assert.equal(statSync(join(project.root, 'dist/.sources')).mtimeMs, built);
  const later = project
    .calls()
    .slice(calls.length)
    .map((call) => call.split(' ')[0]);
  assert.deepEqual([...new Set(later)].sort(), ['dpkg-query', 'pkg-config']);
});

test('what is missing of Debian, and only that, is installed', async (t) => {
  const project = tree(t);
  project.write('debian', project.read('debian').replace('gstreamer1.0-libav', '').replace('python3', ''));
  const result = await project.run();
  assert.equal(result.code, 0, result.err);
  const install = project.calls().find((call) => call.includes(' install ')) ?? '';
  assert.match(install, / install -y -q --no-install-recommends python3 gstreamer1\.0-libav$/);
});

test('apt-get fails: lists are asked for, it is tried again, and its last lines are shown', async (t) => {
  const project = tree(t);
  project.write('debian', '');
  project.program('apt-get', 'echo "E: no route to mirror"; exit 100');
  const result = await project.run();
  assert.match(sentence(result), /apt-get could not install build-essential .*check the network/);
  assert.match(result.err, / {2}\| E: no route to mirror\n {2}The whole log: .*apt-install\.log/);
  const actions = project
    .calls()
    .filter((call) => call.startsWith('apt-get'))
    .map((call) => / (install|update) /.exec(call)?.[1]);
  assert.ok(actions.includes('update'));
  assert.equal(actions.at(-1), 'install');
});

test('an installation that was cut is finished first, then it goes on', async (t) => {
  const project = tree(t);
  project.write('debian', project.read('debian').replace('python3', ''));
  project.program('dpkg', 'echo finished > "$TREE/dpkg-finished"');
  const refuses = 'echo "E: dpkg was interrupted, you must manually run \'dpkg --configure -a\'"; exit 100';
  const installs = 'case "$*" in *python3*) echo python3 >> "$TREE/debian";; esac';
  project.program('apt-get', `[ -e "$TREE/dpkg-finished" ] || { ${refuses}; }; ${installs}`);
  const result = await project.run();
  assert.equal(result.code, 0, result.err);
  const actions = project
    .calls()
    .filter((call) => !call.startsWith('sudo '))
    .map((call) => /^dpkg --configure -a$| (install|update)( .*--fix-broken)?/.exec(call)?.[0])
    .filter((action) => action !== undefined && action !== ' update');
  const [refused, ...rest] = actions;
  assert.equal(refused, ' install');
  assert.deepEqual(rest, [
    'dpkg --configure -a',
    ' install -y -q --no-install-recommends --fix-broken',
    ' install',
  ]);
});

test('no rights: the command that somebody with rights has to run', async (t) => {
  const project = tree(t);
  project.write('debian', project.read('debian').replace('util-linux', ''));
  project.without('sudo');
  project.openToAll();
  const none = await project.run(['--for', 'start'], { user: true });
  const byHand = 'run as root: apt-get update && apt-get install --no-install-recommends util-linux';
  assert.ok(sentence(none).endsWith(`not root and there is no sudo; ${byHand}`));
  project.program('sudo', 'exit 1');
  const asks = await project.run(['--for', 'start'], { user: true });
  assert.ok(sentence(asks).endsWith(`sudo wants a password that nobody can type here; ${byHand}`));
});

test('sudo asks for the password on the terminal, on a line of its own', async (t) => {
  const project = tree(t);
  project.write('debian', project.read('debian').replace('util-linux', ''));
  project.openToAll();
  const agrees = '-v) printf "password: "; read -r answer; [ "$answer" = right ];;';
  project.program('sudo', `case "$1" in -n) exit 1;; ${agrees} *) exec "$@";; esac`);
  const wrong = await project.run(['--for', 'start'], { user: true, typed: 'wrong' });
  assert.equal(wrong.code, 69, wrong.out);
  assert.match(wrong.out, /needs root for util-linux; sudo may ask for your password\r\npassword: /);
  assert.match(wrong.out, /sudo refused this user; run as root: apt-get update/);
  assert.ok(!project.calls().some((call) => call.startsWith('apt-get')));
  const right = await project.run(['--for', 'start'], { user: true, typed: 'right' });
  assert.equal(right.code, 0, right.out);
  assert.ok(project.calls().some((call) => / install .* util-linux$/.test(call)));
});

test('not a Debian machine', async (t) => {
  const project = tree(t);
  project.without('dpkg-query');
  project.without('apt-get');
  assert.match(sentence(await project.run()), /this machine has no apt-get/);
});

test('npm fails: one sentence, its last lines, its log kept; the next run starts there', async (t) => {
  const project = tree(t);
  project.program('npm', 'echo "npm error network"; exit 1');
  const failed = await project.run();
  assert.match(sentence(failed), /npm could not fetch the packages .*check the network/);
  assert.match(failed.err, / {2}\| npm error network/);
  assert.ok(existsSync(join(project.root, 'cache/log/npm-ci.log')));
  project.without('npm');
  assert.match(sentence(await project.run()), /npm is missing/);
});

test('an addon that cannot be built: why, and when it is for want of Node headers, where from', async (t) => {
  const project = tree(t);
  const lock = 'mkdir -p node_modules/addon && cp package-lock.json node_modules/.package-lock.json';
  const fails = (text: string) => `[ "$1" = ci ] && { ${lock}; exit; }; printf '${text}'; exit 1`;
  project.program('npm', fails('gyp ERR! not ok\\n'));
  assert.match(sentence(await project.run()), /addon could not be built for this machine; the log says why$/);
  const get = 'gyp http GET https://example.org/node-v20-headers.tar.gz';
  project.program('npm', fails(`${get}\\ngyp WARN install got an error, rolling back install\\n`));
  assert.match(
    sentence(await project.run()),
    /headers could not be fetched from https:\/\/example\.org\/node-v20-headers\.tar\.gz; check the network/,
  );
});

test('an addon that does not load', async (t) => {
  const project = tree(t);
  const lock = 'mkdir -p node_modules/addon && cp package-lock.json node_modules/.package-lock.json';
  project.program('npm', `${lock}; echo "throw new Error()" > node_modules/addon/index.js`);
  assert.match(sentence(await project.run()), /addon was built but does not load/);
});

test('a package that the lock file does not name is noticed', async (t) => {
  const project = tree(t);
  await project.run();
  const more = {
    packages: { ...JSON.parse(project.read('package-lock.json')).packages, 'node_modules/x': {} },
  };
  project.write('node_modules/.package-lock.json', JSON.stringify(more));
  assert.match((await project.run()).out, /npm packages: installed as in package-lock\.json/);
});

test('a tree that was copied from another kind of machine is noticed', async (t) => {
  const project = tree(t);
  const lock = JSON.parse(project.read('package-lock.json'));
  const other = process.arch === 'x64' ? 'arm64' : 'x64';
  lock.packages['node_modules/binary-other'] = { optional: true, os: ['linux'], cpu: [other] };
  lock.packages['node_modules/binary-musl'] = {
    optional: true,
    os: ['linux'],
    cpu: [process.arch],
    libc: ['musl'],
  };
  project.write('package-lock.json', JSON.stringify(lock));
  project.program(
    'npm',
    'mkdir -p node_modules/addon && cp kept node_modules/.package-lock.json; echo > node_modules/addon/index.js',
  );
  project.write(
    'kept',
    '{"packages": {"node_modules/addon": {"version": "1.0.0", "integrity": "sha512-x"}}}',
  );
  await project.run();
  assert.match((await project.run()).out, /^Set-up: everything is there/);
  lock.packages['node_modules/binary-here'] = {
    optional: true,
    os: ['linux'],
    cpu: [process.arch],
    libc: ['glibc'],
  };
  project.write('package-lock.json', JSON.stringify(lock));
  assert.match((await project.run()).out, /npm packages: installed/);
});

test('the build: mistakes, outputs without a source, outputs that are gone', async (t) => {
  const project = tree(t);
  await project.run();
  project.write('errors.ts', 'mistake');
  const failed = await project.run();
  assert.match(sentence(failed), /do not compile/);
  assert.match(failed.err, /error TS1: a mistake/);
  project.write('errors.ts', '// mended');
  project.write('dist/runtime/gone.js', '');
  project.write('dist/.tsbuildinfo', '');
  rmSync(join(project.root, 'dist/errors.js'));
  assert.equal((await project.run()).code, 0);
  assert.ok(!existsSync(join(project.root, 'dist/runtime/gone.js')), 'the stale output is gone');
  assert.ok(
    !existsSync(join(project.root, 'dist/.tsbuildinfo')),
    "the compiler's record went with the output",
  );
  assert.ok(existsSync(join(project.root, 'dist/errors.js')));
  assert.deepEqual(JSON.parse(project.read('dist/build.json')), { version: '0.0.1', commit: 'unknown' });
});

test('a model that cannot be had, and an element that GStreamer lacks', async (t) => {
  const project = tree(t);
  project.write(
    'setup/model.mjs',
    'export async function fetchModel() { throw new Error("no model today"); }\n',
  );
  assert.equal(sentence(await project.run()), 'Set-up stopped: no model today');
  project.write('setup/model.mjs', 'export async function fetchModel() {}\n');
  project.program('gst-inspect-1.0', 'echo list > "$GST_REGISTRY"; [ "$2" != x264enc ]');
  assert.match(sentence(await project.run()), /no element x264enc; .*gstreamer1\.0-plugins-ugly/);
  assert.ok(
    !existsSync(join(project.root, `cache/gst-registry-${process.arch}.bin`)),
    'nothing half-made is left',
  );
});

test('two at once: the second waits for the first', async (t) => {
  const project = tree(t);
  project.write('.vigie/setup.lock', '');
  const holder = spawn('flock', [
    join(project.root, '.vigie/setup.lock'),
    'sh',
    '-c',
    'echo held && exec cat',
  ]);
  await new Promise((held) => holder.stdout.once('data', held));
  project.onOutput = (text) => {
    if (text.includes('Another set-up is at work')) holder.stdin.end();
  };
  const result = await project.run();
  assert.match(result.out, /^Another set-up is at work; this one waits for it\n/);
  assert.equal(result.code, 0, result.err);
});

test('the command line, and another Node', async (t) => {
  const project = tree(t);
  assert.equal((await project.run(['--help'])).code, 0);
  for (const args of [[], ['--for'], ['--for', 'fun'], ['start']]) {
    const { code, err } = await project.run(args);
    assert.equal(code, 2);
    assert.match(err, /^Usage: /);
  }
  const old =
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.19.0' } });";
  const node = ['--import', `data:text/javascript,${encodeURIComponent(old)}`];
  assert.match(
    sentence(await project.run(['--for', 'start'], { node })),
    /Vigie runs on Node 20 \(20\.15 or newer\)/,
  );
});

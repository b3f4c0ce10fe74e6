/** `vigie model` as an integrator and an inspector run it: sign, check, list; what is refused, and the exit code. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../../errors.js';
import { embeddingModel, entryOf, newPair, onnx, redModel } from '../slot-models.js';

let directory = '';
const [city, other] = [newPair(), newPair()];
const model = onnx(redModel());
const at = (name: string): string => join(directory, name);

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'vigie-model-'));
  writeFileSync(at('city.key'), city.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(at('models.pub'), city.pem);
  writeFileSync(at('other.pub'), other.pem);
  writeFileSync(at('red-fire.onnx'), model);
  writeFileSync(at('list.json'), JSON.stringify({ version: 1, models: [entryOf(model)] }));
});
after(() => rmSync(directory, { recursive: true, force: true }));

const command = fileURLToPath(new URL('../../runtime/cli/main.js', import.meta.url));

function run(...args: string[]): { status: number | null; out: string; error: string } {
  const all = [command, 'model', ...args];
  const env = { ...process.env, VIGIE_CACHE: at('no-cache') };
  const { status, stdout, stderr } = spawnSync(process.execPath, all, { encoding: 'utf8', env });
  return { status, out: stdout, error: stderr };
}

const check = (key: string, ...more: string[]) =>
  run('check', '--manifest', at('models.jws'), '--key', at(key), ...more);

test('a list is signed once, and checks against its key and no other', () => {
  const sign = ['sign', '--manifest', at('list.json'), '--key', at('city.key'), '--out', at('models.jws')];
  assert.equal(run(...sign).status, 0);
  assert.ok(!readFileSync(at('models.jws'), 'utf8').includes('PRIVATE'));
  const again = run(...sign);
  assert.equal(again.status, exitCodes.config);
  assert.match(again.error, /is there already/);

  const right = check('models.pub', '--language', 'en');
  assert.equal(right.status, 0, right.error);
  assert.match(right.out, /red-fire +fire +integrator +[0-9a-f]{12} +verified/);
  assert.match(right.out, /1 verified, 0 refused/);
  assert.match(right.out, /made for a test/);

  const wrong = check('other.pub', '--language', 'fr');
  assert.equal(wrong.status, exitCodes.model);
  assert.match(wrong.out, /signée par une autre clé/);
  const told = JSON.parse(check('other.pub', '--json').out) as { list: { reason: string }; tasks: string[] };
  assert.equal(told.list.reason, 'other-key');
  assert.deepEqual(told.tasks, ['detect', 'posture', 'fire', 'weapon']);
  assert.equal(check('city.key').status, exitCodes.model, 'a private key is not taken');
});

test('a file that is not the listed one is told with its reason', () => {
  writeFileSync(at('red-fire.onnx'), onnx(embeddingModel()));
  const { status, out } = check('models.pub', '--json');
  assert.equal(status, exitCodes.model);
  const { models } = JSON.parse(out) as { models: { refused: { reason: string } }[] };
  assert.equal(models[0]?.refused.reason, 'hash');
  assert.match(
    check('models.pub', '--language', 'fr').out,
    /refusé : le fichier n’est pas celui de la liste/,
  );
  writeFileSync(at('red-fire.onnx'), model);
});

test('what the camera would refuse is not signed', () => {
  const list = { version: 1, models: [entryOf(model, { task: 'face-recognition' })] };
  writeFileSync(at('face.json'), JSON.stringify(list));
  const refused = run(
    'sign',
    '--manifest',
    at('face.json'),
    '--key',
    at('city.key'),
    '--out',
    at('face.jws'),
  );
  assert.equal(refused.status, exitCodes.model);
  assert.match(refused.error, /models\.0\.task/);
  assert.ok(!existsSync(at('face.jws')));
  const noKey = run('sign', '--manifest', at('list.json'), '--key', at('models.pub'), '--out', at('x.jws'));
  assert.match(noKey.error, /not a private key/);
});

test('list shows what comes with the camera, and that a missing file is refused', () => {
  const { status, out } = run('list', '--language', 'en');
  assert.equal(status, exitCodes.model);
  assert.match(out, /centernet +detect +Vigie +[0-9a-f]{12} +refused: the file cannot be read/);
  assert.match(out, /There is none for faces, plates or who anyone is/);
});

/** `vigie model` as an integrator and an inspector run it: sign, check, list; what is refused, and the exit code. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { exitCodes } from '../../errors.js';
import { CommandRunner, type Ended, spawnCommand } from '../command-runner.js';
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

const env = (): NodeJS.ProcessEnv => ({ VIGIE_CACHE: at('no-cache') });
const runner = new CommandRunner(env);
after(() => runner.stop());
const run = (...args: string[]): Promise<Ended> => runner.run('model', ...args);

const check = (key: string, ...more: string[]) =>
  run('check', '--manifest', at('models.jws'), '--key', at(key), ...more);

test('a list is signed once, and checks against its key and no other', async () => {
  const sign = ['sign', '--manifest', at('list.json'), '--key', at('city.key'), '--out', at('models.jws')];
  assert.equal((await run(...sign)).status, 0);
  assert.ok(!readFileSync(at('models.jws'), 'utf8').includes('PRIVATE'));
  const again = await run(...sign);
  assert.equal(again.status, exitCodes.config);
  assert.match(again.error, /is there already/);

  const right = await check('models.pub', '--language', 'en');
  assert.equal(right.status, 0, right.error);
  assert.match(right.out, /red-fire +fire +integrator +[0-9a-f]{12} +verified/);
  assert.match(right.out, /1 verified, 0 refused/);
  assert.match(right.out, /made for a test/);

  const wrong = await check('other.pub', '--language', 'fr');
  assert.equal(wrong.status, exitCodes.model);
  assert.match(wrong.out, /signée par une autre clé/);
  const told = JSON.parse((await check('other.pub', '--json')).out) as {
    list: { reason: string };
    tasks: string[];
  };
  assert.equal(told.list.reason, 'other-key');
  assert.deepEqual(told.tasks, ['detect', 'posture', 'fire', 'weapon']);
  assert.equal((await check('city.key')).status, exitCodes.model, 'a private key is not taken');
});

test('a file that is not the listed one is told with its reason', async () => {
  writeFileSync(at('red-fire.onnx'), onnx(embeddingModel()));
  const { status, out } = await check('models.pub', '--json');
  assert.equal(status, exitCodes.model);
  const { models } = JSON.parse(out) as { models: { refused: { reason: string } }[] };
  assert.equal(models[0]?.refused.reason, 'hash');
  assert.match(
    (await check('models.pub', '--language', 'fr')).out,
    /refusé : le fichier n’est pas celui de la liste/,
  );
  writeFileSync(at('red-fire.onnx'), model);
});

test('what the camera would refuse is not signed', async () => {
  const list = { version: 1, models: [entryOf(model, { task: 'face-recognition' })] };
  writeFileSync(at('face.json'), JSON.stringify(list));
  const refused = await run(
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
  const noKey = await run(
    'sign',
    '--manifest',
    at('list.json'),
    '--key',
    at('models.pub'),
    '--out',
    at('x.jws'),
  );
  assert.match(noKey.error, /not a private key/);
});

test('list shows what comes with the camera, and that a missing file is refused', async () => {
  const { status, out } = spawnCommand(['model', 'list', '--language', 'en'], env());
  assert.equal(status, exitCodes.model);
  assert.match(out, /centernet +detect +Vigie +[0-9a-f]{12} +refused: the file cannot be read/);
  assert.match(out, /There is none for faces, plates or who anyone is/);
});

/** What a configuration may be, and what is said about one that may not. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { errorLine, VigieError } from '../../errors.js';
import { exampleConfig } from '../../runtime/config/example.js';
import { loadConfig } from '../../runtime/config/load.js';

interface Draft {
  [key: string]: unknown;
  camera: Record<string, unknown>;
  sensor: Record<string, unknown>;
  mask: { zones: { name: string; points: number[][] }[]; noneBecause?: string; [key: string]: unknown };
}

const square = [
  [0.1, 0.1],
  [0.4, 0.1],
  [0.4, 0.4],
  [0.1, 0.4],
];

function draft(): Draft {
  return {
    camera: { id: 'cam-1', name: 'Mairie' },
    sensor: { kind: 'pattern' },
    mask: { zones: [{ name: 'Fenêtre', points: structuredClone(square) }] },
  };
}

/** The line a technician would read; fails when the configuration is accepted. */
function refusal(source: string | object): string {
  try {
    loadConfig(source);
  } catch (error) {
    assert.ok(error instanceof VigieError, `not a VigieError: ${String(error)}`);
    assert.equal(error.kind, 'config');
    const line = errorLine(error);
    assert.doesNotMatch(line, /\n/);
    return line;
  }
  return assert.fail('the configuration was accepted');
}

function refusalOf(change: (draft: Draft) => void): string {
  const value = draft();
  change(value);
  return refusal(value);
}

test('a small configuration gets every default', () => {
  const config = loadConfig(draft());
  assert.equal(config.picture.width, 1280);
  assert.equal(config.control.host, '127.0.0.1');
  assert.equal(config.record.segmentMiB, 16);
  assert.deepEqual(config.zones, []);
});

test('the example of the page is valid', () => {
  assert.equal(loadConfig(exampleConfig).camera.id, 'place-du-marche-2');
});

test('an unknown key is refused, naming the nearest known one', () => {
  assert.match(
    refusalOf((d) => (d['recrod'] = {})),
    /recrod: unknown key. Did you mean "record"\?/,
  );
  assert.match(
    refusalOf((d) => (d.sensor['fille'] = 'x')),
    /sensor\.fille/,
  );
  assert.match(
    refusalOf((d) => (d.mask['zone'] = [])),
    /mask\.zone: unknown key. Did you mean "zones"\?/,
  );
  assert.match(
    refusalOf((d) => (d['port'] = 1)),
    /"port" belongs at control\.port/,
  );
  assert.match(
    refusalOf((d) => (d.camera['owner'] = 1)),
    /Known here: id, name, language/,
  );
});

test('of a sensor, only the keys of its kind are suggested', () => {
  const line = refusalOf((d) => (d.sensor = { kind: 'rtsp', url: 'rtsp://h/1', latency: 3 }));
  assert.match(line, /Did you mean "latencyMs"\?/);
  assert.match(
    refusalOf((d) => (d.sensor = { kind: 'v4l2', url: 'rtsp://h/1' })),
    /Known here: kind, device|belongs/,
  );
  assert.match(
    refusalOf((d) => (d.sensor = { kind: 'usb' })),
    /must be one of clip, pattern, v4l2/,
  );
});

test('a key of the prototype is unknown like any other', () => {
  const value: unknown = JSON.parse('{"__proto__": {"mask": {"zones": []}}}');
  assert.match(refusal({ ...draft(), ...(value as object), constructor: 1 }), /constructor: unknown key/);
});

test('the path, the fault and the hint are on one line', () => {
  assert.match(
    refusalOf((d) => (d['picture'] = { width: 641 })),
    /picture\.width: must be a multiple of 8/,
  );
  assert.match(
    refusalOf((d) => (d['picture'] = { framesPerSecond: '25' })),
    /framesPerSecond: must be a number/,
  );
  assert.match(
    refusalOf((d) => delete d.camera['id']),
    /camera\.id: is missing/,
  );
  assert.match(
    refusalOf((d) => (d['mask'] = undefined as never)),
    /mask: is missing/,
  );
  assert.match(
    refusalOf((d) => (d['control'] = { port: 65536 })),
    /control\.port: must be at most 65535/,
  );
  assert.match(refusal([]), /The configuration: must be an object/);
});

test('a value is never repeated: it may be a secret', () => {
  const line = refusalOf((d) => (d.sensor = { kind: 'rtsp', url: 'http://admin:hunter2@camera/1' }));
  assert.match(line, /sensor\.url/);
  assert.doesNotMatch(line, /hunter2/);
});

test('a private zone that would not hide is refused', () => {
  const points = (value: number[][]) => refusalOf((d) => (d.mask.zones[0] = { name: 'a', points: value }));
  const bow = points([
    [0.1, 0.1],
    [0.4, 0.4],
    [0.4, 0.1],
    [0.1, 0.4],
  ]);
  assert.match(bow, /mask\.zones\[0\]\.points: the side from corner 0 and the side from corner 2 cross/);
  assert.match(
    points([
      [0.1, 0.1],
      [0.4, 0.1],
    ]),
    /at least 3/,
  );
  assert.match(
    points([
      [0.1, 0.1],
      [0.4, 0.1],
      [1.2, 0.4],
    ]),
    /at most 1/,
  );
  assert.match(
    points([
      [0, 0],
      [0.004, 0],
      [0.004, 0.004],
    ]),
    /no area/,
  );
  assert.match(
    points([
      [0.1, 0.1],
      [0.2, 0.2],
      [0.3, 0.3],
    ]),
    /cross|no area/,
  );
  assert.match(
    points([
      [0.1, 0.1],
      [0.1, 0.1],
      [0.1, 0.1],
    ]),
    /cross|no area/,
  );
});

test('no mask is a statement, never an omission', () => {
  assert.match(
    refusalOf((d) => (d.mask.zones = [])),
    /mask\.noneBecause: is missing/,
  );
  assert.match(
    refusalOf((d) => (d.mask = { zones: [], noneBecause: '            ' })),
    /noneBecause/,
  );
  assert.match(
    refusalOf((d) => (d.mask.noneBecause = 'Only the quay is in view')),
    /mask\.zones hides something/,
  );
  const value = { ...draft(), mask: { zones: [], noneBecause: 'Only the quay is in view' } };
  assert.deepEqual(loadConfig(value).mask.zones, []);
});

test('two zones of one name are refused, in either spelling of an accent', () => {
  const twice = (second: string) => refusalOf((d) => d.mask.zones.push({ name: second, points: square }));
  assert.match(twice('Fenêtre'), /mask\.zones\[1\]\.name: has the name of zone 0/);
  assert.match(twice('fenêtre'.normalize('NFD').normalize('NFC')), /mask\.zones\[1\]\.name/);
});

test('numbers that do not fit each other are refused', () => {
  const line = refusalOf((d) => (d['detect'] = { lowThreshold: 0.5, highThreshold: 0.3 }));
  assert.match(line, /detect\.lowThreshold: is above detect\.highThreshold/);
  assert.match(
    refusalOf((d) => (d['record'] = { capacityMiB: 8, segmentMiB: 4 })),
    /record\.capacityMiB/,
  );
  const small = { encode: { bitrateKbps: 50000 }, record: { segmentMiB: 1 } };
  assert.match(
    refusalOf((d) => Object.assign(d, small)),
    /record\.segmentMiB/,
  );
});

test('the second store has a place of its own, and a mount point holds its store', () => {
  const record = { directory: '/card/store', mountPoint: '/card' };
  const second = { directory: '/other/store', capacityMiB: 64 };
  assert.equal(loadConfig({ ...draft(), record: { ...record, second } }).record.second?.capacityMiB, 64);
  const wrong = (of: object): string => refusal({ ...draft(), record: of });
  assert.match(wrong({ ...record, mountPoint: '/card/store/ring' }), /record\.mountPoint/);
  assert.match(wrong({ ...record, directory: '/cards/store' }), /record\.mountPoint/);
  assert.match(wrong({ ...record, directory: 'store' }), /record\.mountPoint.*absolute/);
  const same = { ...second, directory: '/card/../card/store' };
  assert.match(wrong({ ...record, second: same }), /record\.second\.directory/);
  assert.match(wrong({ ...record, second: { ...second, capacityMiB: 16 } }), /record\.second\.capacityMiB/);
  assert.match(
    wrong({ ...record, second: { ...second, mountPoint: '/card' } }),
    /record\.second\.mountPoint/,
  );
});

test('any address but loopback requires tls', () => {
  for (const host of ['0.0.0.0', '::', '192.0.2.1', '::ffff:127.0.0.1', 'localhost.example', '127.1']) {
    assert.match(
      refusalOf((d) => (d['control'] = { host })),
      /control\.host: is not a loopback address/,
      host,
    );
  }
  for (const host of ['127.0.0.1', '127.8.8.8', '::1', 'localhost']) {
    assert.equal(loadConfig({ ...draft(), control: { host } }).control.host, host);
  }
  const tls = { certificateFile: 'c.pem', keyFile: 'k.pem' };
  assert.equal(loadConfig({ ...draft(), control: { host: '0.0.0.0', tls } }).control.host, '0.0.0.0');
});

test('text that could break out of a GStreamer launch line is refused', () => {
  for (const file of ['a" ! filesink location="b', 'a\nb', 'a\\"b', '']) {
    assert.match(
      refusalOf((d) => (d.sensor = { kind: 'clip', file })),
      /sensor\.file/,
    );
  }
  assert.match(
    refusalOf((d) => (d.sensor = { kind: 'v4l2', device: 'video0' })),
    /it starts with \/dev\//,
  );
});

test('several mistakes are all named, up to five', () => {
  const line = refusal({ camera: {}, sensor: {}, mask: { zones: [{}, {}, {}] }, a: 1, b: 2 });
  assert.match(line, /has \d+ mistakes: camera\.id.*camera\.name.*and \d+ more/);
});

test('a file: names are relative to it, mistakes carry their line', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-config-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'camera.json');
  const write = (value: unknown) => writeFileSync(file, JSON.stringify(value, null, 1));
  write({ ...draft(), sensor: { kind: 'clip', file: 'a.avi' } });
  assert.deepEqual(loadConfig(file).sensor, { kind: 'clip', file: join(directory, 'a.avi'), atEnd: 'loop' });
  write({ ...draft(), control: { host: '0.0.0.0', tls: { certificateFile: '/c.pem', keyFile: 'k.pem' } } });
  assert.deepEqual(loadConfig(file).control.tls, {
    certificateFile: '/c.pem',
    keyFile: join(directory, 'k.pem'),
  });
  write({ recrod: {}, ...draft() });
  assert.match(refusal(file), /camera\.json: recrod \(line 2\): unknown key/);
  writeFileSync(file, '{\n  "camera": {"id": "a",}\n}');
  assert.match(refusal(file), /camera\.json:2:24: expected a key in double quotes/);
  writeFileSync(file, '{\n  "mask": {},\n  "mask": {}}');
  assert.match(refusal(file), /camera\.json:3:3: the key "mask" appears twice/);
});

test('a file that cannot be a configuration', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-config-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'camera.json');
  assert.match(refusal(file), /there is no such file/);
  assert.match(refusal(directory), /it is a directory/);
  writeFileSync(file, '');
  assert.match(refusal(file), /:1:1: the file ends too early/);
  writeFileSync(file, Buffer.from([0xff, 0xfe, 0x7b, 0x00]));
  assert.match(refusal(file), /it is not UTF-8 text/);
  writeFileSync(file, Buffer.alloc(1024 * 1024 + 1, 0x20));
  assert.match(refusal(file), /too large for a configuration/);
});

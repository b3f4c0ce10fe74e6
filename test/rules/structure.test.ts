/** Who may take what from whom. Each rule is first shown a source that breaks it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importsOf, product, sourcesIn } from './source.js';
import {
  launcherAlone,
  noDeviceNames,
  noFrameOutside,
  noPrograms,
  noStageOutside,
  nothingFromRuntime,
  oneDoor,
  onlyRootsWire,
  type Rule,
  stagesKeepApart,
  updatesApart,
} from './structure.js';

/** `bad` breaks the rule and `good` nearly does: [path, text] of made-up sources. */
function check(name: string, rule: Rule, bad: [string, string][], good: [string, string][]): void {
  test(name, () => {
    assert.deepEqual(rule(product()), []);
  });
  test(`negative control: ${name}`, () => {
    for (const [path, text] of bad) assert.equal(rule([{ path, text }]).length, 1, `${path}: ${text}`);
    for (const [path, text] of good) assert.deepEqual(rule([{ path, text }]), [], `${path}: ${text}`);
  });
}

check(
  'a stage imports no sibling stage',
  stagesKeepApart,
  [
    ['pipelines/detect/a.ts', "import { Masker } from '../mask/masker.js';"],
    ['pipelines/detect/a.ts', "import type { Capture } from '../capture/capture.js';"],
    ['pipelines/encode/a.ts', "const x = await import('../mask/masker.js');"],
    ['pipelines/encode/a.ts', "export * from '../main.js';"],
    ['pipelines/encode/a.ts', "import { systemClock } from '../../board/linux/clock.js';"],
    ['pipelines/track/a.ts', "type M = import('../mask/masker.js').Masker;"],
  ],
  [
    ['pipelines/detect/a.ts', "import { x } from './b.js'; import '../frame.js'; import '../../errors.js';"],
    [
      'pipelines/detect/a.ts',
      "import '../../models/manifest.js'; import '../../board/ports.js'; import 'zod';",
    ],
    ['pipelines/main.ts', "import { Masker } from './mask/masker.js';"],
  ],
);

check(
  'pipelines/ and models/ import nothing from runtime/',
  nothingFromRuntime,
  [
    ['pipelines/main.ts', "import { x } from '../runtime/main.js';"],
    ['models/convert/a.ts', "import type { x } from '../../runtime/config/schema.js';"],
  ],
  [['runtime/main.ts', "import { x } from './config/load.js';"]],
);

check(
  'outside pipelines/, no stage is imported',
  noStageOutside,
  [
    ['runtime/record/a.ts', "import type { Encoder } from '../../pipelines/encode/encoder.js';"],
    ['board/a.ts', "import { Masker } from '../pipelines/mask/masker.js';"],
    ['runtime/health/a.ts', "import '../../pipelines/main.js';"],
  ],
  [['runtime/record/a.ts', "import type { Unit } from '../../pipelines/messages.js';"]],
);

check(
  'outside pipelines/, no frame is known',
  noFrameOutside,
  [
    ['runtime/record/a.ts', "import type { RawFrame } from '../../pipelines/frame.js';"],
    ['runtime/control/a.ts', "import type { MaskedFrame, PictureSize } from '../../pipelines/frame.js';"],
  ],
  [
    ['runtime/record/a.ts', "import type { PictureSize } from '../../pipelines/frame.js';"],
    ['pipelines/encode/a.ts', "import type { MaskedFrame } from '../frame.js';"],
  ],
);

check(
  'programs are started in board/, runtime/health/ and the launcher only',
  noPrograms,
  [
    ['runtime/record/a.ts', "import { spawn } from 'node:child_process';"],
    ['pipelines/a.ts', "import cp from 'child_process';"],
  ],
  [
    ['board/linux/a.ts', "import { spawn } from 'node:child_process';"],
    ['runtime/health/a.ts', "import { fork } from 'node:child_process';"],
  ],
);

check(
  '/dev and /sys are named in board/ only',
  noDeviceNames,
  [
    ['runtime/record/a.ts', "open('/dev/mmcblk0');"],
    ['pipelines/a.ts', 'read(`/sys/class/gpio/${n}`);'],
  ],
  [
    ['board/linux/a.ts', "open('/dev/watchdog');"],
    ['pipelines/a.ts', "open('/device'); // not /dev/null"],
  ],
);

check(
  'uWebSockets.js has one door',
  oneDoor('uWebSockets.js', 'runtime/control/uws.ts'),
  [
    ['runtime/control/server.ts', "import uws from 'uWebSockets.js';"],
    ['runtime/control/server.ts', "const uws = createRequire(import.meta.url)('uWebSockets.js');"],
  ],
  [['runtime/control/uws.ts', "const uws = createRequire(import.meta.url)('uWebSockets.js');"]],
);

check(
  'gstreamer-superficial has one door',
  oneDoor('gstreamer-superficial', 'pipelines/gst.ts'),
  [['pipelines/capture/capture.ts', "import gst from 'gstreamer-superficial';"]],
  [['pipelines/gst.ts', "import gst from 'gstreamer-superficial';"]],
);

check(
  'serialport has one door',
  oneDoor('serialport', 'board/ptz/serial-line.ts'),
  [['board/ptz/serial-head.ts', "import { SerialPort } from 'serialport';"]],
  [['board/ptz/serial-line.ts', "import { SerialPort } from 'serialport';"]],
);

check(
  'only main.ts files and commands wire parts together',
  onlyRootsWire,
  [
    ['runtime/control/a.ts', "import { Store } from '../record/store.js'; const s = new Store({}, {});"],
    ['pipelines/encode/a.ts', "import { Masker } from '../mask/masker.js'; const m = new Masker(size);"],
  ],
  [
    ['runtime/main.ts', "import { Store } from './record/store.js'; const s = new Store({}, {});"],
    ['runtime/record/a.ts', "import { Store } from './store.js'; const s = new Store({}, {});"],
    ['runtime/control/a.ts', "import type { Store } from '../record/store.js'; let s: Store;"],
  ],
);

check(
  'ws has one door',
  oneDoor('ws', 'runtime/cli/camera-line.ts'),
  [['runtime/a.ts', "import { WebSocket } from 'ws';"]],
  [['runtime/cli/camera-line.ts', "import { WebSocket } from 'ws';"]],
);

check(
  'D-Bus has one door',
  oneDoor('@homebridge/dbus-native', 'board/linux/dbus.ts'),
  [['ota/slots/rauc.ts', "import dbus from '@homebridge/dbus-native';"]],
  [['board/linux/dbus.ts', "import dbus from '@homebridge/dbus-native';"]],
);

check(
  'the launcher takes nothing but Node and its own directory',
  launcherAlone,
  [
    ['ota/launcher/a.ts', "import { VigieError } from '../../errors.js';"],
    ['ota/launcher/a.ts', "import { z } from 'zod';"],
    ['ota/launcher/a.ts', "import { x } from '../slots/dir.js';"],
  ],
  [
    ['ota/launcher/a.ts', "import { open } from 'node:fs/promises'; import { x } from './slot-state.js';"],
    ['ota/slots/a.ts', "import { z } from 'zod';"],
  ],
);

check(
  'ota/ imports nothing from runtime/ or pipelines/',
  updatesApart,
  [
    ['ota/updater.ts', "import type { Health } from '../runtime/health/health.js';"],
    ['ota/slots/a.ts', "import { x } from '../../pipelines/messages.js';"],
  ],
  [['ota/updater.ts', "import { VigieError } from '../errors.js'; import '../models/gate.js';"]],
);

test('the rules see the sources: there are some, and they import', () => {
  const sources = product();
  assert.ok(sources.length > 50, `${sources.length} sources`);
  assert.ok(sources.flatMap(importsOf).length > 200);
  assert.ok(sourcesIn(['setup'], false).length > 5);
});

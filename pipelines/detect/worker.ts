/**
 * The detector's thread. An engine holds the thread it runs on, and the pipeline's own thread must not
 * wait: so the model lives here. Fed by detector.ts with one small masked picture at a time, answers with
 * detections. It keeps no picture, and runs only a model that the manifest lists.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { asVigieError } from '../../errors.js';
import { decodeCentreNet } from '../../models/decode/centernet.js';
import { engineOf } from '../../models/engines/choose.js';
import type { Engine } from '../../models/engines/engine.js';
import { modelOfHash } from '../../models/manifest.js';
import type { FromThread, ThreadData, ToThread } from './thread-messages.js';

const port = parentPort;
if (!port) throw new Error('worker.js runs as a thread of the detector only');

const say = (message: FromThread): void => port.postMessage(message);

function sayFailed(error: unknown): void {
  const { kind, message, hint } = asVigieError(error);
  say({ t: 'failed', kind, message, hint });
}

const { engine: engineName, modelFile, modelSha256, threads, lowThreshold } = workerData as ThreadData;

async function answer(engine: Engine, message: ToThread): Promise<void> {
  if (message.t === 'stop') {
    port?.close();
    return engine.close();
  }
  const maps = await engine.run(message.rgb, message.width, message.height);
  const detections = decodeCentreNet(maps, { classes, stride, threshold: lowThreshold });
  say({ t: 'seen', seq: message.seq, detections });
}

let classes: ReturnType<typeof modelOfHash>['classes'][number]['class'][] = [];
let stride = 1;

try {
  const model = modelOfHash(modelSha256);
  classes = model.classes.map((c) => c.class);
  stride = model.graph.stride;
  const engine = await engineOf(engineName);
  await engine.load({ path: modelFile, sha256: modelSha256 }, { threads });
  port.on('message', (message: ToThread) => {
    answer(engine, message).catch(sayFailed);
  });
  say({ t: 'ready' });
} catch (error) {
  sayFailed(error);
  port.close();
}

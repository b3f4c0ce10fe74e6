/**
 * The thread of one slot: it runs one model that an integrator brought, and only after it has passed the gate here, whatever
 * the runtime process found before. Fed by slots.ts with one small masked picture at a time. It keeps no picture.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { asVigieError } from '../../errors.js';
import { SlotEngine } from '../../models/engines/slot.js';
import { admit } from '../../models/gate.js';
import { ModelRefused } from '../../models/refusal.js';
import type { SlotOptions } from '../messages.js';
import type { FromSlot, ToSlot } from './thread-messages.js';

const port = parentPort;
if (!port) throw new Error('slot-thread.js runs as a thread of the slots only');

const say = (message: FromSlot): void => port.postMessage(message);

function sayFailed(error: unknown): void {
  const { message, hint } = asVigieError(error);
  say({ t: 'failed', message, hint });
}

try {
  const { modelSha256, ...source } = workerData as SlotOptions;
  const admitted = await admit(source);
  const { model } = admitted;
  if (model.sha256 !== modelSha256)
    throw new ModelRefused('hash', `The list has another model "${model.name}" now`, 'It is looked at again');
  const engine = new SlotEngine(admitted);
  await engine.load();
  port.on('message', (message: ToSlot) => {
    engine
      .look(message.rgb)
      .then((places) => say({ t: 'seen', places }))
      .catch(sayFailed);
  });
  const { task, input, everySeconds } = model;
  say({ t: 'ready', task, width: input.width, height: input.height, everySeconds });
} catch (error) {
  sayFailed(error);
  port.close();
}

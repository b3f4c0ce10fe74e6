/**
 * A process that changes the slots and dies in the middle: `node ota-act.js ROOT SLOT ACT STEP [VERSION]`, ACT `install`, `confirm`
 * or `rollback`; killed by itself at the STEP-th named place, or the one of this name; 0: never. Says `ready`, then each place, and `done`. Started by
 * ota-kill.ts.
 */
import { writeSync } from 'node:fs';
import type { SlotName } from '../../ota/launcher/slot-state.js';
import type { TinyVersion } from './ota-bundles.js';
import { installOver, slotsOf } from './ota-site.js';

const [root = '', slot = 'a', act = '', step = '0', version = 'null'] = process.argv.slice(2);
const running = slot as SlotName;
let count = 0;
const say = (line: string): number => writeSync(1, `${line}\n`);
const reached = (place: string): void => {
  say(place);
  count += 1;
  if (count === Number(step) || place === step) process.kill(process.pid, 'SIGKILL');
};

say('ready');
if (act === 'install') await installOver(root, running, JSON.parse(version) as TinyVersion, reached);
if (act === 'confirm') await slotsOf(root, running, reached).confirm();
if (act === 'rollback') await slotsOf(root, running, reached).rollback();
say('done');

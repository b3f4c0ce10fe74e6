/**
 * Appends to a register until it is killed, and says on standard output which entries it was told are there. `forgetting`
 * has nothing to remember: every volume that is closed is packed and removed.
 */
import { writeSync } from 'node:fs';
import { LinuxCard } from '../../board/linux/card.js';
import { Register } from '../../runtime/access/register/register.js';

const [directory = '', mode = 'sound'] = process.argv.slice(2);
const card = new LinuxCard();
const register = new Register(
  {
    time: () => ({ ms: Date.now(), sure: true }),
    log: { info: () => {}, warn: () => {}, error: () => {} },
    lock: (path) => card.lock(path),
  },
  {
    stateDirectory: directory,
    cameraId: 'cam-1',
    volumeBytes: mode === 'forgetting' ? 3000 : 20_000,
    keepDays: mode === 'forgetting' ? 0 : 400,
  },
);
await register.start();
for (let segment = register.standing.n + 1; ; segment++) {
  const written = register.append({ kind: 'segment-born', storeId: 'store-1', segment });
  if (mode === 'forgetting') {
    const classes: ('communal' | 'terminus')[] = ['communal', 'terminus'];
    await register.append({ kind: 'key-destroyed', storeId: 'store-1', segment, classes, reason: 'space' });
  }
  if (mode === 'early-ack') writeSync(1, `${register.standing.n + 20}\n`);
  const { n } = await written;
  if (mode !== 'early-ack') writeSync(1, `${n}\n`);
}

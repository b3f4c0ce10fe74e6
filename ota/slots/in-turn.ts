/** A back end that is asked one thing at a time, in the order of asking. Made by ota/updater.ts around the one that it is given. */
import type { SlotBackend } from './backend.js';

export function inTurn(backend: SlotBackend): SlotBackend {
  let last: Promise<unknown> = Promise.resolve();
  const after = <T>(call: () => Promise<T>): Promise<T> => {
    const done = last.then(call);
    last = done.catch(() => undefined);
    return done;
  };
  return {
    kind: backend.kind,
    start: (signal) => after(() => backend.start(signal)),
    status: () => after(() => backend.status()),
    install: (...of) => after(() => backend.install(...of)),
    confirm: () => after(() => backend.confirm()),
    rollback: () => after(() => backend.rollback()),
    returnTold: () => after(() => backend.returnTold()),
    stop: () => after(() => backend.stop()),
  };
}

/** Bounds how long a request waits. Used by connection.ts; what comes too late is dropped, not ended. */
import type { Clock } from '../../board/ports.js';

/** The value, or null when it fails or comes too late. */
export function withinMs<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T | null> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, () => resolve(null));
    const settle = (value: T | null): void => {
      cancel();
      resolve(value);
    };
    promise.then(settle, () => settle(null));
  });
}

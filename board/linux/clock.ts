/** The machine's clocks. Read by everything through board/ports.ts. */
import type { Clock } from '../ports.js';

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monoUs: () => Number(process.hrtime.bigint() / 1000n),
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
  every(ms, call) {
    const timer = setInterval(call, ms);
    return () => clearInterval(timer);
  },
};

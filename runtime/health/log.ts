/** Lines for whoever runs the camera, on standard error: time, level, message. Never anything private. */
import type { Clock, Log } from '../../board/ports.js';

export function lineLog(
  clock: Clock,
  write: (line: string) => void = (line) => process.stderr.write(line),
): Log {
  const line = (level: string, message: string): void => {
    const time = new Date(clock.wallMs()).toISOString();
    // A message may carry what a sensor said: it must not speak to the terminal.
    write(`${time} ${level} ${message.replace(/[\s\p{Cc}]+/gu, ' ')}\n`);
  };
  return {
    info: (message) => line('info ', message),
    warn: (message) => line('warn ', message),
    error: (message) => line('error', message),
  };
}

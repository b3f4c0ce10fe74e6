/**
 * The process of a CommandRunner: runs the command lines that it is sent, one after the other, and sends back what each
 * printed and its exit code, as a process of its own would have given them.
 */
import { runCommandLine } from '../runtime/cli/program.js';
import type { Ended } from './command-runner.js';

let printed = { out: '', error: '' };

function keep(stream: NodeJS.WriteStream, name: keyof typeof printed): void {
  stream.write = (chunk: string | Uint8Array): boolean => {
    printed[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    return true;
  };
}

keep(process.stdout, 'out');
keep(process.stderr, 'error');

process.on('message', (args: string[]) => {
  printed = { out: '', error: '' };
  process.exitCode = undefined;
  void runCommandLine(args).then((status) => {
    const ended: Ended = { status, ...printed };
    process.send?.(ended);
  });
});

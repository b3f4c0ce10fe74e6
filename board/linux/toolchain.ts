/** `git` and `npm` as child processes, asked by `vigie ota build` in a clone of the repository; never on a camera. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { VigieError } from '../../errors.js';

const run = promisify(execFile);

/**
 * What a program prints.
 * @throws VigieError `update` with the last line of what it said; the signal's reason
 */
export async function askTool(
  command: 'git' | 'npm',
  args: readonly string[],
  directory: string,
  signal: AbortSignal,
): Promise<string> {
  try {
    const env = { ...process.env, LC_ALL: 'C' };
    const { stdout } = await run(command, args, { cwd: directory, env, maxBuffer: 64 * 2 ** 20, signal });
    return stdout;
  } catch (cause) {
    signal.throwIfAborted();
    const { stderr = '', message } = cause as { stderr?: string; message: string };
    const said = stderr.trim().split('\n').at(-1) || message.split('\n')[0];
    const hint = 'Run it in a clone of the repository, after npm run setup';
    throw new VigieError('update', `${command} ${args[0] ?? ''} failed: ${said ?? ''}`, hint, { cause });
  }
}
